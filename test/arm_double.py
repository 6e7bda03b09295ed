# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An arm that follows held velocity commands with a known lag, gain and bias, exactly."""

import math

import numpy as np


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
