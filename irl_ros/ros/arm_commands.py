# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Commands on the topics of ros2_control's standard controllers."""

from collections.abc import Sequence
from typing import final

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from irl_ros.core.drive import ArmCommand
from irl_ros.ros import conversions, qos

INTERFACES = ("velocity", "trajectory")
"""How motions can be commanded: joint velocities, or a stream of trajectories."""


@final
class ArmCommander:
    """Publishes commands for an arm.

    Torques always go to ``effort_controller/commands``. Motions go to
    ``velocity_controller/commands`` or, for a joint_trajectory_controller, to
    ``joint_trajectory_controller/joint_trajectory``.
    """

    def __init__(self, node: Node, joint_names: Sequence[str]) -> None:
        """Create the publishers.

        Args:
            node: Node that publishes.
            joint_names: Joints as the driver names them, base to tool.
        """
        self._joint_names = joint_names
        self._velocities = node.create_publisher(
            Float64MultiArray, "velocity_controller/commands", qos.command()
        )
        self._efforts = node.create_publisher(
            Float64MultiArray, "effort_controller/commands", qos.command()
        )
        self._trajectories = node.create_publisher(
            JointTrajectory, "joint_trajectory_controller/joint_trajectory", qos.command()
        )

    def send(self, command: ArmCommand) -> None:
        """Publish a command."""
        if command.joint_path is not None:
            # Without velocities, so that the points are joined by lines: the first one, several
            # periods away, leads through where the arm is to be when the next message comes.
            # Where some are lost the controller goes on, and stops if none comes any more.
            path = command.joint_path
            self._trajectories.publish(
                conversions.joint_trajectory_message(
                    self._joint_names, path.positions, None, path.times.tolist()
                )
            )
        elif command.joint_velocities is not None:
            self._velocities.publish(conversions.float_array_message(command.joint_velocities))
        if command.joint_efforts is not None:
            self._efforts.publish(conversions.float_array_message(command.joint_efforts))
