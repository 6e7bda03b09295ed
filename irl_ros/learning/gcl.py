# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning: Finn, Levine and Abbeel (2016), algorithms 1 and 2.

The demonstrator is taken to act by a cost c, trajectories being likely as

(1)  p(tau) = exp(-c(tau)) / Z,  c(tau) = sum_t c(y_t, u_t),

their equation 1, the dynamics left out: they stand in q as well and cancel. Each iteration
samples the controller q_k, adds the samples to all before, and takes two steps:

(2)  c by gradient steps on  1/N sum_i c(tau_i) + log Z,  their algorithm 2 (`cost_update`);
     Z is estimated from all samples and their fused density (`objective`, `importance`);
(3)  q_{k+1} = argmin_q E_q[c] - H(q)  subject to  KL(q || q_b) <= epsilon,  their appendix A
     (`controller_update`), with fitted dynamics; q_b is the newest or the best controller so far.

(3) leads towards (1), whose samples give the best estimate in (2). Without (3) this is
relative-entropy IRL; with the loss of a discriminator in (2) it is GAN-GCL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from irl_ros.core.parameters import parameter
from irl_ros.learning.adam import Adam
from irl_ros.learning.background import Background, empty_background, extend
from irl_ros.learning.control_variate import InputMarginals, input_marginals
from irl_ros.learning.controller_search import Trial
from irl_ros.learning.cost import CostConfig
from irl_ros.learning.cost_batches import CostData, CostUpdateConfig, batch_counts
from irl_ros.learning.cost_health import cost_health
from irl_ros.learning.cost_update import update_cost
from irl_ros.learning.device import check_device
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.local_learning import LocalLearning, LocalLearningConfig
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.problem import LearningProblem, path_shares
from irl_ros.learning.saved_state import (
    SavedState,
    optimiser_tensors,
    restore_optimiser,
    under,
)


@dataclass(frozen=True)
class GclConfig(LocalLearningConfig):
    """Everything that Guided Cost Learning can be told."""

    adaptive_sampler: bool = parameter(
        True,
        doc="improve the controller; off keeps the first one, as relative-entropy IRL does",
    )
    cost: CostConfig = field(default_factory=CostConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    cost_update: CostUpdateConfig = field(default_factory=CostUpdateConfig)


class GuidedCostLearning(LocalLearning[GclConfig, Diagnostics]):
    """Learn a cost and a controller from demonstrations and rollouts, by (2) and (3) in turn.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness of learning and of the rollouts it asks for follows from it.

    Raises:
        ParameterError: If a GPU is asked for that is not there.
    """

    def __init__(self, problem: LearningProblem, config: GclConfig, seed: int) -> None:
        check_device(config.cost_update.device)
        super().__init__(problem, config, config.cost, seed, Diagnostics)
        self.log_partition = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.optimiser = Adam(
            [*self.cost.parameters(), self.log_partition], config.cost_update.learning_rate
        )
        self.background = empty_background(self.problem, self.density)

    @property
    def _adaptive(self) -> bool:
        return self.config.adaptive_sampler

    @property
    def _auditions(self) -> bool:
        return self._adaptive

    def _fit_cost(self, trial: Trial) -> Mapping[str, Any]:
        """Do (2), algorithm 2, with the new samples in the background."""
        if not trial.auditioned:
            self.background = extend(self.background, self.problem, self.density, trial.experience)
        settings = self.config.cost_update.within(first=not self.history)
        objective = self.config.objective
        decay: float = settings.rate_decay**self.search.elapsed
        self.optimiser.learning_rate = settings.learning_rate * decay
        report = update_cost(
            self.cost,
            self.log_partition,
            self.optimiser,
            self._cost_data(whole=False),
            settings,
            objective,
            self.generator,
        )
        return {
            **cost_health(self.cost, self._cost_data(whole=True), objective, self.held_out),
            "loss": report.loss,
            "rate_penalty": report.rate,
            "monotonic_penalty": report.monotonic,
            "aside_penalty": report.aside,
            "gradient_norm": report.gradient_norm,
        }

    def _cost_data(self, *, whole: bool) -> CostData:
        """Return what the cost reads, fused for the whole background or for a minibatch of it."""
        objective, experience = self.config.objective, self.background.experience
        shown = len(self.problem.demonstrations)
        # A discriminator tells demonstrations from samples: only these are its q.
        discriminates = objective.loss == "gan" and not whole
        if discriminates or not objective.demonstrations_in_background:
            shown = 0
        counts = batch_counts(shown, experience.counts, self.config.cost_update)
        if whole:
            counts = torch.tensor([shown, *experience.counts], dtype=torch.float64)
        demonstrated, sampled = self.background.fused_log_q(
            counts, equal=objective.fusion == "equal"
        )
        assert experience.samples is not None
        return CostData(
            demonstration_inputs=self.problem.inputs,
            demonstration_actions=self.problem.demonstrations.actions,
            demonstration_weights=self.problem.weights,
            demonstration_log_q=demonstrated,
            demonstration_path=path_shares(self.problem),
            sample_inputs=self.problem.features(experience.samples.states),
            sample_actions=experience.samples.actions,
            sample_log_q=sampled,
            newest=experience.counts[-1],
            positions=self.problem.positions,
            newest_marginals=self._newest_marginals() if objective.control_variate else None,
        )

    def _newest_marginals(self) -> InputMarginals:
        """Return what the model expects of the newest controller's cost inputs."""
        experience = self.background.experience
        dynamics = self.search.improvement.fit_dynamics(experience)
        return input_marginals(experience.controllers[-1], dynamics, self.problem.features)

    def _tensors(self) -> dict[str, Tensor]:
        return {
            **under("adam", optimiser_tensors(self.optimiser)),
            "log_partition": self.log_partition,
            "log_q": self.background.log_q,
            "demonstration_log_q": self.background.demonstration_log_q,
        }

    def _restore(self, state: SavedState) -> None:
        restore_optimiser(self.optimiser, state.part("adam"))
        self.log_partition.data.copy_(state.tensors["log_partition"])
        self.background = Background(
            self.progress.experience,
            state.tensors["log_q"],
            state.tensors["demonstration_log_q"],
        )
