# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""GAIL and AIRL on a finite problem: tables for discriminator, reward and policy.

Ho and Ermon (2016), "Generative adversarial imitation learning", and Fu, Luo and Levine (2018),
"Learning robust rewards with adversarial inverse reinforcement learning". Each iteration samples
paths of the policy, tells them from demonstrations by a discriminator of odds exp(l), and takes
one step of the policy, exact because the dynamics are known. With n the mean number of visits of a
path, E of the demonstrators and pi of the policy:

(1)  GAIL:  l(s, a) = log (n_E(s, a) + c) / (n_pi(s, a) + c),  reward log(1 + exp l),
     the optimum of a free table where c visits of both kinds are added to each cell;
(2)  AIRL:  l_t(s, a) = f_t(s, a) - log pi_t(a | s),
            f_t(s, a) = g(s) + E[h_{t+1}(s')] - h_t(s),  h_{T+1} = 0,  reward g,
     fitted by L-BFGS. What h adds to Q_t is -h_t(s), which no policy step notices. The paper has
     h(s') of the successor that was met, and needs dynamics without chance for that.
(3)  Q_t(s, a) = r(s, a) + E[V_{t+1}(s')],  V_t(s) = sum_a pi_t (Q_t - lambda log pi_t)
(4)  pi'_t proportional to exp((Q_t + log pi_t / eta) / (lambda + 1 / eta)),
     the maximum of E_pi'[Q_t] + lambda H(pi') - KL(pi' || pi) / eta. It stays where it is when pi
     is soft-optimal with temperature lambda.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.saved_state import SavedState, under
from irl_ros.learning.tabular.cloning import CloningConfig, clone
from irl_ros.learning.tabular.fit import fit, with_decay
from irl_ros.learning.tabular.learner import IterationDiagnostics
from irl_ros.learning.tabular.mdp import Mdp, by_action
from irl_ros.learning.tabular.problem import (
    Paths,
    TabularProblem,
    empirical_visits,
    joined,
    new_paths,
)
from irl_ros.learning.tabular.rewards import RewardConfig, make_reward
from irl_ros.learning.tabular.sampling import SamplingLearner


@dataclass(frozen=True)
class AdversarialConfig(Parameters):
    """Everything that GAIL and AIRL on a finite problem can be told."""

    iterations: int = parameter(9, low=1, high=100000, doc="iterations")
    rollouts: int = parameter(10, low=1, high=1000000, doc="new paths in each")
    remembered: int = parameter(
        1, low=1, high=100000, doc="newest iterations whose paths stand against demonstrations"
    )
    step: float = parameter(0.3, low=1e-9, high=1e6, doc="eta, length of a policy step")
    entropy_weight: float = parameter(
        0.01, low=0.0, high=1e6, doc="lambda; 1 is the reward f - log pi of AIRL"
    )
    prior_visits: float = parameter(
        0.1, low=1e-9, high=1e6, doc="c: visits of both kinds that GAIL adds to each cell"
    )
    weight_decay: float = parameter(
        1e-3, low=0.0, high=1e6, doc="weight of 1/2 (||theta||^2 + ||h||^2) in the fit of AIRL"
    )
    inner_iterations: int = parameter(
        20, low=1, high=1000, doc="steps of L-BFGS in each iteration of AIRL"
    )
    reward: RewardConfig = field(default_factory=RewardConfig)
    cloning: CloningConfig = field(default_factory=CloningConfig)


@dataclass(frozen=True)
class AdversarialDiagnostics(IterationDiagnostics):
    """Health of one iteration.

    Attributes:
        rollouts: Paths sampled so far.
        visit_error: Largest difference of demonstrated and sampled visits, summed over time.
    """

    rollouts: float
    visit_error: float


def policy_values(
    mdp: Mdp,
    reward: Float[Tensor, "S A"],
    policy: Float[Tensor, "T S A"],
    entropy_weight: float,
) -> Float[Tensor, "T S A"]:
    """Return Q_t of (3)."""
    following = reward.new_zeros(mdp.states)
    backwards = []
    for choice in policy.flip(0):
        backwards.append(reward + mdp.expect(following))
        values = backwards[-1] - entropy_weight * choice.log()
        following = (choice * values).sum(dim=-1)
    return torch.stack(backwards[::-1])


def improved(
    policy: Float[Tensor, "T S A"],
    action_values: Float[Tensor, "T S A"],
    step: float,
    entropy_weight: float,
) -> Float[Tensor, "T S A"]:
    """Return pi' of (4)."""
    logits = (action_values + policy.log() / step) / (entropy_weight + 1 / step)
    return logits.softmax(dim=-1)


def count_logits(
    shown: Float[Tensor, "S A"], tried: Float[Tensor, "S A"], prior: float
) -> Float[Tensor, "S A"]:
    """Return l of (1) from mean visits of a path."""
    return (shown + prior).log() - (tried + prior).log()


class AdversarialLearner(SamplingLearner[AdversarialConfig, AdversarialDiagnostics, Paths]):
    """What both have in common: paths of the policy, a reward, a step of the policy.

    Args:
        problem: Process, with a horizon and no discount, features and demonstrated visits.
        shown: The demonstrations themselves; the first policy is cloned from them.
        config: All switches.
        seed: All randomness follows from it.

    Raises:
        DataError: If the process is discounted or its horizon is not that of the paths.
    """

    def __init__(
        self, problem: TabularProblem, shown: Paths, config: AdversarialConfig, seed: int = 0
    ) -> None:
        super().__init__(problem, shown, config, config.iterations, AdversarialDiagnostics, seed)
        self._policy = clone(problem.mdp, shown, config.cloning)

    @property
    def policy(self) -> Float[Tensor, "T S A"]:
        """The policy as it is now."""
        return self._policy

    def _sample(self, source: Mdp) -> Paths:
        config = self.config
        new = new_paths(source, self._policy, config.rollouts, self.seed, self.iteration + 1)
        kept, tried = config.remembered * config.rollouts, joined(self._tried, new)
        self._tried = Paths(tried.states[-kept:], tried.actions[-kept:])
        return new

    def _improve(self, trial: Paths, fitted: Mapping[str, float]) -> AdversarialDiagnostics:
        mdp, config, iteration = self.problem.mdp, self.config, self.iteration + 1
        values = policy_values(mdp, self.reward, self._policy, config.entropy_weight)
        self._policy = improved(self._policy, values, config.step, config.entropy_weight)
        difference = self.problem.visits - empirical_visits(mdp, trial)
        return AdversarialDiagnostics(
            iteration=iteration,
            rollouts=iteration * config.rollouts,
            visit_error=float(difference.sum(dim=0).abs().max()),
        )

    def _own_state(self) -> SavedState:
        return SavedState({**super()._own_state().tensors, "policy": self._policy}, {})

    def _restore_own(self, state: SavedState) -> None:
        super()._restore_own(state)
        self._policy = state.tensors["policy"]


@final
class Gail(AdversarialLearner):
    """Match the demonstrated visits of states and actions; see `AdversarialLearner`."""

    @property
    def reward(self) -> Float[Tensor, "S A"]:
        """The reward -log D = log(1 + exp l) of the newest discriminator; 0 at first."""
        if not len(self._tried.states):
            return torch.zeros_like(self.problem.visits[0])
        tried = empirical_visits(self.problem.mdp, self._tried)
        logits = count_logits(
            self.problem.visits.sum(dim=0), tried.sum(dim=0), self.config.prior_visits
        )
        return nn.functional.softplus(logits)

    def _fit_reward(self, trial: Paths) -> Mapping[str, float]:
        """Do nothing: (1) is a function of the counts."""
        return {}


@final
class Airl(AdversarialLearner):
    """Learn a reward of states, apart from what the dynamics add; see `AdversarialLearner`."""

    def __init__(
        self, problem: TabularProblem, shown: Paths, config: AdversarialConfig, seed: int = 0
    ) -> None:
        super().__init__(problem, shown, config, seed)
        self._model = make_reward(problem.features, config.reward, self.generator)
        self._shaping = nn.Parameter(torch.zeros_like(problem.visits[..., 0]))

    @property
    def reward(self) -> Float[Tensor, "S A"]:
        """The reward g."""
        return by_action(self.problem.mdp, self._model().detach())

    @property
    def shaped_reward(self) -> Float[Tensor, "T S A"]:
        """The reward f, g and its shaping, which is of use with these dynamics alone."""
        return self._shaped().detach()

    def _shaped(self) -> Float[Tensor, "T S A"]:
        """Return f of (2)."""
        mdp, values = self.problem.mdp, self._shaping
        after = torch.cat([values[1:], torch.zeros_like(values[:1])])
        expected = (mdp.probabilities * after[:, mdp.successors]).sum(dim=-1)
        return by_action(mdp, self._model()) + expected - values.unsqueeze(-1)

    def _fit_reward(self, trial: Paths) -> Mapping[str, float]:
        weights = [*self._model.parameters(), self._shaping]
        shown, tried = self.problem.visits, empirical_visits(self.problem.mdp, self._tried)

        def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            logits = self._shaped() - self._policy.log()
            value = (shown * nn.functional.softplus(-logits)).sum()
            value = value + (tried * nn.functional.softplus(logits)).sum()
            return with_decay(value, weights, theta, self.config.weight_decay)

        fit(weights, loss, self.config.inner_iterations)
        return {}

    def _own_state(self) -> SavedState:
        tensors = {
            **super()._own_state().tensors,
            **under("reward", self._model.state_dict()),
            "shaping": self._shaping.detach(),
        }
        return SavedState(tensors, {})

    def _restore_own(self, state: SavedState) -> None:
        super()._restore_own(state)
        self._model.load_state_dict(state.part("reward"))
        self._shaping = nn.Parameter(state.tensors["shaping"].clone())
