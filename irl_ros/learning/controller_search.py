# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loop that every optimisation of a controller shares: try it out, then improve it."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from irl_ros.core.errors import LearningError
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts, concatenate
from irl_ros.learning.controller_improvement import (
    ControllerImprovement,
    StepCost,
    StepJudgement,
)
from irl_ros.learning.controller_update import ControllerUpdate
from irl_ros.learning.experience import Experience
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
        auditioned: Controller of each rollout, counted from 0, where several were tried without
            their noise; such rollouts are not among the samples.
    """

    rollouts: Rollouts
    experience: Experience
    dynamics_error: float
    judgement: StepJudgement
    auditioned: tuple[int, ...] = ()

    @property
    def tried(self) -> int:
        """Rollouts so far, these included."""
        return sum(self.experience.counts) + len(self.auditioned)


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
        audition: Let the configuration decide whether the last iteration is an audition; if not,
            it is none.
    """

    def __init__(
        self,
        improvement: ControllerImprovement,
        first: LinearGaussianController,
        iterations: int,
        rollouts: int,
        seed: int,
        *,
        audition: bool = True,
    ) -> None:
        self.improvement = improvement
        self.iterations = iterations
        self.rollouts = rollouts
        self.seed = seed
        steps = improvement.controller
        self.audition = (
            audition and steps.audition and steps.base == "best" and not steps.last_step
        )
        self.progress = SearchProgress(first)

    @property
    def finished(self) -> bool:
        """Whether all iterations are done."""
        return self.progress.iteration >= self.iterations

    @property
    def elapsed(self) -> float:
        """Share of the iterations that lie behind, from 0 in the first to 1 in the last."""
        return self.progress.iteration / max(1, self.iterations - 1)

    @property
    def _last(self) -> bool:
        return self.progress.iteration + 1 == self.iterations

    def try_out(self, source: RolloutSource, cost: StepCost) -> Trial:
        """Sample the newest controller, or in the last iteration hold an audition.

        Args:
            source: Where it is tried.
            cost: The cost by which it was made.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If the source's dimensions are others than the controller's.
        """
        now = self.progress
        _check_source(source, now.controller)
        if self.audition and self._last and now.iteration:
            return self._hold_audition(source, cost)
        rollouts = source.sample(now.controller, self.rollouts, self._rollout_seed())
        experience = now.experience.extended(now.controller, rollouts.trajectories)
        return Trial(
            rollouts,
            experience,
            self.improvement.surprise(now.experience, rollouts.trajectories),
            self.improvement.judge(cost, experience, now.update, now.multiplier),
        )

    def _hold_audition(self, source: RolloutSource, cost: StepCost) -> Trial:
        """Try the newest controller and the best ones so far, each as it would be delivered.

        Noise hides what the mean action does: it shakes loose an arm that would be stuck without
        it, and spreads a knock that would always be the same.
        """
        now = self.progress
        candidates = [len(now.experience.counts)]
        candidates += self.improvement.ranking(cost, now.experience)[: self.rollouts - 1]
        auditioned = tuple(candidates[k % len(candidates)] for k in range(self.rollouts))
        each = [
            source.sample(self._controller(index), 1, self._rollout_seed(k), deterministic=True)
            for k, index in enumerate(auditioned)
        ]
        rollouts = Rollouts(
            concatenate([one.trajectories for one in each]),
            tuple(outcome for one in each for outcome in one.outcomes),
        )
        return Trial(
            rollouts,
            now.experience,
            self.improvement.surprise(now.experience, rollouts.trajectories),
            StepJudgement(now.multiplier),
            auditioned,
        )

    def _controller(self, index: int) -> LinearGaussianController:
        """Return a controller that has been sampled, or after all of these the newest."""
        return (*self.progress.experience.controllers, self.progress.controller)[index]

    def _rollout_seed(self, *more: int) -> int:
        sequence = np.random.SeedSequence([self.seed, self.progress.iteration, *more])
        return int(sequence.generate_state(1)[0])

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
        if trial.auditioned:
            base = self._cheapest(trial, cost)
            update = self._delivered(base)
        elif self._last and not improvement.controller.last_step:
            base = improvement.choose_delivered(cost, experience)
            update = improvement.stay(cost, experience, base, multiplier, self.elapsed)
        else:
            base = improvement.choose_base(cost, experience)
            make = improvement.step if adaptive else improvement.stay
            update = make(cost, experience, base, multiplier, self.elapsed)
        self.progress = SearchProgress(
            update.controller, self.progress.iteration + 1, experience, multiplier, update
        )
        return Step(base, update)

    @torch.no_grad()
    def _cheapest(self, trial: Trial, cost: StepCost) -> int:
        """Return the controller whose mean actions cost least; the newest if all do the same."""
        motions = trial.rollouts.trajectories
        inputs = self.improvement.features(motions.states)
        each = cost.evaluate(inputs, motions.actions).sum(dim=1)
        owners = torch.tensor(trial.auditioned)
        return min(
            dict.fromkeys(trial.auditioned), key=lambda index: float(each[owners == index].mean())
        )

    def _delivered(self, index: int) -> ControllerUpdate:
        """Return the step to a controller that is known, which promises nothing new."""
        kept = self.progress.update
        limit = self.improvement.kl_limit(self.progress.multiplier, self.elapsed)
        value = math.nan if kept is None else kept.predicted_objective
        return ControllerUpdate(self._controller(index), math.inf, 0.0, limit, value, value)

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
