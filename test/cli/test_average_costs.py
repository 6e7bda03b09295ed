# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Saved costs become one file that is read like any of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from takes import ARM, NAMES, TARGET

from irl_ros.cli.average_costs import write_average
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError
from irl_ros.learning.artifacts import COST_FILE, cost_to_bytes, load_cost
from irl_ros.learning.cost import Cost, CostConfig

CONTRACT = ExecutionContract(
    arm=ARM.name,
    joint_names=NAMES,
    action_space="velocity",
    control_period=0.05,
    start=tuple(ARM.home.tolist()),
    target=TARGET.pose,
)
CONFIG = CostConfig(initialisation="random", action_weight=1e-3)


def save(path: Path, seed: int, contract: ExecutionContract = CONTRACT) -> Path:
    scale = torch.ones(18, dtype=torch.float64)
    cost = Cost(CONFIG, scale, torch.Generator().manual_seed(seed))
    path.write_bytes(cost_to_bytes(cost, contract.to_metadata()))
    return path


def test_the_mean_of_a_run_and_a_file_is_stored_with_their_conditions(tmp_path: Path) -> None:
    run, file, output = tmp_path / "run", tmp_path / "one.safetensors", tmp_path / "mean"
    run.mkdir()
    save(run / COST_FILE, 0)
    save(file, 1)
    write_average(output, [run, file])
    mean, metadata = load_cost(output)
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(3, 4, 18, generator=generator, dtype=torch.float64)
    actions = torch.randn(3, 4, 7, generator=generator, dtype=torch.float64)
    members = [load_cost(path)[0].evaluate(inputs, actions) for path in (run, file)]
    torch.testing.assert_close(mean.evaluate(inputs, actions), sum(members) / 2)
    assert ExecutionContract.from_metadata(metadata).to_metadata() == CONTRACT.to_metadata()


def test_what_does_not_belong_together_is_refused_and_nothing_is_overwritten(
    tmp_path: Path,
) -> None:
    one, output = save(tmp_path / "one", 0), tmp_path / "mean"
    other = save(tmp_path / "other", 1, replace(CONTRACT, control_period=0.1))
    with pytest.raises(DataError, match=r"other was learned with control_period = 0\.1, .*0\.05"):
        write_average(output, [one, other])
    with pytest.raises(DataError, match=r"absent.*cannot be read"):
        write_average(output, [one, tmp_path / "absent"])
    assert not output.exists()
    with pytest.raises(DataError, match="exists already"):
        write_average(one, [one])
    assert load_cost(one)[0].config == CONFIG
    with pytest.raises(DataError, match=r"cannot be written \(No such file"):
        write_average(tmp_path / "nowhere" / "mean", [one])
