# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The guard of an arm that is driven by torques."""

import math
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.latch import GuardState, Latch

# Braked joints slow down at a rate r. By a velocity that was measured t ago, x' = -r x(t_old) dies
# away without swinging up to r t = 1 / e; a quarter leaves room for what else is slow.
_BRAKING_RATE = 15.0  # 1/s
_BRAKING_SHARE = 0.25  # largest part of a speed that is lost in a command period


@final
class EffortGuard:
    """Keep joint torques within the limits and brake an arm that comes too near to its ends.

    Torques are those on top of gravity compensation. Torques and their rate of change are
    limited. How far a torque moves an arm depends on its dynamics, so positions and speeds cannot
    be bounded beforehand as they are for velocities: a joint that could not stop before its limit
    any more, or is too fast, is braked instead, and an impossible measurement trips. All joints of
    a holding or tripped arm are braked.

    Braked joints B get the torques that slow them down whatever the torques of the others O do,
    by the inertia M of the arm without its centrifugal torques:

        qdd_B = -r qd_B, at most the acceleration limit
        qdd_O = M_OO^-1 (tau_O - M_OB qdd_B)
        tau_B = M_BB qdd_B + M_BO qdd_O
    """

    def __init__(
        self,
        limits: JointLimits,
        kinematics: Kinematics,
        period: float,
        config: GuardConfig | None = None,
    ) -> None:
        """Prepare for an arm.

        Args:
            limits: Limits of the arm, radians and seconds.
            kinematics: Its inertia.
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
        self._period = period
        self._change = config.effort_rate * period
        self._upper = limits.upper - config.position_margin
        self._lower = limits.lower + config.position_margin
        self._speed = np.minimum(limits.velocity * config.velocity_scale, config.speed_limit)
        self._rate = min(_BRAKING_RATE, _BRAKING_SHARE / period)
        self._kinematics = kinematics
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
        if not (np.isfinite(joint_positions).all() and np.isfinite(joint_velocities).all()):
            return self.relax()
        if self._latch.state is not GuardState.ARMED:
            all_joints = np.ones(len(self._efforts), dtype=bool)
            rest = np.zeros_like(self._efforts)
            wanted = self._brake(all_joints, rest, joint_positions, joint_velocities)
            return self._approach(wanted, together=True)
        # A joint that may still go on is looked at again only after a period.
        end = joint_positions + (self._config.response_time + self._period) * joint_velocities
        end = end + np.sign(joint_velocities) * self._stopping_distance(joint_velocities)
        fast = np.abs(joint_velocities) > self._speed
        high, low = end > self._upper, end < self._lower
        wanted = target_effort
        if (braked := fast | high | low).any():
            braking = self._brake(braked, target_effort, joint_positions, joint_velocities)
            # Torques that brake even more are welcome.
            wanted = np.where(high, np.minimum(target_effort, braking), target_effort)
            wanted = np.where(low, np.maximum(wanted, braking), wanted)
            wanted = np.where(fast, braking, wanted)
        return self._approach(wanted)

    def _brake(
        self,
        braked: Bool[ndarray, " joints"],
        efforts: Float[ndarray, " joints"],
        positions: Float[ndarray, " joints"],
        velocities: Float[ndarray, " joints"],
    ) -> Float[ndarray, " joints"]:
        """Return the torques with those of braked joints replaced, N m."""
        inertia = self._kinematics.joint_inertia(torch.tensor(positions)).numpy()
        limit = self._limits.acceleration
        acceleration = np.clip(-self._rate * velocities, -limit, limit)
        others = ~braked
        acceleration[others] = np.linalg.solve(
            inertia[np.ix_(others, others)],
            efforts[others] - inertia[np.ix_(others, braked)] @ acceleration[braked],
        )
        return np.asarray(inertia @ acceleration)

    def _stopping_distance(
        self, velocities: Float[ndarray, " joints"]
    ) -> Float[ndarray, " joints"]:
        """Return how far braked joints go: evenly to a slow speed, then exponentially, rad."""
        speed, limit = np.abs(velocities), self._limits.acceleration
        slow = limit / self._rate
        evenly = (speed**2 / limit + slow / self._rate) / 2
        return np.asarray(np.where(speed < slow, speed / self._rate, evenly))

    def relax(self) -> Float[ndarray, " commands"]:
        """Return the next torques on the way to none, N m; it needs no measurement."""
        return self._approach(np.zeros_like(self._efforts))

    def _approach(
        self, wanted: Float[ndarray, " joints"], together: bool = False
    ) -> Float[ndarray, " joints"]:
        """Change the torques as far and as fast as is allowed.

        Together, they keep their ratios: joints that brake each other must not be flung, because
        one gets its torque later than another.
        """
        if together:
            wanted = wanted * _share(wanted, self._largest)
        change = np.clip(wanted, -self._largest, self._largest) - self._efforts
        if together:
            change = change * _share(change, self._change)
        self._efforts = self._efforts + np.clip(change, -self._change, self._change)
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


def _share(values: Float[ndarray, " n"], limit: Float[ndarray, " n"] | float) -> float:
    """Return the largest share, up to 1, of all values that keeps each within its limit."""
    excess = float((np.abs(values) / limit).max(initial=0.0))
    return 1.0 / max(excess, 1.0)
