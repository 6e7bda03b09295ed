# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `policy_controller`: executes a learned policy on a simulated or real arm, guarded."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rclpy.node import Node
from std_msgs.msg import UInt8MultiArray

from irl_ros.core.arm import load_arm
from irl_ros.core.arm_driver import ArmDriverConfig, LimitsConfig, driver_names, with_limits
from irl_ros.core.drive import ArmCommand
from irl_ros.core.errors import IrlRosError
from irl_ros.core.execution import Execution, ExecutionConfig
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import parameter
from irl_ros.learning.executables import executable_from_bytes, load_executable
from irl_ros.ros import conversions, qos
from irl_ros.ros.arm_commands import INTERFACES, ArmCommander
from irl_ros.ros.arm_topics import listen_to_joints, listen_to_target
from irl_ros.ros.execution_reporter import ExecutionReporter
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.services import offer_trigger
from irl_ros.ros.silence import SilenceTimer
from irl_ros.ros.spin import run_node

_DAMPING_S = 2.0  # longest time that the end of the process waits for a damped arm to stand
_VELOCITY_WARNING = (
    "command_interface is velocity: the arm needs a driver-side command timeout. Should this "
    "process be killed, controllers that only forward commands keep the last velocity for ever; "
    "on a real arm without such a timeout set command_interface to trajectory"
)


@dataclass(frozen=True)
class PolicyControllerConfig(ArmDriverConfig):
    """Which arm is commanded, how, and by which policy."""

    command_interface: str = parameter(
        "velocity",
        choices=INTERFACES,
        doc="Joint velocities (the driver must have a command timeout), or trajectories for a "
        "joint_trajectory_controller",
    )
    policy: str = parameter("", doc="Run folder or policy file; empty: the topic `policy`")
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)


class PolicyController(Node):
    """Wires topics and services to an `Execution`.

    However the process ends, the arm is brought to rest first, unless it is killed outright.
    """

    def __init__(self) -> None:
        super().__init__("policy_controller")
        torch.set_num_threads(1)
        config = declare_parameters(self, PolicyControllerConfig)
        arm = with_limits(load_arm(config.arm), config.limits)
        names = driver_names(arm, config)
        self._period = 1.0 / config.execution.command_rate_hz
        streams_positions = config.command_interface == "trajectory"
        execution = Execution(
            arm, Kinematics(arm), config.execution, streams_positions=streams_positions
        )
        self._execution = execution
        if not streams_positions:
            self.get_logger().warning(_VELOCITY_WARNING)
        if config.policy:
            execution.load(load_executable(Path(config.policy)))
        else:
            self.create_subscription(UInt8MultiArray, "policy", self._on_policy, qos.latched())
        self._commander = ArmCommander(self, names.joints)
        self._reporter = ExecutionReporter(self, execution)
        for name, action in {
            "execute": lambda: execution.execute(time.monotonic()),
            "stop": execution.stop,
            "rearm": execution.rearm,
        }.items():
            offer_trigger(self, f"~/{name}", self._then_report(action))
        listen_to_target(self, names, execution.set_target)
        listen_to_joints(
            self,
            names,
            self._on_state,
            qos.newest_state(),
            ignore_extra=config.ignore_extra_joints,
            refused=execution.refuse_state,
        )
        # A little more than the limit, so that the execution agrees that it is passed.
        patience = 1.01 * execution.patience
        self._silence = SilenceTimer(self, patience, self._period, self._on_silence)

    def _on_state(self, sample: JointSample) -> None:
        if not self._execution.repeats(sample):
            self._silence.heard()
        self._send(self._execution.on_state(sample, time.monotonic()))

    def _on_silence(self) -> None:
        self._send(self._execution.on_silence(time.monotonic()))

    def _on_policy(self, message: UInt8MultiArray) -> None:
        try:
            content = conversions.payload(message)
            self._execution.load(executable_from_bytes(content, "the published policy"))
        except IrlRosError as error:
            self.get_logger().error(f"policy: {error}")
        self._reporter.report()

    def _send(self, command: ArmCommand | None) -> None:
        if command is not None:
            self._commander.send(command)
        self._reporter.report()

    def _then_report(self, action: Callable[[], str]) -> Callable[[], str]:
        def act() -> str:
            try:
                return action()
            finally:
                self._reporter.report()

        return act

    def close(self) -> None:
        """Bring the arm to rest within its limits; the last command is zero.

        Velocities need no measurement for that. An arm that is driven by torques is braked by
        its joint states, which are therefore listened to for a while yet.
        """
        if self._execution.damping and self.executor is not None:
            self._execution.stop("the controller ends")
            end = time.monotonic() + _DAMPING_S
            while self._execution.damping and time.monotonic() < end:
                self.executor.spin_once(timeout_sec=self._period)
        due = time.monotonic()
        while (command := self._execution.last_command()) is not None:
            self._send(command)
            due += self._period
            time.sleep(max(0.0, due - time.monotonic()))


def main(args: list[str] | None = None) -> int:
    """Run the node and return the exit code of the process."""
    return run_node(PolicyController, args=args, before_shutdown=PolicyController.close)


if __name__ == "__main__":
    sys.exit(main())
