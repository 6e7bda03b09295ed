# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Follows joint trajectories as a ros2_control joint_trajectory_controller does."""

from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.action import VELOCITY_TIME_CONSTANT

_PULL = 0.25 / VELOCITY_TIME_CONSTANT  # 1/s, critically damped with the arm's own lag


@final
class TrajectoryFollower:
    """The way through points, and the velocities that make an arm follow it.

    Cubics lead through points with velocities, straight lines through points without.
    """

    def __init__(
        self,
        begin: float,
        positions: Float[ndarray, " joints"],
        velocities: Float[ndarray, " joints"],
        points: Float[ndarray, "points joints"],
        point_velocities: Float[ndarray, "points joints"] | None,
        times_from_start: Float[ndarray, " points"],
    ) -> None:
        """Take a trajectory that begins now.

        Args:
            begin: Now, s.
            positions: Where the arm is, rad.
            velocities: How fast it is, rad/s.
            points: Where it is to be, rad.
            point_velocities: How fast then, rad/s; None if they do not matter.
            times_from_start: When, s after now, increasing and positive.
        """
        self._times = begin + np.concatenate([[0.0], times_from_start])
        self._points = np.vstack([positions, points])
        self._velocities: ndarray | None = None
        if point_velocities is not None:
            self._velocities = np.vstack([velocities, point_velocities])

    @property
    def end(self) -> float:
        """When the last point is reached, s."""
        return float(self._times[-1])

    def wanted(self, time: float) -> tuple[Float[ndarray, " joints"], Float[ndarray, " joints"]]:
        """Return wanted positions (rad) and velocities (rad/s); at rest after the end."""
        if time >= self.end:
            return self._points[-1], np.zeros_like(self._points[-1])
        right = int(np.clip(np.searchsorted(self._times, time, side="right"), 1, None))
        span = self._times[right] - self._times[right - 1]
        s = (time - self._times[right - 1]) / span
        p0, p1 = self._points[right - 1], self._points[right]
        if self._velocities is None:
            return p0 + s * (p1 - p0), (p1 - p0) / span
        v0, v1 = self._velocities[right - 1] * span, self._velocities[right] * span
        # Hermite's cubic a + b s + c s^2 + d s^3 and its derivative.
        c, d = 3 * (p1 - p0) - 2 * v0 - v1, 2 * (p0 - p1) + v0 + v1
        return p0 + s * (v0 + s * (c + s * d)), (v0 + s * (2 * c + 3 * s * d)) / span

    def command(
        self, time: float, joint_positions: Float[ndarray, " joints"]
    ) -> Float[ndarray, " joints"]:
        """Return the velocities with which an arm follows, rad/s."""
        positions, velocities = self.wanted(time)
        return np.asarray(velocities + _PULL * (positions - joint_positions))
