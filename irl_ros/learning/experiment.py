# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments in which a written cost makes the demonstrators and judges what is learned."""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_optimisation import OptimiserConfig, optimise_controller
from irl_ros.learning.ground_truth import GroundTruthCost
from irl_ros.learning.problem import LearningProblem, group_scale

_ATTEMPTS = 10  # of a demonstrator


@dataclass(frozen=True)
class Network:
    """Size of the learned cost.

    Attributes:
        hidden: Widths of the hidden layers.
        features: Number of learned features.
    """

    hidden: tuple[int, ...]
    features: int


@dataclass(frozen=True)
class Experiment:
    """A task that can be done in many contexts, with a demonstrator for each of them.

    Attributes:
        name: Its name.
        source: Makes the robot in a context, such as a start or the position of a hole.
        features: Cost inputs in a context.
        ground_truth: The cost by which demonstrators are made, of the same inputs.
        shown: Contexts in which the task is demonstrated.
        demonstrations: Number of demonstrations, at least one in each context.
        tested: Contexts in which it is learned.
        groups: Cost inputs that share a scale.
        miss: Cost inputs whose length is the distance from the target, m.
        tracking: Feedback that pulls the state to a reference, see `LearningProblem`.
        network: Size of the learned cost.
    """

    name: str
    source: Callable[[Tensor], RolloutSource]
    features: Callable[[Tensor], AffineFeatures]
    ground_truth: GroundTruthCost
    shown: Float[Tensor, "C g"]
    demonstrations: int
    tested: Float[Tensor, "D g"]
    groups: tuple[slice, ...]
    miss: slice
    tracking: Float[Tensor, "u x"]
    network: Network

    @property
    def exploration(self) -> float:
        """Deviation of an action that nothing but the cost of actions limits, 1/sqrt(2 w_u)."""
        return 1 / math.sqrt(2 * self.ground_truth.action_weight)


@dataclass(frozen=True)
class Shown:
    """Demonstrations of an experiment.

    Attributes:
        trajectories: States and actions.
        contexts: Context of each.
    """

    trajectories: Trajectories
    contexts: Float[Tensor, "N g"]


def train_demonstrator(
    experiment: Experiment, context: Float[Tensor, " g"], config: OptimiserConfig, seed: int
) -> LinearGaussianController:
    """Optimise a controller for the ground truth, beginning with exploration around the start.

    Args:
        experiment: The task.
        context: Where to do it.
        config: Rollouts and step sizes.
        seed: All randomness follows from it.

    Raises:
        RolloutError: If the robot fails.
        LearningError: If a step has no finite result.
    """
    with contextlib.closing(experiment.source(context)) as source:
        return optimise_controller(
            experiment.ground_truth,
            experiment.features(context),
            _exploring_controller(source, experiment.exploration),
            source,
            replace(config, {"controller.audition": False}),  # demonstrations keep the noise
            seed,
        )


def _exploring_controller(source: RolloutSource, deviation: float) -> LinearGaussianController:
    steps, actions = source.horizon, source.action_dim
    gains = torch.zeros(steps, actions, source.state_dim, dtype=torch.float64)
    variance = deviation**2 * torch.eye(actions, dtype=torch.float64)
    return LinearGaussianController(
        gains, torch.zeros_like(gains[..., 0]), variance.repeat(steps, 1, 1)
    )


def demonstrate(
    experiment: Experiment, context: int, config: OptimiserConfig, seed: int
) -> Trajectories:
    """Train the demonstrator of one context and let it demonstrate, its noise included.

    The contexts take turns, so the first ones are demonstrated once more often than the others.
    Of ten attempts the first successful ones are kept: a person, too, throws failures away.

    Args:
        experiment: The task.
        context: Number of a context of ``experiment.shown``.
        config: How the demonstrator is trained.
        seed: All randomness follows from it.

    Raises:
        RolloutError: If the robot fails.
        LearningError: If a step of the training has no finite result.
    """
    contexts = len(experiment.shown)
    takes = len(range(context, experiment.demonstrations, contexts))
    where = experiment.shown[context]
    demonstrator = train_demonstrator(experiment, where, config, seed)
    with contextlib.closing(experiment.source(where)) as source:
        attempts = source.sample(demonstrator, max(_ATTEMPTS, takes), seed + 1)
    failed = [not outcome.success for outcome in attempts.outcomes]
    kept = sorted(range(len(failed)), key=failed.__getitem__)[:takes]
    return attempts.trajectories[kept]


def experiment_problem(
    experiment: Experiment, shown: Shown, context: Float[Tensor, " g"]
) -> LearningProblem:
    """Return the problem of doing the demonstrated task in a context.

    Args:
        experiment: The task.
        shown: Its demonstrations.
        context: Where to do it; nothing need have been shown there.
    """
    inputs = torch.stack(
        [
            experiment.features(where)(states)
            for where, states in zip(shown.contexts, shown.trajectories.states, strict=True)
        ]
    )
    return LearningProblem(
        demonstrations=shown.trajectories,
        inputs=inputs,
        contexts=shown.contexts,
        features=experiment.features(context),
        context=context,
        input_scale=group_scale(inputs, experiment.groups),
        tracking=experiment.tracking,
        weights=torch.ones(len(inputs), dtype=torch.float64),
        positions=experiment.miss,
    )
