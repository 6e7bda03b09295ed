# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an arm and its task tell: joint states and target poses, checked before use."""

from collections.abc import Callable

from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState

from irl_ros.core.arm_driver import DriverNames
from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.pose import Pose
from irl_ros.ros import conversions, qos

_THROTTLE_S = 1.0


def listen_to_joints(
    node: Node,
    names: DriverNames,
    callback: Callable[[JointSample], None],
    profile: QoSProfile,
    *,
    ignore_extra: bool = False,
    refused: Callable[[str], None] | None = None,
) -> None:
    """Call back with every usable message of ``joint_states``; log what is wrong with the others.

    Args:
        node: Node that listens.
        names: Names that the arm's driver uses.
        callback: Gets the joints in the arm's order.
        profile: Quality of service of the subscription.
        ignore_extra: Leave out joints that are not the arm's.
        refused: Told what is wrong with an unusable message.
    """

    def take(message: JointState) -> None:
        try:
            sample = conversions.joint_sample(message, names.joints, ignore_extra=ignore_extra)
        except DataError as error:
            node.get_logger().error(f"joint_states: {error}", throttle_duration_sec=_THROTTLE_S)
            if refused is not None:
                refused(str(error))
            return
        callback(sample)

    node.create_subscription(JointState, "joint_states", take, profile)


def listen_to_target(node: Node, names: DriverNames, callback: Callable[[Pose], None]) -> None:
    """Call back with every usable message of ``target_pose``; log what is wrong with the others.

    Args:
        node: Node that listens.
        names: Names that the arm's driver uses.
        callback: Gets the pose of the tool in the arm's base when the task is done.
    """

    def take(message: PoseStamped) -> None:
        try:
            target = conversions.stamped_pose(message)
        except DataError as error:
            node.get_logger().error(f"target_pose: {error}")
            return
        if target.frame != names.base_frame:
            node.get_logger().error(
                f"target_pose is given in {target.frame!r}; give it in {names.base_frame!r}"
            )
            return
        callback(target.pose)

    node.create_subscription(PoseStamped, "target_pose", take, qos.latched())
