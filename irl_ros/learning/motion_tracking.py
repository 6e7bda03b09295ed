# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The feedback that keeps an arm near a demonstrated motion, in every action space."""

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import ActionSpace
from irl_ros.core.demonstrations import Demonstrations


def motion_tracking(demonstrations: Demonstrations) -> Float[Tensor, "u x"]:
    """Return feedback on an arm's state x = (q, qd, ...) that pulls it back to a motion.

    A velocity of -q / s does so at unit rate, and so does its increment in a control period. A
    torque of -M (q / s^2 + qd / s), times four, makes an arm without friction critically damped.
    The inertia M is what explains the demonstrated torques by accelerations and velocities, in
    the sense of least squares.

    Args:
        demonstrations: What was shown; the feedback is in units of their action scale.
    """
    shown = demonstrations.trajectories
    joints, period = shown.action_dim, demonstrations.control_period
    scale = torch.tensor(demonstrations.action_scale or (1.0,) * joints, dtype=torch.float64)
    feedback = -torch.eye(joints, shown.state_dim, dtype=torch.float64)
    if demonstrations.action_space is ActionSpace.POSITION_INCREMENT:
        feedback *= period
    elif demonstrations.action_space is ActionSpace.TORQUE:
        velocities = shown.states[..., joints : 2 * joints]
        motion = torch.cat([velocities.diff(dim=1) / period, velocities[:, :-1]], dim=2)
        torques = scale * shown.actions[:, :-1]
        fitted = torch.linalg.lstsq(motion.flatten(0, 1), torques.flatten(0, 1)).solution
        inertia = fitted[:joints].mT
        feedback[:, : 2 * joints] = -inertia.repeat(1, 2)
    return feedback / scale.unsqueeze(-1)
