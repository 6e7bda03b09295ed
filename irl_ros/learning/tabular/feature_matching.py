# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Apprenticeship learning by matching feature expectations: Abbeel and Ng (2004).

The true reward is w* . phi with ||w*|| <= 1, so a policy whose feature expectations mu are within
epsilon of the demonstrator's mu_E is within epsilon of its return. Each iteration finds weights
for which the demonstrator beats all policies so far by the largest margin,

(1)  max t  subject to  w . mu_E >= w . mu_j + t for all j,  ||w|| <= 1,

and adds the policy that is optimal for them. It is finished when t <= epsilon. The multipliers
lambda of (1) mix the policies as close to the demonstrator as they come:

(2)  min || mu_E - sum_j lambda_j mu_j ||  subject to  lambda >= 0, sum_j lambda_j = 1,

which is the dual of (1), with the same value t and w = (mu_E - sum_j lambda_j mu_j) / t.

The projection method needs no solver. It keeps one point mu_bar in the policies' convex hull and
moves it to the point nearest to mu_E on the line towards the newest,

(3)  mu_bar <- mu_bar + s (mu - mu_bar),
     s = (mu - mu_bar) . (mu_E - mu_bar) / ||mu - mu_bar||^2,
(4)  w = mu_E - mu_bar,  t = ||w||.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.margin_program import widest_margin
from irl_ros.learning.saved_state import SavedState
from irl_ros.learning.tabular.learner import IterationDiagnostics, TabularLearner
from irl_ros.learning.tabular.mdp import by_action
from irl_ros.learning.tabular.problem import TabularProblem
from irl_ros.learning.tabular.soft_control import solve, visitation


@dataclass(frozen=True)
class FeatureMatchingConfig(Parameters):
    """Everything that feature matching can be told."""

    method: str = parameter(
        "program",
        choices=("program", "projection"),
        doc="find the margin with a solver, or approach it by projection",
    )
    epsilon: float = parameter(
        1e-3, low=1e-9, high=1e9, doc="margin, in units of feature counts, that is close enough"
    )
    iterations: int = parameter(100, low=1, high=100000, doc="most iterations")


@dataclass(frozen=True)
class FeatureMatchingDiagnostics(IterationDiagnostics):
    """Health of one iteration.

    Attributes:
        margin: t, by which the demonstrator beats all policies so far for the weights w.
        distance: ||mu_E - mu|| of the mixture of all policies.
        policies: Number of policies in the mixture.
    """

    margin: float
    distance: float
    policies: float


class FeatureMatching(TabularLearner[FeatureMatchingConfig, FeatureMatchingDiagnostics]):
    """Find a mixture of policies with the demonstrator's feature expectations.

    Args:
        problem: Process, features and demonstrated visits.
        config: All switches.
    """

    def __init__(self, problem: TabularProblem, config: FeatureMatchingConfig) -> None:
        super().__init__(problem, config, config.iterations, FeatureMatchingDiagnostics)
        self._demonstrated = problem.feature_counts(problem.visits)
        mdp = problem.mdp
        uniform = torch.full_like(problem.visits, 1 / mdp.actions)
        self._visits = visitation(mdp, uniform).unsqueeze(0)
        self._counts = self._expectations(self._visits[0])
        self._weights = torch.zeros_like(self._demonstrated)
        self._shares = self._demonstrated.new_ones(1)

    @property
    def reward(self) -> Float[Tensor, "S A"]:
        """The reward w . phi that the demonstrator was last told apart by."""
        return by_action(self.problem.mdp, self.problem.features @ self._weights)

    @property
    def mixture(self) -> Float[Tensor, " J"]:
        """Shares lambda_j of the policies, in the order in which they were found."""
        return self._shares

    @property
    def policy(self) -> Float[Tensor, "T S A"]:
        """The one policy with the visits of the mixture.

        A policy drawn by lambda at the start of each trajectory visits what
        sum_j lambda_j rho_j says; so does pi(a | s) in proportion to it.
        """
        visits = torch.einsum("j,jtsa->tsa", self._shares, self._visits)
        total = visits.sum(dim=-1, keepdim=True)
        uniform = torch.full_like(visits, 1 / self.problem.mdp.actions)
        return torch.where(total > 0, visits / total.clamp(min=1e-300), uniform)

    def _expectations(self, visits: Float[Tensor, "T S A"]) -> Float[Tensor, "1 f"]:
        return self.problem.feature_counts(visits).unsqueeze(0)

    def _step(self, iteration: int) -> FeatureMatchingDiagnostics:
        if self.config.method == "program":
            margin = self._separate()
        else:
            self._weights = self._demonstrated - self._shares @ self._counts
            margin = float(self._weights.norm())
        if margin > self.config.epsilon:
            optimal = solve(self.problem.mdp, self.reward, temperature=0.0).policy
            self._visits = torch.cat(
                [self._visits, visitation(self.problem.mdp, optimal).unsqueeze(0)]
            )
            self._counts = torch.cat([self._counts, self._expectations(self._visits[-1])])
            if self.config.method == "projection":
                self._project()
            else:
                self._shares = torch.cat([self._shares, self._shares.new_zeros(1)])
        return FeatureMatchingDiagnostics(
            iteration=iteration,
            margin=margin,
            distance=float((self._demonstrated - self._shares @ self._counts).norm()),
            policies=len(self._shares),
        )

    def _separate(self) -> float:
        """Solve (1) and (2) and return t."""
        found = widest_margin(self._demonstrated - self._counts)
        self._weights, self._shares = found.weights, found.multipliers
        return found.margin

    def _project(self) -> None:
        """Do (3), in terms of the shares that make up mu_bar."""
        nearest = self._shares @ self._counts[:-1]
        way = self._counts[-1] - nearest
        length = way.square().sum().clamp(min=1e-300)
        # Beyond the newest policy lies nothing that can be mixed.
        share = float(((self._demonstrated - nearest) @ way / length).clamp(0, 1))
        self._shares = torch.cat([(1 - share) * self._shares, self._shares.new_tensor([share])])

    def _found(self, last: FeatureMatchingDiagnostics) -> bool:
        return last.margin <= self.config.epsilon

    def _own_state(self) -> SavedState:
        tensors = {
            "visits": self._visits,
            "counts": self._counts,
            "weights": self._weights,
            "shares": self._shares,
        }
        return SavedState(tensors, {})

    def _restore_own(self, state: SavedState) -> None:
        saved = state.tensors
        self._visits, self._counts = saved["visits"], saved["counts"]
        self._weights, self._shares = saved["weights"], saved["shares"]
