# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every algorithm on finite problems trains, is stored and resumes through the same door."""

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from irl_ros.core.errors import DataError
from irl_ros.learning import artifacts
from irl_ros.learning.learner import Resumable
from irl_ros.learning.tabular.adversarial import AdversarialConfig, Airl, Gail
from irl_ros.learning.tabular.artifacts import load_policy, load_reward, table_files
from irl_ros.learning.tabular.feature_matching import FeatureMatching, FeatureMatchingConfig
from irl_ros.learning.tabular.learner import TabularLearner
from irl_ros.learning.tabular.max_margin_planning import MaxMarginConfig, MaxMarginPlanning
from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig
from irl_ros.learning.tabular.problem import (
    Paths,
    TabularProblem,
    empirical_visits,
    sample_paths,
)
from irl_ros.learning.tabular.rewards import RewardConfig
from irl_ros.learning.tabular.sampled_maxent import SampledMaxEnt, SampledMaxEntConfig
from irl_ros.learning.tabular.soft_control import solve
from irl_ros.learning.tabular.training import train
from irl_ros.learning.tabular.worlds.gridworld import gridworld

Learner = TabularLearner[Any, Any]
Given = tuple[TabularProblem, Paths]

ITERATIONS, HALF, STEPS = 4, 2, 6
NETWORK = RewardConfig(kind="neural", hidden=(5,))


def given(*, count: int = 8, failure: float = 0.1, seed: int = 0) -> Given:
    world = gridworld(3, STEPS, discount=1.0, failure=failure)
    demonstrator = solve(world.mdp, world.reward, 0.3).policy
    generator = torch.Generator().manual_seed(seed)
    paths = sample_paths(world.mdp, demonstrator, count, STEPS, generator)
    visits = empirical_visits(world.mdp, paths)
    return TabularProblem(world.mdp, world.features, visits), paths


def maxent(**changes: Any) -> Callable[[Given, int], Learner]:
    config = MaxEntConfig(iterations=ITERATIONS, inner_iterations=2, **changes)
    return lambda given, seed: MaxEnt(given[0], config, seed)


def matching(method: str) -> Callable[[Given, int], Learner]:
    config = FeatureMatchingConfig(method=method, epsilon=1e-6, iterations=ITERATIONS)
    return lambda given, _: FeatureMatching(given[0], config)


def planning(given: Given, _: int) -> Learner:
    # With steps of this length the second weights are the best, so the first half's must be kept.
    return MaxMarginPlanning(given[0], MaxMarginConfig(iterations=ITERATIONS, step=0.2))


def sampled(**changes: Any) -> Callable[[Given, int], Learner]:
    config = SampledMaxEntConfig(
        iterations=ITERATIONS, rollouts=5, inner_iterations=3, reward=NETWORK, **changes
    )
    return lambda given, seed: SampledMaxEnt(*given, config, seed)


def adversarial(kind: type[Gail] | type[Airl], **changes: Any) -> Callable[[Given, int], Learner]:
    config = AdversarialConfig(iterations=ITERATIONS, rollouts=4, remembered=3, **changes)
    return lambda given, seed: kind(*given, config, seed)


LEARNERS: dict[str, Callable[[Given, int], Learner]] = {
    "maxent": maxent(),
    "maxent of trajectories": maxent(model="trajectory"),
    "maxent with a network": maxent(reward=NETWORK),
    "feature matching by program": matching("program"),
    "feature matching by projection": matching("projection"),
    "maximum margin planning": planning,
    "gcl": sampled(),
    "relent": sampled(adaptive_sampler=False),
    "gan_gcl": sampled(loss="gan"),
    "gail": adversarial(Gail),
    "airl": adversarial(Airl),
    "airl with a network": adversarial(Airl, reward=NETWORK),
}
SEEDED = ("maxent", "gcl", "gail", "airl")
EVERY = pytest.mark.parametrize("name", LEARNERS)


def go(path: Path, learner: Learner, *, stop_after: int = 100, resume: bool = False) -> Learner:
    """Train, stopping abruptly after some iterations."""

    def after(report: Any, _: object) -> None:
        if report.iteration == stop_after:
            raise KeyboardInterrupt

    try:
        train(learner, path, resume=resume, facts={"world": "grid"}, after_iteration=after)
    except KeyboardInterrupt:
        assert learner.iteration == stop_after
    return learner


def concrete(kind: type) -> Iterator[type]:
    if not inspect.isabstract(kind):
        yield kind
    for child in kind.__subclasses__():
        yield from concrete(child)


def test_no_learner_is_missing_here() -> None:
    made = {type(make(given(), 0)) for make in LEARNERS.values()}
    ours = {kind for kind in concrete(TabularLearner) if kind.__module__.startswith("irl_ros.")}
    assert ours == made


@EVERY
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path, name: str) -> None:
    make = LEARNERS[name]
    whole = go(tmp_path / "whole", make(given(), 3))
    assert isinstance(whole, Resumable)
    assert whole.finished
    assert (len(whole.history), whole.iterations) == (ITERATIONS, ITERATIONS)
    go(tmp_path / "broken", make(given(), 3), stop_after=HALF)
    resumed = make(given(), 3)
    go(tmp_path / "broken", resumed, resume=True)
    assert resumed.history == whole.history
    assert torch.equal(resumed.reward, whole.reward)
    assert torch.equal(resumed.policy, whole.policy)
    for file in ("checkpoint.safetensors", "config.json", "diagnostics.jsonl", "run.json"):
        assert (tmp_path / "whole" / file).read_bytes() == (
            tmp_path / "broken" / file
        ).read_bytes(), file


@EVERY
def test_reward_and_policy_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    learner = go(tmp_path, LEARNERS[name](given(), 0), stop_after=HALF)
    assert torch.equal(load_reward(tmp_path), learner.reward)
    assert torch.equal(load_policy(tmp_path / "policy.safetensors"), learner.policy)
    facts = json.loads((tmp_path / "run.json").read_text())
    assert (facts["world"], facts["iterations_done"], facts["finished"]) == ("grid", HALF, False)
    assert facts["algorithm"] == type(learner).__name__
    lines = (tmp_path / "diagnostics.jsonl").read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines] == [1, 2]
    assert list((tmp_path / "tensorboard").iterdir())


@EVERY
def test_another_problem_is_refused_by_name(tmp_path: Path, name: str) -> None:
    make = LEARNERS[name]
    go(tmp_path, make(given(), 0), stop_after=HALF)
    problem, paths = given()
    features = dataclasses.replace(problem, features=problem.features.flip(0))
    for other, told in (
        (given(seed=1), "written with other demonstrations;"),
        ((features, paths), "written with other features;"),
        (given(failure=0.2), "written with another process and other demonstrations;"),
    ):
        with pytest.raises(DataError, match=told):
            go(tmp_path, make(other, 0), resume=True)


def test_the_order_of_demonstrations_counts_where_a_clone_is_validated(tmp_path: Path) -> None:
    problem, paths = given()
    go(tmp_path, LEARNERS["gcl"]((problem, paths), 0), stop_after=HALF)
    turned = Paths(paths.states.flip(0), paths.actions.flip(0))
    with pytest.raises(DataError, match="other demonstrations"):
        go(tmp_path, LEARNERS["gcl"]((problem, turned), 0), resume=True)


def test_a_process_without_end_is_another_one(tmp_path: Path) -> None:
    make = LEARNERS["feature matching by program"]
    problem, paths = given()
    mdp = dataclasses.replace(problem.mdp, horizon=None, discount=0.9)
    endless = TabularProblem(mdp, problem.features, problem.visits.sum(dim=0, keepdim=True))
    go(tmp_path, make((endless, paths), 0), stop_after=HALF)
    patient = dataclasses.replace(endless, mdp=dataclasses.replace(mdp, discount=0.95))
    with pytest.raises(DataError, match="written with another process;"):
        go(tmp_path, make((patient, paths), 0), resume=True)


@pytest.mark.parametrize("name", SEEDED)
def test_another_seed_is_refused(tmp_path: Path, name: str) -> None:
    go(tmp_path, LEARNERS[name](given(), 0), stop_after=HALF)
    with pytest.raises(DataError, match=r"\(seed: 0 then, 1 now\)"):
        go(tmp_path, LEARNERS[name](given(), 1), resume=True)


def test_other_settings_and_another_algorithm_are_refused(tmp_path: Path) -> None:
    go(tmp_path, LEARNERS["maxent"](given(), 0), stop_after=HALF)
    with pytest.raises(DataError, match="model: 'causal' then, 'trajectory' now"):
        go(tmp_path, LEARNERS["maxent of trajectories"](given(), 0), resume=True)
    go(tmp_path / "other", LEARNERS["gail"](given(), 0), stop_after=HALF)
    # Their settings are the same, so nothing else tells them apart.
    with pytest.raises(DataError, match=r"\(algorithm: 'Gail' then, 'Airl' now\)"):
        go(tmp_path / "other", LEARNERS["airl"](given(), 0), resume=True)


def test_a_run_is_not_overwritten_but_may_be_made_longer(tmp_path: Path) -> None:
    short, config = given()[0], MaxMarginConfig(iterations=2)
    go(tmp_path, MaxMarginPlanning(short, config))
    with pytest.raises(DataError, match="already holds a run"):
        go(tmp_path, MaxMarginPlanning(short, config))
    longer = go(tmp_path, MaxMarginPlanning(short, MaxMarginConfig(iterations=5)), resume=True)
    whole = MaxMarginPlanning(short, MaxMarginConfig(iterations=5))
    whole.run()
    assert longer.history == whole.history
    assert torch.equal(load_reward(tmp_path), whole.reward)


@pytest.mark.parametrize("kept", [0, 5, 40, 2000])
def test_a_truncated_checkpoint_is_a_clear_error(tmp_path: Path, kept: int) -> None:
    go(tmp_path, LEARNERS["maxent"](given(), 0), stop_after=HALF)
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"checkpoint .* cannot be read: .*; train afresh"):
        go(tmp_path, LEARNERS["maxent"](given(), 0), resume=True)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    go(tmp_path, LEARNERS["gail"](given(), 0), stop_after=HALF)
    with pytest.raises(DataError, match="holds a tabular_policy; give one that holds a tabular_"):
        load_reward(tmp_path / "policy.safetensors")
    with pytest.raises(DataError, match="holds a tabular_policy; give one that holds a linear_"):
        artifacts.load_policy(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        load_policy(tmp_path / "nowhere")
    (tmp_path / "policy.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="not a tabular_policy of irl_ros"):
        load_policy(tmp_path)
    whole = artifacts.pack({"other": torch.zeros(3)}, "tabular_reward", {})
    (tmp_path / "reward.safetensors").write_bytes(whole)
    with pytest.raises(DataError, match="not one table of 2 axes; train it again"):
        load_reward(tmp_path)


def test_tables_are_stored_whole_whatever_their_strides(tmp_path: Path) -> None:
    reward = torch.arange(3.0, dtype=torch.float64).unsqueeze(1).expand(3, 2)
    policy = torch.full((1, 3, 2), 0.5, dtype=torch.float64).expand(4, 3, 2)
    for name, content in table_files(reward, policy).items():
        (tmp_path / name).write_bytes(content)
    assert torch.equal(load_reward(tmp_path), reward)
    assert torch.equal(load_policy(tmp_path), policy)
