# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A price on leaving what was shown, for planners that would exploit a cost where it is wrong."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.learning.problem import LearningProblem


@dataclass(frozen=True)
class SupportPrice:
    """weight * max(0, d(y) / radius - 1)^2, d the distance to the nearest input that was shown.

    A learned cost says little about inputs that neither demonstrations nor rollouts came near to,
    and a planner finds where it is too low there. Within the radius nothing is added.

    Attributes:
        shown: Inputs that were shown, divided by the scale.
        scale: Of each input.
        features: Inputs at the target.
        radius: Distance that is free, in units of the scale.
        weight: Price of one radius more.
    """

    shown: Float[Tensor, "P y"]
    scale: Float[Tensor, " y"]
    features: AffineFeatures
    radius: float
    weight: float

    def __call__(self, states: Float[Tensor, "*batch x"]) -> Float[Tensor, "*batch"]:
        """Return the price of each state."""
        inputs = (self.features(states) / self.scale).reshape(-1, len(self.scale))
        nearest = torch.cdist(inputs, self.shown).min(dim=-1).values
        excess = torch.relu(nearest / self.radius - 1)
        return self.weight * excess.square().reshape(states.shape[:-1])


def support_of(
    problem: LearningProblem, radius: float, weight: float, stride: int = 4
) -> SupportPrice:
    """Return the price of leaving a problem's demonstrations.

    Args:
        problem: Demonstrations and target.
        radius: Distance that is free, in units of the inputs' scale.
        weight: Price of one radius more.
        stride: Every how many steps a demonstrated input is kept.
    """
    inputs = torch.flatten(problem.inputs[:, ::stride], 0, 1) / problem.input_scale
    return SupportPrice(inputs, problem.input_scale, problem.features, radius, weight)
