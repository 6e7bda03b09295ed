# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The environments pass Gymnasium's own check and do exactly what rollouts do."""

import contextlib

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

from irl_ros.core.action import HORIZON
from irl_ros.core.errors import RolloutError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.learning.env_rollouts import EnvRollouts
from irl_ros.sim.analytic import AnalyticRollouts
from irl_ros.sim.attempt import attempt
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.gym_env import DishEnv, FixedHorizonEnv, PlantEnv
from irl_ros.sim.navigation import PointMass

START = torch.tensor([0.3, -0.2], dtype=torch.float64)


def effort(state: torch.Tensor, action: torch.Tensor) -> float:
    return -float(action.square().sum()) - float(state[:2].square().sum())


def point_mass(limit: float = 5.0) -> PlantEnv:
    return PlantEnv(PointMass(START), effort, limit)


def policy(state_dim: int, action_dim: int, scale: float) -> NeuralPolicy:
    ones, more = torch.ones(state_dim).double(), torch.ones(action_dim).double()
    return NeuralPolicy(
        NeuralPolicyConfig(hidden=(8,), deviation=0.2),
        AffineFeatures(torch.eye(state_dim, dtype=torch.float64), 0 * ones),
        PolicyScales(0 * ones, ones, 0.1 * scale * more, scale * more),
        HORIZON,
        torch.Generator().manual_seed(0),
    )


@pytest.mark.sim
@pytest.mark.filterwarnings("ignore:.*normalized space")  # ours are in rad/s
def test_the_dish_passes_the_check_of_gymnasium() -> None:
    with contextlib.closing(DishEnv(effort)) as env:
        check_env(env, skip_render_check=True, skip_close_check=True)


def test_the_point_mass_passes_the_check_of_gymnasium() -> None:
    check_env(point_mass(1.0), skip_render_check=True)


@pytest.mark.parametrize("limit", [0.1, 5.0])
def test_nothing_ends_early(limit: float) -> None:
    env = point_mass(limit)
    env.reset(seed=0)
    for step in range(HORIZON):
        _, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert np.isfinite(reward)
        assert not terminated
        assert truncated == (step == HORIZON - 1) == ("is_success" in info)


@pytest.mark.sim
def test_the_dish_does_what_a_rollout_does() -> None:
    # The same start posture whatever the seed.
    config = SimulationConfig(posture_spread=0.0)
    with contextlib.closing(DishEnv(effort, config)) as env:
        chosen = policy(32, 7, 0.3)
        observation, _ = env.reset(seed=5)
        states = []
        for step in range(HORIZON):
            states.append(observation)
            action = chosen.action_mean(step, torch.from_numpy(observation)).numpy()
            observation, _, _, _, info = env.step(action)

        seed = np.random.SeedSequence(1)
        done = attempt(env._simulator, chosen, env.slot, seed, deterministic=True)
        np.testing.assert_array_equal(np.stack(states), done.states.numpy())
        assert info["outcome"] == done.outcome


def test_rollouts_in_an_environment_are_those_of_its_plant() -> None:
    chosen = policy(4, 2, 1.0)
    source = EnvRollouts(point_mass(), HORIZON, control_period=0.05)
    first = source.sample(chosen, 3, seed=1)
    assert torch.equal(first.trajectories.states, source.sample(chosen, 3, 1).trajectories.states)
    plant = PointMass(START)
    states, actions = first.trajectories.states, first.trajectories.actions
    torch.testing.assert_close(plant.advance(states[:, 0], actions[:, 0]), states[:, 1])
    same = AnalyticRollouts(plant).sample(chosen, 3, seed=1)
    assert same.trajectories.horizon == first.trajectories.horizon
    spread = (first.trajectories.actions - same.trajectories.actions).abs().mean()
    assert 0 < float(spread) < 1
    source.close()


class Falls(gymnasium.Env[np.ndarray, np.ndarray]):
    """Counts its steps and ends after three."""

    observation_space = gymnasium.spaces.Box(-10, 10, (1,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float64)

    def reset(self, *, seed: int | None = None, options: dict[str, object] | None = None):  # type: ignore[no-untyped-def]
        super().reset(seed=seed)
        self.count = 0
        return np.array([0.0]), {}

    def step(self, action: np.ndarray):  # type: ignore[no-untyped-def]
        self.count += 1
        return np.array([float(self.count)]), 0.0, self.count == 3, False, {"is_success": True}


def test_an_early_end_is_absorbed() -> None:
    source = EnvRollouts(Falls(), HORIZON, absorbs=True)
    rollouts = source.sample(policy(2, 1, 1.0), 2, seed=0)
    expected = torch.tensor([[0.0, 0], [1, 0], [2, 0], [3, 1], [3, 1]]).double()
    assert torch.equal(rollouts.trajectories.states[1, :5], expected)
    assert rollouts.trajectories.horizon == HORIZON
    assert rollouts.successes == 2
    with pytest.raises(RolloutError, match="ended after 3 steps"):
        EnvRollouts(Falls(), HORIZON).sample(policy(1, 1, 1.0), 1, seed=0)


def test_only_vectors_are_taken() -> None:
    class Odd(Falls):
        action_space = gymnasium.spaces.Discrete(3)

    with pytest.raises(RolloutError, match="the action space"):
        EnvRollouts(Odd(), HORIZON)
    assert issubclass(DishEnv, FixedHorizonEnv)
