# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The guard: whatever a policy asks for, what reaches the arm stays within the arm's limits.

Wanted joint velocities go in at the command rate, a jerk-limited velocity stream comes out
(`VelocityStream`). What cannot be right, wanted or measured, trips the guard: the stream comes to
a stop within the limits and stays there until someone rearms.
"""

import math
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.following import Following
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.joint_path import JointPath
from irl_ros.core.latch import GuardState, Latch
from irl_ros.core.stream_limits import stream_limits
from irl_ros.core.velocity_stream import VelocityStream

HOLD_PERIODS = 4
"""Periods for which a command may stay in force: three lost joint states and a late timer."""


@final
class Guard:
    """Keep a stream of joint velocity commands within the limits of an arm.

    It starts out holding. `start` arms it where the arm is; `hold` and `trip` bring the stream to
    zero within the limits. One instance serves one arm, one call of `step` per command period.
    """

    def __init__(
        self,
        limits: JointLimits,
        period: float,
        config: GuardConfig | None = None,
        *,
        limit_reference: bool = False,
        hold_time: float | None = None,
    ):
        """Prepare for an arm.

        Args:
            limits: Limits of the arm, radians and seconds.
            period: Time between two commands, s.
            config: Margins and thresholds.
            limit_reference: The arm follows the integrated commands rather than the commands:
                keep them within the position limits and near to the arm as well.
            hold_time: Longest time a command stays in force before the next one, s; by default
                that of `HOLD_PERIODS`.

        Raises:
            ParameterError: If the period is not positive or the margin leaves a joint no room.
        """
        config = GuardConfig() if config is None else config
        if not (math.isfinite(period) and period > 0):
            raise ParameterError(f"command period = {period} s; give a positive number")
        self._latch = Latch()
        self._period = period
        self._config = config
        self._count = len(limits.names)
        self._names = limits.names
        self._hard_upper: list[float] = (limits.upper + config.overtravel).tolist()
        self._hard_lower: list[float] = (limits.lower - config.overtravel).tolist()
        self._overspeed: list[float] = (limits.velocity * config.overspeed).tolist()
        self._largest_efforts: list[float] = (limits.effort * config.measured_effort).tolist()
        self._previous = [0.0] * self._count
        self._overload = [0.0] * self._count
        self._doubtful = False
        self._place: list[float] | None = None
        self._limit_reference = limit_reference
        # The reference is where the arm is to be a period later.
        self._reference_lag = config.response_time + 2 * period
        self._following = Following(limits.names, period, config)
        hold = HOLD_PERIODS * period if hold_time is None else hold_time
        self._stream = VelocityStream(
            stream_limits(limits, config, limit_reference=limit_reference), period, hold
        )

    @property
    def state(self) -> GuardState:
        """Whether commands are let through."""
        return self._latch.state

    @property
    def reason(self) -> str:
        """Why commands are not let through; empty when armed."""
        return self._latch.reason

    @property
    def reference_positions(self) -> Float[ndarray, " joints"]:
        """Integral of the commanded velocity from where the arm was at the start, rad.

        It is reached at the end of the current period.
        """
        return np.array(self._stream.reference)

    @property
    def path(self) -> JointPath:
        """Where the reference goes, from now on, if no further command follows: to a stop."""
        return self._stream.path()

    @property
    def at_rest(self) -> bool:
        """Whether the commanded velocity and acceleration are zero."""
        return self._stream.at_rest

    def start(self, joint_positions: Float[ndarray, " joints"]) -> None:
        """Arm where the arm is now.

        A stream that has not come to rest yet continues without a step.

        Args:
            joint_positions: Measured positions, rad.

        Raises:
            SafetyError: If tripped.
        """
        self._latch.arm()
        positions = joint_positions.tolist()
        if math.isfinite(sum(positions)):
            # Even if refused: the reference is published while the guard brakes.
            self._stream.relocate(positions)
        self._previous = positions
        self._overload = [0.0] * self._count
        self._place = None
        self._following.restart()
        reason = self._implausible(positions, [0.0] * self._count)
        self._doubtful = bool(reason)
        if reason:
            self._latch.trip(reason)

    def hold(self, reason: str = "asked to hold") -> None:
        """Bring the stream to zero within the limits; `start` arms again."""
        self._latch.hold(reason)

    def trip(self, reason: str) -> None:
        """Bring the stream to zero within the limits and stay there until rearmed."""
        self._latch.trip(reason)

    def rearm(self) -> None:
        """Leave a trip. Nothing moves before the next `start`."""
        self._latch.rearm()

    def step(
        self,
        target_velocity: Float[ndarray, " targets"],
        joint_positions: Float[ndarray, " joints"],
        joint_velocities: Float[ndarray, " joints"],
        joint_efforts: Float[ndarray, " joints"] | None = None,
    ) -> Float[ndarray, " commands"]:
        """Return the velocities to command for the next period, rad/s.

        Wanted velocities beyond the limits are reduced; what is not a number trips the guard, and
        so does an arm that does not follow, is too fast, is where it cannot be or strains itself.

        Args:
            target_velocity: Wanted velocities, rad/s.
            joint_positions: Measured positions, rad.
            joint_velocities: Measured velocities, rad/s.
            joint_efforts: Measured efforts, N m; None where the arm does not report them.
        """
        if self._latch.state is GuardState.ARMED:
            targets = target_velocity.tolist()
            positions = joint_positions.tolist()
            velocities = joint_velocities.tolist()
            before = self._previous
            reason = self._refused(targets)
            if not reason:
                reason = self._implausible(positions, velocities)
                self._doubtful = bool(reason)
            if not reason:
                moved = [now - then for now, then in zip(positions, before, strict=True)]
                reason = self._following.check(self._stream.commands, moved, velocities)
                self._doubtful = self._following.contradiction
            if not reason and self._limit_reference:
                reason = self._ran_away(positions)
            if not reason and joint_efforts is not None:
                reason = self._overloaded(joint_efforts.tolist())
            if not reason:
                try:
                    return np.array(self._stream.advance(targets, positions, velocities))
                except SafetyError as error:
                    reason = str(error)
            self._latch.trip(reason)
        return self.brake()

    def brake(self) -> Float[ndarray, " commands"]:
        """Return the next command on the way to a stop, rad/s; it needs no measurement."""
        self._following.assume(self._stream.commands)
        if self._place is not None:
            return np.array(self._stream.settle(self._place))
        return np.array(self._stream.brake())

    def settle(self, joint_positions: Float[ndarray, " joints"]) -> None:
        """Let the reference stop where the arm is; `brake` leads there.

        Otherwise an arm that is blocked would be pressed on towards a reference that ran ahead.
        Measurements for which the guard has tripped are not followed.

        Args:
            joint_positions: Measured positions, rad.
        """
        positions = joint_positions.tolist()
        if not self._doubtful and all(
            low <= position <= high
            for position, low, high in zip(
                positions, self._hard_lower, self._hard_upper, strict=True
            )
        ):
            self._place = positions

    def miss(self, periods: int) -> None:
        """Take it that no command went out for some periods: the arm followed the `path`.

        An arm that follows velocities has kept the last one, which needs no note.
        """
        if self._limit_reference:
            self._stream.follow_path(periods)

    def _refused(self, targets: list[float]) -> str:
        if len(targets) != self._count:
            return f"command has {len(targets)} values; the arm has {self._count} joints"
        if math.isfinite(sum(targets)):
            return ""
        for name, value in zip(self._names, targets, strict=True):
            if not math.isfinite(value):
                return f"commanded velocity of {name} is {value}"
        return "commanded velocities are too large to add up"

    def _implausible(self, positions: list[float], velocities: list[float]) -> str:
        jump = self._config.jump
        for name, position, velocity, before, low, high, fastest in zip(
            self._names,
            positions,
            velocities,
            self._previous,
            self._hard_lower,
            self._hard_upper,
            self._overspeed,
            strict=True,
        ):
            # Comparisons are false for NaN, so they are written to pass only for good values.
            if not low <= position <= high:
                return (
                    f"measured position of {name} is {position:.4g} rad, outside {low:.4g} to "
                    f"{high:.4g} rad"
                )
            if not abs(position - before) <= jump:
                return (
                    f"measured position of {name} jumped from {before:.4g} to {position:.4g} rad"
                )
            if not abs(velocity) <= fastest:
                return (
                    f"measured velocity of {name} is {velocity:.4g} rad/s, over "
                    f"{fastest:.4g} rad/s"
                )
        self._previous = positions
        return ""

    def _ran_away(self, positions: list[float]) -> str:
        """Say whether the integrated commands have left the arm behind."""
        commands, reference = self._stream.commands, self._stream.reference
        for index in range(self._count):
            gap = abs(reference[index] - positions[index])
            lag = self._reference_lag * abs(commands[index])
            if gap > self._config.tracking_error + lag:
                return (
                    f"{self._names[index]} is {gap:.3g} rad from where its commands lead, over "
                    f"{self._config.tracking_error:.3g} rad and the {lag:.2g} rad of its lag"
                )
        return ""

    def _overloaded(self, efforts: list[float]) -> str:
        """Say whether an effort has been too large for too long; one spike is not."""
        for index in range(self._count):
            if abs(efforts[index]) <= self._largest_efforts[index]:
                self._overload[index] = 0.0
                continue
            self._overload[index] += self._period
            if self._overload[index] > self._config.effort_window:
                return (
                    f"measured effort of {self._names[index]} is {efforts[index]:.3g} N m, over "
                    f"{self._largest_efforts[index]:.3g} N m for "
                    f"{self._config.effort_window:.2g} s; look for what the arm presses against"
                )
        return ""
