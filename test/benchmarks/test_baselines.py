# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates of the hand-written cost reach the benchmark, on tuning seeds, and are counted."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import hand_written  # noqa: E402

from irl_ros.benchmark.cell import Cell  # noqa: E402
from irl_ros.benchmark.method import Method  # noqa: E402
from irl_ros.benchmark.methods import METHODS  # noqa: E402
from irl_ros.benchmark.page import written_part  # noqa: E402
from irl_ros.benchmark.selection import FRESH_SEEDS, PUBLISHED_SEEDS  # noqa: E402

pytestmark = pytest.mark.sim


def test_a_candidate_takes_the_place_of_the_cost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run_cell(cell: Cell, folder: Path) -> SimpleNamespace:
        seen.append(METHODS[cell.method])
        return SimpleNamespace(fingerprint=cell.fingerprint, mean="110")

    seen: list[Method] = []
    monkeypatch.setattr(hand_written, "run_cell", run_cell)
    usual = METHODS["hand_written"]
    jobs = [hand_written.Job(each, "shifted", 0) for each in hand_written.CANDIDATES]
    results = {job.key: job.measure(tmp_path) for job in jobs}
    assert len({each["fingerprint"] for each in results.values()}) == len(jobs)
    assert [each.settings["cost"] for each in seen] == [repr(job.weights.cost) for job in jobs]
    assert METHODS["hand_written"] is usual
    line = hand_written.table(results).splitlines()[2]
    assert line.split(" | ")[:5] == ["| 5", "0.3", "0.001", "", "2 of 3"]


def test_weights_are_chosen_on_tuning_seeds_and_the_used_ones_are_among_them() -> None:
    assert not set(hand_written.SEEDS) & {*PUBLISHED_SEEDS, *FRESH_SEEDS}
    assert hand_written.USED in hand_written.CANDIDATES
    assert hand_written.USED.cost == hand_written.HAND_WRITTEN


def test_the_page_shows_the_results() -> None:
    results = json.loads((ROOT / "benchmarks/results/hand_written.json").read_text("utf-8"))
    page = ROOT / "docs/experiments.md"
    assert written_part(page, hand_written.MARKS) == hand_written.table(results)
    assert all(job.is_in(results) for job in hand_written.JOBS)
    job = hand_written.JOBS[0]
    assert not job.is_in({job.key: {"fingerprint": "of other settings"}})
    assert not job.is_in({})
