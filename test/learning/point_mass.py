# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A planar point mass whose demonstrator is the soft optimum of a known quadratic cost."""

import numpy as np
import torch

from irl_ros.core.features import AffineFeatures
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Outcome, Rollouts, Trajectories
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.lqr import LinearDynamics, solve
from irl_ros.learning.problem import LearningProblem

STEPS = 30
PERIOD = 0.1
ACTION_WEIGHT = 2.0
_EYE, _ZERO = torch.eye(2, dtype=torch.float64), torch.zeros(2, 2, dtype=torch.float64)
MATRIX = torch.cat(
    [
        torch.cat([_EYE, PERIOD * _EYE, 0.5 * PERIOD**2 * _EYE], dim=1),
        torch.cat([_ZERO, _EYE, PERIOD * _EYE], dim=1),
    ]
)


class PointMass:
    """Double integrator with state (position, velocity); a goal is reached within 0.1 m."""

    horizon = STEPS
    control_period = PERIOD
    state_dim = 4
    action_dim = 2

    def __init__(self, goal: torch.Tensor) -> None:
        self.goal = goal

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Run the policy from near the origin."""
        generator = torch.Generator().manual_seed(seed)
        states = torch.empty(count, STEPS, 4, dtype=torch.float64)
        actions = torch.empty(count, STEPS, 2, dtype=torch.float64)
        outcomes = []
        for index in range(count):
            state = 0.02 * torch.randn(4, generator=generator, dtype=torch.float64)
            for step in range(STEPS):
                action = (
                    policy.action_mean(step, state)
                    if deterministic
                    else policy.sample(step, state, generator)
                )
                states[index, step], actions[index, step] = state, action
                state = MATRIX @ torch.cat([state, action])
            miss = float((state[:2] - self.goal).norm())
            outcomes.append(Outcome(miss < 0.1, "", False, 0.0, miss, 0.0, 0.0))
        return Rollouts(Trajectories(states, actions), tuple(outcomes))

    def close(self) -> None:
        """Nothing is held."""


def expert(goal: torch.Tensor) -> LinearGaussianController:
    """Return the soft-optimal controller of c = 20 |p - g|^2 + |v|^2 + 2 |u|^2."""
    weights = torch.tensor([20.0, 20.0, 1.0, 1.0, ACTION_WEIGHT, ACTION_WEIGHT]).double()
    matrix = (2 * torch.diag(weights)).expand(STEPS, 6, 6)
    vector = torch.zeros(STEPS, 6, dtype=torch.float64)
    vector[:, :2] = -2 * 20.0 * goal
    cost = QuadraticCost(matrix, vector, torch.zeros(STEPS, dtype=torch.float64))
    return solve(cost, dynamics()).controller


def dynamics() -> LinearDynamics:
    """Return the exact dynamics of the point mass."""
    return LinearDynamics(
        MATRIX.expand(STEPS - 1, 4, 6),
        torch.zeros(STEPS - 1, 4, dtype=torch.float64),
        1e-9 * torch.eye(4, dtype=torch.float64).expand(STEPS - 1, 4, 4),
        torch.zeros(4, dtype=torch.float64),
        4e-4 * torch.eye(4, dtype=torch.float64),
    )


def features(goal: torch.Tensor) -> AffineFeatures:
    """Return position relative to the goal, and velocity."""
    return AffineFeatures(torch.eye(4, dtype=torch.float64), torch.cat([goal, torch.zeros(2)]))


def point_mass_problem(goal: torch.Tensor, count: int = 16) -> LearningProblem:
    """Return demonstrations at goals on a line through, but not at, the goal to be learned."""
    along = torch.from_numpy(np.linspace(-0.5, 0.5, count))
    goals = torch.stack([goal + torch.stack([offset, 0 * offset]) for offset in along])
    batches = [
        PointMass(each).sample(expert(each), 1, seed).trajectories
        for seed, each in enumerate(goals)
    ]
    demonstrations = Trajectories(
        torch.cat([batch.states for batch in batches]),
        torch.cat([batch.actions for batch in batches]),
    )
    inputs = torch.stack(
        [features(each)(states) for each, states in zip(goals, demonstrations.states, strict=True)]
    )
    scale = torch.ones(4, dtype=torch.float64)
    tracking = torch.cat([-_EYE, -2 * _EYE], dim=1)
    return LearningProblem(
        demonstrations,
        inputs,
        goals,
        features(goal),
        goal,
        scale,
        tracking,
        torch.ones(count).double(),
        positions=slice(0, 2),
    )
