# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy inverse reinforcement learning on an arm, with fitted linear dynamics.

Ziebart, Bagnell and Dey (2010, 2012): the demonstrator is the soft optimum of a cost c_theta, and
the likelihood of what it did is

(1)  L(theta) = E_demonstrated[c_theta] - min_q ( E_q[c_theta] - H(q) ),

negative and up to a constant. Where costs are quadratic and dynamics linear and Gaussian, the
minimum is the maximum-entropy linear-quadratic controller's (`lqr.solve`), and the gradient

(2)  dL/dtheta = E_demonstrated[dc/dtheta] - E_q[dc/dtheta]

is the difference of demonstrated and expected features, known without a single sample.

Dynamics fitted to rollouts hold near these rollouts only, so q is sought within the KL limit of
the controller that made them. (1) is then the likelihood under a demonstrator confined like this,
still convex in c, and (2) is still its gradient, by the envelope theorem.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_search import Trial
from irl_ros.learning.controller_update import constrained_step
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.local_learning import LocalDiagnostics, LocalLearning, LocalLearningConfig
from irl_ros.learning.lqr import LinearDynamics, Marginals, propagate
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import SavedState, optimiser_tensors, restore_optimiser, under


@dataclass(frozen=True)
class LikelihoodFitConfig(Parameters):
    """How the likelihood is raised in each iteration."""

    rounds: int = parameter(
        10, low=1, high=100000, doc="times that the expected behaviour is computed anew"
    )
    steps: int = parameter(
        10, low=1, high=100000, doc="gradient steps for each; 1 follows the exact gradient"
    )
    learning_rate: float = parameter(2e-3, low=1e-7, high=1.0, doc="step size of Adam")


@dataclass(frozen=True)
class MaximumEntropyConfig(LocalLearningConfig):
    """Everything that maximum-entropy learning on an arm can be told."""

    cost: CostConfig = field(default_factory=lambda: CostConfig(kind="affine"))
    fit: LikelihoodFitConfig = field(default_factory=LikelihoodFitConfig)


@dataclass(frozen=True)
class MaximumEntropyDiagnostics(LocalDiagnostics):
    """Health of one iteration.

    Attributes:
        loss: (1) at the end of the fit, nat.
        held_out_loss: The same of held-out demonstrations; NaN without any.
        gradient_norm: Norm of (2), mean over the gradient steps.
        feature_gap: Root mean square difference of demonstrated and expected means of the scaled
            cost inputs, over steps and inputs.
    """

    loss: float
    held_out_loss: float
    gradient_norm: float
    feature_gap: float


@final
class MaximumEntropy(LocalLearning[MaximumEntropyConfig, MaximumEntropyDiagnostics]):
    """Learn the cost under which the demonstrations are most likely.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness follows from it.
    """

    def __init__(self, problem: LearningProblem, config: MaximumEntropyConfig, seed: int) -> None:
        super().__init__(problem, config, config.cost, seed, MaximumEntropyDiagnostics)
        self._shift_demonstrations()
        self.optimiser = torch.optim.Adam(self.cost.parameters(), lr=config.fit.learning_rate)

    def _fit_cost(self, trial: Trial) -> Mapping[str, Any]:
        improvement, experience = self.search.improvement, trial.experience
        base = improvement.choose_base(self.cost, experience)
        demonstrator = ConfinedDemonstrator(
            self.problem.features,
            experience.samples_of(base),
            improvement.fit_dynamics(experience, base),
            experience.controllers[base],
            improvement.kl_limit(trial.judgement.multiplier, self.search.elapsed),
            self.config.controller.temperature,
        )
        norms = []
        for _ in range(self.config.fit.rounds):
            _, marginals = demonstrator.optimum(self.cost)
            for _ in range(self.config.fit.steps):
                self.optimiser.zero_grad()
                excess = excess_cost(self.cost, self.problem, marginals)
                excess.backward()  # type: ignore[no-untyped-call]
                norm = nn.utils.get_total_norm(
                    [each.grad for each in self.cost.parameters() if each.grad is not None]
                )
                norms.append(float(norm))
                self.optimiser.step()
        objective, marginals = demonstrator.optimum(self.cost)
        if not math.isfinite(objective):
            raise LearningError(
                f"the expected cost is {objective} in iteration {self.search.progress.iteration}; "
                "lower fit.learning_rate"
            )
        with torch.no_grad():
            shown = float(demonstrated_cost(self.cost, self.problem))
            unseen = math.nan
            if self.held_out is not None:
                unseen = float(demonstrated_cost(self.cost, self.held_out))
        return {
            "loss": shown - objective,
            "held_out_loss": unseen - objective,
            "gradient_norm": sum(norms) / len(norms),
            "feature_gap": _feature_gap(self.problem, marginals),
        }

    def _tensors(self) -> dict[str, Tensor]:
        return under("adam", optimiser_tensors(self.optimiser))

    def _restore(self, state: SavedState) -> None:
        restore_optimiser(self.optimiser, state.part("adam"))


@dataclass(frozen=True)
class ConfinedDemonstrator:
    """Whoever minimises E_q[c] - temperature H(q) near what has been tried.

    Attributes:
        features: Cost inputs of a state.
        around: Trajectories around which costs are expanded to second order.
        dynamics: Linear dynamics there.
        previous: The controller that made the trajectories.
        kl_limit: Limit of KL(q || previous), nat.
        temperature: Weight of the entropy.
    """

    features: AffineFeatures
    around: Trajectories
    dynamics: LinearDynamics
    previous: LinearGaussianController
    kl_limit: float
    temperature: float = 1.0

    def optimum(self, cost: Cost) -> tuple[float, Marginals]:
        """Return the least E_q[c] - temperature H(q), and the distribution of (x_t, u_t) there.

        Raises:
            LearningError: If there is no solution within the limit.
        """
        update = constrained_step(
            cost.expand(self.features, self.around.states, self.around.actions),
            self.dynamics,
            self.previous,
            self.kl_limit,
            self.temperature,
        )
        return update.predicted_objective, propagate(update.controller, self.dynamics)


def demonstrated_cost(cost: Cost, problem: LearningProblem) -> Float[Tensor, ""]:
    """Return the weighted mean cost of the demonstrated trajectories."""
    costs = cost.evaluate(problem.inputs, problem.demonstrations.actions).sum(dim=1)
    return (problem.weights * costs).sum() / problem.weights.sum()


def excess_cost(cost: Cost, problem: LearningProblem, marginals: Marginals) -> Float[Tensor, ""]:
    """Return what the demonstrations cost more than q, of which (2) is the gradient.

    Expectations under q are means over 2 y points per step, m +- sqrt(y) times the columns of a
    root of the covariance: they have its two first moments, so the mean is exact where the cost is
    quadratic (the spherical-radial rule of Arasaratnam and Haykin 2009).
    """
    size = problem.features.matrix.shape[1]
    inputs = problem.features(marginals.means[:, :size])
    spread = marginals.covariances[:, :size, :size]
    values, vectors = torch.linalg.eigh(
        problem.features.matrix @ spread @ problem.features.matrix.T
    )
    dims = inputs.shape[-1]
    roots = (vectors * (dims * values.clamp(min=0.0)).sqrt().unsqueeze(-2)).permute(2, 0, 1)
    expected = cost.state_cost(torch.cat([inputs + roots, inputs - roots])).mean(dim=0).sum()
    actions = marginals.means[:, size:].square().sum()
    actions = actions + marginals.covariances[:, size:, size:].diagonal(dim1=1, dim2=2).sum()
    return demonstrated_cost(cost, problem) - expected - cost.config.action_weight * actions


def _feature_gap(problem: LearningProblem, marginals: Marginals) -> float:
    size = problem.features.matrix.shape[1]
    expected = problem.features(marginals.means[:, :size])
    weights = problem.weights / problem.weights.sum()
    shown = torch.einsum("n,nty->ty", weights, problem.inputs)
    return float(((shown - expected) / problem.input_scale).square().mean().sqrt())
