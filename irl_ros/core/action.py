# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an action of an arm means, and the actions behind a hand-guided motion."""

import math
from enum import Enum
from typing import final

import numpy as np
import torch
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


REFERENCE_LEAD = 0.05
"""How far a position reference runs ahead of a joint at most, rad."""


def reference_rate(time_constant: float) -> float:
    """Return the rate with which a position reference pulls, 1 / (4 tau): critically damped."""
    return 0.25 / time_constant


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
    that speed plus a pull towards the reference, critically damped together with the arm's lag.
    It waits for a joint that cannot follow, `REFERENCE_LEAD` ahead of it: a plate that has arrived
    would otherwise be pressed ever harder by increments that lead nowhere, which no state shows.
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
        self._rate = reference_rate(time_constant)

    def advance(self, increment: Float[ndarray, " joints"]) -> None:
        """Begin a control period in which the reference moves by an increment, rad."""
        self._start = self._start + self._increment
        self._increment = np.array(increment, dtype=np.float64)

    def velocity(
        self, elapsed: float, joint_positions: Float[ndarray, " joints"]
    ) -> Float[ndarray, " joints"]:
        """Return the velocity command, rad/s, ``elapsed`` seconds into the control period.

        The reference waits here if it is too far ahead.
        """
        moved = min(elapsed / self._period, 1.0) * self._increment
        ahead = self._start + moved - joint_positions
        lead = np.clip(ahead, -REFERENCE_LEAD, REFERENCE_LEAD)
        self._start = joint_positions + lead - moved
        command: ndarray = self._increment / self._period + self._rate * lead
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


def reference_increments(
    joint_positions: Float[Tensor, "*batch T_plus_1 joints"],
    joint_velocities: Float[Tensor, "*batch T_plus_1 joints"],
    period: float = CONTROL_PERIOD,
    time_constant: float = VELOCITY_TIME_CONSTANT,
) -> Float[Tensor, "*batch T joints"]:
    """Return the position increments with which a `PositionReference` repeats a motion.

    The command of a control period, u_t / dt + k (r - q) with the rate k of the reference, has to
    be on average the kinesthetic action v_t. With the lead of the reference e_t = r_t - q_t and
    the mean of both ends for its course in between,

        u_t (1 / dt + k / 2) = v_t - k e_t + k (q_{t+1} - q_t) / 2,    e_1 = 0.

    Without the lead, that is with u_t = q_{t+1} - q_t, the arm would lag behind the motion.

    Args:
        joint_positions: Measured at the T + 1 ends of T control periods, rad.
        joint_velocities: Measured there, rad/s.
        period: Control period dt, s.
        time_constant: Lag tau of the arm, s.

    Raises:
        ParameterError: If the period or the time constant is not positive.
        DataError: If there are fewer than two measurements.
    """
    commands = kinesthetic_actions(joint_velocities, period, time_constant)
    moved = joint_positions.diff(dim=-2)
    rate = reference_rate(time_constant)
    lead = torch.zeros_like(moved[..., 0, :])
    increments = []
    for command, move in zip(commands.unbind(dim=-2), moved.unbind(dim=-2), strict=True):
        increments.append((command - rate * lead + 0.5 * rate * move) / (1 / period + 0.5 * rate))
        lead = lead + increments[-1] - move
    return torch.stack(increments, dim=-2)
