# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every algorithm trains, is stored and resumes through the same door."""

from pathlib import Path

import numpy as np
import pytest
import torch
from point_mass import ACTION_WEIGHT, PointMass, point_mass_problem

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import from_mapping, replace, to_mapping
from irl_ros.core.pose import Pose
from irl_ros.learning.algorithms import ALGORITHMS, AlgorithmConfig, make_learner
from irl_ros.learning.artifacts import COST_FILE, delivered_files, load_cost, load_policy
from irl_ros.learning.learner import Learner
from irl_ros.learning.run_folder import RunFolder

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
CONTRACT = ExecutionContract(
    arm="panda",
    joint_names=("a", "b"),
    action_space="velocity",
    control_period=0.1,
    start=(0.0, 0.1),
    target=Pose(np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])),
)
CHOICES = [(name, "linear_gaussian") for name in ALGORITHMS] + [
    ("gcl", "neural"),
    ("gan_gcl", "neural"),
]
WITH_COST = {"gcl", "relent", "gan_gcl", "maxent", "max_margin", "airl"}
NEURAL = ("neural_gcl", "gail", "airl")


def configured(algorithm: str, policy: str) -> AlgorithmConfig:
    small = {
        "algorithm": algorithm,
        "policy": policy,
        "gcl.iterations": 3,
        "gcl.rollouts": 4,
        "relent.improvements": 0,
        "maxent.iterations": 3,
        "maxent.rollouts": 4,
        "maxent.action_weight": ACTION_WEIGHT,
        "maxent.fit.steps": 2,
        "max_margin.iterations": 3,
        "max_margin.rollouts": 4,
        "max_margin.action_weight": ACTION_WEIGHT,
        # Started from the demonstrations it has found what it seeks too soon.
        "max_margin.first_sampler.kind": "hold",
        "bc.iterations": 3,
        "bc.steps": 5,
    }
    for name in ("gcl", "neural_gcl"):
        small |= {
            f"{name}.cost.hidden": (16,),
            f"{name}.cost.features": 16,
            f"{name}.cost.action_weight": ACTION_WEIGHT,
            f"{name}.cost_update.steps": 5,
        }
    for name in NEURAL:
        small |= {
            f"{name}.iterations": 3,
            f"{name}.rollouts": 4,
            f"{name}.cloning.iterations": 2,
            f"{name}.cloning.steps": 5,
        }
    return from_mapping(AlgorithmConfig, small)


def test_the_reward_of_airl_is_stored_unless_it_is_a_free_network(tmp_path: Path) -> None:
    learner = go(tmp_path / "cost", configured("airl", "linear_gaussian"), 3)
    stored, _ = load_cost(tmp_path / "cost")
    assert learner.learned_cost is not None
    for name, value in learner.learned_cost.state_dict().items():
        assert torch.equal(value, stored.state_dict()[name]), name
    network = replace(configured("airl", "linear_gaussian"), {"airl.reward.form": "network"})
    assert go(tmp_path / "network", network, 3).learned_cost is None
    assert not (tmp_path / "network" / COST_FILE).exists()


def go(path: Path, config: AlgorithmConfig, stop_after: int, *, resume: bool = False) -> Learner:
    """Train, stopping abruptly after some iterations."""
    learner = make_learner(config, point_mass_problem(GOAL, count=8), seed=0)

    def files() -> dict[str, bytes]:
        return delivered_files(learner.policy, learner.learned_cost, CONTRACT.to_metadata())

    folder = RunFolder(path, learner, files, {"arm": "panda"}, resume=resume)
    source = PointMass(GOAL)
    while not learner.finished and len(learner.history) < stop_after:
        folder.record(learner.step(source))
    folder.close()
    return learner


@pytest.mark.parametrize(("algorithm", "policy"), CHOICES)
def test_it_trains_is_stored_and_resumes_bit_for_bit(
    tmp_path: Path, algorithm: str, policy: str
) -> None:
    config = configured(algorithm, policy)
    whole = go(tmp_path / "whole", config, 3)
    assert isinstance(whole, Learner)
    assert (len(whole.history), whole.iterations) == (3, 3)
    go(tmp_path / "broken", config, 1)
    go(tmp_path / "broken", config, 3, resume=True)
    stored, again = (load_policy(tmp_path / name)[0].content for name in ("whole", "broken"))
    assert stored.keys() == again.keys()
    for name, value in stored.items():
        assert torch.equal(value, again[name]), name
    lines = [(tmp_path / name / "diagnostics.jsonl").read_text() for name in ("whole", "broken")]
    assert lines[0] == lines[1]
    assert (tmp_path / "whole" / COST_FILE).exists() == (algorithm in WITH_COST)
    if algorithm in WITH_COST:
        load_cost(tmp_path / "whole")


def test_relatives_are_one_switch_away() -> None:
    problem = point_mass_problem(GOAL, count=8)
    plain = to_mapping(make_learner(configured("gcl", "linear_gaussian"), problem, 0).config)
    gan = to_mapping(make_learner(configured("gan_gcl", "linear_gaussian"), problem, 0).config)
    assert {key for key in plain if plain[key] != gan[key]} == {"objective.loss"}
    assert gan["objective.loss"] == "gan"
    relent = to_mapping(make_learner(configured("relent", "linear_gaussian"), problem, 0).config)
    assert {key for key in plain if plain[key] != relent[f"gcl.{key}"]} == {"adaptive_sampler"}
    assert relent["gcl.adaptive_sampler"] is False


@pytest.mark.parametrize("algorithm", ["relent", "maxent", "max_margin"])
def test_what_has_no_neural_policy_says_so(algorithm: str) -> None:
    with pytest.raises(ParameterError, match="leave policy at 'linear_gaussian'"):
        configured(algorithm, "neural")
