# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark runs, measures everything it promises and writes it down."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sim

ROOT = Path(__file__).resolve().parents[2]
SPEED = ROOT / "benchmarks/speed.py"
PARTS = {
    "cost update",
    "background densities",
    "dynamics fit",
    "quadratic expansion of the cost",
    "controller step",
    "diagnostics",
    "saving",
    "rollouts",
    "start: loading libraries",
    "start: worker processes",
    "everything else",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speed")
    shutil.copy(ROOT / "docs/speed.md", folder)
    places = ["--results", str(folder / "speed.json"), "--docs", str(folder)]
    command = [sys.executable, str(SPEED), "--small", *places]
    result = subprocess.run(command, capture_output=True, text=True, timeout=290, check=False)
    assert result.returncode == 0, result.stderr
    return folder


def test_everything_is_measured(written: Path) -> None:
    results = json.loads((written / "speed.json").read_text())
    training = results["training"]
    assert set(training["parts"]) == PARTS
    assert training["seconds"] == pytest.approx(sum(training["parts"].values()))
    assert 0 < training["physics"] < training["seconds"]
    assert training["first_cost_steps"] == 10 * training["cost_steps"]
    assert len(training["by_iteration"]) == training["iterations"] - 1
    assert all(value > 0 for values in results["rates"].values() for value in values)
    assert {(row["part"], row["axis"]) for row in results["growth"]} >= {
        ("cost update", "samples"),
        ("dynamics fit", "states"),
        ("controller solution", "steps"),
    }
    assert {row["part"] for row in results["along_iterations"]} < PARTS


def test_the_page_shows_what_was_measured(written: Path) -> None:
    page = (written / "speed.md").read_text()
    assert (written / "images/speed.svg").read_text().startswith("<?xml")
    tables = [line for line in page.splitlines() if line.startswith("| ")]
    for part in PARTS:
        assert any(line.startswith(f"| {part} |") for line in tables)
    assert all(line.endswith(" |") for line in tables)
    assert (
        "| a training of 8 rollouts with 2 workers, starting up included | at most 30 s |" in page
    )
    assert page.count("| below 2 times |") == 2
    assert "20 steps on the cost in the first and 2 in each later one" in page


def test_the_kept_page_shows_the_kept_results(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/speed.md", tmp_path)
    command = [sys.executable, str(SPEED), "--report", "--docs", str(tmp_path)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    assert (tmp_path / "speed.md").read_text() == (ROOT / "docs/speed.md").read_text()
