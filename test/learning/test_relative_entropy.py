# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relative-entropy IRL learns with one controller and delivers another, whenever it is stopped."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from point_mass import ACTION_WEIGHT, PointMass, features, point_mass_problem
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import from_mapping, replace
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.controller_optimisation import OptimiserConfig, optimise_controller
from irl_ros.learning.gcl import GuidedCostLearning
from irl_ros.learning.relative_entropy import RelativeEntropy, RelativeEntropyConfig
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
LEARNING, IMPROVEMENTS, ROLLOUTS = 3, 4, 5
CONFIG = from_mapping(
    RelativeEntropyConfig,
    {
        "gcl.iterations": LEARNING,
        "gcl.rollouts": ROLLOUTS,
        "gcl.cost.kind": "affine",
        "gcl.cost.action_weight": ACTION_WEIGHT,
        "gcl.cost_update.steps": 20,
        "relent.improvements": IMPROVEMENTS,
    },
)


def learner(config: RelativeEntropyConfig = CONFIG, seed: int = 0) -> RelativeEntropy:
    return RelativeEntropy(point_mass_problem(GOAL, count=8), config, seed)


def trained(learning: RelativeEntropy, stop_after: int = 100) -> RelativeEntropy:
    source = PointMass(GOAL)
    while not learning.finished and len(learning.history) < stop_after:
        learning.step(source)
    return learning


def assert_same(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


def test_it_is_learning_with_a_fixed_sampler_and_then_optimising_its_cost() -> None:
    whole, source = trained(learner()), PointMass(GOAL)
    fixed = GuidedCostLearning(
        point_mass_problem(GOAL, count=8), replace(CONFIG.gcl, {"adaptive_sampler": False}), 0
    )
    sampler = fixed.policy
    fixed.run(source)
    assert_same(fixed.policy.content, sampler.content)
    settings = OptimiserConfig(IMPROVEMENTS, ROLLOUTS, CONFIG.gcl.dynamics, CONFIG.gcl.controller)
    optimised = optimise_controller(fixed.cost, features(GOAL), sampler, source, settings, 0)
    assert_same(whole.learned_cost.state_dict(), fixed.cost.state_dict())
    assert_same(whole.policy.content, optimised.content)


def test_what_is_delivered_costs_less_than_the_sampler() -> None:
    whole, source = trained(learner()), PointMass(GOAL)

    def total(policy: LinearGaussianController) -> float:
        done = source.sample(policy, 10, seed=9, deterministic=True).trajectories
        inputs = features(GOAL)(done.states)
        return float(whole.learned_cost.evaluate(inputs, done.actions).sum(dim=1).mean().detach())

    assert total(whole.policy) < 0.9 * total(learner().policy)


def test_iterations_and_rollouts_are_counted_through() -> None:
    told = [report.as_mapping() for report in trained(learner()).history]
    count = LEARNING + IMPROVEMENTS
    assert learner().iterations == count
    assert [each["iteration"] for each in told] == list(range(1, count + 1))
    assert [each["rollouts"] for each in told] == [ROLLOUTS * k for k in range(1, count + 1)]
    assert ["loss" in each for each in told] == [True] * LEARNING + [False] * IMPROVEMENTS


@pytest.mark.parametrize("stop_after", [1, LEARNING, LEARNING + 2])
def test_it_resumes_bit_for_bit_in_either_part(tmp_path: Path, stop_after: int) -> None:
    whole = trained(learner())
    write_state(trained(learner(), stop_after).state(), tmp_path / "state")
    resumed = learner()
    resumed.restore(read_state(tmp_path / "state"))
    assert len(resumed.history) == stop_after
    trained(resumed)
    assert_same(resumed.policy.content, whole.policy.content)
    told, expected = (
        json.dumps([report.as_mapping() for report in each.history]) for each in (resumed, whole)
    )
    assert told == expected  # as text, in which NaN equals itself


def test_more_iterations_of_learning_come_too_late_for_an_optimisation(tmp_path: Path) -> None:
    write_state(trained(learner(), LEARNING + 1).state(), tmp_path / "state")
    longer = learner(replace(CONFIG, {"gcl.iterations": 9, "relent.improvements": 6}))
    longer.restore(read_state(tmp_path / "state"))
    assert longer.iterations == LEARNING + 6
    assert len(trained(longer).history) == LEARNING + 6


def test_a_state_of_something_else_is_refused(tmp_path: Path) -> None:
    write_state(trained(learner(), 1).state(), tmp_path / "state")
    with pytest.raises(DataError, match="other settings"):
        learner(seed=1).restore(read_state(tmp_path / "state"))
    other = GuidedCostLearning(point_mass_problem(GOAL, count=8), CONFIG.gcl, 0)
    with pytest.raises(DataError, match="other settings"):
        learner().restore(other.state())


def test_without_improvements_the_sampler_is_delivered() -> None:
    done = trained(learner(replace(CONFIG, {"relent.improvements": 0})))
    assert len(done.history) == LEARNING
    assert_same(done.policy.content, learner().policy.content)
