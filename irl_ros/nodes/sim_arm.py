# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `sim_arm`: the simulated arm at the dish task, in real time, like a ros2_control arm."""

import sys
import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from irl_ros.core.errors import DataError, IrlRosError
from irl_ros.ros import conversions, qos
from irl_ros.ros.handover import Handover
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.services import offer_switch, offer_trigger
from irl_ros.ros.spin import Stop, run_node
from irl_ros.ros.task_report import TaskReport, report_status
from irl_ros.sim.real_time import RealTimeArm, SimArmConfig

_BEHIND = 0.1  # s by which the simulation may lag before the lost time is given up


class SimArm(Node):
    """Wires topics and services to a `RealTimeArm`; all work on it is done by the loop."""

    def __init__(self) -> None:
        super().__init__("sim_arm")
        config = declare_parameters(self, SimArmConfig, self._on_change)
        self.arm = RealTimeArm(config, time.time_ns())
        self.names = self.arm.simulator.arm.joint_names
        self.handover = Handover()
        self.period = self.arm.cycle_period / config.real_time_factor
        self._reported: TaskReport | None = None
        self._states = self.create_publisher(JointState, "joint_states", qos.state_publisher())
        self._time = self.create_publisher(Clock, "/clock", qos.clock())
        self._target = self.create_publisher(PoseStamped, "target_pose", qos.latched())
        self._outcome = self.create_publisher(DiagnosticStatus, "task_outcome", qos.latched())
        take = self._take
        take(Float64MultiArray, "velocity_controller/commands", self._on_velocities)
        take(Float64MultiArray, "effort_controller/commands", self._on_efforts)
        take(JointTrajectory, "joint_trajectory_controller/joint_trajectory", self._on_trajectory)
        take(WrenchStamped, "hand_wrench", self._on_wrench)
        arm, ask = self.arm, self.handover.ask
        offer_trigger(self, "~/reset", lambda: ask(self._reset))
        offer_trigger(self, "~/release", lambda: ask(arm.release))
        offer_switch(self, "~/hand_guiding", lambda on: ask(lambda: arm.set_hand_guiding(on)))
        self.report()
        self.get_logger().info(
            f"{config.arm}, {config.condition}, at {config.real_time_factor:g} times real time"
        )

    def _on_change(self, config: SimArmConfig) -> None:
        self.arm.config = config

    def _reset(self) -> str:
        done = self.arm.reset()
        self.report()
        return done

    def _take(self, kind: type, topic: str, callback: Callable[..., None]) -> None:
        """Subscribe; the loop calls back, and refusals are logged."""

        def work(message: object) -> None:
            try:
                callback(message)
            except IrlRosError as error:
                self.get_logger().error(f"{topic}: {error}", throttle_duration_sec=1.0)

        post = self.handover.post
        self.create_subscription(kind, topic, lambda m: post(lambda: work(m)), qos.command())

    def _on_velocities(self, message: Float64MultiArray) -> None:
        values = conversions.float_array(message, len(self.names))
        self.arm.controllers.command_velocities(values, self.arm.time)

    def _on_efforts(self, message: Float64MultiArray) -> None:
        values = conversions.float_array(message, len(self.names))
        self.arm.controllers.command_efforts(values, self.arm.time)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        way = conversions.joint_trajectory(message, self.names)
        self.arm.controllers.follow_trajectory(
            way.joint_positions, way.joint_velocities, way.times_from_start, self.arm.time
        )

    def _on_wrench(self, message: WrenchStamped) -> None:
        wrench, frame = conversions.wrench(message), self.arm.simulator.arm.base_link
        if wrench.frame != frame:
            raise DataError(f"the wrench is given in {wrench.frame!r}; give it in {frame!r}")
        felt = self.arm.recent(wrench.stamp_ns)
        self.arm.controllers.push(wrench.force, wrench.torque, self.arm.time, felt)

    def cycle(self) -> None:
        """Take what came in, let time go on, tell what is."""
        self.handover.serve()
        note = self.arm.cycle()
        if note:
            self.get_logger().warning(note)
        sample = self.arm.joint_sample()
        self._states.publish(conversions.joint_state_message(sample, self.names))
        self._time.publish(conversions.clock_message(sample.stamp_ns))
        self.report()

    def report(self) -> None:
        """Publish target and outcome if they have changed."""
        arm, last = self.arm, self._reported
        report = TaskReport(arm.attempt, arm.slot, arm.seed, arm.outcome)
        if report == last:
            return
        self._reported = report
        if last is None or last.attempt != report.attempt:
            target, frame = arm.simulator.target, arm.simulator.arm.base_link
            self._target.publish(conversions.pose_message(target, frame, arm.stamp_ns))
        self._outcome.publish(conversions.status_message(report_status(report)))


def _simulate(node: SimArm, stop: Stop) -> None:
    """Keep the simulation in step with the time of the world."""
    due = time.monotonic()
    while not stop:
        node.cycle()
        due += node.period
        ahead = due - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        elif ahead < -_BEHIND:
            node.get_logger().warning(
                f"the simulation is {-ahead:.2f} s late and goes on from here; lower "
                "real_time_factor or the load of the machine",
                throttle_duration_sec=5.0,
            )
            due = time.monotonic()


def main(args: list[str] | None = None) -> int:
    """Run the node and return the exit code of the process."""
    return run_node(
        SimArm, args=args, loop=_simulate, before_shutdown=lambda node: node.arm.close()
    )


if __name__ == "__main__":
    sys.exit(main())
