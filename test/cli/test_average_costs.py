# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Saved costs become one file that is read like any of them."""

from pathlib import Path

import pytest
import torch
from policy_double import contract
from saved_costs import save_cost

from irl_ros.cli.average_costs import write_average
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError
from irl_ros.learning.artifacts import COST_FILE, load_cost


def test_the_mean_of_a_run_and_a_file_is_stored_with_their_conditions(tmp_path: Path) -> None:
    run, file, output = tmp_path / "run", tmp_path / "one.safetensors", tmp_path / "mean"
    run.mkdir()
    save_cost(run / COST_FILE, 0)
    save_cost(file, 1)
    write_average(output, [run, file])
    mean, metadata = load_cost(output)
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(3, 4, 18, generator=generator, dtype=torch.float64)
    actions = torch.randn(3, 4, 7, generator=generator, dtype=torch.float64)
    members = [load_cost(path)[0].evaluate(inputs, actions) for path in (run, file)]
    torch.testing.assert_close(mean.evaluate(inputs, actions), sum(members) / 2)
    assert ExecutionContract.from_metadata(metadata).to_metadata() == contract().to_metadata()


def test_what_does_not_belong_together_is_refused_and_nothing_is_overwritten(
    tmp_path: Path,
) -> None:
    one, output = save_cost(tmp_path / "one", 0), tmp_path / "mean"
    other = save_cost(tmp_path / "other", 1, control_period=0.1)
    with pytest.raises(DataError, match=r"other was learned with control_period = 0\.1, .*0\.05"):
        write_average(output, [one, other])
    with pytest.raises(DataError, match=r"absent.*cannot be read"):
        write_average(output, [one, tmp_path / "absent"])
    assert not output.exists()
    kept = one.read_bytes()
    with pytest.raises(DataError, match="exists already"):
        write_average(one, [one])
    assert one.read_bytes() == kept
    with pytest.raises(DataError, match=r"cannot be written \(No such file"):
        write_average(tmp_path / "nowhere" / "mean", [one])
