# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of neural policies runs, judges, writes as it goes and does nothing twice."""

import dataclasses
import functools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import family_navigation  # noqa: E402
import neural_policy  # noqa: E402
import neural_policy_problems as problems  # noqa: E402
import neural_policy_report as report  # noqa: E402
import paper  # noqa: E402

from irl_ros.benchmark.page import written_part  # noqa: E402
from irl_ros.learning.controller_optimisation import OptimiserConfig  # noqa: E402
from irl_ros.sim.demonstrate import teach  # noqa: E402
from irl_ros.sim.navigation import navigation  # noqa: E402

PAGE = ROOT / "docs/algorithms/neural_gcl.md"
QUICK = ["--set", "cloning.iterations=1", "cost_update.steps=2", "cost_update.first_times=1"]
QUICK += ["discriminator.steps=2", "proximal.epochs=1"]


def run(tmp_path: Path, *options: str) -> dict[str, Any]:
    page = tmp_path / "page.md"
    page.write_text("Before.\n\n{}\n{}\n\nAfter.\n".format(*report.MARKS))
    file = tmp_path / "results.json"
    words = ["--output", str(file), "--page", str(page), "--images", str(tmp_path), *options]
    assert neural_policy.main(words) == 0
    cells: dict[str, Any] = json.loads(file.read_text())["cells"]
    return cells


def cell(
    successes: list[int],
    rollouts: int = 80,
    place: tuple[str, str] = ("dish", "biased"),
    method: str = "gail",
) -> dict[str, Any]:
    curve = [
        {
            "rollouts": rollouts * number,
            "successes": count,
            "off_mm": 5.0,
            "minutes": number,
            "processor_minutes": number / 2,
        }
        for number, count in enumerate(successes)
    ]
    where = dict(zip(("problem", "condition"), place, strict=True))
    facts = {"method": method, "seed": 0, "trials": 10, "load": 1.0, "finished": True}
    return {**where, **facts, "curve": curve}


@pytest.mark.sim
def test_a_run_is_judged_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(problems, "teach", functools.partial(teach, slots=[0, 1, 2]))
    options = ["--problems", "dish", "--conditions", "biased", "--methods", "gcl-neural"]
    options += ["--seeds", "0", "--rollouts", "2", "--trials", "1", *QUICK, "rollouts=2"]
    cells = run(tmp_path, *options)
    kept = cells["dish/biased/gcl-neural/0"]
    assert [point["rollouts"] for point in kept["curve"]] == [0, 2]
    assert kept["finished"]
    assert kept["settings"]["rollouts"] == 2
    page = (tmp_path / "page.md").read_text()
    assert page.startswith("Before.\n")
    assert page.endswith("After.\n")
    assert "| dish, biased joints | GCL, neural | 1 |" in page
    assert (tmp_path / "neural_policy.svg").exists()
    capsys.readouterr()
    assert run(tmp_path, *options) == cells
    assert "successes" not in capsys.readouterr().out


def test_every_method_learns_to_navigate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = navigation()
    small = dataclasses.replace(whole, shown=whole.shown[:4], demonstrations=8)
    budget = paper.Budget(0, 3, tmp_path, OptimiserConfig(iterations=2, rollouts=5))
    monkeypatch.setitem(paper.TASKS, "navigation", lambda: small)
    monkeypatch.setattr(family_navigation, "BUDGET", budget)
    options = ["--problems", "navigation", "--conditions", "random", "--seeds", "1"]
    options += ["--rollouts", "20", "--trials", "2", *QUICK, "rollouts=5"]
    cells = run(tmp_path, *options)
    assert {each["method"] for each in cells.values()} == set(neural_policy.METHODS)
    for each in cells.values():
        assert [point["rollouts"] for point in each["curve"]] == [0, 10, 20]
        assert each["curve"][0]["successes"] == 0
        assert each["curve"][0]["off_mm"] > 100


@pytest.mark.parametrize("problem", problems.CONDITIONS)
@pytest.mark.parametrize("method", neural_policy.METHODS)
def test_settings_are_as_documented(problem: str, method: str) -> None:
    condition = problems.CONDITIONS[problem][0]
    job = neural_policy.Run(problems.Place(problem, condition, 0), method, 4000, 20)
    iterations = job.settings.get("iterations", "the default")
    assert iterations == ("the default" if method == "gcl" else 100)
    neural = "warm_start" in job.settings
    assert neural == (method != "gcl" and problem != "dish")
    if problem != "dish":
        deviation = "exploration" if neural else "first_sampler.hold_deviation"
        assert job.settings[deviation] == pytest.approx(0.5**0.5)


def test_a_run_ends_once_it_has_succeeded_twice_after_learning_began() -> None:
    assert not report.settled(cell([10, 10]))
    assert not report.settled(cell([10, 10, 8]))
    assert not report.settled(cell([0, 9, 8, 9]))
    assert report.settled(cell([10, 9, 9]))


def test_the_table_says_what_was_needed_and_what_was_not_reached() -> None:
    cells = [cell([0, 9, 10]), cell([1, 2, 3], 100), cell([0, 0], 5, method="gcl")]
    text = report.table(cells)
    assert (
        "| dish, biased joints | GAIL | 2 | 1/20 | 13/20 | 5 | 80, never | 1.00 (0.50) "
        "| 160, 200 | 2.00 (1.00) |"
    ) in text
    assert "| GCL, linear-Gaussian | 1 | 0/10 | 0/10 | 5 | never | — | 5 | 1.00 (0.50) |" in text
    assert "navigation" not in text


def test_a_run_that_ended_early_counts_as_it_ended() -> None:
    rollouts, shares = report.average([cell([0, 10, 10]), cell([0, 0, 0, 5])])
    assert rollouts == [0, 80, 160, 240]
    assert shares == [0, 50, 50, 75]


def test_every_condition_and_method_has_a_name() -> None:
    assert set(report.NAMES) == set(neural_policy.METHODS)
    places = {(problem, each) for problem, known in problems.CONDITIONS.items() for each in known}
    assert set(report.PLACES) == places


def test_the_page_is_that_of_the_kept_results() -> None:
    document = neural_policy.kept(neural_policy.parse([]).output)
    cells = [each for each in document["cells"].values() if each.get("finished")]
    cells.sort(key=lambda each: each["seed"])
    assert written_part(PAGE, report.MARKS) == report.measured(document, cells)
