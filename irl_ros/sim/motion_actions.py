# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The actions behind a motion in every action space, torques from the simulated arm's model."""

from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import VELOCITY_TIME_CONSTANT, ActionSpace
from irl_ros.core.arm import Arm
from irl_ros.core.motion_actions import IncrementActions, MotionActions, VelocityActions
from irl_ros.core.task import DishTask
from irl_ros.sim.world import JOINT_DAMPING, World


@final
class TorqueActions:
    """Torques on top of gravity compensation, by inverse dynamics of the simulated arm.

    The arm compensates what it needs to keep its velocity, friction excepted, so the torque of a
    control period accelerates the arm and overcomes the friction d of its joints:

        u_t = M(q) (qd_{t+1} - qd_t) / dt + d qd,    q and qd in the middle of the period.
    """

    space: ClassVar[ActionSpace] = ActionSpace.TORQUE

    def __init__(self, arm: Arm) -> None:
        """Load the arm's model; it is kept as long as this object."""
        self._world = World(arm, DishTask())
        self._world.reset(arm.home)

    def __call__(
        self,
        joint_positions: Float[Tensor, "T_plus_1 joints"],
        joint_velocities: Float[Tensor, "T_plus_1 joints"],
        period: float,
    ) -> Float[Tensor, "T joints"]:
        """Return the actions of T control periods, N m."""
        positions = (joint_positions[:-1] + joint_positions[1:]) / 2
        velocities = (joint_velocities[:-1] + joint_velocities[1:]) / 2
        accelerations = joint_velocities.diff(dim=0) / period
        steady = [0.0] * joint_positions.shape[1]
        rows = zip(positions.tolist(), velocities.tolist(), accelerations.tolist(), strict=True)
        torques = [
            [
                whole - compensated
                for whole, compensated in zip(
                    self._world.inverse_dynamics(position, velocity, acceleration),
                    self._world.inverse_dynamics(position, velocity, steady),
                    strict=True,
                )
            ]
            for position, velocity, acceleration in rows
        ]
        return torch.tensor(torques, dtype=torch.float64) + JOINT_DAMPING * velocities


def motion_actions(
    space: ActionSpace, arm: Arm, time_constant: float = VELOCITY_TIME_CONSTANT
) -> MotionActions:
    """Return what tells the actions behind a motion of an arm.

    Args:
        space: What the actions mean.
        arm: The arm.
        time_constant: Lag with which it follows a velocity command, s.
    """
    if space is ActionSpace.TORQUE:
        return TorqueActions(arm)
    if space is ActionSpace.POSITION_INCREMENT:
        return IncrementActions(time_constant)
    return VelocityActions(time_constant)
