# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Models of an arm: the dynamics move the joints, the kinematics say where the tool then is."""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD, VELOCITY_TIME_CONSTANT
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.planning.model import DynamicsModel, LinearModel


@final
@dataclass(frozen=True)
class ArmModel:
    """Dynamics of joint positions and velocities, with the whole state of the arm on top.

    Tool points follow from the joints exactly and need not be learned: the model of the joints is
    all but linear where that of the whole state is not.

    Attributes:
        joints: Dynamics of (joint positions, joint velocities).
        kinematics: Of the arm.
    """

    joints: DynamicsModel
    kinematics: Kinematics

    def rollout(
        self, start: Float[Tensor, " x"], actions: Float[Tensor, "K H u"]
    ) -> Float[Tensor, "K H x"]:
        """Return the arm's states in which each action of K sequences is applied."""
        count = self.kinematics.joints
        moved = self.joints.rollout(start[: 2 * count], actions)
        return self.kinematics.arm_state(moved[..., :count], moved[..., count:])


def joint_trajectories(trajectories: Trajectories, joints: int) -> Trajectories:
    """Return trajectories of an arm without its tool points."""
    return Trajectories(trajectories.states[..., : 2 * joints], trajectories.actions)


def nominal_joints(
    joints: int,
    period: float = CONTROL_PERIOD,
    time_constant: float = VELOCITY_TIME_CONSTANT,
    deviation: float = 1e-3,
) -> LinearModel:
    """Return how joints follow velocity commands by design, without having seen the arm move.

    The velocity follows a held command u with the time constant tau:

        qd' = qd + (1 - exp(-dt / tau)) (u - qd)
        q'  = q + dt u + tau (1 - exp(-dt / tau)) (qd - u)

    Args:
        joints: Number of joints.
        period: Control period dt, s.
        time_constant: tau, s.
        deviation: Standard deviation of what the model leaves out, rad and rad/s.
    """
    eye = torch.eye(joints, dtype=torch.float64)
    reached = -math.expm1(-period / time_constant)
    lag = time_constant * reached
    position = torch.cat([eye, lag * eye, (period - lag) * eye], dim=1)
    velocity = torch.cat([0 * eye, (1 - reached) * eye, reached * eye], dim=1)
    size = 2 * joints
    return LinearModel(
        torch.cat([position, velocity]),
        torch.zeros(size, dtype=torch.float64),
        deviation**2 * torch.eye(size, dtype=torch.float64),
    )
