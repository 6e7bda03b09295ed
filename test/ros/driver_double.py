# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The driver of an arm inside the test: joint states out, commands in."""

import numpy as np
from arm_double import PathFollower, VelocityArm
from harness import RosHarness
from policy_double import ARM
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from irl_ros.core.joint_path import JointPath
from irl_ros.core.joint_sample import JointSample
from irl_ros.ros import conversions, qos

PERIOD = 1 / 120
_START_NS = 1_700_000_000_000_000_000


class DriverDouble:
    """Publishes a joint state at every tick of a timer and obeys the newest command."""

    def __init__(
        self,
        ros: RosHarness,
        positions: np.ndarray = ARM.home,
        names: tuple[str, ...] = ARM.joint_names,
    ) -> None:
        self.ros = ros
        self.names = names
        self.plant = VelocityArm(positions, PERIOD, lag=0.05)
        self.running = True
        self.ticks = 0
        self.commands: list[np.ndarray] = []
        self.points: list[conversions.Trajectory] = []
        self._command = np.zeros(7)
        self._follower: PathFollower | None = None
        self._publisher = ros.node.create_publisher(
            JointState, "joint_states", qos.state_publisher()
        )
        ros.node.create_subscription(
            Float64MultiArray, "velocity_controller/commands", self._on_command, qos.event(100)
        )
        ros.node.create_subscription(
            JointTrajectory,
            "joint_trajectory_controller/joint_trajectory",
            self._on_trajectory,
            qos.event(100),
        )
        ros.node.create_timer(PERIOD, self._tick)

    def _tick(self) -> None:
        if not self.running:
            return
        if self._follower is not None:
            self._follower.move()
            self._command = self._follower.velocities
        self.plant.move(self._command)
        self.ticks += 1
        stamp_ns = _START_NS + round(1e9 * PERIOD * self.ticks)
        sample = JointSample(stamp_ns, self.plant.positions, self.plant.velocities)
        self._publisher.publish(conversions.joint_state_message(sample, self.names))

    def _on_command(self, message: Float64MultiArray) -> None:
        self._command = conversions.float_array(message, 7)
        self.commands.append(self._command)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        trajectory = conversions.joint_trajectory(message, self.names)
        self.points.append(trajectory)
        assert trajectory.joint_velocities is None
        if self._follower is None:
            self._follower = PathFollower(self.plant.positions, PERIOD)
        self._follower.hear(JointPath(trajectory.times_from_start, trajectory.joint_positions))

    def run(self, ticks: int) -> None:
        """Let a number of ticks go by."""
        end = self.ticks + ticks
        self.ros.wait_until(lambda: self.ticks >= end, f"{ticks} joint states")

    def assert_smooth(self) -> None:
        """Check that no two commands that followed each other differ by more than allowed."""
        change = np.abs(np.diff([np.zeros(7), *self.commands], axis=0)) / PERIOD
        # Twice the limit, because a command may be lost between two that arrive.
        assert (change <= 2 * ARM.limits.acceleration).all(), change.max(axis=0)
