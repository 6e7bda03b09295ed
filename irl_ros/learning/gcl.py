# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning: Finn, Levine and Abbeel (2016), algorithms 1 and 2."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.background import Background, empty_background, extend
from irl_ros.learning.controller_improvement import ControllerImprovement
from irl_ros.learning.controller_search import ControllerSearch, SearchProgress
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_health import cost_health
from irl_ros.learning.cost_update import (
    CostData,
    CostUpdateConfig,
    CostUpdateReport,
    batch_counts,
    update_cost,
)
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.first_sampler import FirstSamplerConfig, first_sampler
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.problem import LearningProblem, hold_out
from irl_ros.learning.saved_state import (
    SavedState,
    check_identity,
    identity,
    optimiser_tensors,
    restore_optimiser,
    under,
)


@dataclass(frozen=True)
class GclConfig(Parameters):
    """Everything that Guided Cost Learning can be told."""

    iterations: int = parameter(9, low=1, high=10000, doc="outer iterations")
    rollouts: int = parameter(10, low=2, high=10000, doc="new rollouts per iteration")
    adaptive_sampler: bool = parameter(
        True,
        doc="improve the controller; off is relative-entropy IRL, whose policy is the first",
    )
    held_out_share: float = parameter(
        0.1, low=0.0, high=0.9, doc="share of demonstrations kept from learning, to judge it by"
    )
    first_sampler: FirstSamplerConfig = field(default_factory=FirstSamplerConfig)
    cost: CostConfig = field(default_factory=CostConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    cost_update: CostUpdateConfig = field(default_factory=CostUpdateConfig)
    density: DemonstrationDensityConfig = field(default_factory=DemonstrationDensityConfig)
    dynamics: DynamicsConfig = field(default_factory=DynamicsConfig)
    controller: ControllerUpdateConfig = field(default_factory=ControllerUpdateConfig)


class GuidedCostLearning:
    """Learn a cost and a controller from demonstrations and rollouts.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness of learning and of the rollouts it asks for follows from it.
    """

    def __init__(self, problem: LearningProblem, config: GclConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self.problem, self.held_out = hold_out(problem, config.held_out_share)
        self.generator = torch.Generator().manual_seed(seed)
        self.cost = Cost(config.cost, problem.input_scale, self.generator)
        self.log_partition = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.optimiser = torch.optim.Adam(
            [*self.cost.parameters(), self.log_partition],
            lr=config.cost_update.learning_rate,
            fused=True,
        )
        self.density = fit_demonstration_density(
            self.problem.demonstrations, self.problem.contexts, config.density
        )
        self.background = empty_background(self.problem, self.density)
        self.search = ControllerSearch(
            ControllerImprovement(
                problem.features, config.dynamics, config.controller, problem.coordinates
            ),
            first_sampler(self.problem, self.density, config.first_sampler),
            config.iterations,
            config.rollouts,
            seed,
        )
        self.history: tuple[Diagnostics, ...] = ()

    @property
    def iterations(self) -> int:
        """How many iterations there will be."""
        return self.config.iterations

    @property
    def policy(self) -> LinearGaussianController:
        """The controller as it is now."""
        return self.search.progress.controller

    @property
    def learned_cost(self) -> Cost:
        """The cost as it is now."""
        return self.cost

    @property
    def progress(self) -> SearchProgress:
        """Where the search for a controller stands."""
        return self.search.progress

    @property
    def finished(self) -> bool:
        """Whether all iterations are done."""
        return self.search.finished

    def run(
        self,
        source: RolloutSource,
        after_iteration: Callable[[Diagnostics], None] = lambda _: None,
    ) -> None:
        """Do all remaining iterations.

        Args:
            source: Where controllers are tried.
            after_iteration: Called with each iteration's diagnostics; it may raise to stop.
        """
        while not self.finished:
            after_iteration(self.step(source))

    def step(self, source: RolloutSource) -> Diagnostics:
        """Do one iteration of algorithm 1: sample, fit the cost, improve the controller.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If the cost or the controller update has no finite result.
        """
        trial = self.search.try_out(source, self.cost)
        self.background = extend(self.background, self.problem, self.density, trial.experience)
        report = self._fit_cost()
        step = self.search.improve(trial, self.cost, adaptive=self.config.adaptive_sampler)
        outcomes, update = trial.rollouts.outcomes, step.update
        diagnostics = Diagnostics(
            iteration=self.progress.iteration,
            rollouts=sum(trial.experience.counts),
            success_rate=trial.rollouts.successes / len(outcomes),
            peak_force=max(outcome.peak_force for outcome in outcomes),
            **cost_health(
                self.cost, self._cost_data(whole=True), self.config.objective, self.held_out
            ),
            loss=report.loss,
            rate_penalty=report.rate,
            monotonic_penalty=report.monotonic,
            gradient_norm=report.gradient_norm,
            base=step.base + 1,
            dual=update.dual,
            kl=update.kl,
            kl_limit=update.kl_limit,
            step_multiplier=trial.judgement.multiplier,
            predicted_improvement=trial.judgement.predicted,
            actual_improvement=trial.judgement.actual,
            entropy=update.controller.entropy(),
            smallest_variance=float(torch.linalg.eigvalsh(update.controller.covariances).min()),
            dynamics_error=trial.dynamics_error,
        )
        self.history = (*self.history, diagnostics)
        return diagnostics

    def _fit_cost(self) -> CostUpdateReport:
        settings = self.config.cost_update
        for group in self.optimiser.param_groups:
            group["lr"] = settings.learning_rate * settings.rate_decay**self.search.elapsed
        return update_cost(
            self.cost,
            self.log_partition,
            self.optimiser,
            self._cost_data(whole=False),
            settings,
            self.config.objective,
            self.generator,
        )

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
            sample_inputs=self.problem.features(experience.samples.states),
            sample_actions=experience.samples.actions,
            sample_log_q=sampled,
            newest=experience.counts[-1],
        )

    def state(self) -> SavedState:
        """Return everything needed to go on exactly from here."""
        search = self.search.state()
        tensors = {
            **under("cost", self.cost.state_dict()),
            **under("adam", optimiser_tensors(self.optimiser)),
            **under("search", search.tensors),
            "log_partition": self.log_partition,
            "generator": self.generator.get_state(),
            "log_q": self.background.log_q,
            "demonstration_log_q": self.background.demonstration_log_q,
        }
        facts = {
            **identity(self.config, self.seed, self.problem),
            "search": search.facts,
            "history": [entry.as_mapping() for entry in self.history],
        }
        return SavedState(tensors, facts)

    def restore(self, state: SavedState) -> None:
        """Go on from a state of the same run.

        The schedules of step sizes span all iterations, so a run that is made longer does not end
        where one that was long from the beginning would.

        Raises:
            DataError: If the state is of another run.
        """
        check_identity(state, identity(self.config, self.seed, self.problem))
        self.cost.load_state_dict(state.part("cost"))
        restore_optimiser(self.optimiser, state.part("adam"))
        self.log_partition.data.copy_(state.tensors["log_partition"])
        self.generator.set_state(state.tensors["generator"])
        self.search.restore(SavedState(state.part("search"), state.facts["search"]))
        self.background = Background(
            self.progress.experience,
            state.tensors["log_q"],
            state.tensors["demonstration_log_q"],
        )
        self.history = tuple(Diagnostics(**entry) for entry in state.facts["history"])
