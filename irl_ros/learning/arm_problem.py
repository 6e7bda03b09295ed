# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learning problem of an arm: cost inputs are tool points relative to the target."""

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.arm import Arm
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.pose import Pose
from irl_ros.core.task import relative_features
from irl_ros.learning.motion_tracking import motion_tracking
from irl_ros.learning.problem import LearningProblem, group_scale

_POSITIONS, _VELOCITIES = slice(0, 9), slice(9, 18)


@final
class ArmCoordinates:
    """Joint positions and velocities, from which the tool points' motion follows."""

    def __init__(self, arm: Arm) -> None:
        self._kinematics = Kinematics(arm)

    @property
    def count(self) -> int:
        """Number of leading dimensions z."""
        return 2 * self._kinematics.joints

    def jacobian(self, states: Float[Tensor, "T x"]) -> Float[Tensor, "T x z"]:
        """Return the derivative of whole states with respect to joint positions and velocities."""
        joints = self._kinematics.joints
        return self._kinematics.state_jacobian(states[:, :joints], states[:, joints : 2 * joints])


def arm_problem(demonstrations: Demonstrations, target: Pose, arm: Arm) -> LearningProblem:
    """Return the problem of doing the demonstrated task at a target.

    Args:
        demonstrations: What was shown; each has its own target.
        target: Pose of the tool when the task is done, where nothing need have been shown.
        arm: The arm that shall do it.
    """
    states = demonstrations.trajectories.states
    inputs = torch.stack(
        [
            relative_features(shown)(states[index])
            for index, shown in enumerate(demonstrations.targets)
        ]
    )
    contexts = torch.tensor(
        np.stack([shown.position for shown in demonstrations.targets]), dtype=torch.float64
    )
    return LearningProblem(
        demonstrations=demonstrations.trajectories,
        inputs=inputs,
        contexts=contexts,
        features=relative_features(target),
        context=torch.tensor(target.position, dtype=torch.float64),
        input_scale=group_scale(inputs, (_POSITIONS, _VELOCITIES)),
        weights=demonstrations.weights,
        tracking=motion_tracking(demonstrations),
        coordinates=ArmCoordinates(arm),
        positions=_POSITIONS,
    )
