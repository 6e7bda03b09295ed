# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning: Finn, Levine and Abbeel (2016), algorithms 1 and 2."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from irl_ros.core.errors import LearningError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts
from irl_ros.learning.background import Background, empty_background, extend
from irl_ros.learning.controller_update import (
    ControllerUpdate,
    ControllerUpdateConfig,
    constrained_step,
    expected_objective,
    step_multiplier,
)
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_health import cost_health
from irl_ros.learning.cost_update import CostData, CostUpdateConfig, batch_counts, update_cost
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.dynamics import DynamicsConfig, fit_dynamics, one_step_error
from irl_ros.learning.first_sampler import FirstSamplerConfig, first_sampler
from irl_ros.learning.lqr import LinearDynamics
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.problem import LearningProblem, hold_out


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


@dataclass(frozen=True)
class Progress:
    """What one iteration leaves for the next, beside the cost and its optimiser.

    Attributes:
        iteration: Iterations completed.
        controller: The controller to sample from next.
        background: All samples so far.
        multiplier: Multiplier of the KL limit.
        update: The step that made ``controller``; None before the first.
        history: Diagnostics of all iterations.
    """

    iteration: int
    controller: LinearGaussianController
    background: Background
    multiplier: float
    update: ControllerUpdate | None
    history: tuple[Diagnostics, ...]


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
        self.optimiser = torch.optim.Adam(
            self.cost.parameters(), lr=config.cost_update.learning_rate
        )
        self.density = fit_demonstration_density(
            self.problem.demonstrations, self.problem.contexts, config.density
        )
        self.progress = Progress(
            iteration=0,
            controller=first_sampler(self.problem, self.density, config.first_sampler),
            background=empty_background(self.problem, self.density),
            multiplier=1.0,
            update=None,
            history=(),
        )

    @property
    def finished(self) -> bool:
        """Whether all iterations are done."""
        return self.progress.iteration >= self.config.iterations

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
        self._check_source(source)
        before = self.progress
        rollouts = source.sample(
            before.controller, self.config.rollouts, _rollout_seed(self.seed, before.iteration)
        )
        background = extend(
            before.background,
            self.problem,
            self.density,
            before.controller,
            rollouts.trajectories,
        )
        surprise = self._surprise(before, rollouts)
        multiplier, predicted, actual = self._judge_last_step(background)
        data = self._cost_data(background, whole=False)
        settings = self.config.cost_update
        for group in self.optimiser.param_groups:
            group["lr"] = settings.learning_rate * settings.rate_decay**self._elapsed
        report = update_cost(
            self.cost,
            self.optimiser,
            data,
            settings,
            self.config.objective,
            self.generator,
        )
        base = self._choose_base(background, data)
        update = self._improve(background, base, multiplier)
        diagnostics = Diagnostics(
            iteration=before.iteration + 1,
            rollouts=sum(background.counts),
            success_rate=rollouts.successes / len(rollouts.outcomes),
            peak_force=max(outcome.peak_force for outcome in rollouts.outcomes),
            **cost_health(
                self.cost,
                self._cost_data(background, whole=True),
                self.config.objective,
                self.held_out,
            ),
            loss=report.loss,
            rate_penalty=report.rate,
            monotonic_penalty=report.monotonic,
            gradient_norm=report.gradient_norm,
            base=base + 1,
            dual=update.dual,
            kl=update.kl,
            kl_limit=update.kl_limit,
            step_multiplier=multiplier,
            predicted_improvement=predicted,
            actual_improvement=actual,
            entropy=update.controller.entropy(),
            smallest_variance=float(torch.linalg.eigvalsh(update.controller.covariances).min()),
            dynamics_error=surprise,
        )
        self.progress = Progress(
            iteration=before.iteration + 1,
            controller=update.controller,
            background=background,
            multiplier=multiplier,
            update=update,
            history=(*before.history, diagnostics),
        )
        return diagnostics

    def _check_source(self, source: RolloutSource) -> None:
        shown = self.problem.demonstrations
        theirs = (source.horizon, source.state_dim, source.action_dim)
        ours = (shown.horizon, shown.state_dim, shown.action_dim)
        if theirs != ours:
            raise LearningError(
                f"rollouts have {theirs} steps, state and action dimensions, demonstrations "
                f"{ours}; they must agree"
            )

    @property
    def _elapsed(self) -> float:
        """Share of the iterations that lie behind, from 0 in the first to 1 in the last."""
        return self.progress.iteration / max(1, self.config.iterations - 1)

    def _fit_dynamics(self, background: Background, controller: int = -1) -> LinearDynamics:
        """Fit dynamics around a controller's samples with those of its nearest relatives."""
        near = background.neighbours(controller, self.config.dynamics.iterations)
        return fit_dynamics(near, background.samples_of(controller), self.config.dynamics)

    def _surprise(self, before: Progress, rollouts: Rollouts) -> float:
        """Return the error of the dynamics known before on rollouts they have not seen."""
        if before.background.samples is None:
            return math.nan
        return one_step_error(self._fit_dynamics(before.background), rollouts.trajectories)

    def _judge_last_step(self, background: Background) -> tuple[float, float, float]:
        """Return the next step multiplier and both improvements of the last controller step.

        The cost has not been updated since that step, so both are measured by the same cost.
        """
        before = self.progress
        if before.update is None:
            return before.multiplier, math.nan, math.nan
        newest = background.samples_of(-1)
        cost = self.cost.expand(self.problem.features, newest.states, newest.actions)
        dynamics = self._fit_dynamics(background)
        temperature = self.config.controller.temperature
        reached = expected_objective(cost, dynamics, before.controller, temperature)
        predicted = before.update.previous_objective - before.update.predicted_objective
        actual = before.update.previous_objective - reached
        multiplier = before.multiplier
        if self.config.controller.adapt_step:
            multiplier = step_multiplier(multiplier, predicted, actual, self.config.controller)
        return multiplier, predicted, actual

    @torch.no_grad()
    def _choose_base(self, background: Background, data: CostData) -> int:
        """Return the controller, counted from 0, that the next step starts from.

        The best is the one whose samples have the least c - H(q) by the cost as it is now. A step
        that a later cost clearly regrets, into a neighbouring slot for instance, is thereby taken
        back: local steps would not find the way out. Clearly means by two standard errors.
        """
        newest = len(background.counts) - 1
        if self.config.controller.base == "newest":
            return newest
        costs = self.cost.evaluate(data.sample_inputs, data.sample_actions).sum(dim=1)
        temperature = self.config.controller.temperature
        parts = torch.split(costs, list(background.counts))
        free_energies = [
            float(part.mean()) - temperature * controller.entropy()
            for part, controller in zip(parts, background.controllers, strict=True)
        ]
        best = int(np.argmin(free_energies))
        variances = [float(part.var()) / len(part) for part in parts]
        doubt = 2 * math.sqrt(variances[best] + variances[newest])
        return best if free_energies[newest] - free_energies[best] > doubt else newest

    def _improve(self, background: Background, base: int, multiplier: float) -> ControllerUpdate:
        """Take the KL-limited step from a controller that has been sampled."""
        around = background.samples_of(base)
        cost = self.cost.expand(self.problem.features, around.states, around.actions)
        dynamics = self._fit_dynamics(background, base)
        controller = background.controllers[base]
        settings = self.config.controller
        limit = settings.kl_limit * multiplier * settings.kl_decay**self._elapsed
        if not self.config.adaptive_sampler:
            value = expected_objective(cost, dynamics, controller, settings.temperature)
            return ControllerUpdate(controller, math.inf, 0.0, limit, value, value)
        return constrained_step(cost, dynamics, controller, limit, settings.temperature)

    def _cost_data(self, background: Background, *, whole: bool) -> CostData:
        """Return what the cost reads, fused for the whole background or for a minibatch of it."""
        objective = self.config.objective
        shown = len(self.problem.demonstrations)
        if not objective.demonstrations_in_background:
            shown = 0
        counts = batch_counts(shown, background.counts, self.config.cost_update)
        if whole:
            counts = torch.tensor([shown, *background.counts], dtype=torch.float64)
        demonstrated, sampled = background.fused_log_q(counts, equal=objective.fusion == "equal")
        assert background.samples is not None
        return CostData(
            demonstration_inputs=self.problem.inputs,
            demonstration_actions=self.problem.demonstrations.actions,
            demonstration_weights=self.problem.weights,
            demonstration_log_q=demonstrated,
            sample_inputs=self.problem.features(background.samples.states),
            sample_actions=background.samples.actions,
            sample_log_q=sampled,
            newest=background.counts[-1],
        )


def _rollout_seed(seed: int, iteration: int) -> int:
    return int(np.random.SeedSequence([seed, iteration]).generate_state(1)[0])
