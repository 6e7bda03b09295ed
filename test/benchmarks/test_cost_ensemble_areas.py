# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The score of disagreeing costs is a right area, and the page shows what was measured."""

import json
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import cost_ensemble  # noqa: E402

from irl_ros.benchmark.page import written_part  # noqa: E402


def test_the_area_counts_pairs_and_halves_ties() -> None:
    inside, outside = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 3.0])
    # Of six pairs four are in order and one is a tie.
    assert cost_ensemble.area(inside, outside) == pytest.approx(4.5 / 6)
    assert cost_ensemble.area(outside, inside) == pytest.approx(1.5 / 6)
    assert cost_ensemble.area(inside, inside + 3) == 1.0


def test_missing_costs_are_named_with_the_command_that_learns_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "cost_ensemble.json"
    words = ["--folder", str(tmp_path), "--members", "2", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["cost_ensemble.py", *words])
    assert cost_ensemble.main() == 1
    said = capsys.readouterr().out
    assert str(tmp_path) in said
    assert "bench dish --method gcl --condition matched --seeds 100-101" in said
    assert not output.exists()


def test_the_page_shows_the_results() -> None:
    areas = json.loads(cost_ensemble.RESULTS.read_text("utf-8"))["areas"]
    assert written_part(cost_ensemble.PAGE, cost_ensemble.MARKS) == cost_ensemble.table(areas)
