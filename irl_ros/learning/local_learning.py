# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all methods with a linear-Gaussian controller share: each fits a cost, steps improve it."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.context_shift import fit_context_shift
from irl_ros.learning.controller_improvement import ControllerImprovement
from irl_ros.learning.controller_search import ControllerSearch, SearchProgress, Step, Trial
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.first_sampler import FirstSamplerConfig, first_sampler
from irl_ros.learning.learning_loop import LearningLoop
from irl_ros.learning.problem import LearningProblem, hold_out
from irl_ros.learning.saved_state import SavedState, under


@dataclass(frozen=True)
class LocalLearningConfig(Parameters):
    """What all methods with a linear-Gaussian controller can be told."""

    iterations: int = parameter(18, low=1, high=10000, doc="outer iterations")
    rollouts: int = parameter(5, low=2, high=10000, doc="new rollouts per iteration")
    held_out_share: float = parameter(
        0.1, low=0.0, high=0.9, doc="share of demonstrations kept from learning, to judge it by"
    )
    first_sampler: FirstSamplerConfig = field(default_factory=FirstSamplerConfig)
    density: DemonstrationDensityConfig = field(default_factory=DemonstrationDensityConfig)
    dynamics: DynamicsConfig = field(default_factory=DynamicsConfig)
    controller: ControllerUpdateConfig = field(default_factory=ControllerUpdateConfig)


@dataclass(frozen=True)
class LocalDiagnostics:
    """Health of one iteration, as far as it is the same for all methods.

    Attributes:
        iteration: Number of the iteration, from 1.
        rollouts: Rollouts used so far.
        success_rate: Share of this iteration's rollouts that did the task.
        peak_force: Largest contact force among them, N.
        base: Iteration whose controller the step starts from.
        dual: eta of the controller step.
        kl: KL of the controller step, nat.
        kl_limit: Its limit, nat.
        step_multiplier: Multiplier of the KL limit in force.
        predicted_improvement: What the previous controller step promised, by the previous cost.
        actual_improvement: What it brought, by the previous cost.
        entropy: Entropy of the new controller, nat.
        smallest_variance: Smallest eigenvalue of its covariances.
        dynamics_error: One-step error of the previous dynamics on the new rollouts, relative.
        demonstration_cost: Mean trajectory cost of the demonstrations after the cost was fitted.
        sample_cost: Mean trajectory cost of the newest samples.
    """

    iteration: int
    rollouts: int
    success_rate: float
    peak_force: float
    base: int
    dual: float
    kl: float
    kl_limit: float
    step_multiplier: float
    predicted_improvement: float
    actual_improvement: float
    entropy: float
    smallest_variance: float
    dynamics_error: float
    demonstration_cost: float
    sample_cost: float

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        return dict(vars(self))  # plain numbers; `asdict` would copy each deeply


C = TypeVar("C", bound=LocalLearningConfig)
D = TypeVar("D", bound=LocalDiagnostics)


class LocalLearning(LearningLoop[C, D, Trial], Generic[C, D]):
    """Alternate one fit of a cost with one step of a controller on it.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        cost: Form and size of the cost.
        seed: All randomness of learning and of the rollouts it asks for follows from it.
        diagnostics: Class of the method's diagnostics.
    """

    def __init__(
        self,
        problem: LearningProblem,
        config: C,
        cost: CostConfig,
        seed: int,
        diagnostics: type[D],
    ) -> None:
        learned, self.held_out = hold_out(problem, config.held_out_share)
        super().__init__(learned, config, config.iterations, seed, diagnostics)
        self.cost = Cost(cost, problem.input_scale, self.generator)
        self.density = fit_demonstration_density(
            self.problem.demonstrations,
            self.problem.contexts,
            config.density,
            self.problem.weights,
        )
        self.search = ControllerSearch(
            ControllerImprovement(
                problem.features,
                config.dynamics,
                config.controller,
                problem.coordinates,
                problem.earlier,
            ),
            first_sampler(self.problem, self.density, config.first_sampler),
            config.iterations,
            config.rollouts,
            seed,
            audition=self._auditions,
        )

    def _shift_demonstrations(self) -> None:
        """Make the demonstrations comparable by their moments, whatever target they had."""
        shift = fit_context_shift(self.problem, self.config.density)
        self.problem = shift(self.problem)
        self.held_out = self.held_out and shift(self.held_out)

    @property
    def policy(self) -> LinearGaussianController:
        """The controller as it is now."""
        return self.progress.controller

    @property
    def learned_cost(self) -> Cost:
        """The cost as it is now."""
        return self.cost

    @property
    def progress(self) -> SearchProgress:
        """Where the search for a controller stands."""
        return self.search.progress

    def _sample(self, source: RolloutSource) -> Trial:
        return self.search.try_out(source, self.cost)

    def _fit_reward(self, trial: Trial) -> Mapping[str, Any]:
        return self._fit_cost(trial)

    def _improve(self, trial: Trial, fitted: Mapping[str, Any]) -> D:
        step = self.search.improve(trial, self.cost, adaptive=self._adaptive)
        return self._diagnostics(**{**self._health(trial, step), **fitted})

    @torch.no_grad()
    def _health(self, trial: Trial, step: Step) -> dict[str, Any]:
        """Return what `LocalDiagnostics` holds."""
        outcomes, update = trial.rollouts.outcomes, step.update
        shown, tried = self.problem.demonstrations, trial.rollouts.trajectories
        inputs = self.problem.features(tried.states)
        shown_costs = self.cost.evaluate(self.problem.inputs, shown.actions)
        return {
            "iteration": self.progress.iteration,
            "rollouts": trial.tried,
            "success_rate": trial.rollouts.successes / len(outcomes),
            "peak_force": max(outcome.peak_force for outcome in outcomes),
            "base": step.base + 1,
            "dual": update.dual,
            "kl": update.kl,
            "kl_limit": update.kl_limit,
            "step_multiplier": trial.judgement.multiplier,
            "predicted_improvement": trial.judgement.predicted,
            "actual_improvement": trial.judgement.actual,
            "entropy": update.controller.entropy(),
            "smallest_variance": float(torch.linalg.eigvalsh(update.controller.covariances).min()),
            "dynamics_error": trial.dynamics_error,
            "demonstration_cost": float(shown_costs.sum(dim=1).mean()),
            "sample_cost": float(self.cost.evaluate(inputs, tried.actions).sum(dim=1).mean()),
        }

    def _own_state(self) -> SavedState:
        search = self.search.state()
        tensors = {
            **under("cost", self.cost.state_dict()),
            **under("search", search.tensors),
            **self._tensors(),
        }
        return SavedState(tensors, {"search": search.facts})

    def _restore_own(self, state: SavedState) -> None:
        self.cost.load_state_dict(state.part("cost"))
        self.search.restore(SavedState(state.part("search"), state.facts["search"]))
        self._restore(state)

    @property
    def _adaptive(self) -> bool:
        """Whether the controller is improved at all."""
        return True

    @property
    def _auditions(self) -> bool:
        """Whether what is delivered is found by the cost of mean actions."""
        return False

    @abstractmethod
    def _fit_cost(self, trial: Trial) -> Mapping[str, Any]:
        """Fit the cost, in place, and return what the method's own diagnostics hold."""

    @abstractmethod
    def _tensors(self) -> dict[str, Tensor]:
        """Return what the method's next fit depends on, beside cost, search and generator."""

    @abstractmethod
    def _restore(self, state: SavedState) -> None:
        """Take back what `_tensors` returned; everything else is as it was."""
