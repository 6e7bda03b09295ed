# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning with a neural policy: densities, the window, resumption, the whole loop."""

from pathlib import Path

import pytest
import torch
from point_mass import PointMass, point_mass_problem

from irl_ros.core.parameters import replace
from irl_ros.core.trajectory import concatenate
from irl_ros.learning.demonstration_density import fit_demonstration_density
from irl_ros.learning.importance import log_mixture
from irl_ros.learning.neural_gcl import CostLearner, NeuralGclConfig, neural_gcl
from irl_ros.learning.neural_learning import NeuralLearning
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([0.5, 0.3], dtype=torch.float64)
SMALL = {
    "rollouts": 6,
    "iterations": 5,
    "remembered": 3,
    "cost.hidden": (16,),
    "cost.features": 16,
    "cost.action_weight": 2.0,
    "cost_update.steps": 5,
    "cloning.iterations": 3,
    "cloning.steps": 10,
    "cloning.policy.hidden": (8,),
    "proximal.epochs": 3,
}


def make(seed: int = 0, **changes: object) -> NeuralLearning:
    config = replace(NeuralGclConfig(), {**SMALL, **changes})
    return neural_gcl(point_mass_problem(GOAL), config, seed)


@pytest.mark.parametrize("remembered", [3, 100])
def test_densities_are_those_of_the_policies_that_sampled(remembered: int) -> None:
    learning, source = make(remembered=remembered), PointMass(GOAL)
    policies, tried = [], []
    for iteration in range(5):
        policies.append(learning.policy)
        learning.step(source)
        assert learning.history[-1].rollouts == 6 * (iteration + 1)
    learner = learning.learner
    assert isinstance(learner, CostLearner)
    kept = min(remembered, 5)
    policies, tried = policies[-kept:], learner._samples
    assert len(tried) == kept
    problem = learning.problem
    density = fit_demonstration_density(
        problem.demonstrations, problem.contexts, learner._config.density
    )
    samples = concatenate(tried)
    rows = [density.controller(problem.context).log_prob(samples)]
    rows += [policy.log_prob(samples) for policy in policies]
    torch.testing.assert_close(learner._log_q, torch.stack(rows))
    assert learner._shown_log_q.shape == (kept + 1, 16)
    # What the cost update reads is the mixture of all of them, by their shares.
    data = learner._data(whole=True)
    counts = torch.tensor([16.0, *(6.0 for _ in tried)], dtype=torch.float64)
    torch.testing.assert_close(data.sample_log_q, log_mixture(torch.stack(rows), counts))


def test_a_demonstration_is_judged_relative_to_its_own_target() -> None:
    learning = make()
    learning.step(PointMass(GOAL))
    learner = learning.learner
    assert isinstance(learner, CostLearner)
    problem, policy = learning.problem, learner._policies[0]
    index = 3
    own, actions = problem.inputs[index], problem.demonstrations.actions[index]
    expected = policy.step_log_prob(policy.observe(own), actions).sum().detach()
    torch.testing.assert_close(learner._shown_log_q[1, index], expected)


def test_the_reward_is_minus_the_cost() -> None:
    learning = make()
    learner = learning.learner
    assert isinstance(learner, CostLearner)
    tried = PointMass(GOAL).sample(learning.policy, 3, 0).trajectories
    inputs = learning.problem.features(tried.states)
    expected = -learner.cost.state_cost(inputs) - 2.0 * tried.actions.square().sum(-1)
    torch.testing.assert_close(learner.rewards(tried), expected.detach())


@pytest.mark.parametrize("loss", ["gcl", "gan"])
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path, loss: str) -> None:
    source, settings = PointMass(GOAL), {"objective.loss": loss}
    whole = make(**settings)
    whole.run(source)
    broken = make(**settings)
    for _ in range(4):
        broken.step(source)
    write_state(broken.state(), tmp_path / "checkpoint.safetensors")
    resumed = make(**settings)
    resumed.restore(read_state(tmp_path / "checkpoint.safetensors"))
    resumed.run(source)
    assert resumed.history == whole.history
    for key, value in whole.state().tensors.items():
        assert torch.equal(value, resumed.state().tensors[key]), key


def test_from_nothing_the_goal_comes_nearer() -> None:
    learning = make(
        warm_start=False,
        iterations=20,
        rollouts=16,
        **{
            "cost_update.steps": 30,
            "proximal.epochs": 10,
            "proximal.learning_rate": 1e-3,
            "cloning.policy.hidden": (32, 32),
        },
    )
    source = PointMass(GOAL)
    before = source.sample(learning.policy, 10, seed=9, deterministic=True)
    learning.run(source)
    after = source.sample(learning.policy, 10, seed=9, deterministic=True)
    misses = [sum(each.slot_offset for each in tried.outcomes) / 10 for tried in (before, after)]
    assert misses[1] < 0.5 * misses[0]
