# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for an arm's driver: a moving arm, with faults on request."""

import sys
import time

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from irl_ros.core.arm import load_arm
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.pose import Pose
from irl_ros.ros import conversions, qos
from irl_ros.ros.spin import run_node

FAULTS = ("none", "silent", "names", "six", "not_a_number", "backwards", "still")


class ArmPublisher(Node):
    """Publishes joint states; the last text on ``fault`` says what is wrong with them."""

    def __init__(self) -> None:
        super().__init__("arm_publisher")
        rate = self.declare_parameter("rate", 120.0).value
        self.fault = self.declare_parameter("fault", "none").value
        self.arm = load_arm("panda")
        self.period_ns = round(1e9 / rate)
        self.start_ns = time.time_ns()
        self.count = 0
        self.states = self.create_publisher(JointState, "joint_states", qos.state_publisher())
        self.targets = self.create_publisher(PoseStamped, "target_pose", qos.latched())
        target = Pose(np.array([0.5, -0.02, 0.15]), np.array([0.0, 0.0, 0.0, 1.0]))
        self.targets.publish(conversions.pose_message(target, self.arm.base_link, self.start_ns))
        self.create_subscription(String, "fault", self.on_fault, qos.event())
        self.create_timer(1.0 / rate, self.on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_fault(self, message: String) -> None:
        """Switch the fault."""
        self.fault = message.data

    def on_timer(self) -> None:
        """Publish one joint state."""
        self.count += 1
        # Every joint at another point of its swing, so that the arm never rests.
        phase = 0.6 * self.count * self.period_ns * 1e-9 + np.arange(7)
        sample = JointSample(
            self.start_ns + self.count * self.period_ns,
            self.arm.home + 0.2 * np.sin(phase),
            0.12 * np.cos(phase),
            np.zeros(7),
        )
        message = conversions.joint_state_message(sample, self.arm.joint_names)
        if self.fault == "silent":
            return
        if self.fault == "names":
            message.name = [f"other_{name}" for name in message.name]
        if self.fault == "six":
            message.name, message.position = message.name[:6], message.position[:6]
            message.velocity, message.effort = message.velocity[:6], message.effort[:6]
        if self.fault == "not_a_number":
            message.position[3] = float("nan")
        if self.fault == "backwards" and self.count % 2:
            message.header.stamp = conversions.time_message(sample.stamp_ns - 3 * self.period_ns)
        if self.fault == "still":
            message.header.stamp = conversions.time_message(0)
        self.states.publish(message)


if __name__ == "__main__":
    sys.exit(run_node(ArmPublisher))
