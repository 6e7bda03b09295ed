# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A policy under way on an arm: which action is due, by the stamps of the joint states."""

from typing import final

from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.executable import ExecutablePolicy
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics

_NS_PER_S = 1e9
_EARLY = 0.25  # part of a command period by which a joint state may be early


@final
class PolicyRun:
    """One run of a policy from its first control period to its last.

    Attributes:
        policy: What runs.
        step: Control period that is under way.
    """

    def __init__(
        self,
        policy: ExecutablePolicy,
        kinematics: Kinematics,
        command_period: float,
        begin: JointSample,
    ) -> None:
        """Begin the first control period.

        Args:
            policy: What runs.
            kinematics: Geometry of the arm.
            command_period: Time between two commands, s.
            begin: Joint state whose stamp is the beginning.
        """
        self.policy = policy
        self.step = -1
        self._kinematics = kinematics
        self._slack = _EARLY * command_period
        self._begin_ns = begin.stamp_ns

    def finished(self, sample: JointSample) -> bool:
        """Whether the last control period is over."""
        return self._step_at(sample) >= self.policy.controller.horizon

    def next_action(self, sample: JointSample) -> Float[ndarray, " joints"] | None:
        """Return the action of a control period that begins with a joint state, else None."""
        step = self._step_at(sample)
        if step == self.step:
            return None
        self.step = step
        state = self._kinematics.measured_state(sample.joint_positions, sample.joint_velocities)
        return self.policy.action(step, state)

    def elapsed(self, sample: JointSample) -> float:
        """Return the time since the control period began, s."""
        return self._time(sample) - self.step * self._control_period

    def _step_at(self, sample: JointSample) -> int:
        return int((self._time(sample) + self._slack) / self._control_period)

    def _time(self, sample: JointSample) -> float:
        return (sample.stamp_ns - self._begin_ns) / _NS_PER_S

    @property
    def _control_period(self) -> float:
        return self.policy.contract.control_period
