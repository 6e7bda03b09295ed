# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Discriminators and their rewards against known optima."""

import math

import pytest
import torch

from irl_ros.core.features import AffineFeatures
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adversarial.airl import (
    AirlReward,
    ShapedReward,
    ShapedRewardConfig,
)
from irl_ros.learning.adversarial.discriminator import DiscriminatorConfig
from irl_ros.learning.adversarial.gail import GailReward
from irl_ros.learning.neural_learning import log_densities
from irl_ros.learning.problem import LearningProblem

GOAL = torch.tensor([0.5, 0.3], dtype=torch.float64)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def problem_of(trajectories: Trajectories) -> LearningProblem:
    """Return a problem whose cost inputs are the states."""
    count, state_dim = len(trajectories), trajectories.state_dim
    zero = torch.zeros(state_dim, dtype=torch.float64)
    return LearningProblem(
        trajectories,
        trajectories.states,
        torch.zeros(count, 1, dtype=torch.float64),
        AffineFeatures(torch.eye(state_dim, dtype=torch.float64), zero),
        torch.zeros(1, dtype=torch.float64),
        torch.ones(state_dim, dtype=torch.float64),
        -torch.eye(trajectories.action_dim, state_dim, dtype=torch.float64),
        torch.ones(count, dtype=torch.float64),
    )


def linear_policy(gain: float, deviation: float, horizon: int) -> NeuralPolicy:
    """Return u ~ N(gain x, deviation^2) of one state and one action."""
    one = torch.ones(1, dtype=torch.float64)
    policy = NeuralPolicy(
        NeuralPolicyConfig(hidden=(), deviation=deviation),
        AffineFeatures(one.unsqueeze(0), 0 * one),
        PolicyScales(0 * one, one, 0 * one, one),
        horizon,
        torch.Generator(),
    )
    with torch.no_grad():
        policy.layers[0].weight.copy_(torch.tensor([[gain, 0.0]]))
    return policy


def test_the_logit_of_gail_is_the_log_ratio_of_the_densities() -> None:
    # States alike, actions N(0.5, 1) shown and N(-0.5, 1) tried: the log ratio is u.
    states = normal(2, 200, 50, 1, seed=0)
    actions = normal(2, 200, 50, 1, seed=1)
    shown = Trajectories(states[0], actions[0] + 0.5)
    tried = Trajectories(states[1], actions[1] - 0.5)
    config = DiscriminatorConfig(hidden=(8,), steps=500, batch=512, learning_rate=5e-3)
    learner = GailReward(problem_of(shown), config, torch.Generator().manual_seed(0))
    learner.fit(tried, linear_policy(0.0, 1.0, 50))
    grid = torch.linspace(-1.0, 1.0, 13, dtype=torch.float64).reshape(1, -1, 1)
    rewards = learner.rewards(Trajectories(0 * grid, grid))
    expected = torch.nn.functional.softplus(grid[..., 0])  # -log D with D = sigmoid(-u)
    torch.testing.assert_close(rewards, expected, rtol=0, atol=0.15)


def regulator(q: float, discount: float, horizon: int, count: int) -> tuple[NeuralPolicy, list]:
    """Return the soft optimum of r = -q x^2, x' = x + u, and rollouts of it.

    V = -q x^2 + constant solves the soft Bellman equation: the action moves the state to x' = 0
    but for noise, pi(u | x) = exp(gamma V(x')) / constant = N(-x, 1 / (2 gamma q)).
    """
    policy = linear_policy(-1.0, 1 / math.sqrt(2 * discount * q), horizon)
    generator = torch.Generator().manual_seed(0)
    batches = []
    for _ in range(2):
        state = torch.randn(count, 1, generator=generator, dtype=torch.float64)
        states, actions = [], []
        for _ in range(horizon):
            noise = torch.randn(count, 1, generator=generator, dtype=torch.float64)
            action = -state + noise / math.sqrt(2 * discount * q)
            states.append(state)
            actions.append(action)
            state = state + action
        batches.append(Trajectories(torch.stack(states, 1), torch.stack(actions, 1)))
    return policy, batches


def test_airl_recovers_a_reward_and_its_f_is_the_advantage() -> None:
    q, discount = 1.5, 0.9
    policy, (shown, tried) = regulator(q, discount, 20, 300)
    config = DiscriminatorConfig(hidden=(16,), steps=1200, batch=512, learning_rate=1e-2)
    learner = AirlReward(
        problem_of(shown),
        ShapedRewardConfig(form="network", discount=discount),
        config,
        torch.Generator().manual_seed(0),
    )
    learner.fit(tried, policy)
    # The policy is the demonstrator's: the logit f - log pi is 0, so f is the soft advantage.
    advantage = log_densities(policy, tried)[:, 1:-1]
    f = learner.rewards(tried)[:, 1:-1]
    assert float((f - advantage).square().mean().sqrt()) < 0.2 * float(advantage.std())
    # g sees states alone, so it is the reward but for a constant, without the value's share.
    grid = torch.linspace(-1.0, 1.0, 21, dtype=torch.float64)
    flat = grid.reshape(1, -1, 1)
    g = learner.bare(Trajectories(flat, 0 * flat))[0]
    truth = -q * grid.square()
    assert float(((g - g.mean()) - (truth - truth.mean())).abs().max()) < 0.3
    assert float(torch.corrcoef(torch.stack([g, truth]))[0, 1]) > 0.97


def test_shaping_telescopes_to_its_first_value() -> None:
    shown = Trajectories(normal(3, 12, 2, seed=0), normal(3, 12, 1, seed=1))
    learner = AirlReward(
        problem_of(shown), ShapedRewardConfig(), DiscriminatorConfig(), torch.Generator()
    )
    first = learner.network.value(shown.states[:, 0], torch.zeros(3).double())
    total = (learner.rewards(shown) - learner.bare(shown)).sum(1)
    torch.testing.assert_close(total, -first.detach())


@pytest.mark.parametrize("state_only", [True, False])
def test_a_state_only_reward_ignores_actions(state_only: bool) -> None:
    config = ShapedRewardConfig(form="network", state_only=state_only)
    one = torch.ones(2, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    reward = ShapedReward(one, one[:1], 10, config, (8,), generator)
    states, actions = normal(5, 2, seed=0), normal(2, 5, 1, seed=1)
    first, second = (reward.bare(states, each).detach() for each in actions)
    assert torch.equal(first, second) == state_only
