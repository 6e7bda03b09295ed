# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning with a neural policy: one policy-gradient step for each cost update.

Finn, Levine and Abbeel (2016), algorithm 1, with another policy step. Each iteration samples the
policy pi, and then

(1)  lowers the cost's likelihood or discriminator's loss of `objective`, algorithm 2 unchanged,
     with the fused density  q(tau) = sum_k s_k prod_t pi_k(u_t | x_t)  of the policies that
     are remembered and, for the likelihood, of the demonstrations
(2)  takes one step of PPO (`proximal`) towards a larger  E_pi[sum_t -c_t - lambda log pi_t],
     which at lambda = 1 is a smaller E_pi[c] - H(pi): what the controller step lowers under a
     KL limit, without a model of the dynamics
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import ParameterError
from irl_ros.core.neural_policy import NeuralPolicy, neural_policy
from irl_ros.core.parameters import parameter
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.adam import Adam
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_batches import CostData, CostUpdateConfig, batch_counts
from irl_ros.learning.cost_health import cost_health
from irl_ros.learning.cost_update import update_cost
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.device import check_device
from irl_ros.learning.importance import log_mixture
from irl_ros.learning.neural_learning import NeuralLearning, NeuralLearningConfig
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.problem import LearningProblem, path_shares
from irl_ros.learning.saved_state import (
    SavedState,
    batch_tensors,
    batches_from,
    optimiser_tensors,
    restore_optimiser,
    under,
)

_HEALTH = ("demonstration_cost", "sample_cost", "log_partition", "effective_samples")


@dataclass(frozen=True)
class NeuralGclConfig(NeuralLearningConfig):
    """Everything that Guided Cost Learning with a neural policy can be told."""

    remembered: int = parameter(
        10, low=1, high=100000, doc="newest iterations whose rollouts are the background"
    )
    cost: CostConfig = field(default_factory=CostConfig)
    objective: ObjectiveConfig = field(
        default_factory=lambda: ObjectiveConfig(
            monotonic_weight=10.0, monotonic_margin=0.3, monotonic_copies=0, aside_weight=0.0
        )
    )
    cost_update: CostUpdateConfig = field(
        default_factory=lambda: CostUpdateConfig(steps=50, first_times=1)
    )
    density: DemonstrationDensityConfig = field(default_factory=DemonstrationDensityConfig)


def neural_gcl(problem: LearningProblem, config: NeuralGclConfig, seed: int) -> NeuralLearning:
    """Return the learner of a cost c and a policy that lowers E[c] - H.

    The policy step of algorithm 1 is replaced by (2). No dynamics are fitted, so it needs far more
    rollouts than the linear-Gaussian controller of `GuidedCostLearning`, and the policy is not
    tied to one path.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness follows from it.
    """
    return NeuralLearning(
        problem, config, seed, lambda generator: CostLearner(problem, config, generator)
    )


@final
class CostLearner:
    """The reward -c of a cost fitted with importance weights from the policies' densities.

    The background is a window of the newest iterations: an iteration adds one row (the newest
    policy on all samples) and columns (all policies on the newest samples) to the densities, and
    the oldest go, so the work does not grow. A policy that produced samples is kept as it was.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        generator: Source of all randomness.

    Raises:
        ParameterError: If attempts may end early.
    """

    def __init__(
        self, problem: LearningProblem, config: NeuralGclConfig, generator: torch.Generator
    ) -> None:
        if problem.absorbs:
            raise ParameterError(
                "absorbs = True, but this cost would count actions after the end; learn with gail "
                "or airl, or from attempts that do not end early"
            )
        self._problem = problem
        self._config = config
        self._generator = generator
        self.cost = Cost(config.cost, problem.input_scale, generator)
        check_device(config.cost_update.device)
        self._log_partition = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self._optimiser = Adam(
            [*self.cost.parameters(), self._log_partition], config.cost_update.learning_rate
        )
        density = fit_demonstration_density(
            problem.demonstrations, problem.contexts, config.density, problem.weights
        )
        self._demonstrator = density.controller(problem.context)
        shown = density.log_prob(problem.demonstrations, problem.contexts)
        self._policies: list[NeuralPolicy] = []
        self._samples: list[Trajectories] = []
        self._log_q = shown.new_empty(1, 0)
        self._shown_log_q = shown.unsqueeze(0)

    def fit(self, rollouts: Trajectories, policy: NeuralPolicy) -> Mapping[str, float]:
        """Do (1), one cost update of algorithm 2, with the new rollouts in the background."""
        settings = self._config.cost_update.within(first=not self._log_q.shape[1])
        self._extend(rollouts, policy)
        report = update_cost(
            self.cost,
            self._log_partition,
            self._optimiser,
            self._data(whole=False),
            settings,
            self._config.objective,
            self._generator,
        )
        health = cost_health(self.cost, self._data(whole=True), self._config.objective, None)
        return {
            "loss": report.loss,
            "rate_penalty": report.rate,
            "monotonic_penalty": report.monotonic,
            "aside_penalty": report.aside,
            "gradient_norm": report.gradient_norm,
            **{name: health[name] for name in _HEALTH},
        }

    @torch.no_grad()
    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return -c of each step, the reward of (2) without the entropy."""
        return -self.cost.evaluate(self._problem.features(rollouts.states), rollouts.actions)

    @torch.no_grad()
    def _extend(self, rollouts: Trajectories, policy: NeuralPolicy) -> None:
        """Add a policy with its rollouts and its densities; let the oldest go."""
        shown, inputs = self._problem.demonstrations, self._problem.inputs
        policies = [*self._policies, policy]
        columns = torch.stack(
            [
                self._demonstrator.log_prob(rollouts),
                *(each.log_prob(rollouts) for each in policies),
            ]
        )
        if self._samples:
            row = policy.log_prob(concatenate(self._samples)).unsqueeze(0)
            columns = torch.cat([torch.cat([self._log_q, row]), columns], dim=1)
        # A demonstration is judged relative to its own target, as the cost judges it.
        own = policy.step_log_prob(policy.observe(inputs), shown.actions).sum(dim=1)
        shown_log_q = torch.cat([self._shown_log_q, own.unsqueeze(0)])
        samples = [*self._samples, rollouts]
        if len(policies) > self._config.remembered:
            kept = [row for row in range(len(columns)) if row != 1]
            columns = columns[kept, len(samples[0]) :]
            shown_log_q = shown_log_q[kept]
            policies, samples = policies[1:], samples[1:]
        self._policies, self._samples = policies, samples
        self._log_q, self._shown_log_q = columns, shown_log_q

    def _data(self, *, whole: bool) -> CostData:
        """Return what the cost reads, fused for the whole background or for a minibatch of it."""
        objective, shown = self._config.objective, self._problem.demonstrations
        inside = len(shown)
        if not objective.demonstrations_in_background or (objective.loss == "gan" and not whole):
            inside = 0
        sizes = [len(each) for each in self._samples]
        counts = batch_counts(inside, sizes, self._config.cost_update)
        if whole:
            counts = torch.tensor([inside, *sizes], dtype=torch.float64)
        joint = torch.cat([self._shown_log_q, self._log_q], dim=1)
        fused = log_mixture(joint, counts, equal=objective.fusion == "equal")
        samples = concatenate(self._samples)
        return CostData(
            demonstration_inputs=self._problem.inputs,
            demonstration_actions=shown.actions,
            demonstration_weights=self._problem.weights,
            demonstration_log_q=fused[: len(shown)],
            demonstration_path=path_shares(self._problem),
            sample_inputs=self._problem.features(samples.states),
            sample_actions=samples.actions,
            sample_log_q=fused[len(shown) :],
            newest=sizes[-1],
            positions=self._problem.positions,
        )

    @property
    def learned_cost(self) -> Cost:
        """The cost as it is now."""
        return self.cost

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on exactly from here, but for the generator."""
        tensors = {
            **under("cost", self.cost.state_dict()),
            **under("adam", optimiser_tensors(self._optimiser)),
            "log_partition": self._log_partition.detach(),
            "log_q": self._log_q,
            "shown_log_q": self._shown_log_q,
            **under("samples", batch_tensors(self._samples)),
        }
        for index, policy in enumerate(self._policies):
            tensors |= under(f"policy.{index}", policy.content)
        return tensors

    def restore(self, state: SavedState) -> None:
        """Go on from what `state` returned."""
        self.cost.load_state_dict(state.part("cost"))
        restore_optimiser(self._optimiser, state.part("adam"))
        self._log_partition.data.copy_(state.tensors["log_partition"])
        self._log_q = state.tensors["log_q"]
        self._shown_log_q = state.tensors["shown_log_q"]
        horizon = self._problem.demonstrations.horizon
        form = self._config.cloning.policy
        self._samples = batches_from(state.part("samples"))
        self._policies = [
            neural_policy(form, horizon, state.part(f"policy.{index}"))
            for index in range(len(self._samples))
        ]
