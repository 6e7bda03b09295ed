# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long the movement in a take lasts, told while it is recorded."""

from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.joint_sample import JointSample

LEAD = 0.05
"""Time before the onset that belongs to a movement, s."""
MOVING_TIME = 0.1
"""Time for which an arm must move, to tell a start from a twitch, s."""
REST_DISTANCE = 0.02
"""A movement has ended where every joint stays this close to its last position, rad."""

_SPACING_NS = 5_000_000  # positions closer in time are not remembered


@final
class MovementWatch:
    """Measures a movement from its onset to the arrival at the last posture.

    The rules are those by which learning cuts a take into steps; the result is up to 5 ms longer.

    Args:
        moving_speed: Joint speed above which the arm counts as moving, rad/s.
    """

    def __init__(self, moving_speed: float) -> None:
        self._moving_speed = moving_speed
        self._first_ns: int | None = None
        self._fast_since: int | None = None
        self._begin_ns: int | None = None
        self._stamps: list[int] = []
        self._positions: list[Float[ndarray, " joints"]] = []
        self._last: JointSample | None = None

    def add(self, sample: JointSample) -> None:
        """Take in the next joint state; stamps increase."""
        now = sample.stamp_ns
        if self._first_ns is None:
            self._first_ns = now
        self._last = sample
        if not self._stamps or now - self._stamps[-1] >= _SPACING_NS:
            self._stamps.append(now)
            self._positions.append(sample.joint_positions)
        if float(np.abs(sample.joint_velocities).max()) <= self._moving_speed:
            self._fast_since = None
            return
        if self._fast_since is None:
            self._fast_since = now
        if self._begin_ns is None and now - self._fast_since >= MOVING_TIME * 1e9:
            self._begin_ns = max(self._first_ns, self._fast_since - round(LEAD * 1e9))

    @property
    def so_far(self) -> float:
        """Time since the onset if the arm moves now, else 0, s."""
        if self._begin_ns is None or self._last is None or self._fast_since is None:
            return 0.0
        return 1e-9 * (self._last.stamp_ns - self._begin_ns)

    @property
    def duration(self) -> float:
        """Time from the onset to the arrival at the posture that came last, 0 without onset, s."""
        if self._begin_ns is None or self._last is None:
            return 0.0
        arrival = self._last.stamp_ns
        for stamp, positions in zip(
            reversed(self._stamps), reversed(self._positions), strict=True
        ):
            if float(np.abs(positions - self._last.joint_positions).max()) > REST_DISTANCE:
                break
            arrival = stamp
        return max(0.0, 1e-9 * (arrival - self._begin_ns))
