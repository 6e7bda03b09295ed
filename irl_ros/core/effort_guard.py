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

# Speeds are corrected at a rate r. By a velocity that was measured t ago, x' = -r x(t_old) dies
# away without swinging up to r t = 1 / e; a quarter leaves room for what else is slow. Faster, and
# limits of torque rates would fling light joints, because heavy ones get their torques later.
_RATE = 10.0  # 1/s
_SHARE = 0.25  # largest part of a speed that is taken away in a command period
_RESERVE = 2  # command periods; a joint that may reach its speed limit within them is bounded


@final
class EffortGuard:
    """Keep joint torques within the limits and brake an arm that comes too near to its ends.

    Torques are those on top of gravity compensation. Torques and their rate of change are
    limited. How far a torque moves an arm depends on its dynamics, and on friction and contact
    that nobody knows, so positions and speeds cannot be bounded beforehand as they are for
    velocities. A joint that gets into the last half of its margin all the same, and an impossible
    measurement, trip. All joints of a holding or tripped arm are braked.

    With the joint-space inertia M, torques tau mean accelerations a = M^-1 tau, but for friction,
    contact and centrifugal torques. Where a joint comes near its speed limit v, which falls
    towards its end at a distance d, its acceleration is bounded and those of the others are kept:

        v = min(v_max, r d / 4),   a_i <= r (v_i - qd_i),   tau = M a

    with r = min(10 /s, 1 / (4 h)) for a command period h. What is left of d then dies away
    critically damped: d'' = -r d' - r^2 / 4 d. A braked arm gets a = -r qd.
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
        self._change = config.effort_rate * period
        self._upper = limits.upper - config.position_margin
        self._lower = limits.lower + config.position_margin
        self._speed = np.minimum(limits.velocity * config.velocity_scale, config.speed_limit)
        self._rate = min(_RATE, _SHARE / period)
        self._reserve = np.minimum(_RESERVE * period * limits.acceleration, self._speed / 2)
        self._kinematics = kinematics
        self._posture: Float[ndarray, " joints"] | None = None
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
        """Brake the arm; `start` arms again."""
        self._latch.hold(reason)

    def trip(self, reason: str) -> None:
        """Brake the arm until rearmed."""
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
        if np.isfinite(joint_positions).all() and not self._impossible(joint_positions).any():
            self._posture = joint_positions
        if self._posture is None or not np.isfinite(joint_velocities).all():
            return self.relax()
        if self._latch.state is not GuardState.ARMED:
            braking = self._braking(np.zeros_like(self._efforts), joint_velocities)
            return self._approach(self._inertia @ braking)
        upwards = self._speed_limit(self._upper - joint_positions)
        downwards = -self._speed_limit(joint_positions - self._lower)
        high = joint_velocities > upwards - self._reserve
        low = joint_velocities < downwards + self._reserve
        if not (high | low).any():
            return self._approach(target_effort)
        inertia, possible = self._inertia, np.clip(target_effort, -self._largest, self._largest)
        wanted = np.linalg.solve(inertia, possible)
        ceiling = np.where(high, self._braking(upwards, joint_velocities), np.inf)
        floor = np.where(low, self._braking(downwards, joint_velocities), -np.inf)
        return self._approach(inertia @ np.clip(wanted, floor, ceiling))

    @property
    def _inertia(self) -> Float[ndarray, "joints joints"]:
        """Of the newest possible posture, kg m^2."""
        inertia = self._kinematics.joint_inertia(torch.tensor(self._posture))
        return np.asarray(inertia.numpy())

    def _speed_limit(self, room: Float[ndarray, " joints"]) -> Float[ndarray, " joints"]:
        """Return how fast a joint may go where it has so much room, rad/s; beyond: back."""
        return np.asarray(np.clip(self._rate / 4 * room, -self._speed, self._speed))

    def _braking(
        self, limit: Float[ndarray, " joints"], velocities: Float[ndarray, " joints"]
    ) -> Float[ndarray, " joints"]:
        """Return the accelerations that lead to a speed limit, rad/s^2."""
        largest = self._limits.acceleration
        return np.asarray(np.clip(self._rate * (limit - velocities), -largest, largest))

    def relax(self) -> Float[ndarray, " commands"]:
        """Return the next torques on the way to none, N m; it needs no measurement."""
        return self._approach(np.zeros_like(self._efforts))

    def _approach(self, wanted: Float[ndarray, " joints"]) -> Float[ndarray, " joints"]:
        """Change the torques as far and as fast as is allowed."""
        change = np.clip(wanted, -self._largest, self._largest) - self._efforts
        self._efforts = self._efforts + np.clip(change, -self._change, self._change)
        return self._efforts.copy()

    def _impossible(self, positions: Float[ndarray, " joints"]) -> Bool[ndarray, " joints"]:
        beyond = self._config.overtravel
        low, high = self._limits.lower - beyond, self._limits.upper + beyond
        return ~((low <= positions) & (positions <= high))

    def _refused(
        self,
        efforts: Float[ndarray, " targets"],
        positions: Float[ndarray, " joints"],
        velocities: Float[ndarray, " joints"],
    ) -> str:
        limits, names = self._limits, self._limits.names
        if len(efforts) != len(names):
            return f"command has {len(efforts)} values; the arm has {len(names)} joints"
        checks = (
            ("commanded torque", "N m", efforts, np.isfinite(efforts)),
            ("measured position", "rad", positions, ~self._impossible(positions)),
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
        last_half = self._config.position_margin / 2
        unstopped = ((positions > self._upper + last_half) & (velocities > 0)) | (
            (positions < self._lower - last_half) & (velocities < 0)
        )
        if unstopped.any():
            joint = int(np.flatnonzero(unstopped)[0])
            room = min(
                limits.upper[joint] - positions[joint], positions[joint] - limits.lower[joint]
            )
            return f"braking does not stop {names[joint]}, which is {room:.2g} rad from its end"
        return ""
