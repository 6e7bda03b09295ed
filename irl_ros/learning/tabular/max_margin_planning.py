# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum margin planning: Ratliff, Bagnell and Zinkevich (2006), with rewards for costs.

Planning is seen as structured prediction: under r = w . phi the demonstrated visits rho_E shall
earn more than those of any other policy, the more so the more that policy differs, and what cannot
be had is paid for as slack xi:

(1)  min_w  lambda/2 ||w||^2 + xi,
     xi = max_rho [w . mu(rho) + D(rho)] - w . mu(rho_E) >= 0
(2)  D(rho) = margin sum_{s, a} rho(s, a) l(s, a),  l(s, a) = 1 - pi_E(a | s) / max pi_E(. | s),
     the loss D(pi, pi*): how often another action is chosen than the demonstrator's favourite.
     Where it was never seen, every action counts as another one.
(3)  g = lambda w + mu(rho*) - mu(rho_E) is a subgradient of (1), where rho* attains the maximum:
     optimal control under the reward w . phi + margin l.
(4)  w <- w - step / sqrt(k) g in iteration k.

The objective need not fall in every iteration; the best weights so far are kept.
"""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.saved_state import SavedState
from irl_ros.learning.tabular.learner import IterationDiagnostics, TabularLearner
from irl_ros.learning.tabular.mdp import by_action
from irl_ros.learning.tabular.problem import TabularProblem
from irl_ros.learning.tabular.soft_control import solve, visitation


@dataclass(frozen=True)
class MaxMarginConfig(Parameters):
    """Everything that maximum margin planning can be told."""

    iterations: int = parameter(300, low=1, high=1000000, doc="most iterations")
    regularisation: float = parameter(
        1e-3, low=0.0, high=1e6, doc="lambda, weight of 1/2 ||w||^2 against the slack"
    )
    margin: float = parameter(1.0, low=0.0, high=1e6, doc="margin for each action that differs")
    step: float = parameter(1.0, low=1e-9, high=1e6, doc="length of the first subgradient step")
    tolerance: float = parameter(
        1e-6, low=0.0, high=1e6, doc="slack at which learning is finished"
    )


@dataclass(frozen=True)
class MaxMarginDiagnostics(IterationDiagnostics):
    """Health of one iteration, before its step.

    Attributes:
        objective: Value of (1).
        best_objective: Least value so far.
        slack: xi.
        loss: D of the policy that is optimal under the best weights' reward.
    """

    objective: float
    best_objective: float
    slack: float
    loss: float


@dataclass(frozen=True)
class MarginObjective:
    """Value and slope of (1) at some weights.

    Attributes:
        value: Objective.
        slack: xi.
        subgradient: g.
    """

    value: float
    slack: float
    subgradient: Float[Tensor, " f"]


def action_loss(problem: TabularProblem) -> Float[Tensor, "S A"]:
    """Return l(s, a) of (2)."""
    visits = problem.visits.sum(dim=0)
    return 1 - visits / visits.amax(dim=-1, keepdim=True).clamp(min=1e-300)


def margin_objective(
    problem: TabularProblem, weights: Float[Tensor, " f"], config: MaxMarginConfig
) -> MarginObjective:
    """Return (1) and (3)."""
    mdp = problem.mdp
    augmented = by_action(mdp, problem.features @ weights) + config.margin * action_loss(problem)
    rival = visitation(mdp, solve(mdp, augmented, temperature=0.0).policy)
    shown = problem.feature_counts(problem.visits)
    slack = float((rival * augmented).sum() - shown @ weights)
    decay = config.regularisation * weights
    return MarginObjective(
        value=0.5 * float(decay @ weights) + slack,
        slack=slack,
        subgradient=decay + problem.feature_counts(rival) - shown,
    )


class MaxMarginPlanning(TabularLearner[MaxMarginConfig, MaxMarginDiagnostics]):
    """Learn weights under which the demonstrations beat all other policies by a margin.

    Args:
        problem: Process, features and demonstrated visits.
        config: All switches.
    """

    def __init__(self, problem: TabularProblem, config: MaxMarginConfig) -> None:
        super().__init__(problem, config, config.iterations, MaxMarginDiagnostics)
        self._loss = action_loss(problem)
        self._weights = problem.features.new_zeros(problem.features.shape[-1])
        self._best = self._weights

    @property
    def reward(self) -> Float[Tensor, "S A"]:
        """The reward w . phi of the best weights."""
        return by_action(self.problem.mdp, self.problem.features @ self._best)

    @property
    def policy(self) -> Float[Tensor, "T S A"]:
        """The policy that is optimal under the reward."""
        return solve(self.problem.mdp, self.reward, temperature=0.0).policy

    def _step(self, iteration: int) -> MaxMarginDiagnostics:
        now = margin_objective(self.problem, self._weights, self.config)
        if not self.history or now.value < self.history[-1].best_objective:
            self._best, least = self._weights, now.value
            chosen = visitation(self.problem.mdp, self.policy)
            loss = self.config.margin * float((chosen * self._loss).sum())
        else:
            least, loss = self.history[-1].best_objective, self.history[-1].loss
        self._weights = self._weights - self.config.step / math.sqrt(iteration) * now.subgradient
        return MaxMarginDiagnostics(
            iteration=iteration,
            objective=now.value,
            best_objective=least,
            slack=now.slack,
            loss=loss,
        )

    def _found(self, last: MaxMarginDiagnostics) -> bool:
        return last.slack <= self.config.tolerance

    def _own_state(self) -> SavedState:
        return SavedState({"weights": self._weights, "best": self._best}, {})

    def _restore_own(self, state: SavedState) -> None:
        self._weights, self._best = state.tensors["weights"], state.tensors["best"]
