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
"""How motions can be commanded: joint velocities, or a stream of one-point trajectories."""


@final
class ArmCommander:
    """Publishes commands for an arm.

    Torques always go to ``effort_controller/commands``. Motions go to
    ``velocity_controller/commands`` or, for a joint_trajectory_controller, to
    ``joint_trajectory_controller/joint_trajectory``.
    """

    def __init__(
        self, node: Node, joint_names: Sequence[str], interface: str, period: float
    ) -> None:
        """Create the publishers.

        Args:
            node: Node that publishes.
            joint_names: Joints as the driver names them, base to tool.
            interface: One of `INTERFACES`.
            period: Time between two commands, s.
        """
        self._joint_names = joint_names
        self._streams_positions = interface == "trajectory"
        self._period = period
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
        if command.joint_efforts is not None:
            self._efforts.publish(conversions.float_array_message(command.joint_efforts))
        elif command.joint_velocities is None:
            return
        elif self._streams_positions:
            # One period ahead of the stream, so that the controller never runs out of trajectory.
            # Without a velocity, because a trajectory that does not end at rest is refused, and
            # zero would make the arm stop at every point; positions alone are joined by lines.
            self._trajectories.publish(
                conversions.joint_trajectory_message(
                    self._joint_names,
                    command.positions_after(self._period)[None],
                    None,
                    [2 * self._period],
                )
            )
        else:
            self._velocities.publish(conversions.float_array_message(command.joint_velocities))
