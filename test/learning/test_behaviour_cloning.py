# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning against a linear-Gaussian expert, early stopping and exact resumption."""

from pathlib import Path

import pytest
import torch
from point_mass import MATRIX, PointMass, point_mass_problem

from irl_ros.core.errors import DataError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import replace
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.behaviour_cloning import (
    BehaviourCloning,
    BehaviourCloningConfig,
    clone_behaviour,
)
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([0.5, 0.3], dtype=torch.float64)
GAINS = torch.tensor([[-2.0, 0.3, -1.0, 0.0], [0.0, -1.5, 0.2, -0.8]], dtype=torch.float64)
OFFSET = torch.tensor([0.4, -0.2], dtype=torch.float64)
DEVIATION = torch.tensor([0.2, 0.1], dtype=torch.float64)


def linear_problem(count: int = 60, steps: int = 20) -> LearningProblem:
    """Return demonstrations of u = K x + k + noise on the double integrator."""
    generator = torch.Generator().manual_seed(0)
    states = torch.empty(count, steps, 4, dtype=torch.float64)
    actions = torch.empty(count, steps, 2, dtype=torch.float64)
    state = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    for step in range(steps):
        noise = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        action = state @ GAINS.T + OFFSET + DEVIATION * noise
        states[:, step], actions[:, step] = state, action
        state = torch.cat([state, action], dim=1) @ MATRIX.T
    eye, zero = torch.eye(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    return LearningProblem(
        Trajectories(states, actions),
        states,
        torch.zeros(count, 2, dtype=torch.float64),
        AffineFeatures(eye, zero),
        torch.zeros(2, dtype=torch.float64),
        torch.ones(4, dtype=torch.float64),
        -torch.eye(2, 4, dtype=torch.float64),
        torch.ones(count, dtype=torch.float64),
    )


def config(**changes: object) -> BehaviourCloningConfig:
    return replace(BehaviourCloningConfig(), changes)


@pytest.mark.parametrize("sees", ["features", "state", "both"])
def test_a_linear_gaussian_expert_is_recovered(sees: str) -> None:
    settings = {
        "sees": sees,
        "policy.hidden": (),
        "input_noise": 0.0,
        "iterations": 30,
        "learning_rate": 0.01,
        "batch": 500,
    }
    policy = clone_behaviour(linear_problem(), config(**settings), seed=1)
    rows = torch.eye(4, dtype=torch.float64)
    origin = policy.action_mean(0, torch.zeros(4, dtype=torch.float64))
    gains = torch.stack([policy.action_mean(0, row) - origin for row in rows], dim=1)
    torch.testing.assert_close(gains, GAINS, rtol=0, atol=0.06)
    torch.testing.assert_close(origin, OFFSET, rtol=0, atol=0.06)
    deviation = policy.action_scale * policy.log_deviation.detach().exp()
    torch.testing.assert_close(deviation, DEVIATION, rtol=0.1, atol=0)


def test_the_policy_with_the_best_validation_is_kept() -> None:
    problem = point_mass_problem(GOAL)
    learner = BehaviourCloning(problem, config(patience=3, iterations=40, steps=20), seed=0)
    while not learner.finished:
        learner.step()
    validation = [entry.validation_nll for entry in learner.history]
    best = min(range(len(validation)), key=validation.__getitem__)
    assert learner.history[-1].best_iteration == best + 1
    assert len(validation) in {best + 4, 40}
    held_out = learner._held_out
    assert held_out is not None
    observations, actions, _ = held_out
    log_q = learner.policy.step_log_prob(observations, actions)
    assert -float(log_q.detach().mean()) == pytest.approx(validation[best])


def test_a_clone_reaches_a_goal_that_was_not_shown() -> None:
    problem = point_mass_problem(GOAL)
    policy = clone_behaviour(problem, config(iterations=40, learning_rate=5e-3), seed=0)
    rollouts = PointMass(GOAL).sample(policy, 10, seed=3, deterministic=True)
    assert rollouts.successes == 10


def test_without_validation_all_iterations_are_done() -> None:
    learner = BehaviourCloning(
        point_mass_problem(GOAL), config(validation_share=0.0, iterations=4, steps=5), seed=0
    )
    while not learner.finished:
        learner.step()
    assert [entry.best_iteration for entry in learner.history] == [1, 2, 3, 4]


def test_a_resumed_clone_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path) -> None:
    problem, settings = point_mass_problem(GOAL), config(iterations=6, steps=10)
    whole = BehaviourCloning(problem, settings, seed=0)
    broken = BehaviourCloning(problem, settings, seed=0)
    for _ in range(3):
        whole.step()
        broken.step()
    write_state(broken.state(), tmp_path / "state.safetensors")
    resumed = BehaviourCloning(problem, settings, seed=0)
    resumed.restore(read_state(tmp_path / "state.safetensors"))
    for _ in range(3):
        whole.step()
        resumed.step()
    assert whole.history == resumed.history
    for name, value in whole.policy.state_dict().items():
        assert torch.equal(value, resumed.policy.state_dict()[name])
    with pytest.raises(DataError, match="seed: 0 then, 1 now"):
        BehaviourCloning(problem, settings, seed=1).restore(whole.state())
    elsewhere = point_mass_problem(GOAL + 0.1)
    with pytest.raises(DataError, match="other demonstrations"):
        BehaviourCloning(elsewhere, settings, seed=0).restore(whole.state())
