# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Improving the controller that counts features most like the demonstrator."""

import math
from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.learning.controller_improvement import ControllerImprovement, StepCost
from irl_ros.learning.experience import Experience
from irl_ros.learning.moments import second_moments


@dataclass(frozen=True)
class Mismatch:
    """How far a controller's feature counts M_j are from the demonstrated ones M_E.

    Attributes:
        distance: ||M_j - M_E||, estimated from its rollouts.
        variance: Of the estimate, to first order.
    """

    distance: float
    variance: float


@final
@dataclass(frozen=True)
class CountMatching(ControllerImprovement):
    """Steps that start from the controller whose feature counts agree best with what was shown.

    Maximum entropy asks for agreement, and a cost is only its means: judged by the newest cost, a
    controller that has drifted away from what was shown may be the best of all.

    Attributes:
        shown: M_E, see `feature_counts`.
        input_scale: Scale of each cost input.
    """

    shown: Float[Tensor, "z z"] = field(kw_only=True)
    input_scale: Float[Tensor, " y"] = field(kw_only=True)

    def mismatches(self, experience: Experience) -> tuple[Mismatch, ...]:
        """Return how far each controller is from what was shown, in the order of trying."""
        return tuple(
            self._mismatch(self.features(experience.samples_of(index).states))
            for index in range(len(experience.counts))
        )

    def _mismatch(self, inputs: Float[Tensor, "M T y"]) -> Mismatch:
        each = inputs / self.input_scale
        gap = feature_counts(each) - self.shown
        distance = float(gap.norm())
        # The distance is the mean of what each rollout lies away in the direction of the gap.
        way = gap / max(distance, 1e-300)
        along = torch.einsum("yz,mty,mtz->m", way, _whole(each), _whole(each))
        variance = float(along.var()) / len(along) if len(along) > 1 else 0.0
        return Mismatch(distance, variance)

    def choose_base(self, cost: StepCost, experience: Experience) -> int:
        """Return the controller, counted from 0, that the next step starts from.

        The one with the least mismatch, if it is better than the newest beyond doubt.
        """
        newest, found = len(experience.counts) - 1, self.mismatches(experience)
        best = self.choose_delivered(cost, experience)
        error = math.sqrt(found[best].variance + found[newest].variance)
        regret = found[newest].distance - found[best].distance
        return best if regret > self.controller.doubt * error else newest

    def choose_delivered(self, cost: StepCost, experience: Experience) -> int:
        """Return the controller, counted from 0, with the least mismatch."""
        if self.controller.base == "newest":
            return len(experience.counts) - 1
        return int(np.argmin([each.distance for each in self.mismatches(experience)]))


def feature_counts(
    scaled: Float[Tensor, "M T y"], weights: Float[Tensor, " M"] | None = None
) -> Float[Tensor, "z z"]:
    """Return the mean of sum_t z_t z_t^T over trajectories, with z = (y, 1).

    Args:
        scaled: Scaled cost inputs y.
        weights: How much each trajectory counts; all the same by default.
    """
    return second_moments(_whole(scaled), weights)


def _whole(scaled: Float[Tensor, "M T y"]) -> Float[Tensor, "M T z"]:
    return torch.cat([scaled, torch.ones_like(scaled[..., :1])], dim=-1)
