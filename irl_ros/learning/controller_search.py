# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loop that every optimisation of a controller shares: try it out, then improve it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from irl_ros.core.errors import LearningError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts
from irl_ros.learning.controller_improvement import (
    ControllerImprovement,
    StepCost,
    StepJudgement,
)
from irl_ros.learning.controller_update import ControllerUpdate, ControllerUpdateConfig
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.experience import Experience
from irl_ros.learning.problem import Coordinates
from irl_ros.learning.saved_state import SavedState, batch_tensors, batches_from, under

_UPDATE = ("dual", "kl", "kl_limit", "previous_objective", "predicted_objective")


@dataclass(frozen=True)
class SearchProgress:
    """What one iteration leaves for the next.

    Attributes:
        controller: The controller to be tried next.
        iteration: Iterations completed.
        experience: All that has been tried.
        multiplier: Multiplier of the KL limit.
        update: The step that made ``controller``; None before the first.
    """

    controller: LinearGaussianController
    iteration: int = 0
    experience: Experience = field(default_factory=Experience)
    multiplier: float = 1.0
    update: ControllerUpdate | None = None


@dataclass(frozen=True)
class Trial:
    """What came of trying the newest controller.

    Attributes:
        rollouts: The new rollouts.
        experience: All samples, these included.
        dynamics_error: One-step error of the dynamics known before on the new rollouts.
        judgement: What the last step promised and brought, by the cost as it was then.
    """

    rollouts: Rollouts
    experience: Experience
    dynamics_error: float
    judgement: StepJudgement


@dataclass(frozen=True)
class Step:
    """A step of the controller.

    Attributes:
        base: The controller it starts from, counted from 0.
        update: The new controller and what it promises.
    """

    base: int
    update: ControllerUpdate


class ControllerSearch:
    """Tries a controller, and improves it by a cost that may change between the two.

    Args:
        improvement: Dynamics and steps.
        first: The controller to be tried first.
        iterations: Number of iterations that the schedule of step sizes spans.
        rollouts: New rollouts in each.
        seed: All randomness of the rollouts follows from it.
    """

    def __init__(
        self,
        improvement: ControllerImprovement,
        first: LinearGaussianController,
        iterations: int,
        rollouts: int,
        seed: int,
    ) -> None:
        self.improvement = improvement
        self.iterations = iterations
        self.rollouts = rollouts
        self.seed = seed
        self.progress = SearchProgress(first)

    @property
    def finished(self) -> bool:
        """Whether all iterations are done."""
        return self.progress.iteration >= self.iterations

    @property
    def elapsed(self) -> float:
        """Share of the iterations that lie behind, from 0 in the first to 1 in the last."""
        return self.progress.iteration / max(1, self.iterations - 1)

    def try_out(self, source: RolloutSource, cost: StepCost) -> Trial:
        """Sample the newest controller.

        Args:
            source: Where it is tried.
            cost: The cost by which it was made.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If the source's dimensions are others than the controller's.
        """
        now = self.progress
        _check_source(source, now.controller)
        sequence = np.random.SeedSequence([self.seed, now.iteration])
        seed = int(sequence.generate_state(1)[0])
        rollouts = source.sample(now.controller, self.rollouts, seed)
        experience = now.experience.extended(now.controller, rollouts.trajectories)
        return Trial(
            rollouts,
            experience,
            self.improvement.surprise(now.experience, rollouts.trajectories),
            self.improvement.judge(cost, experience, now.update, now.multiplier),
        )

    def improve(self, trial: Trial, cost: StepCost, *, adaptive: bool = True) -> Step:
        """Make the next controller; after the last iteration, deliver one that has been tried.

        Args:
            trial: What came of the newest one.
            cost: What to lower.
            adaptive: Whether to improve at all; if not, the controller is kept.

        Raises:
            LearningError: If there is no solution within the KL limit.
        """
        experience, multiplier = trial.experience, trial.judgement.multiplier
        improvement = self.improvement
        last = self.progress.iteration + 1 == self.iterations
        if last and not improvement.controller.last_step:
            base, make = improvement.choose_delivered(cost, experience), improvement.stay
        else:
            base = improvement.choose_base(cost, experience)
            make = improvement.step if adaptive else improvement.stay
        update = make(cost, experience, base, multiplier, self.elapsed)
        self.progress = SearchProgress(
            update.controller, self.progress.iteration + 1, experience, multiplier, update
        )
        return Step(base, update)

    def state(self) -> SavedState:
        """Return everything needed to go on exactly from here."""
        now = self.progress
        tensors: dict[str, Tensor] = {}
        for index, controller in enumerate((*now.experience.controllers, now.controller)):
            tensors.update(under(f"controller.{index}", controller.content))
        if now.experience.samples is not None:
            tensors.update(under("samples", batch_tensors([now.experience.samples])))
        update = now.update
        facts = {
            "iteration": now.iteration,
            "counts": list(now.experience.counts),
            "multiplier": now.multiplier,
            "update": None
            if update is None
            else {each: getattr(update, each) for each in _UPDATE},
        }
        return SavedState(tensors, facts)

    def restore(self, state: SavedState) -> None:
        """Go on from what `state` returned."""
        facts = state.facts
        controllers = tuple(
            LinearGaussianController(**state.part(f"controller.{index}"))
            for index in range(len(facts["counts"]) + 1)
        )
        samples = batches_from(state.part("samples"))
        experience = Experience(
            samples[0] if samples else None, controllers[:-1], tuple(facts["counts"])
        )
        update = facts["update"]
        self.progress = SearchProgress(
            controllers[-1],
            facts["iteration"],
            experience,
            facts["multiplier"],
            None if update is None else ControllerUpdate(controllers[-1], **update),
        )


def _check_source(source: RolloutSource, controller: LinearGaussianController) -> None:
    theirs = (source.horizon, source.state_dim, source.action_dim)
    ours = (controller.horizon, controller.state_dim, controller.action_dim)
    if theirs != ours:
        raise LearningError(
            f"rollouts have {theirs} steps, state and action dimensions, the controller "
            f"{ours}; they must agree"
        )


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
                rollouts=sum(trial.experience.counts),
                success_rate=tried.successes / len(tried.outcomes),
                cost=float(total),
                kl=step.update.kl,
                predicted_improvement=trial.judgement.predicted,
                actual_improvement=trial.judgement.actual,
                dynamics_error=trial.dynamics_error,
            )
        )
    return search.progress.controller
