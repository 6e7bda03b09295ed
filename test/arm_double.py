# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arms that do what they are told in a known way: with a lag, gain and bias, or exactly."""

import math

import numpy as np

from irl_ros.core.joint_path import JointPath


class VelocityArm:
    """Joints that obey qdd = (gain u + bias - qd) / lag."""

    def __init__(
        self,
        positions: np.ndarray,
        period: float,
        lag: float = 0.0,
        gain: float = 1.0,
        bias: float = 0.0,
    ) -> None:
        self.positions = np.array(positions, dtype=np.float64)
        self.velocities = np.zeros_like(self.positions)
        self.period, self.lag, self.gain, self.bias = period, lag, gain, bias

    def move(self, command: np.ndarray) -> None:
        """Hold a command for one period."""
        effective = self.gain * command + self.bias
        decay = math.exp(-self.period / self.lag) if self.lag > 0 else 0.0
        error = self.velocities - effective
        self.positions = self.positions + effective * self.period + error * self.lag * (1 - decay)
        self.velocities = effective + error * decay


class PathFollower:
    """An arm behind a joint_trajectory_controller: on lines through the points, at once."""

    def __init__(self, positions: np.ndarray, period: float) -> None:
        self.positions = np.array(positions, dtype=np.float64)
        self.velocities = np.zeros_like(positions)
        self.period = period
        self.path: JointPath | None = None
        self._times = np.zeros(1)
        self._points = self.positions[None]
        self._age = 0.0

    def hear(self, path: JointPath) -> None:
        """Go along a path from now on."""
        self.path = path
        self._times = np.concatenate([[0.0], path.times])
        self._points = np.vstack([self.positions, path.positions])
        self._age = 0.0

    def move(self) -> None:
        """Let one period go by."""
        self._age += self.period
        before = self.positions
        self.positions = np.array(
            [np.interp(self._age, self._times, column) for column in self._points.T]
        )
        self.velocities = (self.positions - before) / self.period
