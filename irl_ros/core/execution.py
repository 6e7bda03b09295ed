# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Execution of a policy on an arm: ramp to its start posture, run it, hold; stop on any doubt.

    idle -> ramping -> executing -> holding       execute again from holding
    any of them -> tripped -> holding             a stop or a trip of the guard; rearm

The stamps of the joint states are the clock of the execution, so it keeps pace with the arm,
whatever the machine does meanwhile.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import final

import numpy as np

from irl_ros.core.action import ActionSpace
from irl_ros.core.arm import Arm
from irl_ros.core.drive import ArmCommand, Drive
from irl_ros.core.errors import SafetyError
from irl_ros.core.executable import ExecutablePolicy, check_policy, check_target
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy_run import PolicyRun
from irl_ros.core.pose import Pose
from irl_ros.core.ramp import Ramp, RampConfig
from irl_ros.core.state_feed import StateFeed

_STANDING = 0.05  # rad/s: an execution begins only when every joint is slower


class Phase(Enum):
    """What the execution is doing.

    Attributes:
        IDLE: Nothing; no command is sent, the arm is free for others.
        RAMPING: The arm moves to the start posture.
        EXECUTING: The policy acts.
        HOLDING: The arm comes to rest; after that no further command is sent.
        TRIPPED: As holding, until rearmed.
    """

    IDLE = "idle"
    RAMPING = "ramping"
    EXECUTING = "executing"
    HOLDING = "holding"
    TRIPPED = "tripped"


_MOVING = frozenset({Phase.RAMPING, Phase.EXECUTING})


@dataclass(frozen=True)
class ExecutionConfig(Parameters):
    """How policies are executed."""

    command_rate_hz: float = parameter(
        120.0, unit="Hz", low=10.0, high=1000.0, doc="Rate at which the arm is commanded"
    )
    state_timeout: float = parameter(
        0.2, unit="s", low=0.01, high=5.0, doc="Hold when no joint state came for this long"
    )
    guard: GuardConfig = field(default_factory=GuardConfig)
    ramp: RampConfig = field(default_factory=RampConfig)


@final
class Execution:
    """The state machine between joint states and requests on one side, commands on the other.

    Attributes:
        phase: What is being done.
        message: Why, in one line.
        count: Number of executions that were begun.
        completed: Whether the last execution went through to its end.
    """

    def __init__(
        self,
        arm: Arm,
        kinematics: Kinematics,
        config: ExecutionConfig | None = None,
        *,
        streams_positions: bool = False,
    ) -> None:
        """Prepare for an arm.

        Args:
            arm: Arm that is commanded.
            kinematics: Its geometry and inertia.
            config: How policies are executed.
            streams_positions: The arm follows the positions of the commands, not the velocities.
        """
        config = ExecutionConfig() if config is None else config
        self._arm = arm
        self._kinematics = kinematics
        self._config = config
        self._period = 1.0 / config.command_rate_hz
        self._streams_positions = streams_positions
        self._feed = StateFeed(self._period, config.state_timeout)
        self._drive = Drive(
            arm.limits,
            kinematics,
            self._period,
            config.guard,
            streams_positions=streams_positions,
            hold_time=self._feed.grace + self._period,
        )
        self._next: ExecutablePolicy | None = None
        self._chosen: ExecutablePolicy | None = None
        self._run: PolicyRun | None = None
        self._ramp: Ramp | None = None
        self._target: Pose | None = None
        self.phase = Phase.IDLE
        self.message = "no policy yet"
        self.count = 0
        self.completed = False

    @property
    def moving(self) -> bool:
        """Whether the arm is moved on behalf of a policy."""
        return self.phase in _MOVING

    @property
    def step(self) -> int:
        """Control period that is under way, or was last."""
        return 0 if self._run is None else self._run.step

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the policy of the next execution, empty without one."""
        return "" if self._next is None else self._next.fingerprint

    @property
    def values(self) -> dict[str, str | float | int | bool]:
        """Everything in plain values, as a status message shows it.

        ``policy`` and ``fingerprint`` are of the next execution, ``executed`` is the fingerprint
        of the policy that runs or ran last.
        """
        return {
            "phase": self.phase.value,
            "execution": self.count,
            "completed": self.completed,
            "step": self.step,
            "policy": "" if self._next is None else self._next.label,
            "fingerprint": self.fingerprint,
            "executed": "" if self._chosen is None else self._chosen.fingerprint,
        }

    @property
    def patience(self) -> float:
        """Time without joint states after which `on_silence` should be called, s."""
        return self._feed.grace

    @property
    def damping(self) -> bool:
        """Whether an arm that is driven by torques is still being brought to rest."""
        return self._drive.damping

    def load(self, policy: ExecutablePolicy) -> None:
        """Take a policy for the next execution; one that is under way is not disturbed.

        Raises:
            SafetyError: If the policy does not suit the arm or the command rate.
        """
        check_policy(policy, self._arm, self._period)
        if self._streams_positions and policy.action_space is ActionSpace.TORQUE:
            raise SafetyError(
                f"{policy.label} commands torques, the arm is commanded by trajectories; set "
                "command_interface to velocity"
            )
        self._next = policy
        if self.phase is Phase.IDLE:
            self.message = f"ready to execute {policy.label}"

    def set_target(self, target: Pose) -> None:
        """Tell where the task is to be done; a policy learned for another place is refused."""
        self._target = target

    def execute(self, now: float) -> str:
        """Begin: ramp to the start posture, then run the policy. Return what will happen.

        Args:
            now: Time on the caller's clock, s.

        Raises:
            SafetyError: If something speaks against it; nothing has changed then.
        """
        if self.phase is Phase.TRIPPED:
            raise SafetyError(f"tripped: {self.message}; rearm first")
        if self.moving:
            raise SafetyError(f"already {self.phase.value}; stop it or wait for its end")
        if self.damping:
            # Velocities would take over from torques that nobody ends.
            raise SafetyError("torques still bring the arm to rest; try again when it stands")
        if self._next is None:
            raise SafetyError("no policy; name a run folder or file, or publish one")
        sample = self._feed.require(now)
        speed = float(np.abs(sample.joint_velocities).max())
        if speed > _STANDING:
            raise SafetyError(
                f"the arm moves at {speed:.2g} rad/s, over {_STANDING:g}; let it come to rest"
            )
        check_target(self._next, self._target)
        start = np.array(self._next.contract.start)
        config = self._config.ramp
        ramp = Ramp(self._arm.limits, sample.joint_positions, start, self._period, config)
        self._drive.start(sample)
        if self._tripped():
            raise SafetyError(self.message)
        self._ramp, self._chosen, self._run = ramp, self._next, None
        self.count, self.completed = self.count + 1, False
        self._enter(Phase.RAMPING, f"moving to the start posture for {ramp.duration:.1f} s")
        return self.message

    def stop(self, reason: str = "stopped on request") -> str:
        """Bring the arm to rest and let nothing through until rearmed. Return what was done."""
        self._drive.trip(reason)
        self._tripped()
        return f"tripped: {self.message}; rearm before the next execution"

    def rearm(self) -> str:
        """Allow executions again; nothing moves by itself. Return what was done."""
        if self.phase is not Phase.TRIPPED:
            return f"nothing to rearm: {self.phase.value}"
        self._drive.rearm()
        self._enter(Phase.HOLDING, "rearmed")
        return self.message

    def hold(self, reason: str) -> None:
        """Bring the arm to rest if it is moved on behalf of a policy."""
        if self.moving:
            self._drive.hold(reason)
            self._enter(Phase.HOLDING, reason)

    def repeats(self, sample: JointSample) -> bool:
        """Whether a joint state is the one before it once more; it is no sign of life then."""
        return self._feed.repeats(sample)

    def refuse_state(self, reason: str) -> None:
        """Note that a joint state could not be used, and why."""
        self._feed.refuse(reason)

    def on_state(self, sample: JointSample, now: float) -> ArmCommand | None:
        """Take a joint state and return the command that is due, None if none is.

        Args:
            sample: Measured joints.
            now: Time of arrival on the caller's clock, s.
        """
        if self._feed.repeats(sample):
            self._feed.refuse("their stamps do not advance; the driver must stamp each of them")
            return None
        problem = self._feed.take(sample, now)
        if problem:
            self.hold(problem)
        if self.phase is Phase.IDLE or not self._feed.command_is_due():
            return None
        self._drive.miss(self._feed.missed)
        if self.phase is Phase.RAMPING:
            self._begin_if_arrived(sample)
        if self.phase is Phase.EXECUTING:
            self._choose_action(sample)
        if self.phase is Phase.EXECUTING:
            assert self._run is not None
            command = self._drive.act(sample, self._run.elapsed(sample))
        elif self.phase is Phase.RAMPING:
            assert self._ramp is not None
            command = self._drive.move(self._ramp.step(sample.joint_positions), sample)
        else:
            return self._drive.stopping(sample)
        self._tripped()
        return command

    def on_silence(self, now: float) -> ArmCommand | None:
        """Return the command that is due while joint states have stopped coming, else None.

        After a few command periods the arm is slowed down, after ``state_timeout`` it holds.

        To be called once per command period of the caller's clock.

        Args:
            now: Time on the caller's clock, s.
        """
        silence = self._feed.silence(now)
        if self.phase is Phase.IDLE or (silence == 0.0 and not self._feed.late(now)):
            return None
        self._feed.bridge(now)
        self._drive.miss(self._feed.missed)
        if silence == 0.0:
            # No hold yet, but the last command must not stay in force.
            return self._drive.bridge() if self.moving else self._drive.stopping(None)
        self.hold(f"no joint states for {silence:.2f} s")
        return self._drive.stopping(None)

    def last_command(self) -> ArmCommand | None:
        """Return the next command on the way to rest, None once the arm is at rest.

        For the end of the process: to be called once per command period until it returns None.
        """
        self.hold("the controller ends")
        return None if self.phase is Phase.IDLE else self._drive.stopping(None)

    def _begin_if_arrived(self, sample: JointSample) -> None:
        assert self._ramp is not None
        assert self._chosen is not None
        try:
            arrived = self._ramp.arrived(sample.joint_positions, sample.joint_velocities)
        except SafetyError as error:
            self.hold(str(error))
            return
        if arrived:
            policy = self._chosen
            self._drive.begin_actions(policy.action_space, policy.contract.control_period, sample)
            self._run = PolicyRun(policy, self._kinematics, self._period, sample)
            self._enter(Phase.EXECUTING, f"executing {policy.label}")

    def _choose_action(self, sample: JointSample) -> None:
        """Ask the policy for its action when a control period begins."""
        assert self._run is not None
        if self._run.finished(sample):
            self.completed = True
            self.hold(f"finished {self._run.policy.label}")
            return
        action = self._run.next_action(sample)
        if action is not None:
            self._drive.set_action(action)

    def _tripped(self) -> bool:
        reason = self._drive.tripped
        if reason and self.phase is not Phase.TRIPPED:
            self._drive.trip(reason)
            self._enter(Phase.TRIPPED, reason)
        return bool(reason)

    def _enter(self, phase: Phase, message: str) -> None:
        self.phase, self.message = phase, message
