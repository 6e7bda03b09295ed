# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cost of leaving a path: what remains of a task when somebody has shown the very way."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.cost import QuadraticCost


@dataclass(frozen=True)
class TrackingCost:
    """Cost c_t(y, u) = ||(y - y*_t) / s||^2 + w_u ||u - u*_t||^2 of a path (y*, u*).

    Attributes:
        inputs: y*_t, cost inputs of the path.
        actions: u*_t, its actions.
        scale: s, deviation of each input that costs 1.
        action_weight: w_u.

    Raises:
        ParameterError: If a scale or the weight is not positive.
    """

    inputs: Float[Tensor, "T y"]
    actions: Float[Tensor, "T u"]
    scale: Float[Tensor, " y"]
    action_weight: float

    def __post_init__(self) -> None:
        """Check scale and weight."""
        if not bool((self.scale > 0).all()) or not self.action_weight > 0:
            raise ParameterError(
                f"scale {self.scale.tolist()}, action_weight = {self.action_weight:g}; give more "
                "than 0"
            )

    def evaluate(
        self, inputs: Float[Tensor, "M T y"], actions: Float[Tensor, "M T u"]
    ) -> Float[Tensor, "M T"]:
        """Return c_t(y, u) of each step."""
        away = ((inputs - self.inputs) / self.scale).square().sum(dim=-1)
        return away + self.action_weight * (actions - self.actions).square().sum(dim=-1)

    def expand(
        self,
        features: AffineFeatures,
        states: Float[Tensor, "M T x"],
        actions: Float[Tensor, "M T u"],
    ) -> QuadraticCost:
        """Return the cost as a function of state and action, which is exact everywhere."""
        slope = features.matrix / self.scale.unsqueeze(1)
        # y - y* = F x + r_t with r_t the inputs at x = 0 less those of the path.
        origin = features(states.new_zeros(states.shape[1:]))
        residuals = (origin - self.inputs) / self.scale
        weight, state_dim = self.action_weight, states.shape[-1]
        size = state_dim + actions.shape[-1]
        matrix = states.new_zeros(states.shape[1], size, size)
        matrix[:, :state_dim, :state_dim] = 2 * slope.T @ slope
        matrix[:, state_dim:, state_dim:] = 2 * weight * torch.eye(actions.shape[-1]).to(states)
        vector = torch.cat([2 * residuals @ slope, -2 * weight * self.actions], dim=-1)
        constant = residuals.square().sum(-1) + weight * self.actions.square().sum(-1)
        return QuadraticCost(matrix, vector, constant)
