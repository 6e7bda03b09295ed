# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The guard: whatever a policy asks for, what reaches the arm stays within the arm's limits.

Wanted joint velocities go in at the command rate, a jerk-limited velocity stream comes out. The
position limit is kept by an invariant rather than by a clamp: a command is let through only if
the arm could still stop before the limit afterwards, so braking is always possible. The proof
needs three facts about the stop from velocity v and acceleration a, as planned by Ruckig
(Berscheid and Kroeger 2021, velocity interface, time-optimal under the limits of acceleration A
and jerk J):

* The planned path moves out by at most ``peak(v, a)``. Being time-optimal, the plan made one
  period later is the rest of the same plan.
* The arm holds each command for a period h. This moves it further than the plan by at most h
  times the speed still to be gained, ``h a^2 / 2J`` while a points outwards.
* An arm that follows commands with a lag tau comes to rest where ``p + tau pd`` says, plus the
  commanded path; for any smaller lag the point lies between the two.

So ``max(p, p + tau pd) + h v + peak + h a^2 / 2J <= upper`` after an accepted command stays true
while braking, and the same holds for the lower limit.
"""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from ruckig import (
    ControlInterface,
    InputParameter,
    OutputParameter,
    Result,
    Ruckig,
    Synchronization,
    Trajectory,
)

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError
from irl_ros.core.latch import GuardState, Latch
from irl_ros.core.parameters import Parameters, parameter

_APPROACH_RATE = 8.0  # 1/s: speed allowed per radian left to a limit, before braking is forced
_APPROACH_SHARE = 0.6  # part of the acceleration limit used when slowing down towards a limit
_TOLERANCE = 1e-9  # rad


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
        self._upper: list[float] = (limits.upper - config.position_margin).tolist()
        self._lower: list[float] = (limits.lower + config.position_margin).tolist()
        for name, lower, upper in zip(limits.names, self._lower, self._upper, strict=True):
            if lower >= upper:
                raise ParameterError(
                    f"position_margin = {config.position_margin:g} rad leaves joint {name} no "
                    "room to move; give a smaller margin"
                )
        self._hard_upper: list[float] = (limits.upper + config.overtravel).tolist()
        self._hard_lower: list[float] = (limits.lower - config.overtravel).tolist()
        velocity = np.minimum(limits.velocity * config.velocity_scale, config.speed_limit)
        acceleration = limits.acceleration * config.acceleration_scale
        jerk = limits.jerk * config.jerk_scale
        self._velocity: list[float] = velocity.tolist()
        self._acceleration: list[float] = acceleration.tolist()
        self._overspeed: list[float] = (limits.velocity * config.overspeed).tolist()
        self._overrun: list[float] = (period / (2 * jerk)).tolist()
        # A slow approach that the jerk limit allows to be followed: sqrt(2 A d) far from the
        # limit, straight through the limit near to it, joined where values and slopes agree.
        rate = np.minimum(_APPROACH_RATE, jerk / (2 * acceleration))
        braking = _APPROACH_SHARE * acceleration
        self._rate: list[float] = rate.tolist()
        self._joint_distance: list[float] = (braking / rate**2).tolist()
        self._braking: list[float] = braking.tolist()
        # Farther away than this no command within the limits is affected by a position limit:
        # the longest way to stop, and where the slow approach begins.
        stop = velocity**2 / (2 * acceleration) + 2 * velocity * acceleration / jerk
        approach = velocity**2 / (2 * braking) + 0.5 * braking / rate**2
        far = np.maximum(stop + 3 * velocity * period, approach)
        self._far_upper: list[float] = (limits.upper - config.position_margin - far).tolist()
        self._far_lower: list[float] = (limits.lower + config.position_margin + far).tolist()
        self._model_gain = (
            1.0 - math.exp(-period / config.response_time) if config.response_time > 0 else 1.0
        )
        self._forget = math.exp(-period / config.tracking_window)
        self._model = [0.0] * self._count
        self._lag = [0.0] * self._count
        self._nothing = [0.0] * self._count
        self._otg = Ruckig(self._count, period)
        self._input = InputParameter(self._count)
        self._output = OutputParameter(self._count)
        self._stop_input = InputParameter(self._count)
        self._stop = Trajectory(self._count)
        for each in (self._input, self._stop_input):
            each.control_interface = ControlInterface.Velocity
            each.synchronization = Synchronization.No
            each.max_acceleration = self._acceleration
            each.max_jerk = jerk.tolist()
            each.current_position = [0.0] * self._count
            each.current_velocity = [0.0] * self._count
            each.current_acceleration = [0.0] * self._count
            each.target_velocity = [0.0] * self._count

    @property
    def state(self) -> GuardState:
        """Whether commands are let through."""
        return self._latch.state

    @property
    def reason(self) -> str:
        """Why commands are not let through; empty when armed."""
        return self._latch.reason

    @property
    def reference_positions(self) -> Float[np.ndarray, " joints"]:
        """Integral of the commanded velocity from where the arm was at the start, rad."""
        return np.array(self._input.current_position)

    @property
    def at_rest(self) -> bool:
        """Whether the commanded velocity and acceleration are zero."""
        return not any(self._input.current_velocity) and not any(self._input.current_acceleration)

    def start(self, joint_positions: Float[np.ndarray, " joints"]) -> None:
        """Arm where the arm is now.

        A stream that has not come to rest yet continues without a step.

        Args:
            joint_positions: Measured positions, rad.

        Raises:
            SafetyError: If tripped.
        """
        self._latch.arm()
        positions = joint_positions.tolist()
        reason = self._implausible(positions, self._model)
        if reason:
            self._latch.trip(reason)
            return
        self._lag = [0.0] * self._count
        self._otg.reset()
        self._input.current_position = positions

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
        target_velocity: Float[np.ndarray, " targets"],
        joint_positions: Float[np.ndarray, " joints"],
        joint_velocities: Float[np.ndarray, " joints"],
    ) -> Float[np.ndarray, " commands"]:
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
                return self._follow(targets, positions, velocities)
            self._latch.trip(reason)
        return self._brake()

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
            if not abs(velocity) <= self._overspeed[index]:
                return (
                    f"measured velocity of {self._names[index]} is {velocity:.4g} rad/s, over "
                    f"{self._overspeed[index]:.4g} rad/s"
                )
        return ""

    def _track(self, velocities: list[float]) -> str:
        commands = self._input.current_velocity
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

    def _follow(
        self, targets: list[float], positions: list[float], velocities: list[float]
    ) -> Float[np.ndarray, " commands"]:
        response = self._config.response_time
        high, low = [], []
        wanted = []
        near = self._config.limit_reference
        for index in range(self._count):
            position = positions[index]
            ahead = position + response * velocities[index]
            highest, lowest = (ahead, position) if ahead > position else (position, ahead)
            high.append(highest)
            low.append(lowest)
            up = down = self._velocity[index]
            if highest > self._far_upper[index]:
                near = True
                up = min(up, self._approach(index, self._upper[index] - highest))
            if lowest < self._far_lower[index]:
                near = True
                down = min(down, self._approach(index, lowest - self._lower[index]))
            wanted.append(max(min(targets[index], up), -down))
        self._input.target_velocity = wanted
        if not self._plan():
            return self._brake()
        excess = self._excess(high, low) if near else self._nothing
        if max(excess) > _TOLERANCE:
            # Some joint could no longer stop in time: it brakes instead, unless it is outside
            # already and the command brings it back faster than braking would.
            self._input.target_velocity = [0.0] * self._count
            if not self._plan():
                return self._brake()
            braking = self._excess(high, low)
            self._input.target_velocity = [
                0.0 if over > _TOLERANCE and brake <= over else velocity
                for velocity, over, brake in zip(wanted, excess, braking, strict=True)
            ]
            if not self._plan():
                return self._brake()
        return self._commit()

    def _approach(self, index: int, distance: float) -> float:
        if distance <= 0.0:
            return 0.0
        joint = self._joint_distance[index]
        if distance <= joint:
            return self._rate[index] * distance
        return math.sqrt(2.0 * self._braking[index] * (distance - 0.5 * joint))

    def _excess(self, high: list[float], low: list[float]) -> list[float]:
        """Return how far each joint would pass a limit if it braked after the planned period."""
        planned = self._output
        self._stop_input.current_velocity = planned.new_velocity
        self._stop_input.current_acceleration = planned.new_acceleration
        if self._otg.calculate(self._stop_input, self._stop) not in (
            Result.Working,
            Result.Finished,
        ):
            return [math.inf] * self._count
        extrema = self._stop.position_extrema
        new_velocity, new_acceleration = planned.new_velocity, planned.new_acceleration
        reference = planned.new_position if self._config.limit_reference else None
        excess = []
        for index in range(self._count):
            travel = self._period * new_velocity[index]
            acceleration = new_acceleration[index]
            overrun = self._overrun[index] * acceleration * acceleration
            above = high[index] + travel + extrema[index].max
            below = low[index] + travel + extrema[index].min
            if acceleration > 0.0:
                above += overrun
            else:
                below -= overrun
            over = max(above - self._upper[index], self._lower[index] - below)
            if reference is not None:
                over = max(
                    over,
                    reference[index] + extrema[index].max - self._upper[index],
                    self._lower[index] - reference[index] - extrema[index].min,
                )
            excess.append(over)
        return excess

    def _plan(self) -> bool:
        self._otg.reset()
        planned = self._otg.update(self._input, self._output)
        if planned in (Result.Working, Result.Finished):
            return True
        self._latch.trip(f"no trajectory within the limits: {planned}")
        return False

    def _commit(self) -> Float[np.ndarray, " commands"]:
        self._output.pass_to_input(self._input)
        return np.array(self._output.new_velocity)

    def _brake(self) -> Float[np.ndarray, " commands"]:
        self._input.target_velocity = [0.0] * self._count
        self._model = list(self._input.current_velocity)
        if self._plan():
            return self._commit()
        # Unreachable as far as is known; if the planner fails all the same, slow down anyway.
        slower = [
            math.copysign(max(0.0, abs(velocity) - limit * self._period), velocity)
            for velocity, limit in zip(
                self._input.current_velocity, self._acceleration, strict=True
            )
        ]
        self._input.current_velocity = slower
        self._input.current_acceleration = [0.0] * self._count
        return np.array(slower)
