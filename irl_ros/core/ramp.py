# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A slow, smooth move from where the arm is to the posture in which a policy starts."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from ruckig import InputParameter, Result, Ruckig, Synchronization, Trajectory

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import SafetyError
from irl_ros.core.parameters import Parameters, parameter

_PULL = 5.0  # 1/s: 1 / (4 tau) damps an arm that lags by tau = 0.05 s critically
_REST_SPEED = 0.02  # rad/s: below this an arm counts as standing


@dataclass(frozen=True)
class RampConfig(Parameters):
    """How an arm is brought to a start posture."""

    speed: float = parameter(
        0.5, unit="rad/s", low=0.01, high=2.0, doc="Fastest joint speed of the move"
    )
    acceleration: float = parameter(
        1.0, unit="rad/s^2", low=0.01, high=20.0, doc="Largest joint acceleration of the move"
    )
    jerk: float = parameter(
        5.0, unit="rad/s^3", low=0.1, high=1e4, doc="Largest joint jerk of the move"
    )
    max_distance: float = parameter(
        1.0,
        unit="rad",
        low=0.0,
        high=7.0,
        doc="Refuse to start when a joint is farther away than this",
    )
    tolerance: float = parameter(
        0.005, unit="rad", low=1e-4, high=0.1, doc="Distance at which a joint has arrived"
    )
    patience: float = parameter(
        5.0, unit="s", low=0.1, high=60.0, doc="Time allowed for the arrival after the move"
    )


@final
class Ramp:
    """A straight, jerk-limited move in joint space, followed by feedback on the measured arm.

    The wanted velocity is that of the planned point r(t) plus a pull towards it,
    ``rd + k e + k ki int e``, e = r - p; the integral takes out the offset of an arm that drifts.
    The guard still has the last word on what is commanded.
    """

    def __init__(
        self,
        limits: JointLimits,
        start: Float[ndarray, " joints"],
        goal: Float[ndarray, " joints"],
        period: float,
        config: RampConfig | None = None,
    ) -> None:
        """Plan the move.

        Args:
            limits: Limits of the arm; slower where they demand it.
            start: Where the arm stands, rad.
            goal: Where it is to go, rad.
            period: Time between two steps, s.
            config: How fast, how far, how exactly.

        Raises:
            SafetyError: If the goal is too far away or outside the position limits.
        """
        config = RampConfig() if config is None else config
        distances = np.abs(goal - start)
        # Written so that a value that is not a number is refused too.
        for name, position, low, high, distance in zip(
            limits.names, goal, limits.lower, limits.upper, distances, strict=True
        ):
            if not low <= position <= high:
                raise SafetyError(
                    f"start posture puts {name} at {position:.4g} rad, outside its limits "
                    f"{low:.4g} to {high:.4g} rad; use a policy that was learned for this arm"
                )
            if not distance <= config.max_distance:
                raise SafetyError(
                    f"{name} is {distance:.3g} rad away from the start posture, over the allowed "
                    f"{config.max_distance:.3g} rad; bring the arm nearer by hand, or raise "
                    "ramp.max_distance if the straight way is free"
                )
        self._goal = goal.copy()
        self._period = period
        self._config = config
        self._time = 0.0
        self._integral = np.zeros_like(goal)
        joints = len(goal)
        task = InputParameter(joints)
        task.synchronization = Synchronization.Phase
        task.current_position = start.tolist()
        task.target_position = goal.tolist()
        task.max_velocity = np.minimum(limits.velocity, config.speed).tolist()
        task.max_acceleration = np.minimum(limits.acceleration, config.acceleration).tolist()
        task.max_jerk = np.minimum(limits.jerk, config.jerk).tolist()
        self._plan = Trajectory(joints)
        result = Ruckig(joints).calculate(task, self._plan)
        if result not in (Result.Working, Result.Finished):
            raise SafetyError(f"no way to the start posture was found: {result}")

    @property
    def duration(self) -> float:
        """Time the planned move takes, s."""
        return float(self._plan.duration)

    def step(self, joint_positions: Float[ndarray, " joints"]) -> Float[ndarray, " joints"]:
        """Advance by one period and return the wanted joint velocities, rad/s."""
        self._time += self._period
        positions, velocities, _ = self._plan.at_time(min(self._time, self.duration))
        error = np.array(positions) - joint_positions
        pull = _PULL * error
        limit = self._config.speed
        self._integral = np.clip(self._integral + self._period * pull, -limit, limit)
        correction = np.clip(pull + self._integral, -limit, limit)
        return np.asarray(np.clip(np.array(velocities) + correction, -limit, limit))

    def arrived(
        self,
        joint_positions: Float[ndarray, " joints"],
        joint_velocities: Float[ndarray, " joints"],
    ) -> bool:
        """Whether the move is over and the arm stands at the goal.

        Raises:
            SafetyError: If the arm should have arrived long ago.
        """
        if self._time < self.duration:
            return False
        remaining = float(np.abs(self._goal - joint_positions).max())
        speed = float(np.abs(joint_velocities).max())
        if remaining <= self._config.tolerance and speed <= _REST_SPEED:
            return True
        if self._time > self.duration + self._config.patience:
            raise SafetyError(
                f"the arm is still {remaining:.3g} rad from the start posture and moves at "
                f"{speed:.3g} rad/s, {self._config.patience:g} s after the move; allowed are "
                f"{self._config.tolerance:g} rad and {_REST_SPEED:g} rad/s. Look for what blocks "
                "it, or raise ramp.tolerance"
            )
        return False
