# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Records demonstrations: listens to the arm, writes one bag per take, never commands anything."""

import sys
import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64

from irl_ros.core.errors import DataError, IrlRosError
from irl_ros.core.joint_sample import JointSample
from irl_ros.demos.manifest import Take
from irl_ros.demos.message_types import (
    Target,
    decode_joint_state,
    decode_pose_stamped,
    stamp_of,
)
from irl_ros.demos.open_recorder import open_recorder
from irl_ros.demos.quality import Finding
from irl_ros.demos.recorder import RecorderError
from irl_ros.demos.recorder_config import RecorderConfig
from irl_ros.ros import conversions, qos
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.services import offer_trigger
from irl_ros.ros.spin import run_node


class DemoRecorder(Node):
    """Wires topics and services to a `Recorder`."""

    def __init__(self) -> None:
        super().__init__("demo_recorder")
        self._config = declare_parameters(self, RecorderConfig)
        config = self._config
        self._recorder, found = open_recorder(
            config,
            joint_topic=self.resolve_topic_name("joint_states"),
            target_topic=self.resolve_topic_name("target_pose"),
        )
        for salvage in found:
            self.get_logger().warning(salvage.message)
        self._status = self.create_publisher(DiagnosticStatus, "~/status", qos.latched())
        recording = qos.every_state(config.queue)
        self.create_subscription(JointState, "joint_states", self._on_joint, recording, raw=True)
        self.create_subscription(
            PoseStamped, "target_pose", self._on_target, qos.latched(), raw=True
        )
        self.create_subscription(Float64, "~/quality", self._on_quality, qos.event())
        recorder = self._recorder
        for name, action in {
            "start": lambda: recorder.start(time.monotonic_ns()),
            "stop": lambda: self._kept(recorder.stop(time.monotonic_ns())),
            "discard": lambda: f"take {recorder.discard().id} discarded; it can be restored",
            "undo": lambda: f"take {recorder.undo().id} undone; it can be restored",
            "label_success": lambda: f"take {recorder.label('success')} labelled success",
            "label_failure": lambda: f"take {recorder.label('failure')} labelled failure",
        }.items():
            offer_trigger(self, f"~/{name}", self._then_publish(action))
        # A steady clock, so that silence is noticed also where simulated time stands still.
        self.create_timer(
            config.status_period, self._on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self.get_logger().info(f"ready; {recorder.kept} takes in {config.dataset}")

    def _on_joint(self, cdr: bytes) -> None:
        reading: JointSample | DataError
        try:
            ignore = self._config.ignore_extra_joints
            reading = decode_joint_state(cdr, self._recorder.joint_names, ignore_extra=ignore)
        except DataError as error:
            reading = error
        now, stamp = time.monotonic_ns(), stamp_of(cdr)
        self._tell(lambda: self._recorder.add_joint_state(now, stamp, cdr, reading))

    def _on_target(self, cdr: bytes) -> None:
        reading: Target | DataError
        try:
            reading = decode_pose_stamped(cdr)
        except DataError as error:
            reading = error
        self._tell(lambda: self._recorder.add_target(cdr, reading))

    def _on_quality(self, message: Float64) -> None:
        try:
            take_id = self._recorder.grade(conversions.float_value(message))
            self.get_logger().info(f"take {take_id} graded")
        except IrlRosError as error:
            self.get_logger().error(str(error))

    def _on_timer(self) -> None:
        now = time.monotonic_ns()
        self._tell(lambda: self._recorder.check(now))
        status = self._recorder.status(now)
        level: conversions.Level = "warn" if status.remark else "ok"
        summary = status.remark or status.phase
        self._status.publish(
            conversions.status_message(
                conversions.Status(self.get_name(), level, summary, status.values)
            )
        )

    def _tell(self, observe: Callable[[], tuple[Finding, ...]]) -> None:
        try:
            for finding in observe():
                self.get_logger().warning(finding.message)
        except IrlRosError as error:
            self.get_logger().error(str(error))

    def _then_publish(self, action: Callable[[], str]) -> Callable[[], str]:
        def act() -> str:
            try:
                return action()
            finally:
                self._on_timer()

        return act

    def _kept(self, take: Take) -> str:
        if take.status == "refused":
            raise RecorderError(
                f"take {take.id} refused: {take.report.summary}; it is set aside and can be "
                "restored"
            )
        return f"take {take.id} saved: {take.report.summary}"

    def close(self) -> None:
        """Set a take in progress aside and give the dataset free."""
        take = self._recorder.close()
        if take is not None:
            self.get_logger().warning(f"take {take.id} was interrupted; it can be restored")


def main(args: list[str] | None = None) -> int:
    """Run the node and return the exit code of the process."""
    return run_node(DemoRecorder, args=args, before_shutdown=DemoRecorder.close)


if __name__ == "__main__":
    sys.exit(main())
