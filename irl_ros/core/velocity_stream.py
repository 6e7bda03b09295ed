# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stream of joint velocity commands that never leaves the limits, whatever is asked of it.

The position limit is kept by an invariant rather than by a clamp: a command is let through only
if the arm could still stop before the limit afterwards, so braking is always possible. The proof
needs four facts about the stop from velocity v and acceleration a, as planned by Ruckig
(Berscheid and Kroeger 2021, velocity interface, time-optimal under the limits of acceleration A
and jerk J):

* The planned path moves out by at most ``peak(v, a)``. Being time-optimal, the plan made one
  period later is the rest of the same plan.
* The arm holds each command for a period h. This moves it further than the plan by at most h
  times the speed still to be gained, ``h a^2 / 2J`` while a points outwards.
* Should measurements stop coming, the command stays in force for a time H >= h before braking
  begins without them. The integrated commands are those at the end of a period: H - h is left.
* An arm that follows commands with a lag tau comes to rest where ``p + tau pd`` says, plus the
  commanded path; for any smaller lag the point lies between the two.

So ``max(p, p + tau pd) + H v + peak + h a^2 / 2J <= upper`` after an accepted command stays true
while braking, and the same holds for the lower limit.
"""

import math
from typing import final

import numpy as np
from ruckig import (
    ControlInterface,
    InputParameter,
    OutputParameter,
    Result,
    Ruckig,
    Synchronization,
    Trajectory,
)

from irl_ros.core.errors import SafetyError
from irl_ros.core.joint_path import JointPath
from irl_ros.core.stream_limits import StreamLimits

_APPROACH_RATE = 8.0  # 1/s: speed allowed per radian left to a limit, before braking is forced
_APPROACH_SHARE = 0.6  # part of the acceleration limit used when slowing down towards a limit
_TOLERANCE = 1e-9  # rad
_STOP_POINTS = 20  # at most, on the path of a stop


@final
class VelocityStream:
    """Turn wanted velocities into commands within the limits, one per period.

    All joints are independent. Lists of floats go in and out, because for seven joints they are
    faster than arrays.
    """

    def __init__(self, limits: StreamLimits, period: float, hold_time: float) -> None:
        """Begin at rest at the origin.

        Args:
            limits: What to keep to.
            period: Time between two commands, s.
            hold_time: Longest time a command stays in force, s.
        """
        self._count = len(limits.lower)
        self._period = period
        self._hold = max(period, hold_time)
        self._response_time = limits.response_time
        self._limit_reference = limits.limit_reference
        velocity, acceleration, jerk = limits.velocity, limits.acceleration, limits.jerk
        self._upper: list[float] = limits.upper.tolist()
        self._lower: list[float] = limits.lower.tolist()
        self._velocity: list[float] = velocity.tolist()
        self._acceleration: list[float] = acceleration.tolist()
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
        far = np.maximum(stop + 3 * velocity * period, approach) + velocity * self._hold
        self._far_upper: list[float] = (limits.upper - far).tolist()
        self._far_lower: list[float] = (limits.lower + far).tolist()
        self._zeros = [0.0] * self._count
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
            each.current_position = self._zeros
            each.current_velocity = self._zeros
            each.current_acceleration = self._zeros
            each.target_velocity = self._zeros
            each.max_velocity = self._velocity

    @property
    def commands(self) -> list[float]:
        """Commands of the current period, rad/s."""
        return self._input.current_velocity  # type: ignore[no-any-return]

    @property
    def reference(self) -> list[float]:
        """Integral of the commands since the last `relocate`, rad."""
        return self._input.current_position  # type: ignore[no-any-return]

    @property
    def at_rest(self) -> bool:
        """Whether the commands have come to zero and stay there."""
        return not any(self._input.current_velocity) and not any(self._input.current_acceleration)

    def relocate(self, positions: list[float]) -> None:
        """Set the integrated commands, rad; the commands themselves continue without a step."""
        self._input.current_position = positions

    def advance(
        self, targets: list[float], positions: list[float], velocities: list[float]
    ) -> list[float]:
        """Return the next commands, rad/s, as near to the wanted ones as the limits allow.

        Args:
            targets: Wanted velocities, finite, rad/s.
            positions: Measured, rad.
            velocities: Measured, rad/s.

        Raises:
            SafetyError: If no motion within the limits is found.
        """
        high, low, wanted = [], [], []
        near = self._limit_reference
        response, commands = self._response_time, self.commands
        far_upper, far_lower = self._far_upper, self._far_lower
        for index, (target, position, velocity, fastest) in enumerate(
            zip(targets, positions, velocities, self._velocity, strict=True)
        ):
            ahead = position + response * velocity
            highest, lowest = (ahead, position) if ahead > position else (position, ahead)
            high.append(highest)
            low.append(lowest)
            up = down = fastest
            if highest > far_upper[index]:
                near = True
                room = self._upper[index] - highest - max(self._hold * commands[index], 0.0)
                up = min(up, self._approach(index, room))
            if lowest < far_lower[index]:
                near = True
                room = lowest - self._lower[index] + min(self._hold * commands[index], 0.0)
                down = min(down, self._approach(index, room))
            wanted.append(target if -down <= target <= up else max(min(target, up), -down))
        self._plan(wanted)
        if near:
            self._keep_stoppable(wanted, high, low)
        return self._commit()

    def brake(self) -> list[float]:
        """Return the next commands on the way to a stop, rad/s."""
        try:
            self._plan(self._zeros)
        except SafetyError:
            return self._slow_down()
        return self._commit()

    def settle(self, positions: list[float]) -> list[float]:
        """Return the next commands, rad/s, on the way to a stop at positions, rad.

        It is the integrated commands that stop there, or at the position limit before.
        """
        self._input.control_interface = ControlInterface.Position
        self._input.target_position = [
            max(min(position, max(upper, now)), min(lower, now))
            for position, now, lower, upper in zip(
                positions, self.reference, self._lower, self._upper, strict=True
            )
        ]
        try:
            self._plan(self._zeros)
        except SafetyError:
            return self._slow_down()
        finally:
            self._input.control_interface = ControlInterface.Velocity
        self._commit()
        if self._output.trajectory.duration <= self._period:
            # It is there, but for rounding errors.
            self._input.current_velocity = self._input.current_acceleration = self._zeros
        return self.commands

    def _slow_down(self) -> list[float]:
        """Unreachable as far as is known; if the planner fails all the same, brake anyway."""
        slower = [
            math.copysign(max(0.0, abs(velocity) - limit * self._period), velocity)
            for velocity, limit in zip(self.commands, self._acceleration, strict=True)
        ]
        self._input.current_velocity = slower
        self._input.current_acceleration = self._zeros
        return slower

    def path(self) -> JointPath:
        """Return where the commands lead if no others come: held for the hold time, then a stop.

        It begins with the current period.
        """
        stops = self._plan_stop(self.commands, self._input.current_acceleration)
        ahead = self._hold - self._period
        held = [place + ahead * v for place, v in zip(self.reference, self.commands, strict=True)]
        times, positions = [self._hold], [held]
        duration = self._stop.duration if stops else 0.0
        interval = max(self._period, duration / _STOP_POINTS)
        for index in range(1, math.ceil(duration / interval) + 1):
            travel = self._stop.at_time(min(index * interval, duration))[0]
            times.append(self._hold + index * interval)
            positions.append([a + b for a, b in zip(held, travel, strict=True)])
        return JointPath(np.array(times), np.array(positions))

    def follow_path(self, periods: int) -> None:
        """Go on along the `path`, because for some periods no command was sent."""
        held = min(periods * self._period, self._hold - self._period)
        self.relocate([p + held * v for p, v in zip(self.reference, self.commands, strict=True)])
        for _ in range(periods - round(held / self._period)):
            if self.at_rest:
                break
            self.brake()

    def _approach(self, index: int, distance: float) -> float:
        if distance <= 0.0:
            return 0.0
        joint = self._joint_distance[index]
        if distance <= joint:
            return self._rate[index] * distance
        return math.sqrt(2.0 * self._braking[index] * (distance - 0.5 * joint))

    def _keep_stoppable(self, wanted: list[float], high: list[float], low: list[float]) -> None:
        excess = self._excess(high, low)
        if max(excess) <= _TOLERANCE:
            return
        # Some joint could no longer stop in time: it brakes instead, unless it is outside
        # already and the command brings it back faster than braking would.
        self._plan(self._zeros)
        braking = self._excess(high, low)
        self._plan(
            [
                0.0 if over > _TOLERANCE and brake <= over else velocity
                for velocity, over, brake in zip(wanted, excess, braking, strict=True)
            ]
        )

    def _excess(self, high: list[float], low: list[float]) -> list[float]:
        """Return how far each joint would pass a limit if it braked after the planned period."""
        new_velocity = self._output.new_velocity
        new_acceleration = self._output.new_acceleration
        if not self._plan_stop(new_velocity, new_acceleration):
            return [math.inf] * self._count
        extrema = self._stop.position_extrema
        reference = self._output.new_position if self._limit_reference else None
        ahead = self._hold - self._period
        excess = []
        for index in range(self._count):
            travel = self._hold * new_velocity[index]
            acceleration = new_acceleration[index]
            overrun = self._overrun[index] * acceleration * acceleration
            above = high[index] + travel + extrema[index].max
            below = low[index] + travel + extrema[index].min
            if acceleration > 0.0:
                above += overrun
            else:
                below -= overrun
            if reference is not None:
                held = ahead * new_velocity[index]
                above = max(above, reference[index] + max(held, 0.0) + extrema[index].max)
                below = min(below, reference[index] + min(held, 0.0) + extrema[index].min)
            excess.append(max(above - self._upper[index], self._lower[index] - below))
        return excess

    def _plan_stop(self, velocities: list[float], accelerations: list[float]) -> bool:
        """Plan the stop from a state; return whether there is one."""
        self._stop_input.current_velocity = velocities
        self._stop_input.current_acceleration = accelerations
        result = self._otg.calculate(self._stop_input, self._stop)
        return result in (Result.Working, Result.Finished)

    def _plan(self, targets: list[float]) -> None:
        self._input.target_velocity = targets
        self._otg.reset()
        result = self._otg.update(self._input, self._output)
        if result not in (Result.Working, Result.Finished):
            raise SafetyError(f"no motion within the limits was found: {result}")

    def _commit(self) -> list[float]:
        self._output.pass_to_input(self._input)
        return self._output.new_velocity  # type: ignore[no-any-return]
