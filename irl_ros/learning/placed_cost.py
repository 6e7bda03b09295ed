# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A learned cost at a target, as a function of state and action."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.learning.cost import Cost


@dataclass(frozen=True)
class PlacedCost:
    """The cost c(F x - f, u): what the task costs at one target.

    A saved `Cost` sees inputs y alone, which is why it holds everywhere; planners, soft
    Q-learning and the comparison of costs ask about states x.

    Attributes:
        cost: The cost.
        features: Its inputs at the target.
    """

    cost: Cost
    features: AffineFeatures

    def __call__(
        self, states: Float[Tensor, "*batch x"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return the cost of each state and action."""
        return self.cost.evaluate(self.features(states), actions)
