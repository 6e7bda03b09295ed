# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The controller that is sampled first, before anything has been learned."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.demonstration_density import DemonstrationDensity
from irl_ros.learning.problem import LearningProblem


@dataclass(frozen=True)
class FirstSamplerConfig(Parameters):
    """Where sampling begins."""

    kind: str = parameter(
        "auto",
        choices=("auto", "demonstrations", "hold"),
        doc="the demonstrations' density in the new context, standing still, or whichever suits: "
        "the former if what it predicts ends as the demonstrations did",
    )
    largest_miss: float = parameter(
        0.1,
        low=0.0,
        high=1e6,
        doc="how far off it may end, root mean square in scales of the cost inputs",
    )
    deviation: float = parameter(
        0.1, low=1e-6, high=1e3, doc="smallest standard deviation of an action, in its unit"
    )
    stiffness: float = parameter(
        4.0,
        unit="1/s",
        low=0.0,
        high=100.0,
        doc="rate at which the state is pulled back to the demonstrations' mean",
    )
    hold_deviation: float = parameter(
        0.3, low=1e-6, high=1e3, doc="standard deviation of an action around standing still"
    )
    hold_stiffness: float = parameter(
        0.5,
        unit="1/s",
        low=0.0,
        high=100.0,
        doc="rate at which standing still is pulled back to the demonstrations' mean start",
    )


def first_sampler(
    problem: LearningProblem, density: DemonstrationDensity, config: FirstSamplerConfig
) -> LinearGaussianController:
    """Return the controller that is sampled first, q_1.

    Feedback keeps samples near the demonstrated motion, as in the authors' own initialisation
    from demonstrations; standing still is explored from freely.

    Where all demonstrated targets are turned alike, the density cannot know how to turn the tool
    for another: a plate then comes down across the tines, and local steps do not lead out. Its
    prediction ends elsewhere than demonstrations did, which tells.
    """
    demonstrated = density.controller(problem.context)
    mean = density.mean_trajectory(problem.context).states[0]
    misses = config.kind == "auto" and _miss(problem, density) > config.largest_miss
    if config.kind == "hold" or misses:
        return standing_still(mean[0], problem.tracking, demonstrated.horizon, config)
    feedback = config.stiffness * problem.tracking
    values, vectors = torch.linalg.eigh(demonstrated.covariances)
    wide = vectors @ torch.diag_embed(values.clamp(min=config.deviation**2)) @ vectors.mT
    return LinearGaussianController(
        demonstrated.gains + feedback, demonstrated.offsets - mean @ feedback.T, wide
    )


def _miss(problem: LearningProblem, density: DemonstrationDensity) -> float:
    """Return how far from where demonstrations ended the prediction for the context ends.

    The root mean square over the positions among the cost inputs, in their scales.
    """
    end = density.mean_trajectory(problem.context).states[:, -1:]
    gap = problem.features(end)[0, 0] - problem.inputs[:, -1].mean(dim=0)
    return float((gap / problem.input_scale)[problem.positions].square().mean().sqrt())


def standing_still(
    start: Float[Tensor, " x"],
    tracking: Float[Tensor, "u x"],
    horizon: int,
    config: FirstSamplerConfig,
) -> LinearGaussianController:
    """Return the controller that explores around where it starts; it takes no demonstration.

    Args:
        start: Where it starts.
        tracking: Feedback at unit rate, see `LearningProblem`.
        horizon: Number of steps T.
        config: Noise and feedback.
    """
    feedback = config.hold_stiffness * tracking
    eye = torch.eye(len(tracking), dtype=torch.float64)
    return LinearGaussianController(
        feedback.repeat(horizon, 1, 1),
        -(feedback @ start).repeat(horizon, 1),
        config.hold_deviation**2 * eye.repeat(horizon, 1, 1),
    )
