# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an action of an arm means, and the actions behind a hand-guided motion."""

import math
from enum import Enum
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from irl_ros.core.errors import DataError, ParameterError

CONTROL_PERIOD = 0.05
"""Time for which an action is held, s."""

HORIZON = 100
"""Number of actions of an attempt."""

VELOCITY_TIME_CONSTANT = 0.05
"""Time constant with which the arm's velocity follows a velocity command, s."""


class ActionSpace(Enum):
    """Meaning of an action; every joint has one component.

    Attributes:
        VELOCITY: Joint velocity, rad/s, held for one control period.
        TORQUE: Joint torque on top of gravity compensation, N m.
        POSITION_INCREMENT: Change of the joint position reference in one control period, rad.
    """

    VELOCITY = "velocity"
    TORQUE = "torque"
    POSITION_INCREMENT = "position_increment"


@final
class PositionReference:
    """Turn position increments into velocity commands.

    The reference moves by one increment per control period, at constant speed, and the command is
    that speed plus a pull towards the reference. With the arm's own lag the pull is critically
    damped: 1 / (4 tau).
    """

    def __init__(
        self,
        joint_positions: Float[ndarray, " joints"],
        period: float = CONTROL_PERIOD,
        time_constant: float = VELOCITY_TIME_CONSTANT,
    ) -> None:
        self._start = np.array(joint_positions, dtype=np.float64)
        self._increment = np.zeros_like(self._start)
        self._period = period
        self._rate = 0.25 / time_constant

    def advance(self, increment: Float[ndarray, " joints"]) -> None:
        """Begin a control period in which the reference moves by an increment, rad."""
        self._start = self._start + self._increment
        self._increment = np.array(increment, dtype=np.float64)

    def velocity(
        self, elapsed: float, joint_positions: Float[ndarray, " joints"]
    ) -> Float[ndarray, " joints"]:
        """Return the velocity command, rad/s, ``elapsed`` seconds into the control period."""
        share = min(elapsed / self._period, 1.0)
        error = self._start + share * self._increment - joint_positions
        command: ndarray = self._increment / self._period + self._rate * error
        return command


def kinesthetic_actions(
    joint_velocities: Float[Tensor, "*batch T_plus_1 joints"],
    period: float = CONTROL_PERIOD,
    time_constant: float = VELOCITY_TIME_CONSTANT,
) -> Float[Tensor, "*batch T joints"]:
    """Return the velocity commands that would have produced a hand-guided motion.

    An arm whose velocity follows a held command u with the time constant tau moves as
    qd_{t+1} = qd_t + (1 - exp(-dt / tau)) (u_t - qd_t), which is solved for u_t:

        u_t = qd_t + (qd_{t+1} - qd_t) / (1 - exp(-dt / tau))

    Args:
        joint_velocities: Measured at the T + 1 ends of T control periods, rad/s.
        period: Control period dt, s.
        time_constant: tau, s.

    Raises:
        ParameterError: If the period or the time constant is not positive.
        DataError: If there are fewer than two measurements.
    """
    if not (period > 0 and time_constant > 0):
        raise ParameterError(
            f"period = {period} s and time_constant = {time_constant} s must both be positive"
        )
    if joint_velocities.shape[-2] < 2:
        raise DataError(
            f"{joint_velocities.shape[-2]} measurements of joint velocity; give at least 2"
        )
    now, after = joint_velocities[..., :-1, :], joint_velocities[..., 1:, :]
    return now + (after - now) / -math.expm1(-period / time_constant)
