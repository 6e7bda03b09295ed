# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two saved costs are compared on a recorded dataset."""

from contextlib import closing
from pathlib import Path

import torch
from takes import ARM, NAMES, TARGET, make_recorder, record

from irl_ros.cli.compare_costs import comparison
from irl_ros.core.contract import ExecutionContract
from irl_ros.learning.artifacts import cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig


def save(path: Path, seed: int) -> Path:
    contract = ExecutionContract(
        arm=ARM.name,
        joint_names=NAMES,
        action_space="velocity",
        control_period=0.05,
        start=tuple(ARM.home.tolist()),
        target=TARGET.pose,
    )
    source = torch.Generator().manual_seed(seed)
    config = CostConfig(initialisation="random", action_weight=1e-3)
    cost = Cost(config, torch.ones(18, dtype=torch.float64), source)
    path.write_bytes(cost_to_bytes(cost, contract.to_metadata()))
    return path


def test_a_cost_agrees_with_itself_more_than_with_another(tmp_path: Path) -> None:
    with closing(make_recorder(tmp_path / "dataset")) as recorder:
        record(recorder)
    one, other = (save(tmp_path / f"{seed}.safetensors", seed) for seed in range(2))
    same = comparison(one, one, tmp_path / "dataset", seed=0)
    assert "single steps: 1.000" in same
    assert "1: opposite): 0.000" in same
    assert "99 transitions of 1 demonstrations" in same
    assert "1: opposite): 0.000" not in comparison(one, other, tmp_path / "dataset", seed=0)
