# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The guard of an arm that is driven by torques."""

import math
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.latch import GuardState, Latch

_USUAL_PERIOD = 1 / 120  # s


@final
class EffortGuard:
    """Keep joint torques within the limits and brake an arm that comes too near to its ends.

    Torques are those on top of gravity compensation. Torques and their rate of change are
    limited. How far a torque moves an arm depends on its dynamics, so positions and speeds cannot
    be bounded beforehand as they are for velocities: where a joint could not stop before its
    limit any more, outward torques are replaced by damping, and an impossible measurement trips.
    Holding and tripped arms are damped as well.
    """

    def __init__(self, limits: JointLimits, period: float, config: GuardConfig | None = None):
        """Prepare for an arm.

        Args:
            limits: Limits of the arm, radians and seconds.
            period: Time between two commands, s.
            config: Margins and thresholds.

        Raises:
            ParameterError: If the period is not positive.
        """
        config = GuardConfig() if config is None else config
        if not (math.isfinite(period) and period > 0):
            raise ParameterError(f"command period = {period} s; give a positive number")
        self._latch = Latch()
        self._limits = limits
        self._config = config
        self._largest = limits.effort * config.effort_scale
        self._change = config.effort_rate * period
        self._upper = limits.upper - config.position_margin
        self._lower = limits.lower + config.position_margin
        self._speed = np.minimum(limits.velocity * config.velocity_scale, config.speed_limit)
        # Full braking torque at full speed, unless that damps more than the usual margins do at
        # the usual rate. A torque -D qd that is held for a period h changes the speed of an
        # inertia I by D h / I times that speed; from 2 on it swings up instead of coming to rest.
        usual = GuardConfig()
        strongest = limits.effort * usual.effort_scale / usual.speed_limit
        self._damping = np.minimum(
            self._largest / self._speed, strongest * min(1.0, _USUAL_PERIOD / period)
        )
        self._efforts = np.zeros_like(limits.effort)

    @property
    def state(self) -> GuardState:
        """Whether commands are let through."""
        return self._latch.state

    @property
    def reason(self) -> str:
        """Why commands are not let through; empty when armed."""
        return self._latch.reason

    def start(self) -> None:
        """Let torques through.

        Raises:
            SafetyError: If tripped.
        """
        self._latch.arm()
        self._efforts = np.zeros_like(self._efforts)

    def hold(self, reason: str = "asked to hold") -> None:
        """Damp the arm; `start` arms again."""
        self._latch.hold(reason)

    def trip(self, reason: str) -> None:
        """Damp the arm until rearmed."""
        self._latch.trip(reason)

    def rearm(self) -> None:
        """Leave a trip. No torque is let through before the next `start`."""
        self._latch.rearm()

    def step(
        self,
        target_effort: Float[ndarray, " targets"],
        joint_positions: Float[ndarray, " joints"],
        joint_velocities: Float[ndarray, " joints"],
    ) -> Float[ndarray, " commands"]:
        """Return the torques to command for the next period, N m.

        Args:
            target_effort: Wanted torques, N m.
            joint_positions: Measured positions, rad.
            joint_velocities: Measured velocities, rad/s.
        """
        reason = self._refused(target_effort, joint_positions, joint_velocities)
        if self._latch.state is GuardState.ARMED and reason:
            self._latch.trip(reason)
        if not np.isfinite(joint_velocities).all():
            joint_velocities = np.zeros_like(self._efforts)
        wanted = damping = -self._damping * joint_velocities
        if self._latch.state is GuardState.ARMED:
            stop = joint_velocities * np.abs(joint_velocities) / (2 * self._limits.acceleration)
            rest = joint_positions + self._config.response_time * joint_velocities + stop
            wanted = np.where(
                rest > self._upper, np.minimum(target_effort, damping), target_effort
            )
            wanted = np.where(rest < self._lower, np.maximum(wanted, damping), wanted)
            wanted = np.where(np.abs(joint_velocities) > self._speed, damping, wanted)
        return self._approach(np.clip(wanted, -self._largest, self._largest))

    def relax(self) -> Float[ndarray, " commands"]:
        """Return the next torques on the way to none, N m; it needs no measurement."""
        return self._approach(np.zeros_like(self._efforts))

    def _approach(self, wanted: Float[ndarray, " joints"]) -> Float[ndarray, " commands"]:
        """Change the torques as fast as is allowed."""
        self._efforts = self._efforts + np.clip(
            wanted - self._efforts, -self._change, self._change
        )
        return self._efforts.copy()

    def _refused(
        self,
        efforts: Float[ndarray, " targets"],
        positions: Float[ndarray, " joints"],
        velocities: Float[ndarray, " joints"],
    ) -> str:
        limits, names = self._limits, self._limits.names
        if len(efforts) != len(names):
            return f"command has {len(efforts)} values; the arm has {len(names)} joints"
        beyond = self._config.overtravel
        checks = (
            ("commanded torque", "N m", efforts, np.isfinite(efforts)),
            (
                "measured position",
                "rad",
                positions,
                (limits.lower - beyond <= positions) & (positions <= limits.upper + beyond),
            ),
            (
                "measured velocity",
                "rad/s",
                velocities,
                np.abs(velocities) <= limits.velocity * self._config.overspeed,
            ),
        )
        for what, unit, values, good in checks:
            if not good.all():
                joint = int(np.flatnonzero(~good)[0])
                return f"{what} of {names[joint]} is {values[joint]:.4g} {unit}"
        return ""
