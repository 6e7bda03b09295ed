# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Does the objective find the truth where the truth is known? Appendix B of the paper.

Experts are the soft-optimal controllers of quadratic costs of a point mass. The learned cost can
become the true one, and the learned controller the expert, so their divergence measures the
estimate alone. The mass remembers its last action, so that the cost can learn the weight of
actions too, on which the variance depends most; only a tenth of it is given. Finn, Levine and
Abbeel (2016), appendix B; costs, starts and noise are our own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import from_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.background import empty_background
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.demonstration_density import ContextBasis, DemonstrationDensity
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.lqr import (
    LinearDynamics,
    Marginals,
    kl_divergence,
    propagate,
    solve,
)
from irl_ros.learning.problem import LearningProblem
from irl_ros.sim.analytic import AnalyticRollouts
from irl_ros.sim.navigation import PointMass

DEMONSTRATIONS = 40
EXPERTS = 4
_START = torch.tensor([-0.5, 0.3], dtype=torch.float64)
_GIVEN_WEIGHT, _LEARNED_WEIGHT = 0.1, 0.9  # of the squared action and of the remembered one
_SPREAD = 0.01  # m, m/s and m/s^2, deviation of every start
_SETTINGS: dict[str, Any] = {
    "iterations": 10,
    "rollouts": 10,
    "held_out_share": 0.0,
    "cost.kind": "affine",
    "cost.action_weight": _GIVEN_WEIGHT,
    "first_sampler.kind": "hold",
    "first_sampler.hold_deviation": 1.0,
    "objective.cost_temperature": 1.0,
    "objective.rate_weight": 0.0,
    "objective.monotonic_weight": 0.0,
    "objective.aside_weight": 0.0,
    "cost_update.steps": 100,
    "cost_update.first_times": 1,
    "cost_update.learning_rate": 2e-2,
    "cost_update.rate_decay": 0.1,
    "cost_update.demonstration_batch": DEMONSTRATIONS,
    "cost_update.sample_batch": 60,
    "controller.base": "newest",
}


@dataclass(frozen=True)
class Variant:
    """A way to learn.

    Attributes:
        name: What a table calls it.
        settings: What differs from the reference.
        true_density: Whether the demonstrations enter Z with the density they were drawn from,
            instead of one that is fitted to them.
    """

    name: str
    settings: Mapping[str, Any]
    true_density: bool = False


VARIANTS = (
    Variant("true demonstration density", {}, true_density=True),
    Variant("estimated demonstration density", {}),
    Variant("no importance weights", {"objective.importance_weights": False}),
    Variant("no entropy", {"controller.temperature": 0.0}),
)


@dataclass(frozen=True)
class Consistency:
    """How far a learned controller is from the expert.

    Attributes:
        divergence: KL(expert || learned), summed over the steps, nat.
        variance_ratio: Variance of the positions under the learned controller over that under
            the expert, the geometric mean over directions and the second half of the steps.
    """

    divergence: float
    variance_ratio: float


@final
class RememberingMass:
    """A point mass whose state also holds its last action, zero at the start."""

    state_dim = 6
    action_dim = 2
    tolerance = 0.1

    def __init__(self) -> None:
        self._mass = PointMass(_START)

    def start(self, noise: Float[Tensor, "M 6"]) -> Float[Tensor, "M 6"]:
        """Return states near the start, almost at rest."""
        return torch.cat([_START, _START.new_zeros(4)]) + _SPREAD * noise

    def advance(
        self, states: Float[Tensor, "M 6"], actions: Float[Tensor, "M 2"]
    ) -> Float[Tensor, "M 6"]:
        """Return the states one control period later."""
        return torch.cat([self._mass.advance(states[:, :4], actions), actions], dim=1)

    def distance(self, states: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch"]:
        """Return the distance from the origin, m."""
        return self._mass.distance(states[..., :4])

    def linear_dynamics(self, steps: int) -> LinearDynamics:
        """Return the dynamics of a number of steps as learning writes them."""
        eye = torch.eye(8, dtype=torch.float64)
        matrix = self.advance(eye[:, :6], eye[:, 6:]).T
        return LinearDynamics(
            matrix.repeat(steps - 1, 1, 1),
            torch.zeros(steps - 1, 6, dtype=torch.float64),
            torch.zeros(steps - 1, 6, 6, dtype=torch.float64),
            self.start(torch.zeros(1, 6, dtype=torch.float64))[0],
            _SPREAD**2 * torch.eye(6, dtype=torch.float64),
        )


def expert(number: int, dynamics: LinearDynamics, steps: int) -> LinearGaussianController:
    """Return the soft-optimal controller of (x - g)^T Q (x - g) + w_u ||u||^2, Q drawn at random.

    Args:
        number: Which expert; the goal g and Q follow from it.
        dynamics: Of the remembering mass.
        steps: T.
    """
    generator = torch.Generator().manual_seed(number)
    goal = torch.cat([torch.rand(2, generator=generator) - 0.5, torch.zeros(2)]).double()
    factor = torch.eye(4).double() + 0.3 * torch.randn(4, 4, generator=generator).double()
    weight = factor.T @ torch.diag(torch.tensor([10.0, 10.0, 1.0, 1.0]).double()) @ factor
    eye = torch.eye(2, dtype=torch.float64)
    parts = weight, _LEARNED_WEIGHT * eye, _GIVEN_WEIGHT * eye
    whole = torch.block_diag(*parts)  # type: ignore[no-untyped-call]
    vector = torch.zeros(steps, 8, dtype=torch.float64)
    vector[:, :4] = -2 * weight @ goal
    cost = QuadraticCost(2 * whole.repeat(steps, 1, 1), vector, torch.zeros_like(vector[:, 0]))
    return solve(cost, dynamics).controller


def problem(shown: Trajectories) -> LearningProblem:
    """Return the problem of an expert's demonstrations; the cost sees the whole state."""
    count, size = len(shown), shown.state_dim
    zeros = torch.zeros(count, 2, dtype=torch.float64)
    eye = torch.eye(2, dtype=torch.float64)
    return LearningProblem(
        demonstrations=shown,
        inputs=shown.states,
        contexts=zeros,
        features=AffineFeatures(torch.eye(size).double(), torch.zeros(size).double()),
        context=zeros[0],
        input_scale=torch.ones(size, dtype=torch.float64),
        tracking=torch.cat([-eye, -2 * eye, 0 * eye], dim=1),
        weights=torch.ones(count, dtype=torch.float64),
    )


def known_density(controller: LinearGaussianController) -> DemonstrationDensity:
    """Return the density of demonstrations that a controller gave, whatever the context."""
    nowhere = torch.zeros(2, dtype=torch.float64)
    means = torch.zeros(controller.horizon, 1, 8, dtype=torch.float64)
    means[:, 0, 6:] = controller.offsets
    basis = ContextBasis(nowhere, nowhere.new_zeros(0, 2), 0)
    return DemonstrationDensity(basis, means, controller.gains, controller.covariances)


def measure(
    number: int, variant: Variant, changes: Mapping[str, Any] | None = None
) -> Consistency:
    """Learn from one expert and compare.

    Args:
        number: Which expert; everything that is drawn follows from it.
        variant: How to learn.
        changes: Other settings, such as a smaller budget.

    Raises:
        LearningError: If learning has no finite result.
    """
    plant = RememberingMass()
    source = AnalyticRollouts(plant)
    dynamics = plant.linear_dynamics(source.horizon)
    truth = expert(number, dynamics, source.horizon)
    shown = source.sample(truth, DEMONSTRATIONS, 1000 + number).trajectories
    config = from_mapping(GclConfig, {**_SETTINGS, **variant.settings, **(changes or {})})
    learner = GuidedCostLearning(problem(shown), config, number)
    if variant.true_density:
        learner.density = known_density(truth)
        learner.background = empty_background(learner.problem, learner.density)
    learner.run(source)
    learned = learner.progress.controller
    true_marginals = propagate(truth, dynamics)
    gap = kl_divergence(truth, learned, true_marginals)
    spread = _log_variance(propagate(learned, dynamics)) - _log_variance(true_marginals)
    return Consistency(float(gap.sum()), math.exp(spread))


def _log_variance(marginals: Marginals) -> float:
    """Return the mean logarithm of the position's variance, once starts are forgotten."""
    settled = marginals.covariances[len(marginals.covariances) // 2 :, :2, :2]
    return float(torch.logdet(settled).mean()) / 2
