# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The policy-gradient step on a problem whose best policy is known, and its densities."""

import numpy as np
import torch

from irl_ros.core.features import AffineFeatures
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.core.parameters import replace
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.neural_learning import log_densities
from irl_ros.learning.proximal import ProximalConfig, ProximalOptimiser

HORIZON = 5
SCALE = torch.tensor([0.5, 2.0], dtype=torch.float64)


def first_policy() -> NeuralPolicy:
    zero = torch.zeros(2, dtype=torch.float64)
    return NeuralPolicy(
        NeuralPolicyConfig(hidden=(8,), deviation=1.0),
        AffineFeatures(torch.eye(2, dtype=torch.float64), zero),
        PolicyScales(zero, zero + 1, zero, SCALE),
        HORIZON,
        torch.Generator().manual_seed(0),
    )


def rollouts(policy: NeuralPolicy, count: int, generator: torch.Generator) -> Trajectories:
    states = torch.randn(count, HORIZON, 2, generator=generator, dtype=torch.float64)
    actions = torch.stack(
        [
            torch.stack([policy.sample(t, states[m, t], generator) for t in range(HORIZON)])
            for m in range(count)
        ]
    )
    return Trajectories(states, actions)


def optimiser(**changes: object) -> ProximalOptimiser:
    config = replace(ProximalConfig(), {"learning_rate": 3e-3, "kl_limit": 0.05, **changes})
    return ProximalOptimiser(first_policy(), config, torch.Generator().manual_seed(1))


def test_the_policy_goes_through_the_library_unchanged() -> None:
    back = optimiser().policy
    for name, value in first_policy().state_dict().items():
        torch.testing.assert_close(back.state_dict()[name], value, rtol=0, atol=1e-6)


def test_densities_of_the_library_are_ours() -> None:
    search, generator = optimiser(), torch.Generator().manual_seed(2)
    policy = search.policy
    tried = rollouts(policy, 6, generator)
    buffer = search._filled(tried, torch.zeros(6, HORIZON, dtype=torch.float64))
    ours = log_densities(policy, tried).T.numpy()
    np.testing.assert_allclose(buffer.log_probs, ours, atol=1e-4)


def test_advantages_are_returns_when_the_critic_is_silent() -> None:
    search, generator = optimiser(trace=1.0), torch.Generator().manual_seed(2)
    for parameter in search._model.policy.value_net.parameters():
        torch.nn.init.zeros_(parameter)
    tried = rollouts(search.policy, 4, generator)
    rewards = torch.randn(4, HORIZON, generator=generator, dtype=torch.float64)
    buffer = search._filled(tried, rewards)
    to_go = rewards.flip(1).cumsum(1).flip(1)
    np.testing.assert_allclose(buffer.advantages, to_go.T.numpy(), atol=1e-5)


def test_the_maximum_entropy_optimum_is_found() -> None:
    # r = -1/2 (u - u*)^T P (u - u*) with the entropy: pi = N(u*, P^-1), whatever the state.
    best = torch.tensor([0.3, -1.0], dtype=torch.float64)
    deviation = torch.tensor([0.25, 1.5], dtype=torch.float64)
    search, generator = optimiser(learning_rate=6e-3), torch.Generator().manual_seed(3)
    for _ in range(40):
        policy = search.policy
        tried = rollouts(policy, 30, generator)
        rewards = -0.5 * ((tried.actions - best) / deviation).square().sum(-1)
        search.improve(tried, rewards - log_densities(policy, tried))
    policy = search.policy
    mean = policy.action_mean(2, torch.zeros(2, dtype=torch.float64))
    torch.testing.assert_close(mean / SCALE, best / SCALE, rtol=0, atol=0.25)
    found = policy.action_scale * policy.log_deviation.detach().exp()
    torch.testing.assert_close(found, deviation, rtol=0.25, atol=0)


def test_neither_level_nor_size_of_the_reward_matters() -> None:
    generator = torch.Generator().manual_seed(2)
    tried = rollouts(first_policy(), 8, generator)
    rewards = torch.randn(8, HORIZON, generator=generator, dtype=torch.float64)
    first, second = optimiser(), optimiser()
    first.improve(tried, rewards)
    second.improve(tried, 1e3 * rewards + 1e5)
    for name, value in first.policy.state_dict().items():
        torch.testing.assert_close(second.policy.state_dict()[name], value, rtol=0, atol=1e-5)
