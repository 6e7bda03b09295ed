# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The actions behind a motion that nobody commanded, such as a hand-guided one."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import (
    VELOCITY_TIME_CONSTANT,
    ActionSpace,
    kinesthetic_actions,
    reference_increments,
)


@runtime_checkable
class MotionActions(Protocol):
    """Tells which actions would have produced a motion.

    Torques need a model of the arm's dynamics, which this layer does not have.
    """

    @property
    def space(self) -> ActionSpace:
        """What the actions mean."""
        ...

    def __call__(
        self,
        joint_positions: Float[Tensor, "T_plus_1 joints"],
        joint_velocities: Float[Tensor, "T_plus_1 joints"],
        period: float,
    ) -> Float[Tensor, "T joints"]:
        """Return the actions of T control periods.

        Args:
            joint_positions: Measured at the ends of the control periods, rad.
            joint_velocities: Measured there, rad/s.
            period: Control period, s.
        """
        ...


@dataclass(frozen=True)
class VelocityActions:
    """Joint velocities, see `kinesthetic_actions`.

    Attributes:
        time_constant: Lag with which the arm follows a velocity command, s.
    """

    time_constant: float = VELOCITY_TIME_CONSTANT
    space: ClassVar[ActionSpace] = ActionSpace.VELOCITY

    def __call__(
        self,
        joint_positions: Float[Tensor, "T_plus_1 joints"],
        joint_velocities: Float[Tensor, "T_plus_1 joints"],
        period: float,
    ) -> Float[Tensor, "T joints"]:
        """Return the actions of T control periods, rad/s."""
        return kinesthetic_actions(joint_velocities, period, self.time_constant)


@dataclass(frozen=True)
class IncrementActions:
    """Position increments, see `reference_increments`.

    Attributes:
        time_constant: Lag with which the arm follows a velocity command, s.
    """

    time_constant: float = VELOCITY_TIME_CONSTANT
    space: ClassVar[ActionSpace] = ActionSpace.POSITION_INCREMENT

    def __call__(
        self,
        joint_positions: Float[Tensor, "T_plus_1 joints"],
        joint_velocities: Float[Tensor, "T_plus_1 joints"],
        period: float,
    ) -> Float[Tensor, "T joints"]:
        """Return the actions of T control periods, rad."""
        return reference_increments(joint_positions, joint_velocities, period, self.time_constant)
