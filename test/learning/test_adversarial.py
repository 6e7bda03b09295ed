# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole loops of GAIL and AIRL on a point mass: fresh densities, resumption, imitation."""

import copy
import math
from dataclasses import replace as changed
from pathlib import Path

import pytest
import torch
from point_mass import PointMass, point_mass_problem

from irl_ros.core.errors import DataError, LearningError, ParameterError
from irl_ros.core.parameters import replace
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adversarial.airl import (
    AirlConfig,
    AirlReward,
    airl,
)
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.neural_learning import NeuralLearning, log_densities
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([0.5, 0.3], dtype=torch.float64)
SMALL = {
    "warm_start": False,
    "rollouts": 8,
    "iterations": 4,
    "discriminator.steps": 10,
    "discriminator.hidden": (16,),
    "cloning.policy.hidden": (16,),
    "proximal.epochs": 3,
}


def test_densities_are_never_stale() -> None:
    problem = point_mass_problem(GOAL)
    learning = airl(problem, replace(AirlConfig(), SMALL), 0)
    seen: list[torch.Tensor] = []
    learner = learning.learner
    assert isinstance(learner, AirlReward)
    logits_of = learner._logits

    def watched(inputs: torch.Tensor, actions: torch.Tensor, log_pi: torch.Tensor) -> object:
        seen.append(log_pi)
        return logits_of(inputs, actions, log_pi)

    learner._logits = watched  # type: ignore[assignment, method-assign]
    source = PointMass(GOAL)
    policies = []
    for _ in range(3):
        policies.append(learning.policy)
        learning.step(source)
    # Demonstrations and all remembered rollouts, by the policy of each iteration.
    for policy, shown, tried in zip(policies, seen[::2], seen[1::2], strict=True):
        fresh = log_densities(policy, problem.demonstrations, problem.inputs)
        assert torch.equal(shown, fresh)
        count = len(tried)
        remembered = learner._remembered[: count // 8]
        states = torch.cat([each.states for each in remembered])
        actions = torch.cat([each.actions for each in remembered])
        assert torch.equal(tried, log_densities(policy, Trajectories(states, actions)))


def make(name: str, seed: int = 0, **changes: object) -> NeuralLearning:
    problem = point_mass_problem(GOAL)
    settings = {**SMALL, **changes}
    if name == "gail":
        return gail(problem, replace(GailConfig(), settings), seed)
    return airl(problem, replace(AirlConfig(), settings), seed)


@pytest.mark.parametrize("name", ["gail", "airl"])
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path, name: str) -> None:
    source = PointMass(GOAL)
    whole = make(name)
    whole.run(source)
    broken = make(name)
    for _ in range(2):
        broken.step(source)
    write_state(broken.state(), tmp_path / "checkpoint.safetensors")
    resumed = make(name)
    resumed.restore(read_state(tmp_path / "checkpoint.safetensors"))
    resumed.run(source)
    assert resumed.history == whole.history
    for key, value in whole.state().tensors.items():
        assert torch.equal(value, resumed.state().tensors[key]), key
    with pytest.raises(DataError, match=r"proximal.clip: 0.2 then, 0.1 now"):
        make(name, **{"proximal.clip": 0.1}).restore(whole.state())


@pytest.mark.parametrize("name", ["gail", "airl"])
def test_imitation_from_nothing_reaches_the_goal(name: str) -> None:
    learning = make(
        name,
        rollouts=16,
        iterations=24,
        **{
            "proximal.learning_rate": 1e-3,
            "proximal.epochs": 10,
            "discriminator.steps": 60,
            "discriminator.hidden": (32, 32),
            "cloning.policy.hidden": (32, 32),
        },
    )
    source = PointMass(GOAL)
    before = source.sample(learning.policy, 10, seed=9, deterministic=True)
    learning.run(source)
    after = source.sample(learning.policy, 10, seed=9, deterministic=True)
    assert before.successes == 0
    misses = [sum(each.slot_offset for each in tried.outcomes) / 10 for tried in (before, after)]
    assert misses[1] < 0.5 * misses[0]
    values = learning.history[-1].as_mapping()
    assert {"iteration", "loss", "kl", "entropy"} <= set(values)
    assert all(isinstance(value, int | float) for value in values.values())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="sees"):
        make("gail", **{"cloning.sees": "state"})
    short = copy.copy(PointMass(GOAL))
    short.horizon = 3
    with pytest.raises(LearningError, match="they must agree"):
        make("gail").step(short)
    learning = make("gail")
    rollouts = PointMass(GOAL).sample(learning.policy, 2, 0).trajectories
    infinite = torch.full(rollouts.states.shape[:2], math.inf, dtype=torch.float64)
    with pytest.raises(LearningError, match="not finite"):
        learning._optimiser.improve(rollouts, infinite)
    assert changed(learning.config, iterations=7).iterations == 7
