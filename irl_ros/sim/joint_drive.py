# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The inner loop of the simulated arm: from a mode and a command to joint torques."""

import math
from enum import Enum
from typing import final

from irl_ros.core.action import VELOCITY_TIME_CONSTANT
from irl_ros.core.arm import JointLimits
from irl_ros.sim.config import ArmMismatch
from irl_ros.sim.world import JOINT_DAMPING, PHYSICS_RATE_HZ, World

GUIDING_DAMPING = 1.5
"""Damping of every joint in hand-guiding mode, its friction included, N m s/rad."""

_HOLDING_RATE = 20.0  # 1/s, of the critically damped position loop of a holding arm
# The share of a velocity error that one physics step removes, per second of the step.
_VELOCITY_RATE = -math.expm1(-1.0 / (PHYSICS_RATE_HZ * VELOCITY_TIME_CONSTANT)) * PHYSICS_RATE_HZ


class ArmMode(Enum):
    """What drives the joints.

    Attributes:
        HOLDING: The arm brakes and keeps its place; no command is in force.
        VELOCITY: The last velocity command.
        EFFORT: Gravity compensation plus the last effort command.
        GUIDING: Gravity compensation and light damping; the arm follows a hand.
    """

    HOLDING = "holding"
    VELOCITY = "velocity"
    EFFORT = "effort"
    GUIDING = "guiding"


@final
class JointDrive:
    """Computed torque with the arm's own model, limited to what the joints can give.

    A velocity command u is followed with the acceleration (u - qd) (1 - exp(-h / tau)) / h for
    the physics step h, which makes qd approach u exactly as exp(-t / tau) while no torque limit
    is reached. A holding arm is a critically damped spring towards its place.
    """

    def __init__(self, limits: JointLimits, mismatch: ArmMismatch) -> None:
        self._limits: list[float] = limits.effort.tolist()
        self._gain: list[float] = mismatch.gain.tolist()
        self._bias: list[float] = mismatch.bias.tolist()
        self.reset([0.0] * len(self._limits))

    def reset(self, positions: list[float]) -> None:
        """Hold an arm that is at rest at these positions, rad."""
        self.mode = ArmMode.HOLDING
        self._place = list(positions)
        self._command = [0.0] * len(self._limits)

    def follow(self, velocities: list[float]) -> None:
        """Follow joint velocities, rad/s, as the mismatch lets them be understood."""
        self.mode = ArmMode.VELOCITY
        self._command = [
            gain * velocity + bias
            for gain, velocity, bias in zip(self._gain, velocities, self._bias, strict=True)
        ]

    def push(self, efforts: list[float]) -> None:
        """Apply torques, N m, on top of gravity compensation."""
        self.mode = ArmMode.EFFORT
        self._command = [gain * effort for gain, effort in zip(self._gain, efforts, strict=True)]

    def yield_to_hand(self) -> None:
        """Compensate gravity and damp lightly."""
        self.mode = ArmMode.GUIDING

    def hold(self, positions: list[float], velocities: list[float]) -> None:
        """Brake and keep the place where the arm comes to rest; rad, rad/s."""
        if self.mode is not ArmMode.HOLDING:
            self.mode = ArmMode.HOLDING
            self._place = [
                position + velocity / _HOLDING_RATE
                for position, velocity in zip(positions, velocities, strict=True)
            ]

    def efforts(
        self, world: World, positions: list[float], velocities: list[float]
    ) -> list[float]:
        """Return the torques, N m, for the next physics step."""
        friction = JOINT_DAMPING
        if self.mode is ArmMode.VELOCITY:
            acceleration = [
                _VELOCITY_RATE * (command - velocity)
                for command, velocity in zip(self._command, velocities, strict=True)
            ]
        elif self.mode is ArmMode.HOLDING:
            acceleration = [
                _HOLDING_RATE * (_HOLDING_RATE * (place - position) - 2 * velocity)
                for place, position, velocity in zip(
                    self._place, positions, velocities, strict=True
                )
            ]
        else:
            acceleration = [0.0] * len(positions)
            friction = JOINT_DAMPING - GUIDING_DAMPING
        if self.mode is ArmMode.EFFORT:
            extra = self._command
        else:
            extra = [friction * velocity for velocity in velocities]
        torques = world.inverse_dynamics(positions, velocities, acceleration)
        return [
            effort if abs(effort := torque + more) <= limit else max(-limit, min(limit, effort))
            for torque, more, limit in zip(torques, extra, self._limits, strict=True)
        ]
