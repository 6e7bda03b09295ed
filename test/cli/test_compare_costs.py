# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two saved costs are compared on a recorded dataset."""

from contextlib import closing
from pathlib import Path

from saved_costs import save_cost
from takes import make_recorder, record

from irl_ros.cli.compare_costs import comparison


def test_a_cost_agrees_with_itself_more_than_with_another(tmp_path: Path) -> None:
    with closing(make_recorder(tmp_path / "dataset")) as recorder:
        record(recorder)
    one, other = (save_cost(tmp_path / f"{seed}.safetensors", seed) for seed in range(2))
    same = comparison(one, one, tmp_path / "dataset", seed=0)
    assert "single steps: 1.000" in same
    assert "1: opposite): 0.000" in same
    assert "99 transitions of 1 demonstrations" in same
    assert "1: opposite): 0.000" not in comparison(one, other, tmp_path / "dataset", seed=0)
