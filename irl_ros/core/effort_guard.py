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

# Part of its speed that is taken from a joint in a command period. By a velocity that was measured
# t ago, x' = -r x(t_old) dies away without swinging up to r t = 1 / e; a quarter leaves room.
_SHARE = 0.25
# All joints at once are braked more slowly, 1/s: limits of torque rates would fling light joints,
# because heavy ones get their torques later.
_RATE = 10.0
_SWEEPS = 10  # over joints whose torques depend on each other
_EASE = 0.6  # part of the acceleration limit with which joints slow down before their ends


@final
class EffortGuard:
    """Keep joint torques within the limits and brake an arm that comes too near to its ends.

    Torques are those on top of gravity compensation. Torques and their rate of change are
    limited. How far a torque moves an arm depends on its dynamics, and on friction and contact
    that nobody knows, so positions and speeds cannot be bounded beforehand as they are for
    velocities. A joint that gets into the last half of its margin all the same, and an impossible
    measurement, trip. All joints of a holding or tripped arm are braked.

    What brakes is in proportion to the inertia, M for all joints and m_i = 1 / (M^-1)_ii for one
    while the others are free (h: command period, r = min(10 /s, 1 / (4 h))):

        armed              tau_i <= m_i (v_i - qd_i) / (4 h)   towards an end at a distance d_i
                           v_i = min(v_max, r d_i / 4, sqrt(1.2 a_i d_i)), a_i: acceleration limit
        held or tripped    tau = -r M qd, accelerations within their limits
        in the margin      tau_i <= -M_ii qd_i / (2 h) while moving towards the end

    The first holds for joints that would be faster than v_i in four periods if they went on
    accelerating as measured, less what the torques of the others add for the worse; the others
    keep their torques. Where an arm stands against something, it may press.
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
        self._gain = _SHARE / period
        self._rate = min(_RATE, self._gain)
        self._kinematics = kinematics
        self._posture: Float[ndarray, " joints"] | None = None
        self._efforts = np.zeros_like(limits.effort)
        self._velocities = np.zeros_like(limits.effort)
        self._high = self._low = np.zeros(len(limits.names), dtype=bool)

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
        self._high = self._low = np.zeros(len(self._efforts), dtype=bool)

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
        posture = self._posture
        if posture is None or not np.isfinite(joint_velocities).all():
            return self.relax()
        faster, self._velocities = joint_velocities - self._velocities, joint_velocities
        if self._latch.state is GuardState.ARMED:
            possible = np.clip(target_effort, -self._largest, self._largest)
            wanted = self._bounded(possible, posture, joint_velocities, faster)
        else:
            limit = self._limits.acceleration
            slowing = np.clip(-self._rate * joint_velocities, -limit, limit)
            wanted = self._inertia(posture) @ slowing
        return self._approach(self._stop_in_margin(wanted, posture, joint_velocities))

    def _bounded(
        self,
        efforts: Float[ndarray, " joints"],
        posture: Float[ndarray, " joints"],
        velocities: Float[ndarray, " joints"],
        faster: Float[ndarray, " joints"],
    ) -> Float[ndarray, " joints"]:
        """Return the torques, bounded for joints near the speeds that their ends allow, N m."""
        up = self._speed_limit(self._upper - posture)
        down = self._speed_limit(posture - self._lower)
        self._high = self._near(self._high, up, velocities, faster)
        self._low = self._near(self._low, down, -velocities, -faster)
        if not (self._high | self._low).any():
            return efforts
        mobility = np.linalg.inv(self._inertia(posture))
        damping = self._gain / np.diagonal(mobility)
        ceiling = np.where(self._high, damping * (up - velocities), np.inf)
        floor = np.where(self._low, -damping * (down + velocities), -np.inf)
        bounded = np.clip(efforts, floor, ceiling)
        for i in list(np.flatnonzero(self._high | self._low)) * _SWEEPS:
            # What the torques of the others add, if it is for the worse.
            added = mobility[i] @ bounded / mobility[i, i] - bounded[i]
            low, high = floor[i] - min(added, 0.0), ceiling[i] - max(added, 0.0)
            bounded[i] = np.clip(efforts[i], low, high)
        return np.asarray(bounded)

    def _near(
        self,
        near: Bool[ndarray, " joints"],
        limit: Float[ndarray, " joints"],
        speeds: Float[ndarray, " joints"],
        faster: Float[ndarray, " joints"],
    ) -> Bool[ndarray, " joints"]:
        """Return which joints come near a speed limit, or did and are not yet far from it.

        They must not be let go at once, only to be caught again.
        """
        far = (limit > self._speed / 4) & (speeds < limit / 2)
        coming = speeds + np.maximum(faster, 0.0) / _SHARE > limit
        return np.asarray((near & ~far) | coming)

    def _inertia(self, posture: Float[ndarray, " joints"]) -> Float[ndarray, "joints joints"]:
        return np.asarray(self._kinematics.joint_inertia(torch.tensor(posture)).numpy())

    def _speed_limit(self, room: Float[ndarray, " joints"]) -> Float[ndarray, " joints"]:
        """Return how fast a joint may go where it has so much room, rad/s; beyond: back."""
        even = np.sqrt(2 * _EASE * self._limits.acceleration * np.maximum(room, 0.0))
        limit = np.minimum(np.minimum(self._speed, even), self._rate / 4 * room)
        return np.asarray(np.maximum(limit, -self._speed))

    def _stop_in_margin(
        self,
        efforts: Float[ndarray, " joints"],
        posture: Float[ndarray, " joints"],
        velocities: Float[ndarray, " joints"],
    ) -> Float[ndarray, " joints"]:
        """Brake joints that go on towards their ends, as if the others stood, N m."""
        high = (posture > self._upper) & (velocities > 0)
        low = (posture < self._lower) & (velocities < 0)
        if not (high | low).any():
            return efforts
        inertia = np.diagonal(self._inertia(posture))
        damping = np.minimum(inertia / (2 * self._period), self._largest / self._speed)
        braking = -damping * velocities
        efforts = np.where(high, np.minimum(efforts, braking), efforts)
        return np.asarray(np.where(low, np.maximum(efforts, braking), efforts))

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
