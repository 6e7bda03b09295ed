# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The families of problems are what their papers describe."""

import torch

from irl_ros.learning.tabular.worlds.gridworld import gridworld, macrocells
from irl_ros.learning.tabular.worlds.objectworld import objectworld
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_objectworld_rewards_both_outer_colours_together() -> None:
    world = objectworld(generator())
    assert world.mdp.states == 32 * 32
    assert world.mdp.actions == 5
    first, second = world.features[:, 0], world.features[:, 1]
    assert bool((world.reward[(first <= 3) & (second <= 2)] == 1).all())
    assert bool((world.reward[(first <= 3) & (second > 2)] == -1).all())
    assert bool((world.reward[first > 3] == 0).all())
    assert {-1.0, 0.0, 1.0} == set(world.reward.tolist())
    # Distances change by at most one cell with each move.
    steps = (world.features[world.mdp.successors] - world.features[:, None, None]).abs()
    assert float(steps.max()) <= 1 + 1e-12


def test_objectworlds_are_drawn_from_the_generator_alone() -> None:
    one, again, other = (objectworld(generator(seed), size=8, objects=5) for seed in (1, 1, 2))
    assert bool((one.features == again.features).all())
    assert not bool((one.features == other.features).all())


def test_macrocells_divide_the_grid_evenly_and_share_one_unit_of_reward() -> None:
    world = macrocells(128, 64, generator())
    assert world.mdp.states == 128 * 128
    assert world.mdp.actions == 4
    assert bool((world.features.sum(dim=0) == 16 * 16).all())
    corner = world.features.argmax(dim=1).reshape(128, 128)
    assert bool((corner[:16, :16] == 0).all())
    assert bool((corner[112:, 112:] == 63).all())
    weights = world.features.T @ world.reward / 256
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0, dtype=torch.float64))
    assert 0 < int((weights > 0).sum()) < 20
    # An action does what it says with 70 % and a quarter of the rest.
    inside = world.mdp.probabilities[64 * 128 + 64]
    torch.testing.assert_close(inside.diagonal(), torch.full((4,), 0.775, dtype=torch.float64))


def test_a_world_without_any_lucky_region_still_has_a_reward() -> None:
    worlds = [macrocells(4, 4, generator(seed)) for seed in range(12)]
    assert all(float(world.reward.max()) > 0 for world in worlds)


def test_random_processes_have_the_published_size() -> None:
    world = random_mdp(generator())
    assert (world.mdp.states, world.mdp.actions) == (16, 4)
    assert world.reward.nonzero().flatten().tolist() == [0]
    assert world.mdp.initial.nonzero().flatten().tolist() == [1]


def test_the_gridworld_starts_away_from_its_goal() -> None:
    world = gridworld(5, None, discount=0.9, failure=0.3)
    assert world.mdp.initial.nonzero().flatten().tolist() == [0]
    assert world.reward.reshape(5, 5)[4, 4] == 1
    assert world.reward.reshape(5, 5)[2, 2] == -1
