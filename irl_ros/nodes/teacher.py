# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `teacher`: plays the person who teaches. It presses buttons, guides by hand and looks."""

import sys

import numpy as np
import torch
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node

from irl_ros.core.arm import load_arm
from irl_ros.core.arm_driver import driver_names
from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Outcome
from irl_ros.ros import conversions, qos
from irl_ros.ros.arm_topics import listen_to_joints, listen_to_target
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.remote import Remote
from irl_ros.ros.spin import NodeExit, Stop, run_node
from irl_ros.ros.task_report import TaskReport, task_report
from irl_ros.sim.guidance import Guidance
from irl_ros.sim.lesson import give_lesson
from irl_ros.sim.teacher_config import TeacherConfig

_SAME_PLACE = 1e-3  # m
_SILENCE = 5.0  # s without any news after which the arm is taken for dead


class Teacher(Node):
    """A `Classroom` over topics and services; callbacks run beside the lesson."""

    def __init__(self) -> None:
        super().__init__("teacher")
        torch.set_num_threads(1)
        self.config = declare_parameters(self, TeacherConfig)
        arm = load_arm(self.config.arm)
        names = driver_names(arm, self.config)
        self.remote = Remote(self)
        self._kinematics = Kinematics(arm)
        self._frame = names.base_frame
        self._target: Pose | None = None
        self._report: TaskReport | None = None
        self._guidance: Guidance | None = None
        self._wrench = self.create_publisher(WrenchStamped, "hand_wrench", qos.command())
        ignore = self.config.ignore_extra_joints
        listen_to_joints(self, names, self._on_state, qos.newest_state(), ignore_extra=ignore)
        listen_to_target(self, names, self._on_target)
        self.create_subscription(DiagnosticStatus, "task_outcome", self._on_report, qos.latched())

    def _on_state(self, sample: JointSample) -> None:
        guidance = self._guidance
        if guidance is not None and not guidance.done:
            force, torque = guidance.on_state(sample)
            wrench = conversions.Wrench(force, torque, self._frame, sample.stamp_ns)
            self._wrench.publish(conversions.wrench_message(wrench))
        self.remote.notify()

    def _on_target(self, target: Pose) -> None:
        self._target = target
        self.remote.notify()

    def _on_report(self, message: DiagnosticStatus) -> None:
        try:
            self._report = task_report(conversions.status(message))
        except DataError as error:
            self.get_logger().error(str(error))
        self.remote.notify()

    def begin(self, slot: int, seed: int) -> None:
        """Put the arm back, loosen it, and start recording."""
        arm, recorder = self.config.arm_node, self.config.recorder_node
        self.remote.set_parameters(arm, {"slot": slot, "seed": seed})
        self.remote.press(f"{arm}/reset")
        self.remote.wait_until(lambda: self._sees(slot, seed), f"the target in slot {slot}")
        self.remote.switch(f"{arm}/hand_guiding", True)
        self.remote.press_until_accepted(f"{recorder}/start")

    def _sees(self, slot: int, seed: int) -> bool:
        """Whether the new attempt is under way and its target has been seen."""
        report, target = self._report, self._target
        if report is None or target is None or (report.slot, report.seed) != (slot, seed):
            return False
        away = target.position - DishTask().target_pose(slot).position
        return report.outcome is None and float(np.abs(away).max()) < _SAME_PLACE

    @property
    def _outcome(self) -> Outcome | None:
        return None if self._report is None else self._report.outcome

    def guide(self, seed: int) -> None:
        """Guide the arm to the target and let it go."""
        assert self._target is not None
        hand, rest = self.config.hand, self.config.rest
        guidance = Guidance(self._kinematics, self._target, seed, hand, rest)
        self._guidance = guidance
        self.remote.wait_for_stream(lambda: guidance.done, "joint states", _SILENCE)
        self._guidance = None

    def end(self) -> str:
        """Stop recording; return why the recorder did not keep the take, empty if it did."""
        kept, message = self.remote.try_press(f"{self.config.recorder_node}/stop")
        return "" if kept else message

    def release(self) -> Outcome:
        """Open the gripper and look where the plate ends up."""
        self.remote.press(f"{self.config.arm_node}/release")
        self.remote.wait_for_stream(lambda: self._outcome is not None, "joint states", _SILENCE)
        assert self._outcome is not None
        return self._outcome

    def approve(self) -> None:
        """Label the take a success."""
        self.remote.press(f"{self.config.recorder_node}/label_success")

    def undo(self) -> None:
        """Take the take back."""
        self.remote.press(f"{self.config.recorder_node}/undo")


def _teach(node: Teacher, stop: Stop) -> None:
    node.remote.heed(stop)
    config = node.config
    repeated = give_lesson(
        node, config.takes, config.seed, config.attempts_per_take, node.get_logger().info
    )
    raise NodeExit(f"{len(config.takes)} takes recorded, {repeated} attempts repeated")


def main(args: list[str] | None = None) -> int:
    """Run the node and return the exit code of the process."""
    return run_node(Teacher, args=args, loop=_teach)


if __name__ == "__main__":
    sys.exit(main())
