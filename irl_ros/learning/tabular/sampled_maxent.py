# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning on a finite problem: the partition function from sampled paths.

Finn, Levine and Abbeel (2016), where `maxent` computes it by dynamic programming. With the cost of
a path c(tau) = -sum_t r(s_t, a_t) / alpha and samples tau_j of policies q_k,

(1)  L(theta) = 1/N sum_i c(tau_i) + log Z,  Z = 1/M sum_j exp(-c(tau_j)) / q(tau_j)
(2)  q(tau) = sum_k m_k / M prod_t q_k(a_t | s_t),  m_k samples of q_k
(3)  dL/dr(s, a) = (sum_j w_j n_j(s, a) - 1/N sum_i n_i(s, a)) / alpha,  with n_i(s, a) the counts
     in tau_i and w_j the normalised terms of Z

The dynamics stand in the model p(tau) = p(s_1) prod p(s' | s, a) exp(-c(tau)) / Z and in the
density of what was sampled, and cancel: a gradient needs none. With many samples (1) is the
trajectory-level likelihood of Ziebart et al. (2008), chosen luck included.

The next q_k is the soft-optimal policy of the newest reward, the exact minimum of E_q[c] - H(q).
If it stays the first one instead, this is relative-entropy IRL (Boularias, Kober and Peters 2011);
with the loss of a discriminator it is GAN-GCL (Finn, Christiano, Abbeel and Levine 2016).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from irl_ros.core.errors import LearningError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.importance import effective_sample_size, log_mixture
from irl_ros.learning.objective import discriminator_loss, guided_cost_loss, optimal_log_partition
from irl_ros.learning.saved_state import SavedState, under
from irl_ros.learning.tabular.cloning import CloningConfig, clone
from irl_ros.learning.tabular.fit import fit, with_decay
from irl_ros.learning.tabular.learner import IterationDiagnostics
from irl_ros.learning.tabular.mdp import Mdp, by_action
from irl_ros.learning.tabular.problem import Paths, TabularProblem, joined, new_paths
from irl_ros.learning.tabular.rewards import RewardConfig, make_reward
from irl_ros.learning.tabular.sampling import SamplingLearner
from irl_ros.learning.tabular.soft_control import solve


@dataclass(frozen=True)
class SampledMaxEntConfig(Parameters):
    """Everything that Guided Cost Learning on a finite problem can be told."""

    iterations: int = parameter(9, low=1, high=100000, doc="iterations of sampling and learning")
    rollouts: int = parameter(10, low=1, high=1000000, doc="new paths in each")
    inner_iterations: int = parameter(20, low=1, high=1000, doc="steps of L-BFGS in each")
    loss: str = parameter(
        "gcl", choices=("gcl", "gan"), doc="likelihood with sampled Z, or GAN-GCL's discriminator"
    )
    adaptive_sampler: bool = parameter(
        True, doc="sample from the newest reward's policy; off: relative-entropy IRL"
    )
    temperature: float = parameter(
        1.0, low=1e-6, high=1e6, doc="alpha: how far from optimal the demonstrator acts"
    )
    weight_decay: float = parameter(
        0.1, low=0.0, high=1e6, doc="weight of 1/2 ||theta||^2, added to the loss"
    )
    reward: RewardConfig = field(default_factory=RewardConfig)
    cloning: CloningConfig = field(default_factory=CloningConfig)


@dataclass(frozen=True)
class SampledMaxEntDiagnostics(IterationDiagnostics):
    """Health of one iteration.

    Attributes:
        rollouts: Paths sampled so far.
        loss: Value of the objective, the weight decay's part included.
        log_partition: log Z as the samples have it.
        effective_samples: Effective sample size of the weights w_j.
    """

    rollouts: float
    loss: float
    log_partition: float
    effective_samples: float


@dataclass(frozen=True)
class Samples:
    """What Z is estimated from: the demonstrations, and after them all paths sampled so far.

    Attributes:
        paths: tau_j.
        log_q: log q of (2) of each.
    """

    paths: Paths
    log_q: Float[Tensor, " M"]


def path_costs(
    paths: Paths, reward: Float[Tensor, "S A"], temperature: float
) -> Float[Tensor, " M"]:
    """Return c(tau) = -sum_t r(s_t, a_t) / alpha of each path."""
    return -reward[paths.states, paths.actions].sum(dim=1) / temperature


def path_log_prob(policy: Float[Tensor, "T S A"], paths: Paths) -> Float[Tensor, " M"]:
    """Return sum_t log q_t(a_t | s_t) of each path, its density but for the dynamics."""
    steps = torch.arange(paths.states.shape[1])
    return policy[steps, paths.states, paths.actions].log().sum(dim=1)


class SampledMaxEnt(SamplingLearner[SampledMaxEntConfig, SampledMaxEntDiagnostics, Samples]):
    """Learn a reward from paths of the policy that is soft-optimal for it.

    The demonstrations stand among the samples of (1), with the density of a policy cloned from
    them; it also is the first to be sampled. Without them the reward of what only they visit would
    rise without end. The discriminator of GAN-GCL tells them from the samples alone.

    Args:
        problem: Process, with a horizon and no discount, features and demonstrated visits.
        shown: The demonstrations themselves.
        config: All switches.
        seed: All randomness follows from it.

    Raises:
        DataError: If the process is discounted or its horizon is not that of the paths.
    """

    def __init__(
        self, problem: TabularProblem, shown: Paths, config: SampledMaxEntConfig, seed: int = 0
    ) -> None:
        super().__init__(problem, shown, config, config.iterations, SampledMaxEntDiagnostics, seed)
        self._model = make_reward(problem.features, config.reward, self.generator)
        # q_k and m_k; the clone counts the demonstrations as its own.
        self._policies = clone(problem.mdp, shown, config.cloning).unsqueeze(0)
        self._produced = torch.tensor([float(len(shown.states))], dtype=torch.float64)

    @property
    def reward(self) -> Float[Tensor, "S A"]:
        """The learned reward r(s, a)."""
        return by_action(self.problem.mdp, self._model().detach())

    @property
    def policy(self) -> Float[Tensor, "T S A"]:
        """The soft-optimal policy of the learned reward."""
        return solve(self.problem.mdp, self.reward, self.config.temperature).policy

    @property
    def rollouts(self) -> int:
        """Paths sampled so far."""
        return len(self._tried.states)

    def _sample(self, source: Mdp) -> Samples:
        rollouts, newest = self.config.rollouts, self._policies[-1]
        new = new_paths(source, newest, rollouts, self.seed, self.iteration + 1)
        self._tried = joined(self._tried, new)
        self._produced[-1] += rollouts
        together = joined(self._shown, self._tried)
        log_q = torch.stack([path_log_prob(policy, together) for policy in self._policies])
        return Samples(together, log_mixture(log_q, self._produced))

    def _fit_reward(self, trial: Samples) -> Mapping[str, float]:
        weights = list(self._model.parameters())

        def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            reward = by_action(self.problem.mdp, self._model())
            value = self._loss(path_costs(trial.paths, reward, self.config.temperature), trial)
            return with_decay(value, weights, theta, self.config.weight_decay)

        value = fit(weights, loss, self.config.inner_iterations).value
        if not math.isfinite(value):
            raise LearningError(
                f"the loss is {value} in iteration {self.iteration + 1}; raise weight_decay"
            )
        costs = path_costs(trial.paths, self.reward, self.config.temperature)
        log_weights = -costs - trial.log_q
        return {
            "loss": value,
            "log_partition": float(log_weights.logsumexp(dim=0)) - math.log(len(log_weights)),
            "effective_samples": effective_sample_size(log_weights),
        }

    def _loss(self, costs: Float[Tensor, " M"], trial: Samples) -> Float[Tensor, ""]:
        """Return L of (1), or the discriminator's loss, where the samples cost this much."""
        count = len(self._shown.states)
        if self.config.loss == "gcl":
            return guided_cost_loss(costs[:count], costs, trial.log_q)
        ratios = -costs - trial.log_q
        log_z = optimal_log_partition(ratios[:count], ratios[count:])
        alike = torch.ones(count, dtype=torch.float64)
        return discriminator_loss(
            ratios[:count] - log_z, ratios[count:] - log_z, demonstration_weights=alike
        )

    def _improve(self, trial: Samples, fitted: Mapping[str, float]) -> SampledMaxEntDiagnostics:
        if self.config.adaptive_sampler:
            self._policies = torch.cat([self._policies, self.policy.unsqueeze(0)])
            self._produced = torch.cat([self._produced, self._produced.new_zeros(1)])
        return SampledMaxEntDiagnostics(self.iteration + 1, rollouts=self.rollouts, **fitted)

    def _own_state(self) -> SavedState:
        tensors = {
            **super()._own_state().tensors,
            **under("reward", self._model.state_dict()),
            "policies": self._policies,
            "produced": self._produced,
        }
        return SavedState(tensors, {})

    def _restore_own(self, state: SavedState) -> None:
        super()._restore_own(state)
        self._model.load_state_dict(state.part("reward"))
        self._policies = state.tensors["policies"]
        self._produced = state.tensors["produced"].clone()
