# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the finite problems runs, in the small, and writes what it promises."""

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
    lost = {(row["reward"], row["demonstrations"]): row["mean"] for row in kept["objectworld"]}
    # The shape of the published curve: a network gets better and better, a line does not.
    assert lost["neural", 128] < 0.5 * lost["neural", 8]
    assert lost["neural", 128] < 0.5 * lost["linear", 128]
    assert lost["linear", 128] > 0.5 * lost["linear", 16]
