# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Optimising a controller for a cost that stays as it is: a saved one, or one written by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import torch

from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.controller_improvement import ControllerImprovement, StepCost
from irl_ros.learning.controller_search import ControllerSearch
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.cost import Cost
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.iterations import Iterations
from irl_ros.learning.problem import Coordinates, digest
from irl_ros.learning.saved_state import Identity, Part, SavedState


@dataclass(frozen=True)
class OptimiserConfig(Parameters):
    """How a controller is optimised for a cost that stays as it is."""

    iterations: int = parameter(18, low=1, high=10000, doc="improvements")
    rollouts: int = parameter(5, low=2, high=10000, doc="new rollouts per improvement")
    dynamics: DynamicsConfig = field(default_factory=DynamicsConfig)
    controller: ControllerUpdateConfig = field(default_factory=ControllerUpdateConfig)


@dataclass(frozen=True)
class OptimiserDiagnostics:
    """Health of one improvement.

    Attributes:
        iteration: Its number, from 1.
        rollouts: Rollouts used so far.
        success_rate: Share of this iteration's rollouts that did the task.
        cost: Mean trajectory cost of this iteration's rollouts.
        kl: KL of the step, nat.
        predicted_improvement: What the previous step promised.
        actual_improvement: What it brought.
        dynamics_error: One-step error of the previous dynamics on the new rollouts, relative.
    """

    iteration: int
    rollouts: int
    success_rate: float
    cost: float
    kl: float
    predicted_improvement: float
    actual_improvement: float
    dynamics_error: float

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        return dict(vars(self))


@final
class ControllerOptimisation(Iterations[OptimiserConfig, OptimiserDiagnostics]):
    """Lowers a cost that stays as it is, one iteration at a time.

    Args:
        cost: What to lower; it is not changed.
        features: Cost inputs of a state where the task is to be done.
        first: Where to begin.
        config: Number of rollouts, dynamics and step sizes.
        seed: All randomness of the rollouts follows from it.
        coordinates: What is known of the state's inner dependence.
    """

    def __init__(
        self,
        cost: StepCost,
        features: AffineFeatures,
        first: LinearGaussianController,
        config: OptimiserConfig,
        seed: int,
        *,
        coordinates: Coordinates | None = None,
    ) -> None:
        super().__init__(config, config.iterations, seed, OptimiserDiagnostics)
        self._cost, self._features, self._first = cost, features, first
        improvement = ControllerImprovement(
            features, config.dynamics, config.controller, coordinates
        )
        self._search = ControllerSearch(
            improvement, first, config.iterations, config.rollouts, seed
        )

    @property
    def policy(self) -> LinearGaussianController:
        """The controller as it is now."""
        return self._search.progress.controller

    @property
    def learned_cost(self) -> Cost | None:
        """The cost; None if it is none that could be stored."""
        return self._cost if isinstance(self._cost, Cost) else None

    def step(self, source: RolloutSource) -> OptimiserDiagnostics:
        """Try the controller out and improve it.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If the step has no finite result.
        """
        trial = self._search.try_out(source, self._cost)
        step = self._search.improve(trial, self._cost)
        tried = trial.rollouts
        inputs = self._features(tried.trajectories.states)
        with torch.no_grad():
            total = self._cost.evaluate(inputs, tried.trajectories.actions).sum(dim=1).mean()
        return self._told(
            OptimiserDiagnostics(
                iteration=self._search.progress.iteration,
                rollouts=trial.tried,
                success_rate=tried.successes / len(tried.outcomes),
                cost=float(total),
                kl=step.update.kl,
                predicted_improvement=trial.judgement.predicted,
                actual_improvement=trial.judgement.actual,
                dynamics_error=trial.dynamics_error,
            )
        )

    def _identity(self) -> Identity:
        cost = () if self.learned_cost is None else self.learned_cost.state_dict().values()
        place = digest(self._features.matrix, self._features.offset)
        return Identity(
            self.config,
            {"seed": self.seed},
            (
                Part("cost", digest(*cost), "another cost"),
                Part("place", place, "another target"),
                Part("first", digest(*self._first.content.values()), "another beginning"),
            ),
        )

    def _own_state(self) -> SavedState:
        return self._search.state()

    def _restore_own(self, state: SavedState) -> None:
        self._search.restore(state)


def optimise_controller(
    cost: StepCost,
    features: AffineFeatures,
    first: LinearGaussianController,
    source: RolloutSource,
    config: OptimiserConfig,
    seed: int,
    after_iteration: Callable[[OptimiserDiagnostics], None] = lambda _: None,
    *,
    coordinates: Coordinates | None = None,
) -> LinearGaussianController:
    """Optimise a controller for a given cost: a saved one elsewhere, or one written by hand.

    Args:
        cost: What to lower; it is not changed.
        features: Cost inputs of a state where the task is to be done.
        first: Where to begin.
        source: Where controllers are tried.
        config: Number of rollouts, dynamics and step sizes.
        seed: All randomness of the rollouts follows from it.
        after_iteration: Called after each iteration; it may raise to stop.
        coordinates: What is known of the state's inner dependence.

    Raises:
        RolloutError: If the source cannot deliver.
        LearningError: If a step has no finite result.
    """
    optimisation = ControllerOptimisation(
        cost, features, first, config, seed, coordinates=coordinates
    )
    while not optimisation.finished:
        after_iteration(optimisation.step(source))
    return optimisation.policy
