# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Costs written by hand, by which the simulated demonstrators of experiments are made."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.cost import QuadraticCost


@dataclass(frozen=True)
class Obstacle:
    """A smooth hill in the cost, h exp(-|p - o|^2 / (2 r^2)).

    Attributes:
        centre: o, in the cost inputs that say where the robot is.
        radius: r.
        height: h.
    """

    centre: tuple[float, ...]
    radius: float
    height: float


@dataclass(frozen=True)
class GroundTruthCost:
    """Cost c(y, u) = w d^2 + v log(d^2 + alpha) + hills + w_u ||u||^2.

    d is the length of the cost inputs named by ``position``, a distance to the target. The square
    pulls from afar and the logarithm makes the end precise; the form is that of Levine, Wagener
    and Abbeel (2015), with which Finn, Levine and Abbeel (2016) trained their demonstrators.

    Attributes:
        position: Which cost inputs make up the distance.
        square_weight: w.
        log_weight: v.
        log_offset: alpha.
        action_weight: w_u.
        obstacles: Hills that stand in the way.

    Raises:
        ParameterError: If a weight is negative, or alpha or w_u is not positive.
    """

    position: slice
    square_weight: float
    log_weight: float
    log_offset: float
    action_weight: float
    obstacles: tuple[Obstacle, ...] = ()

    def __post_init__(self) -> None:
        """Check the weights."""
        if min(self.square_weight, self.log_weight) < 0:
            raise ParameterError(
                f"weights {self.square_weight:g} and {self.log_weight:g}; give at least 0"
            )
        if min(self.log_offset, self.action_weight) <= 0:
            raise ParameterError(
                f"log_offset = {self.log_offset:g}, action_weight = {self.action_weight:g}; "
                "give more than 0"
            )

    def state_cost(self, inputs: Float[Tensor, "*batch y"]) -> Float[Tensor, "*batch"]:
        """Return the cost without that of the action."""
        position = inputs[..., self.position]
        squared = position.square().sum(dim=-1)
        total = self.square_weight * squared
        total = total + self.log_weight * (squared + self.log_offset).log()
        for hill in self.obstacles:
            away = (position - position.new_tensor(hill.centre)).square().sum(dim=-1)
            total = total + hill.height * (-away / (2 * hill.radius**2)).exp()
        return total

    def evaluate(
        self, inputs: Float[Tensor, "*batch y"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return c(y, u) of each step."""
        return self.state_cost(inputs) + self.action_weight * actions.square().sum(dim=-1)

    def expand(
        self,
        features: AffineFeatures,
        states: Float[Tensor, "M T x"],
        actions: Float[Tensor, "M T u"],
    ) -> QuadraticCost:
        """Expand the cost to second order around M trajectories and average the expansions.

        Values and gradients are exact. The Hessian is positive semi-definite: the logarithm is
        replaced by its tangent in d^2, which lies above it everywhere, and a hill h e^(-2 s), the
        square of sqrt(h) e^-s, has its Gauss-Newton Hessian.
        """
        inputs = features(states)
        in_position, position_hessian = self._derivatives(inputs[..., self.position])
        gradient = inputs.new_zeros(inputs.shape)
        gradient[..., self.position] = in_position
        gradient = gradient @ features.matrix
        into_position = features.matrix[self.position]
        hessian = into_position.T @ position_hessian @ into_position
        curved = (hessian @ states.unsqueeze(-1)).squeeze(-1)
        state_dim, action_dim = states.shape[-1], actions.shape[-1]
        size = state_dim + action_dim
        matrix = states.new_zeros(states.shape[1], size, size)
        matrix[:, :state_dim, :state_dim] = hessian.mean(dim=0)
        matrix[:, state_dim:, state_dim:] = (
            2 * self.action_weight * torch.eye(action_dim, dtype=states.dtype)
        )
        vector = states.new_zeros(states.shape[1], size)
        vector[:, :state_dim] = (gradient - curved).mean(dim=0)
        constant = self.state_cost(inputs) - ((gradient - 0.5 * curved) * states).sum(dim=-1)
        return QuadraticCost(matrix, vector, constant.mean(dim=0))

    def _derivatives(
        self, position: Float[Tensor, "M T p"]
    ) -> tuple[Float[Tensor, "M T p"], Float[Tensor, "M T p p"]]:
        """Return gradient and positive semi-definite Hessian with respect to the position."""
        squared = position.square().sum(dim=-1)
        slope = self.square_weight + self.log_weight / (squared + self.log_offset)
        gradient = 2 * slope.unsqueeze(-1) * position
        eye = torch.eye(position.shape[-1], dtype=position.dtype)
        hessian = 2 * slope[..., None, None] * eye
        for hill in self.obstacles:
            away = position - position.new_tensor(hill.centre)
            exponent = -away.square().sum(dim=-1) / (2 * hill.radius**2)
            value = (hill.height * exponent.exp()).unsqueeze(-1)
            gradient = gradient - value * away / hill.radius**2
            # With r = sqrt(value): 2 r' r'^T, r' = -r away / (2 radius^2).
            outer = away.unsqueeze(-1) * away.unsqueeze(-2)
            hessian = hessian + value.unsqueeze(-1) * outer / (2 * hill.radius**4)
        return gradient, hessian
