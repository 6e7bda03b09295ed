# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The 2-D navigation of the paper: a point mass finds its way between obstacles to a goal."""

import itertools
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.experiment import Experiment, Network
from irl_ros.learning.ground_truth import GroundTruthCost, Obstacle
from irl_ros.sim.analytic import AnalyticRollouts

_GROUND_TRUTH = GroundTruthCost(
    position=slice(0, 2),
    square_weight=10.0,
    log_weight=0.5,
    log_offset=1e-3,
    action_weight=1.0,
    obstacles=(
        Obstacle((-0.40, 0.15), 0.15, 20.0),
        Obstacle((0.15, -0.45), 0.15, 20.0),
        Obstacle((0.35, 0.40), 0.15, 20.0),
    ),
)
_FIELD = 1.0  # m, half the side of the square in which attempts start
_CLEAR = 0.5  # m, shortest distance of a start from the goal
_SPREAD = 0.01  # m and m/s, deviation of every start
_EYE = torch.eye(2, dtype=torch.float64)


@final
class PointMass:
    """A double integrator with state (position, velocity) and action acceleration, m/s^2.

    The acceleration is held for one period, so the motion is exact. The goal is the origin.
    """

    state_dim = 4
    action_dim = 2
    tolerance = 0.1

    def __init__(self, start: Float[Tensor, " 2"]) -> None:
        self._start = torch.cat([start, torch.zeros_like(start)])
        h = CONTROL_PERIOD
        self._matrix = torch.cat(
            [
                torch.cat([_EYE, h * _EYE, 0.5 * h**2 * _EYE], dim=1),
                torch.cat([0 * _EYE, _EYE, h * _EYE], dim=1),
            ]
        )

    def start(self, noise: Float[Tensor, "M 4"]) -> Float[Tensor, "M 4"]:
        """Return states near the start, almost at rest."""
        return self._start + _SPREAD * noise

    def advance(
        self, states: Float[Tensor, "M 4"], actions: Float[Tensor, "M 2"]
    ) -> Float[Tensor, "M 4"]:
        """Return the states one control period later."""
        return torch.cat([states, actions], dim=1) @ self._matrix.T

    def distance(self, states: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch"]:
        """Return the distance from the goal, m."""
        missed: Tensor = torch.linalg.vector_norm(states[..., :2], dim=-1)
        return missed


def _starts(count: int, seed: int) -> Float[Tensor, "count 2"]:
    """Draw starts evenly over the field, away from the goal and from the obstacles."""
    generator = np.random.default_rng(seed)
    centres = np.array([(0.0, 0.0), *(hill.centre for hill in _GROUND_TRUTH.obstacles)])
    distances = np.array([_CLEAR, *(2 * hill.radius for hill in _GROUND_TRUTH.obstacles)])
    drawn = (generator.uniform(-_FIELD, _FIELD, 2) for _ in itertools.count())
    free = (p for p in drawn if (np.linalg.norm(centres - p, axis=1) > distances).all())
    return torch.from_numpy(np.stack(list(itertools.islice(free, count))))


def navigation() -> Experiment:
    """Return the navigation: 40 demonstrations from 32 starts, four more starts to be learned.

    The cost sees the whole state. Finn, Levine and Abbeel (2016), section 6.1 and appendix D; they
    do not print the obstacles, so these are ours.
    """
    return Experiment(
        name="navigation",
        source=lambda context: AnalyticRollouts(PointMass(context)),
        features=lambda _: AffineFeatures(
            torch.eye(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
        ),
        ground_truth=_GROUND_TRUTH,
        shown=_starts(32, seed=1),
        demonstrations=40,
        tested=_starts(4, seed=2),
        groups=(slice(0, 2), slice(2, 4)),
        miss=slice(0, 2),
        tracking=torch.cat([-_EYE, -2 * _EYE], dim=1),
        network=Network(hidden=(40, 40), features=20),
    )
