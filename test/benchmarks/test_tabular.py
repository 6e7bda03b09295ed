# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the finite problems runs, in the small, and writes what it promises."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_results_and_figures_are_written(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/tabular.py"), "--small"]
    folders = ["--output", str(tmp_path), "--images", str(tmp_path)]
    result = subprocess.run(
        command + folders, capture_output=True, text=True, timeout=280, check=False
    )
    assert result.returncode == 0, result.stderr
    results = json.loads((tmp_path / "tabular.json").read_text())
    assert results["chain"]["log_partition"] == pytest.approx(4.4266562452, abs=1e-10)
    assert all(row["visit_error"] < 1e-3 for row in results["recovery"])
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "control_as_inference.png",
        "maxent.png",
        "max_margin.png",
    }


def test_kept_results_are_those_of_the_full_size_and_documented() -> None:
    kept = json.loads((ROOT / "benchmarks/results/tabular.json").read_text())
    assert kept["scale"]["objectworld"] == 32
    assert kept["scale"]["macrocells"] == 128
    assert kept["scale"]["counts"] == [8, 16, 32, 64, 128]
    assert all(row["visit_error"] < 1e-3 for row in kept["recovery"])


def test_the_kept_objectworlds_have_the_published_shape() -> None:
    """A network gets better with every doubling of the demonstrations, a line levels off."""
    kept = json.loads((ROOT / "benchmarks/results/tabular.json").read_text())
    lost = {(row["reward"], row["demonstrations"]): row["mean"] for row in kept["objectworld"]}
    counts = kept["scale"]["counts"]
    for fewer, more in itertools.pairwise(counts):
        assert lost["neural", more] < 0.75 * lost["neural", fewer]
    assert all(lost["neural", count] < lost["linear", count] for count in counts)
    assert lost["neural", 128] < 0.2 * lost["linear", 128]
    # 16 times the demonstrations take less than a tenth from a linear reward, and not steadily.
    assert 0.9 * lost["linear", 8] < lost["linear", 128] < lost["linear", 8] < lost["linear", 16]
    assert max(mean for (kind, _), mean in lost.items() if kind != "nothing learned") < 2
    assert lost["nothing learned", 8] == pytest.approx(7.18, abs=0.005)


def test_the_kept_macrocells_are_matched_by_margins_that_fall() -> None:
    kept = json.loads((ROOT / "benchmarks/results/tabular.json").read_text())
    assert kept["scale"]["matchings"] == 30
    rows = {row["method"]: row for row in kept["feature_matching"]}
    assert rows.keys() == {"program", "projection"}
    for row in rows.values():
        assert len(row["margins"]) == 30
        assert all(after < before for before, after in itertools.pairwise(row["margins"]))
        assert all(after < before for before, after in itertools.pairwise(row["distances"]))
    # The program is the best that the policies tried so far allow.
    assert rows["program"]["margins"][-1] < 0.5 * rows["projection"]["margins"][-1]
    assert rows["program"]["share_of_return"] == pytest.approx(0.996, abs=5e-4)
    assert rows["projection"]["share_of_return"] == pytest.approx(0.989, abs=5e-4)
    # Of the program the margin is the distance of the nearest mixture.
    assert rows["program"]["margins"] == pytest.approx(rows["program"]["distances"], abs=1e-6)
