# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The guard: whatever a policy asks for, what reaches the arm stays within the arm's limits.

Wanted joint velocities go in at the command rate, a jerk-limited velocity stream comes out
(`VelocityStream`). What cannot be right, wanted or measured, trips the guard: the stream comes to
a stop within the limits and stays there until someone rearms.
"""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.latch import GuardState, Latch
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.velocity_stream import StreamLimits, VelocityStream


@dataclass(frozen=True)
class GuardConfig(Parameters):
    """How far inside the arm's limits the guard keeps the commands, and when it trips."""

    position_margin: float = parameter(
        0.05, unit="rad", low=0.0, high=0.5, doc="Distance kept from both ends of every joint"
    )
    velocity_scale: float = parameter(
        0.9, low=0.01, high=1.0, doc="Used share of the velocity limits"
    )
    acceleration_scale: float = parameter(
        0.9, low=0.01, high=1.0, doc="Used share of the acceleration limits"
    )
    jerk_scale: float = parameter(0.9, low=0.01, high=1.0, doc="Used share of the jerk limits")
    effort_scale: float = parameter(0.9, low=0.01, high=1.0, doc="Used share of the effort limits")
    effort_rate: float = parameter(
        500.0, unit="N m/s", low=1.0, high=1e4, doc="Fastest change of a commanded effort"
    )
    speed_limit: float = parameter(
        1.5, unit="rad/s", low=0.01, high=10.0, doc="Fastest commanded speed of any joint"
    )
    overspeed: float = parameter(
        1.2, low=1.0, high=5.0, doc="Trip when a joint moves faster than its limit times this"
    )
    overtravel: float = parameter(
        0.1,
        unit="rad",
        low=0.0,
        high=1.0,
        doc="Trip when a joint is measured beyond its end by this",
    )
    jump: float = parameter(
        0.1, unit="rad", low=0.001, high=10.0, doc="Trip when a position changes by this at once"
    )
    tracking_error: float = parameter(
        0.3,
        unit="rad",
        low=0.001,
        high=10.0,
        doc="Trip when a joint falls this far behind its commands within the tracking window",
    )
    tracking_window: float = parameter(
        0.5, unit="s", low=0.05, high=60.0, doc="Time after which a tracking error is forgotten"
    )
    response_time: float = parameter(
        0.05,
        unit="s",
        low=0.0,
        high=1.0,
        doc="Longest lag with which the arm follows velocity commands",
    )
    limit_reference: bool = parameter(
        False, doc="Also keep the integrated commands within the position limits"
    )


@final
class Guard:
    """Keep a stream of joint velocity commands within the limits of an arm.

    It starts out holding. `start` arms it where the arm is; `hold` and `trip` bring the stream to
    zero within the limits. One instance serves one arm, one call of `step` per command period.
    """

    def __init__(self, limits: JointLimits, period: float, config: GuardConfig | None = None):
        """Prepare for an arm.

        Args:
            limits: Limits of the arm, radians and seconds.
            period: Time between two commands, s.
            config: Margins and thresholds.

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
        lag = config.response_time
        self._model_gain = 1.0 - math.exp(-period / lag) if lag > 0 else 1.0
        self._forget = math.exp(-period / config.tracking_window)
        self._previous = [0.0] * self._count
        self._model = [0.0] * self._count
        self._lag = [0.0] * self._count
        self._stream = VelocityStream(stream_limits(limits, config), period)

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
        """Integral of the commanded velocity from where the arm was at the start, rad."""
        return np.array(self._stream.reference)

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
        self._previous = positions
        reason = self._implausible(positions, self._model)
        if reason:
            self._latch.trip(reason)
            return
        self._lag = [0.0] * self._count
        self._stream.relocate(positions)

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
    ) -> Float[ndarray, " commands"]:
        """Return the velocities to command for the next period, rad/s.

        Wanted velocities beyond the limits are reduced; what is not a number trips the guard, and
        so does an arm that does not follow, is too fast or is where it cannot be.

        Args:
            target_velocity: Wanted velocities, rad/s.
            joint_positions: Measured positions, rad.
            joint_velocities: Measured velocities, rad/s.
        """
        if self._latch.state is GuardState.ARMED:
            targets = target_velocity.tolist()
            positions = joint_positions.tolist()
            velocities = joint_velocities.tolist()
            reason = self._refused(targets) or self._implausible(positions, velocities)
            if not reason:
                reason = self._track(velocities)
            if not reason:
                try:
                    return np.array(self._stream.advance(targets, positions, velocities))
                except SafetyError as error:
                    reason = str(error)
            self._latch.trip(reason)
        return self.brake()

    def brake(self) -> Float[ndarray, " commands"]:
        """Return the next command on the way to a stop, rad/s; it needs no measurement."""
        self._model = list(self._stream.commands)
        return np.array(self._stream.brake())

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
        for index in range(self._count):
            position, velocity = positions[index], velocities[index]
            # Comparisons are false for NaN, so they are written to pass only for good values.
            if not self._hard_lower[index] <= position <= self._hard_upper[index]:
                return (
                    f"measured position of {self._names[index]} is {position:.4g} rad, outside "
                    f"{self._hard_lower[index]:.4g} to {self._hard_upper[index]:.4g} rad"
                )
            if not abs(position - self._previous[index]) <= self._config.jump:
                return (
                    f"measured position of {self._names[index]} jumped from "
                    f"{self._previous[index]:.4g} to {position:.4g} rad"
                )
            if not abs(velocity) <= self._overspeed[index]:
                return (
                    f"measured velocity of {self._names[index]} is {velocity:.4g} rad/s, over "
                    f"{self._overspeed[index]:.4g} rad/s"
                )
        self._previous = positions
        return ""

    def _track(self, velocities: list[float]) -> str:
        commands = self._stream.commands
        gain, forget, limit = self._model_gain, self._forget, self._config.tracking_error
        for index in range(self._count):
            model = self._model[index] + gain * (commands[index] - self._model[index])
            lag = self._lag[index] * forget + (model - velocities[index]) * self._period
            self._model[index], self._lag[index] = model, lag
            if abs(lag) > limit:
                return (
                    f"{self._names[index]} is {abs(lag):.3g} rad behind its commands, over "
                    f"{limit:.3g} rad"
                )
        return ""


def stream_limits(limits: JointLimits, config: GuardConfig) -> StreamLimits:
    """Return the limits of the command stream: the arm's with the margins taken off.

    Raises:
        ParameterError: If the position margin leaves a joint no room to move.
    """
    lower, upper = limits.lower + config.position_margin, limits.upper - config.position_margin
    for name, low, high in zip(limits.names, lower, upper, strict=True):
        if low >= high:
            raise ParameterError(
                f"position_margin = {config.position_margin:g} rad leaves joint {name} no room "
                "to move; give a smaller margin"
            )
    return StreamLimits(
        lower=lower,
        upper=upper,
        velocity=np.minimum(limits.velocity * config.velocity_scale, config.speed_limit),
        acceleration=limits.acceleration * config.acceleration_scale,
        jerk=limits.jerk * config.jerk_scale,
        response_time=config.response_time,
        limit_reference=config.limit_reference,
    )
