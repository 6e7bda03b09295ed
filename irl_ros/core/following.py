# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Notices an arm that does not do what it is told, or whose measurements contradict each other."""

import math
from collections.abc import Sequence
from typing import final

from irl_ros.core.guard_config import GuardConfig

_STALL_WINDOW = 1.0  # s
_STALL_SHARE = 0.1  # of the commanded travel; a joint that gets less far does not move
_CONTRADICTION = 0.1  # rad within the window
_CONTRADICTION_SHARE = 0.5  # of the travel; lost states make the sums differ a little


@final
class Following:
    """Compares commands with measured velocities and positions.

    Velocities are compared with a model of an arm that lags by the response time. Sums are
    forgotten exponentially, so that weak and biased actuators are let pass:

    * commands and measured velocities must not drift apart by more than ``tracking_error`` within
      ``tracking_window``;
    * a joint that is commanded to travel must travel, at low speeds as well (``stall_speed``);
    * measured velocities must add up to the measured change of position, or the braking distance
      that is kept to the limits would mean nothing.

    Attributes:
        contradiction: Whether measurements contradicted each other.
    """

    def __init__(self, names: Sequence[str], period: float, config: GuardConfig) -> None:
        """Begin with an arm at rest; the time between two checks is in s."""
        self._names = names
        self._period = period
        lag = config.response_time
        self._model_gain = 1.0 - math.exp(-period / lag) if lag > 0 else 1.0
        self._forget = math.exp(-period / config.tracking_window)
        self._limit = config.tracking_error
        self._keep = math.exp(-period / _STALL_WINDOW)
        self._stall = config.stall_speed * _STALL_WINDOW
        self._model = [0.0] * len(names)
        self.restart()

    def restart(self) -> None:
        """Forget the past, except how fast the arm should be."""
        count = len(self._names)
        self._lag = [0.0] * count
        self._asked = [0.0] * count
        self._went = [0.0] * count
        self._felt = [0.0] * count
        self.contradiction = False

    def assume(self, velocities: Sequence[float]) -> None:
        """Take it that the arm moves as commanded, rad/s; there is no measurement to compare."""
        self._model = list(velocities)

    def check(
        self, commands: Sequence[float], moved: Sequence[float], velocities: Sequence[float]
    ) -> str:
        """Return what is wrong, nothing if all is well.

        Args:
            commands: Velocities commanded for the period that has passed, rad/s.
            moved: Measured change of position since the last check, rad.
            velocities: Measured now, rad/s.
        """
        gain, forget, keep, period = self._model_gain, self._forget, self._keep, self._period
        for index, name in enumerate(self._names):
            velocity = velocities[index]
            model = self._model[index] + gain * (commands[index] - self._model[index])
            lag = self._lag[index] * forget + (model - velocity) * period
            asked = self._asked[index] * keep + model * period
            went = self._went[index] * keep + moved[index]
            felt = self._felt[index] * keep + velocity * period
            self._model[index], self._lag[index] = model, lag
            self._asked[index], self._went[index], self._felt[index] = asked, went, felt
            if abs(lag) > self._limit:
                return (
                    f"{name} is {abs(lag):.3g} rad behind its commands, over {self._limit:.3g} rad"
                )
            if abs(asked) > self._stall and went * math.copysign(1.0, asked) < _STALL_SHARE * abs(
                asked
            ):
                return (
                    f"{name} does not move: it was to travel {asked:.2g} rad and went "
                    f"{went:.2g} rad; look for what blocks it"
                )
            if abs(went - felt) > _CONTRADICTION + _CONTRADICTION_SHARE * abs(went):
                self.contradiction = True
                return (
                    f"measurements of {name} contradict each other: its position changed by "
                    f"{went:.2g} rad, its velocities add up to {felt:.2g} rad; correct the driver"
                )
        return ""
