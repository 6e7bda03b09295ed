# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learning problem of an arm: cost inputs are tool points relative to the target."""

import numpy as np
import torch

from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.pose import Pose
from irl_ros.core.task import relative_features
from irl_ros.learning.motion_tracking import motion_tracking
from irl_ros.learning.problem import LearningProblem, group_scale

_POSITIONS, _VELOCITIES = slice(0, 9), slice(9, 18)


def arm_problem(demonstrations: Demonstrations, target: Pose) -> LearningProblem:
    """Return the problem of doing the demonstrated task at a target.

    Args:
        demonstrations: What was shown; each has its own target.
        target: Pose of the tool when the task is done, where nothing need have been shown.
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
    )
