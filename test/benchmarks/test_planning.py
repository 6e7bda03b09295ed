# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of planning measures nothing twice and writes what it measured."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import planning  # noqa: E402
import planning_report  # noqa: E402

from irl_ros.benchmark.page import written_part  # noqa: E402

pytestmark = pytest.mark.sim
PAGE = ROOT / "docs/algorithms/mppi.md"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace learning and planning by what is known, and note the cells that are asked for."""
    keys: list[str] = []

    def try_out(
        cells: Sequence[planning.PlanningCell], cost: str, problem: str
    ) -> Iterator[tuple[planning.PlanningCell, dict[str, Any]]]:
        assert {(cost, problem)} == {(f"cost {cell.seed}", "problem") for cell in cells}
        assert len({cell.condition for cell in cells}) == 1
        for cell in cells:
            keys.append(cell.key)
            successes = cell.trials if cell.objective == "both" else 0
            found = {"velocity_error": 0.001, "nll": 0.0, "successes": successes, "broken": 1}
            yield cell, {**found, "distance": 0.05, "reasons": []}

    monkeypatch.setattr(planning, "learn", lambda seed, folder: (f"cost {seed}", "problem"))
    monkeypatch.setattr(planning, "try_out", try_out)
    return keys


def test_cells_are_kept_and_written(tmp_path: Path, tried: list[str]) -> None:
    output, page = tmp_path / "planning.json", tmp_path / "mppi.md"
    shutil.copy(PAGE, page)
    options = ["--output", str(output), "--page", str(page), "--trials", "2"]
    planning.main([*options, "--seeds", "0", "--conditions", "matched"])
    assert len(tried) == 6
    planning.main([*options, "--seeds", "0", "1", "--conditions", "matched", "mismatched"])
    assert len(tried) == len(set(tried)) == 24
    # What was measured with other settings is measured again, and nothing else.
    document = json.loads(output.read_text())
    document["cells"][tried[3]]["fingerprint"] = "of other settings"
    output.write_text(json.dumps(document))
    planning.main([*options, "--seeds", "0", "1"])
    assert tried[24:] == [tried[3]]
    text = page.read_text()
    assert "Seeds of teaching and learning: 0, 1. Measured by one state of the code" in text
    row = "| matched | fitted | 0.0010 ± 0.0000 | both | 4/4 (51 to 100 %) | 2 | 50 ± 0 |"
    assert row in text
    written = text
    planning.main([*options, "--report"])
    assert page.read_text() == written
    assert len(tried) == 25
    # More attempts replace those of before.
    planning.main([*options, "--seeds", "0", "--conditions", "matched", "--trials", "3"])
    assert len(json.loads(output.read_text())["cells"]) == 24
    assert "| matched | fitted | 0.0010 ± 0.0000 | both | 5/5 (" in page.read_text()


def test_the_page_shows_the_kept_results() -> None:
    output = planning.parse([]).output
    kept = json.loads(output.read_text()) if output.exists() else {"cells": {}}
    written = written_part(PAGE, planning_report.MARKS)
    assert written == planning_report.measured(kept)
