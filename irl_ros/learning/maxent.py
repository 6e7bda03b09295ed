# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy inverse reinforcement learning on an arm, with fitted linear dynamics.

Ziebart, Bagnell and Dey (2010, 2012): the demonstrator is the soft optimum of a cost, here
c(y, u) = z^T W z + w_u ||u||^2 with z = (y, 1) of scaled cost inputs y and W positive
semi-definite. Its features are the products z z^T. The likelihood of what it did, negative and up
to a constant, is

(1)  L(W) = E_demonstrated[c] - min_q ( E_q[c] - H(q) ).

Where costs are quadratic and dynamics linear and Gaussian the minimum is the maximum-entropy
linear-quadratic controller's (`lqr.solve`), and the gradient

(2)  dL/dW = M_demonstrated - M_q,  M = E[sum_t z_t z_t^T],

is the difference of demonstrated and expected feature counts, known without a single sample.

Dynamics fitted to rollouts hold near these rollouts only, so q is sought within the KL limit of
the controller that made them. (1) is then the likelihood under a demonstrator confined like this,
still convex in W, and (2) is still its gradient, by the envelope theorem. Confined, it may be
unable to do what was shown; the prior 1/2 lambda ||W - W_0||^2 then keeps W from running off, and
counts agree up to lambda (W - W_0).

A demonstrator that moves with more haste, or less evenly, than any such cost asks for is not
reproduced by the likeliest one: controllers made for it count less and less of what was shown. So
a step starts from the controller tried whose counts agree best with the demonstrated ones,

(3)  j = argmin_j ||M_j - M_demonstrated||,

and that one is delivered.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from irl_ros.core.errors import LearningError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_search import Trial
from irl_ros.learning.controller_update import ControllerUpdateConfig, constrained_step
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.count_matching import CountMatching, feature_counts
from irl_ros.learning.local_learning import LocalDiagnostics, LocalLearning, LocalLearningConfig
from irl_ros.learning.lqr import LinearDynamics, Marginals, propagate
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import SavedState


@dataclass(frozen=True)
class LikelihoodFitConfig(Parameters):
    """How the likelihood is raised in each iteration."""

    steps: int = parameter(
        20, low=1, high=100000, doc="steps of L-BFGS per iteration, which starts it afresh"
    )
    tolerance: float = parameter(
        1e-3, low=0.0, high=1e9, doc="largest entry of the gradient at which a fit is finished"
    )
    prior_weight: float = parameter(
        0.1,
        low=0.0,
        high=1e9,
        doc="lambda, weight of 1/2 ||W - W_0||^2, added to the loss; W_0 is the first W",
    )


@dataclass(frozen=True)
class MaximumEntropyConfig(LocalLearningConfig):
    """Everything that maximum-entropy learning on an arm can be told."""

    scale: float = parameter(1.0, low=1e-6, high=1e3, doc="W_0 is the identity times its square")
    action_weight: float = parameter(
        30.0, low=1e-9, high=1e9, doc="w_u, weight of ||u||^2, which is not learned"
    )
    fit: LikelihoodFitConfig = field(default_factory=LikelihoodFitConfig)
    # What the demonstrator is taken to be confined to must not grow because predictions come true,
    # nor shrink because time passes; and what it is near to is what matches best: to go back there
    # needs no further reason.
    controller: ControllerUpdateConfig = field(
        default_factory=lambda: ControllerUpdateConfig(kl_decay=1.0, adapt_step=False, doubt=0.0)
    )


@dataclass(frozen=True)
class MaximumEntropyDiagnostics(LocalDiagnostics):
    """Health of one iteration.

    Attributes:
        loss: (1) at the end of the fit, nat.
        held_out_loss: The same of held-out demonstrations; NaN without any.
        gradient_norm: Norm of the gradient there, the prior's part included.
        feature_gap: Root mean square difference of demonstrated and expected means of the scaled
            cost inputs, over steps and inputs.
        mismatch: Norm of the difference of demonstrated counts and those of the newest rollouts.
        least_mismatch: The same of the controller with the least, by (3).
    """

    loss: float
    held_out_loss: float
    gradient_norm: float
    feature_gap: float
    mismatch: float
    least_mismatch: float


@final
class MaximumEntropy(LocalLearning[MaximumEntropyConfig, MaximumEntropyDiagnostics]):
    """Learn the cost under which the demonstrations are most likely.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness follows from it.
    """

    def __init__(self, problem: LearningProblem, config: MaximumEntropyConfig, seed: int) -> None:
        cost = CostConfig(kind="affine", scale=config.scale, action_weight=config.action_weight)
        super().__init__(problem, config, cost, seed, MaximumEntropyDiagnostics)
        self._shift_demonstrations()
        self._shown = demonstrated_counts(self.problem)
        self._matching = CountMatching(
            problem.features,
            config.dynamics,
            config.controller,
            problem.coordinates,
            shown=self._shown,
            input_scale=problem.input_scale,
        )
        self.search.improvement = self._matching
        self._first = quadratic_form(self.cost).detach()

    def _fit_cost(self, trial: Trial) -> Mapping[str, Any]:
        improvement, experience = self._matching, trial.experience
        base = improvement.choose_base(self.cost, experience)
        demonstrator = ConfinedDemonstrator(
            self.problem.features,
            experience.samples_of(base),
            improvement.fit_dynamics(experience, base),
            experience.controllers[base],
            improvement.kl_limit(trial.judgement.multiplier, self.search.elapsed),
            self.config.controller.temperature,
        )
        weights, settings = list(self.cost.parameters()), self.config.fit

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            vector_to_parameters(torch.from_numpy(flat), weights)
            least, marginals = demonstrator.optimum(self.cost)
            form = quadratic_form(self.cost)
            moved = form.detach() - self._first
            gap = self._shown - expected_counts(self.problem, marginals)
            slopes = torch.autograd.grad(form, weights, gap + settings.prior_weight * moved)
            value = demonstrated_cost(self.cost, self.problem) - least
            value += 0.5 * settings.prior_weight * float(moved.square().sum())
            return value, torch.cat([each.flatten() for each in slopes]).numpy()

        result = minimize(
            loss,
            parameters_to_vector(weights).detach().numpy(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": settings.steps, "gtol": settings.tolerance, "ftol": 0.0},
        )
        _, slope = loss(result.x)
        least, marginals = demonstrator.optimum(self.cost)
        if not math.isfinite(least):
            raise LearningError(
                f"the expected cost is {least} in iteration {self.progress.iteration + 1}; "
                "raise fit.prior_weight"
            )
        far = [each.distance for each in improvement.mismatches(experience)]
        unseen = math.nan if self.held_out is None else demonstrated_cost(self.cost, self.held_out)
        return {
            "loss": demonstrated_cost(self.cost, self.problem) - least,
            "held_out_loss": unseen - least,
            "gradient_norm": float(np.linalg.norm(slope)),
            "feature_gap": _feature_gap(self.problem, marginals),
            "mismatch": far[-1],
            "least_mismatch": min(far),
        }

    def _tensors(self) -> dict[str, Tensor]:
        return {}

    def _restore(self, state: SavedState) -> None:
        """Do nothing more: a fit starts from the cost alone."""


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


def quadratic_form(cost: Cost) -> Float[Tensor, "z z"]:
    """Return W of an affine cost ||A y + b||^2: (A, b)^T (A, b)."""
    whole = torch.cat([cost.transform.weight, cost.transform.bias.unsqueeze(1)], dim=1)
    return whole.T @ whole


@torch.no_grad()
def demonstrated_cost(cost: Cost, problem: LearningProblem) -> float:
    """Return the weighted mean cost of the demonstrated trajectories."""
    costs = cost.evaluate(problem.inputs, problem.demonstrations.actions).sum(dim=1)
    return float((problem.weights * costs).sum() / problem.weights.sum())


def demonstrated_counts(problem: LearningProblem) -> Float[Tensor, "z z"]:
    """Return the demonstrated feature counts, sum_t z_t z_t^T in the weighted mean."""
    return feature_counts(problem.inputs / problem.input_scale, problem.weights)


def expected_counts(problem: LearningProblem, marginals: Marginals) -> Float[Tensor, "z z"]:
    """Return the feature counts that a distribution of (x_t, u_t) is expected to have."""
    size = problem.features.matrix.shape[1]
    into = problem.features.matrix / problem.input_scale.unsqueeze(1)
    means = problem.features(marginals.means[:, :size]) / problem.input_scale
    whole = torch.cat([means, torch.ones_like(means[:, :1])], dim=-1)
    counts = whole.T @ whole
    counts[:-1, :-1] += (into @ marginals.covariances[:, :size, :size] @ into.T).sum(dim=0)
    return counts


def _feature_gap(problem: LearningProblem, marginals: Marginals) -> float:
    size = problem.features.matrix.shape[1]
    expected = problem.features(marginals.means[:, :size])
    weights = problem.weights / problem.weights.sum()
    shown = torch.einsum("n,nty->ty", weights, problem.inputs)
    return float(((shown - expected) / problem.input_scale).square().mean().sqrt())
