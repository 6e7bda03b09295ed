# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The feedback that keeps an arm near a demonstrated motion, in every action space."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import ActionSpace
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import ParameterError


def motion_tracking(demonstrations: Demonstrations) -> Float[Tensor, "u x"]:
    """Return feedback on an arm's state x = (q, qd, ...) that pulls it back to a motion.

    A torque of -M (q / s^2 + qd / s), times four, makes an arm without friction critically damped.
    The inertia M is what explains the demonstrated torques by accelerations and velocities, in
    the sense of least squares. For the other actions see `posture_tracking`.

    Args:
        demonstrations: What was shown; the feedback is in units of their action scale.
    """
    shown = demonstrations.trajectories
    joints, period = shown.action_dim, demonstrations.control_period
    scale = demonstrations.action_scale
    if demonstrations.action_space is not ActionSpace.TORQUE:
        return posture_tracking(
            demonstrations.action_space, period, scale, joints, shown.state_dim
        )
    units = torch.tensor(scale or (1.0,) * joints, dtype=torch.float64)
    feedback = torch.zeros(joints, shown.state_dim, dtype=torch.float64)
    velocities = shown.states[..., joints : 2 * joints]
    motion = torch.cat([velocities.diff(dim=1) / period, velocities[:, :-1]], dim=2)
    torques = units * shown.actions[:, :-1]
    fitted = torch.linalg.lstsq(motion.flatten(0, 1), torques.flatten(0, 1)).solution
    feedback[:, : 2 * joints] = -fitted[:joints].mT.repeat(1, 2)
    return feedback / units.unsqueeze(-1)


def posture_tracking(
    space: ActionSpace, period: float, scale: Sequence[float], joints: int, state_dim: int
) -> Float[Tensor, "u x"]:
    """Return the feedback for which nothing need have been shown.

    A velocity of -q / s pulls the arm back at unit rate, and so does its increment in a control
    period.

    Args:
        space: What an action means.
        period: Control period, s.
        scale: What an action of 1 means for each joint; empty for 1.
        joints: Number of joints.
        state_dim: Size of the state x = (q, qd, ...).

    Raises:
        ParameterError: If actions are torques, for which the inertia has to be known.
    """
    if space is ActionSpace.TORQUE:
        raise ParameterError(
            "action_space = 'torque' needs demonstrations, which tell the arm's inertia; give a "
            "dataset of this arm, or use velocities"
        )
    units = torch.tensor(tuple(scale) or (1.0,) * joints, dtype=torch.float64)
    feedback = -torch.eye(joints, state_dim, dtype=torch.float64)
    if space is ActionSpace.POSITION_INCREMENT:
        feedback *= period
    return feedback / units.unsqueeze(-1)
