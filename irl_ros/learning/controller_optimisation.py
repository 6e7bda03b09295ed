# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Optimising a controller for a cost that stays as it is: a saved one, or one written by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.controller_improvement import ControllerImprovement, StepCost
from irl_ros.learning.controller_search import ControllerSearch
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.problem import Coordinates


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
    improvement = ControllerImprovement(features, config.dynamics, config.controller, coordinates)
    search = ControllerSearch(improvement, first, config.iterations, config.rollouts, seed)
    while not search.finished:
        trial = search.try_out(source, cost)
        step = search.improve(trial, cost)
        tried = trial.rollouts
        inputs = features(tried.trajectories.states)
        with torch.no_grad():
            total = cost.evaluate(inputs, tried.trajectories.actions).sum(dim=1).mean()
        after_iteration(
            OptimiserDiagnostics(
                iteration=search.progress.iteration,
                rollouts=trial.tried,
                success_rate=tried.successes / len(tried.outcomes),
                cost=float(total),
                kl=step.update.kl,
                predicted_improvement=trial.judgement.predicted,
                actual_improvement=trial.judgement.actual,
                dynamics_error=trial.dynamics_error,
            )
        )
    return search.progress.controller
