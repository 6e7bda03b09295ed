# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates take the place of their method, are tried on tuning seeds alone, and are counted."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import baselines  # noqa: E402

from irl_ros.benchmark.cell import Cell  # noqa: E402
from irl_ros.benchmark.method import Method  # noqa: E402
from irl_ros.benchmark.methods import METHODS  # noqa: E402
from irl_ros.benchmark.page import written_part  # noqa: E402
from irl_ros.benchmark.selection import FRESH_SEEDS, PUBLISHED_SEEDS  # noqa: E402

pytestmark = pytest.mark.sim

CANDIDATES = [each for baseline in baselines.BASELINES for each in baseline.candidates]


def test_candidates_take_the_place_of_their_methods(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run_cell(cell: Cell, folder: Path) -> SimpleNamespace:
        seen.append(METHODS[cell.method])
        return SimpleNamespace(fingerprint=cell.fingerprint, mean="110")

    seen: list[Method] = []
    monkeypatch.setattr(baselines, "run_cell", run_cell)
    usual = dict(METHODS)
    jobs = [baselines.Job(each, "shifted", 0) for each in CANDIDATES]
    results = {job.key: job.measure(tmp_path) for job in jobs}
    assert len({each["fingerprint"] for each in results.values()}) == len(results) == len(jobs)
    assert seen == [each.tried for each in CANDIDATES]
    assert usual == METHODS
    line = baselines.tables(results).splitlines()[2]
    assert line.split(" | ")[:5] == ["| 5", "0.3", "0.001", "", "2 of 3"]


def test_settings_are_chosen_on_tuning_seeds_and_the_used_ones_are_among_them() -> None:
    assert not set(baselines.SEEDS) & {*PUBLISHED_SEEDS, *FRESH_SEEDS}
    for baseline in baselines.BASELINES:
        assert [each.used for each in baseline.candidates].count(True) == 1
        assert len({each.tried.name for each in baseline.candidates}) == 1


def test_the_page_shows_the_results() -> None:
    results = json.loads((ROOT / "benchmarks/results/baselines.json").read_text("utf-8"))
    page = ROOT / "docs/experiments.md"
    assert written_part(page, baselines.MARKS) == baselines.tables(results)
    assert all(job.is_in(results) for job in baselines.JOBS)
    job = baselines.JOBS[0]
    assert not job.is_in({job.key: {"fingerprint": "of other settings"}})
    assert not job.is_in({})
