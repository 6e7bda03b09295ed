# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run folders: bit-exact resumption, artifacts that come back, refusals that lose nothing."""

import json
import subprocess
import sys
from contextlib import closing
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from point_mass import PointMass, point_mass_problem
from test_gcl import GOAL, SETTINGS

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError
from irl_ros.core.parameters import replace
from irl_ros.core.pose import Pose
from irl_ros.learning.artifacts import (
    cost_from_bytes,
    delivered_files,
    load_cost,
    load_policy,
    policy_from_bytes,
)
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.run_folder import RunFolder

CONTRACT = ExecutionContract(
    arm="panda",
    joint_names=("a", "b"),
    action_space="velocity",
    control_period=0.1,
    start=(0.0, 0.1),
    target=Pose(np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])),
)


def learner(seed: int = 0, goal: torch.Tensor = GOAL, **changes: object) -> GuidedCostLearning:
    settings = {**SETTINGS, "iterations": 4, **changes}
    return GuidedCostLearning(point_mass_problem(goal), replace(GclConfig(), settings), seed)


def folder_of(
    path: Path, learning: GuidedCostLearning, *, resume: bool, **facts: object
) -> RunFolder:
    def files() -> dict[str, bytes]:
        return delivered_files(learning.policy, learning.cost, CONTRACT.to_metadata())

    return RunFolder(path, learning, files, facts, resume=resume)


def go(
    path: Path, *, stop_after: int = 100, resume: bool = False, **changes: object
) -> GuidedCostLearning:
    """Train, stopping abruptly after some iterations."""
    learning = learner(**changes)
    folder = folder_of(path, learning, arm="panda", resume=resume)
    source = PointMass(GOAL)
    while not learning.finished and learning.progress.iteration < stop_after:
        folder.record(learning.step(source))
    folder.close()
    return learning


@pytest.mark.parametrize(
    "changes",
    [{"dynamics.prior": "pooled"}, {"dynamics.prior": "mixture"}, {"objective.loss": "gan"}],
)
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    whole = go(tmp_path / "whole", **changes)
    go(tmp_path / "broken", stop_after=2, **changes)
    resumed = go(tmp_path / "broken", resume=True, **changes)
    assert torch.equal(whole.progress.controller.gains, resumed.progress.controller.gains)
    assert torch.equal(whole.log_partition, resumed.log_partition)
    for name, value in whole.cost.state_dict().items():
        assert torch.equal(value, resumed.cost.state_dict()[name])
    stored = [load_policy(tmp_path / name)[0] for name in ("whole", "broken")]
    assert torch.equal(stored[0].covariances, stored[1].covariances)
    histories = [(tmp_path / name / "diagnostics.jsonl") for name in ("whole", "broken")]
    assert histories[0].read_text() == histories[1].read_text()


def test_artifacts_come_back_as_they_were(tmp_path: Path) -> None:
    trained = go(tmp_path / "run", stop_after=1)
    controller, metadata = load_policy(tmp_path / "run")
    assert torch.equal(controller.gains, trained.progress.controller.gains)
    back = ExecutionContract.from_metadata(metadata)
    assert back.joint_names == CONTRACT.joint_names
    assert back.start == CONTRACT.start
    assert np.array_equal(back.target.position, CONTRACT.target.position)
    cost, _ = load_cost(tmp_path / "run" / "cost.safetensors")
    inputs = torch.randn(3, 4, dtype=torch.float64)
    assert torch.equal(cost.state_cost(inputs), trained.cost.state_cost(inputs))
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["iterations_done"] == 1
    assert not facts["finished"]
    assert facts["arm"] == "panda"


def test_a_run_is_not_overwritten_nor_resumed_under_other_settings(tmp_path: Path) -> None:
    go(tmp_path / "run", stop_after=1)
    with pytest.raises(DataError, match="already holds a run"):
        folder_of(tmp_path / "run", learner(), resume=False)
    with pytest.raises(DataError, match="seed: 0 then, 1 now"):
        folder_of(tmp_path / "run", learner(seed=1), resume=True)
    other = learner(**{"controller.kl_limit": 3.0})
    with pytest.raises(DataError, match=r"controller.kl_limit: 20.0 then, 3.0 now"):
        folder_of(tmp_path / "run", other, resume=True)


def test_a_run_is_not_resumed_with_another_problem_or_arm(tmp_path: Path) -> None:
    go(tmp_path / "run", stop_after=1)
    elsewhere = learner(goal=torch.tensor([0.7, 0.5], dtype=torch.float64))
    with pytest.raises(DataError, match="other demonstrations or another target"):
        folder_of(tmp_path / "run", elsewhere, resume=True)
    with pytest.raises(DataError, match="arm: 'panda' then, 'iiwa14' now"):
        folder_of(tmp_path / "run", learner(), arm="iiwa14", resume=True)


def test_a_run_is_not_resumed_in_another_world_or_under_another_guard(tmp_path: Path) -> None:
    told = {"simulation.change.rack_yaw": 0.1, "guard.speed_limit": 1.5, "workers": 2}
    folder_of(tmp_path, learning := learner(), parameters=told, resume=False).record(
        learning.step(PointMass(GOAL))
    )
    folder_of(tmp_path, learner(), parameters={**told, "workers": 1}, resume=True)
    for name, value in (("simulation.change.rack_yaw", 0.2), ("guard.speed_limit", 1.0)):
        with pytest.raises(DataError, match=rf"\({name}: {told[name]} then, {value} now\)"):
            folder_of(tmp_path, learner(), parameters={**told, name: value}, resume=True)


def test_one_training_at_a_time_writes_to_a_folder_which_all_may_read(tmp_path: Path) -> None:
    path = tmp_path / "run"
    learning = learner()
    with closing(folder_of(path, learning, arm="panda", resume=False)) as folder:
        with pytest.raises(DataError, match=f"another training is writing to {path}; wait for"):
            folder_of(path, learner(), resume=False)
        folder.record(learning.step(PointMass(GOAL)))
        before = (path / "checkpoint.safetensors").read_bytes()
        with pytest.raises(DataError, match="another training"):
            folder_of(path, learner(), resume=True)
        assert (path / "checkpoint.safetensors").read_bytes() == before
        assert load_policy(path)[0].horizon == learning.policy.horizon
    go(path, resume=True, stop_after=1)


def test_a_refused_training_gives_the_folder_back(tmp_path: Path) -> None:
    go(tmp_path, stop_after=1)
    with pytest.raises(DataError, match="already holds a run") as refusal:
        folder_of(tmp_path, learner(), resume=False)
    go(tmp_path, resume=True, stop_after=1)
    assert refusal.traceback, "which keeps what the refused one has opened"


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"file cannot be written .*; choose another output"):
        folder_of(tmp_path / "file", learner(), resume=False)


def test_what_was_noted_survives_a_resumption(tmp_path: Path) -> None:
    learning = learner()
    folder = folder_of(tmp_path / "run", learning, arm="panda", resume=False)
    folder.note("before_learning", {"successes": 1, "trials": 2})
    folder.record(learning.step(PointMass(GOAL)))
    folder.close()
    go(tmp_path / "run", resume=True)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["before_learning"] == {"successes": 1, "trials": 2}
    assert facts["finished"]


@pytest.mark.parametrize("kept", [0, 5, 40, 2000])
def test_a_truncated_checkpoint_is_a_clear_error(tmp_path: Path, kept: int) -> None:
    go(tmp_path / "run", stop_after=1)
    file = tmp_path / "run" / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DataError, match="cannot be read"):
        folder_of(tmp_path / "run", learner(), resume=True)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    go(tmp_path / "run", stop_after=1)
    policy = (tmp_path / "run" / "policy.safetensors").read_bytes()
    with pytest.raises(DataError, match="holds a linear_gaussian_controller"):
        cost_from_bytes(policy)
    for broken in (b"", b"nonsense", policy[:100]):
        with pytest.raises(DataError, match="not a linear_gaussian_controller"):
            policy_from_bytes(broken)
    with pytest.raises(DataError, match="cannot be read"):
        load_policy(tmp_path / "nowhere")


@pytest.mark.parametrize("settings", ["[]", "3", "null", '"text"', "{", '{"hidden": 1}'])
def test_a_cost_with_malformed_settings_is_a_clear_error(tmp_path: Path, settings: str) -> None:
    go(tmp_path / "run", stop_after=1)
    file = tmp_path / "run" / "cost.safetensors"
    metadata = {"kind": "cost", "format": "1", "cost_config": settings}
    content = safetensors.torch.save(safetensors.torch.load(file.read_bytes()), metadata)
    with pytest.raises(DataError, match=r"the cost is incomplete: .*; train it again"):
        cost_from_bytes(content)


def test_a_run_names_the_versions_of_the_libraries_that_its_numbers_come_from(
    tmp_path: Path,
) -> None:
    go(tmp_path, stop_after=1)
    told = json.loads((tmp_path / "run.json").read_text())["versions"]
    named = ("torch", "numpy", "scipy", "clarabel", "gymnasium", "stable-baselines3", "ruckig")
    assert {name: told[name] for name in named} == {name: metadata.version(name) for name in named}


def test_versions_are_looked_up_without_importing_the_libraries() -> None:
    script = (
        "import sys\n"
        "from irl_ros.learning.run_folder import versions\n"
        "assert 'clarabel' in versions()\n"
        "print(*{'clarabel', 'gymnasium', 'stable_baselines3', 'pybullet'} & set(sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stdout + result.stderr
