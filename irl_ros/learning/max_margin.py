# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Apprenticeship learning on an arm: Abbeel and Ng (2004) with quadratic features.

The cost is c(y, u) = y^T W y + w_u ||u||^2 of scaled cost inputs y, with W positive semi-definite:
linear in the products y y^T. A controller's feature expectations are M = E[sum_t y_t y_t^T].
Weights are sought by which the demonstrator, M_E, is cheaper than all J controllers so far by the
largest margin,

(1)  max t  subject to  <W, M_j> >= <W, M_E> + t for all j,  W >= 0,  ||W|| <= 1,

and the next controller is a step towards what is optimal for them. That W is semi-definite says in
which sense features are better: less is never worse. The dual of (1) mixes the controllers,

(2)  min || (sum_j lambda_j M_j - M_E)_+ ||  subject to  lambda >= 0, sum_j lambda_j = 1,

where ( )_+ keeps the positive eigenvalues. By (2) of a single controller,

(3)  t_j = || (M_j - M_E)_+ ||,

no cost with ||W|| <= 1 tells that controller from the demonstrator by more: t_j is its largest
regret. What is delivered is the tried controller with the least; an arm has no use for a mixture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.controller_search import Trial
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.cost import CostConfig
from irl_ros.learning.experience import Experience
from irl_ros.learning.local_learning import LocalDiagnostics, LocalLearning, LocalLearningConfig
from irl_ros.learning.margin_program import Weights, widest_margin
from irl_ros.learning.moments import second_moments
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import SavedState


@dataclass(frozen=True)
class MaximumMarginConfig(LocalLearningConfig):
    """Everything that maximum-margin learning on an arm can be told."""

    features: str = parameter(
        "products",
        choices=("products", "squares"),
        doc="all products of two scaled cost inputs, or their squares alone: W is diagonal",
    )
    weight_norm: float = parameter(
        10.0, low=1e-6, high=1e6, doc="||W||, which the action's weight and the entropy stand by"
    )
    action_weight: float = parameter(
        30.0, low=1e-9, high=1e9, doc="w_u, weight of ||u||^2, which is not learned"
    )
    slack_price: float = parameter(
        1.0,
        low=1e-3,
        high=1.0,
        doc="price of a controller within the margin; 1 allows none, 1/n leaves n or more at it",
    )
    epsilon: float = parameter(
        0.1, low=1e-9, high=1e9, doc="margin, in units of features, at which learning is finished"
    )
    # Each fit weighs the features anew: what the newest cost regrets, the next may praise.
    controller: ControllerUpdateConfig = field(
        default_factory=lambda: ControllerUpdateConfig(doubt=3.0)
    )


@dataclass(frozen=True)
class MaximumMarginDiagnostics(LocalDiagnostics):
    """Health of one iteration.

    Attributes:
        margin: t of (1), with what slack costs taken off.
        regret: (3) of the newest controller.
        least_regret: (3) of the controller that would be delivered now.
        delivered: Iteration whose controller would be delivered now.
    """

    margin: float
    regret: float
    least_regret: float
    delivered: int


@final
class MaximumMargin(LocalLearning[MaximumMarginConfig, MaximumMarginDiagnostics]):
    """Learn the weights by which the demonstrator beats every controller tried.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness follows from it.
    """

    def __init__(self, problem: LearningProblem, config: MaximumMarginConfig, seed: int) -> None:
        cost = CostConfig(kind="affine", action_weight=config.action_weight)
        super().__init__(problem, config, cost, seed, MaximumMarginDiagnostics)
        self._shift_demonstrations()

    @property
    def policy(self) -> LinearGaussianController:
        """The tried controller with the least regret; before any, the one to be tried first."""
        experience = self.progress.experience
        if not experience.counts:
            return self.progress.controller
        return experience.controllers[int(regrets(self._excess(experience)).argmin())]

    @property
    def finished(self) -> bool:
        """Whether no weights tell the demonstrator from a mixture, or all iterations are done."""
        found = bool(self.history) and self.history[-1].margin <= self.config.epsilon
        return found or super().finished

    def _fit_cost(self, trial: Trial) -> Mapping[str, Any]:
        excess = self._excess(trial.experience)
        kind: Weights = "semidefinite"
        points = half_vectors(excess)
        if self.config.features == "squares":
            kind, points = "nonnegative", excess.diagonal(dim1=1, dim2=2)
        found = widest_margin(points, weights=kind, slack_price=self.config.slack_price)
        if found.margin > self.config.epsilon:
            squares = self.config.features == "squares"
            self._set_cost(torch.diag(found.weights) if squares else symmetric(found.weights))
        each = regrets(excess)
        return {
            "margin": found.margin,
            "regret": float(each[-1]),
            "least_regret": float(each.min()),
            "delivered": int(each.argmin()) + 1,
        }

    def _excess(self, experience: Experience) -> Float[Tensor, "J y y"]:
        """Return M_j - M_E of every controller tried; off the diagonal only if it is learned."""
        problem = self.problem
        shown = second_moments(problem.inputs / problem.input_scale, problem.weights)
        tried = [
            problem.features(experience.samples_of(index).states) / problem.input_scale
            for index in range(len(experience.counts))
        ]
        excess = torch.stack([second_moments(each) for each in tried]) - shown
        if self.config.features == "squares":
            return torch.diag_embed(excess.diagonal(dim1=1, dim2=2))
        return excess

    @torch.no_grad()
    def _set_cost(self, weights: Float[Tensor, "y y"]) -> None:
        """Make the cost's A a root of W, its b zero."""
        values, vectors = torch.linalg.eigh(self.config.weight_norm * weights)
        root = vectors * values.clamp(min=0.0).sqrt()
        self.cost.transform.weight.copy_(root.T)
        self.cost.transform.bias.zero_()

    def _tensors(self) -> dict[str, Tensor]:
        return {}

    def _restore(self, state: SavedState) -> None:
        """Do nothing more: all else follows from the samples."""


def regrets(excess: Float[Tensor, "J y y"]) -> Float[Tensor, " J"]:
    """Return (3) for M_j - M_E of each controller."""
    over: Tensor = torch.linalg.eigvalsh(excess).clamp(min=0.0).norm(dim=-1)
    return over


def half_vectors(matrices: Float[Tensor, "J y y"]) -> Float[Tensor, "J f"]:
    """Return symmetric matrices as vectors with the same inner products.

    The lower triangle by rows, sqrt(2) times what is off the diagonal.
    """
    rows, columns = torch.tril_indices(*matrices.shape[-2:])
    factors = torch.where(rows == columns, 1.0, 2.0**0.5)
    return factors * matrices[:, rows, columns]


def symmetric(vector: Float[Tensor, " f"]) -> Float[Tensor, "y y"]:
    """Return the matrix whose half vector it is."""
    size = round((2 * len(vector)) ** 0.5 - 0.5)
    rows, columns = torch.tril_indices(size, size)
    matrix = vector.new_zeros(size, size)
    matrix[rows, columns] = vector / torch.where(rows == columns, 2.0, 2.0**0.5)
    return matrix + matrix.T
