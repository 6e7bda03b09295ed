# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learners of stable-baselines3 take our environments as they are."""

import contextlib

import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env

from irl_ros.core.action import HORIZON
from irl_ros.sim.gym_env import DishEnv

pytestmark = [
    pytest.mark.sim,
    # Our actions are in rad/s and in double precision.
    pytest.mark.filterwarnings("ignore:We recommend you to use a symmetric"),
    pytest.mark.filterwarnings("ignore:Your action space has dtype float64"),
]


def effort(state: torch.Tensor, action: torch.Tensor) -> float:
    return -float(action.square().sum())


def test_the_dish_passes_the_check_of_the_library() -> None:
    with contextlib.closing(DishEnv(effort)) as env:
        check_env(env)


def test_the_library_learns_in_the_dish_by_its_own_loop() -> None:
    """Two attempts from its own vectorised environments, whose ends it has noticed."""
    with contextlib.closing(DishEnv(effort)) as env:
        model = PPO("MlpPolicy", env, n_steps=HORIZON, batch_size=HORIZON, n_epochs=1, seed=0)
        before = [each.detach().clone() for each in model.policy.parameters()]
        model.learn(2 * HORIZON)
        assert model.num_timesteps == 2 * HORIZON
        after = list(model.policy.parameters())
        assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
        attempts = list(model.ep_info_buffer or ())
        assert [each["l"] for each in attempts] == [HORIZON, HORIZON]
        assert all(each["r"] < 0 for each in attempts)
        assert len(model.ep_success_buffer or ()) == 2
