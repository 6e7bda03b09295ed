# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motions without a purpose, from which the dynamics can be told."""

import math

import numpy as np
import torch

from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Trajectories, concatenate


def wander(
    source: RolloutSource, count: int, deviation: float, seed: int, smoothness: float = 0.9
) -> Trajectories:
    """Roll out smooth random actions u_t = s u_(t-1) + sqrt(1 - s^2) n_t, n_t ~ N(0, deviation^2).

    White noise would not do: the guard between policy and arm smooths it, and the fitted model
    would take the guard's effect for the arm's. For the same reason the arm should not wander far
    enough to meet its limits or the scenery.

    Args:
        source: What moves.
        count: Number of rollouts, each with actions of its own.
        deviation: Standard deviation of each component of an action, in the action's unit.
        seed: All randomness follows from it.
        smoothness: s, correlation of neighbouring actions.

    Raises:
        RolloutError: If the source cannot deliver.
    """
    generator = torch.Generator().manual_seed(seed)
    steps, size = source.horizon, source.action_dim
    # What is commanded is what is recorded: the controller's own noise is next to nothing.
    noise = 1e-10 * deviation**2 * torch.eye(size, dtype=torch.float64).repeat(steps, 1, 1)
    gains = torch.zeros(steps, size, source.state_dim, dtype=torch.float64)
    seeds = np.random.SeedSequence(seed).generate_state(count)
    batches = []
    for rollout_seed in seeds:
        white = deviation * torch.randn(steps, size, generator=generator, dtype=torch.float64)
        actions = white.clone()
        for step in range(1, steps):
            actions[step] = smoothness * actions[step - 1]
            actions[step] += math.sqrt(1 - smoothness**2) * white[step]
        controller = LinearGaussianController(gains, actions, noise)
        batches.append(source.sample(controller, 1, int(rollout_seed)).trajectories)
    return concatenate(batches)
