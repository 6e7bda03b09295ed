# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A neural policy for a saved cost comes near the optimum and resumes exactly."""

from dataclasses import replace as changed
from pathlib import Path

import pytest
import torch
from point_mass import ACTION_WEIGHT, PointMass, expert, features, point_mass_problem

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import replace
from irl_ros.core.policy import Policy
from irl_ros.learning.artifacts import cost_from_bytes, cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.neural_learning import NeuralLearning, NeuralLearningConfig
from irl_ros.learning.neural_search import neural_search
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([0.5, 0.3], dtype=torch.float64)
ELSEWHERE = torch.tensor([-0.4, 0.4], dtype=torch.float64)


def saved_cost(position: float = 20.0) -> Cost:
    """Return the demonstrator's cost 20 |p - g|^2 + |v|^2 + 2 |u|^2, as it comes from a file."""
    scale = torch.tensor([1 / position, 1 / position, 1.0, 1.0]).double().sqrt()
    config = CostConfig(kind="affine", action_weight=ACTION_WEIGHT)
    cost = Cost(config, scale, torch.Generator())
    return cost_from_bytes(cost_to_bytes(cost, {}))[0]


def search(cost: Cost, **changes: object) -> NeuralLearning:
    problem = changed(point_mass_problem(GOAL), features=features(ELSEWHERE), context=ELSEWHERE)
    settings = {
        "warm_start": False,
        "rollouts": 8,
        "cloning.policy.hidden": (16,),
        "proximal.learning_rate": 3e-3,
        **changes,
    }
    return neural_search(problem, cost, replace(NeuralLearningConfig(), settings), 0)


def test_a_policy_is_found_for_a_saved_cost_where_nothing_was_shown() -> None:
    cost, source = saved_cost(), PointMass(ELSEWHERE)
    learning = search(cost, iterations=40, rollouts=16)

    def total(policy: Policy) -> float:
        done = source.sample(policy, 10, seed=9, deterministic=True).trajectories
        inputs = features(ELSEWHERE)(done.states)
        return float(cost.evaluate(inputs, done.actions).sum(dim=1).mean().detach())

    optimum, before = total(expert(ELSEWHERE)), total(learning.policy)
    learning.run(source)
    assert learning.learned_cost is cost
    assert learning.history[-1].fit["sample_cost"] < learning.history[0].fit["sample_cost"]
    assert optimum < total(learning.policy) < optimum + 0.2 * (before - optimum)


def test_a_resumed_search_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path) -> None:
    source, small = PointMass(ELSEWHERE), {"iterations": 3, "proximal.epochs": 2}
    whole, broken, resumed = (search(saved_cost(), **small) for _ in range(3))
    whole.run(source)
    broken.step(source)
    write_state(broken.state(), tmp_path / "checkpoint.safetensors")
    state = read_state(tmp_path / "checkpoint.safetensors")
    resumed.restore(state)
    resumed.run(source)
    assert resumed.history == whole.history
    for name, value in whole.policy.content.items():
        assert torch.equal(value, resumed.policy.content[name]), name
    with pytest.raises(DataError, match="another cost"):
        search(saved_cost(5.0), **small).restore(state)
