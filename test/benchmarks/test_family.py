# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The comparison of the family runs, repeats nothing, and leaves no cell without an answer."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import family  # noqa: E402
import family_gridworld  # noqa: E402
import family_navigation  # noqa: E402
import family_report  # noqa: E402
import peers  # noqa: E402
import peers_report  # noqa: E402

from irl_ros.benchmark.methods import METHODS  # noqa: E402
from irl_ros.benchmark.page import written_part  # noqa: E402
from irl_ros.core.task import DishTask  # noqa: E402
from irl_ros.learning.algorithms import ALGORITHMS  # noqa: E402

PAGE = ROOT / "docs/algorithms/README.md"


def run(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    page = tmp_path / "page.md"
    page.write_text("Before.\n\n{}\n{}\n\nAfter.\n".format(*family_report.MARKS))
    command = [sys.executable, str(ROOT / "benchmarks/family.py"), "--page", str(page)]
    for name in ("output", "dish-output", "peers-output", "planning-output"):
        command += [f"--{name}", str(tmp_path / f"{name}.json")]
    command += ["--images", str(tmp_path), "--folder", str(tmp_path), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


def test_a_part_is_measured_once_and_written(tmp_path: Path) -> None:
    few = ["--problems", "gridworld", "--algorithms", "known", "bc", "gcl", "--seeds", "2"]
    few += ["--rollouts", "20"]
    result = run(tmp_path, *few)
    assert result.returncode == 0, result.stderr
    assert "6/6 gridworld/gcl/20/1: loses" in result.stderr
    cells = json.loads((tmp_path / "output.json").read_text())["cells"]
    assert cells["gridworld/known/20/0"]["distance"] == 0.0
    assert cells["gridworld/gcl/20/1"]["used"] == 20
    page = (tmp_path / "page.md").read_text()
    assert page.startswith("Before.\n")
    assert page.endswith("After.\n")
    assert "| behaviour cloning | " in page
    assert (tmp_path / "family.svg").exists()
    # What is there with the settings of today stays; what is not is measured again.
    cells["gridworld/bc/20/0"]["fingerprint"] = "of other settings"
    (tmp_path / "output.json").write_text(json.dumps({"cells": cells, "machine": {}}))
    again = run(tmp_path, *few)
    assert "1/1 gridworld/bc/20/0" in again.stderr
    assert "gridworld/gcl" not in again.stderr


def test_planning_at_the_dish_is_counted() -> None:
    def cell(model: str, objective: str, successes: int) -> dict[str, object]:
        facts = {"condition": "matched", "model": model, "objective": objective}
        return {**facts, "successes": successes, "trials": 3}

    cells = [cell("fitted", "learned cost", successes) for successes in (3, 2)]
    cells += [cell("fitted", "both", 1), cell("as designed", "learned cost", 1)]
    table = family_report.family_table(family_report.Results([], [], {}, cells))
    assert "| MPPI on a learned cost | —" in table
    assert "| 5/6 (44 to 97 %)<sup>" in table


@pytest.mark.parametrize("problem", family.PROBLEMS)
def test_every_row_is_measured_or_says_why_not(problem: str) -> None:
    measured = {
        "gridworld": set(family_gridworld.LEARNERS),
        "navigation": {
            row
            for row in family_report.ROWS
            if family_report.REGISTERED.get(row, row) in family_navigation.LEARNERS
        },
        "dish": {*family_report.DISH_METHODS, "mppi"},
    }[problem]
    explained = {row for row, where in family_report.NOTES if where == problem}
    assert measured | explained == set(family_report.ROWS)
    assert not measured & explained


def test_every_algorithm_of_the_trainer_is_compared() -> None:
    assert set(ALGORITHMS) <= set(family_navigation.LEARNERS)
    assert set(ALGORITHMS) <= set(family_report.DISH_METHODS.values())
    assert set(family_report.DISH_METHODS.values()) <= set(METHODS)


def test_everybody_has_the_same_paths() -> None:
    first, second = (family_gridworld.case_of(3, rollouts) for rollouts in (20, 90))
    assert torch.equal(first.shown.states, second.shown.states)
    assert not torch.equal(first.shown.states, family_gridworld.case_of(4, 20).shown.states)


def test_cells_of_the_dish_are_those_of_its_own_benchmark() -> None:
    arguments = family.parse(["--algorithms", "gcl", "bc", "--dish-seeds", "1"])
    cells = family.dish_cells(arguments)
    assert [(cell.method, cell.scenario.name, cell.seed, cell.rollouts) for cell in cells] == [
        ("gcl", "matched", 100, 90),
        ("gcl", "mismatched", 100, 90),
        ("bc", "matched", 100, 90),
        ("bc", "mismatched", 100, 90),
    ]


def test_other_places_do_not_count() -> None:
    results = family.results_of(family.parse([]))
    held_out = DishTask().held_out_slot
    for row in family_report.DISH_METHODS:
        for condition in family.CONDITIONS:
            found = family_report.of_dish(results, row, condition)
            assert {(each.slot, str(each.change)) for each in found} <= {(held_out, "{}")}
            assert len({each.seed for each in found}) == len(found)


def test_every_row_and_problem_leads_to_a_job() -> None:
    jobs = {(job.problem, job.row) for job in family.jobs_of(family.parse(["--seeds", "1"]))}
    assert {row for problem, row in jobs if problem == "gridworld"} == set(
        family_gridworld.LEARNERS
    )
    assert {row for problem, row in jobs if problem == "navigation"} == set(
        family_navigation.LEARNERS
    )


def test_the_page_has_all_rows_and_the_kept_results_of_the_gridworld() -> None:
    written = written_part(PAGE, family_report.MARKS)
    said = family_report.family_table(family.results_of(family.parse([])))

    def scores(text: str) -> list[list[str]]:
        rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
        return [[row[0], re.sub("<sup>.*?</sup>", "", row[1])] for row in rows if len(row) > 6]

    assert scores(written) == scores(said)
    assert len(scores(said)) == 1 + len(family_report.ROWS)


# --- The library imitation ---------------------------------------------------------------------


def test_the_other_side_parses_and_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ast.parse(peers.PEER.read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {"clone", "adversarial", "causal_entropy", "main"} <= functions
    asked = []

    def answer(command: list[object], **options: object) -> SimpleNamespace:
        asked.append(json.loads(str(options["input"])))
        line = {"method": "maxent", "policy": family_gridworld.DEMONSTRATOR.tolist()}
        line["seconds"] = [1.0, 0.5]
        return SimpleNamespace(returncode=0, stdout=f"told\n{json.dumps(line)}\n", stderr="")

    monkeypatch.setattr(peers.subprocess, "run", answer)
    ours, theirs = peers.gridworld(Path("python"), seed=0)
    assert ours["library"] == "irl_ros"
    assert theirs["distance"] == pytest.approx(0.0, abs=1e-12)
    transitions = torch.tensor(asked[0]["transitions"], dtype=torch.float64)
    assert torch.allclose(transitions.sum(dim=-1), torch.ones(25, 5, dtype=torch.float64))
    assert "| gridworld | maxent | loses" in peers_report.peers_table([ours, theirs])


def test_the_page_shows_the_kept_comparison_and_its_versions_are_those_to_be_installed() -> None:
    kept = json.loads(peers.RESULTS.read_text())
    assert peers_report.peers_part(kept) in written_part(PAGE, family_report.MARKS)
    assert len({row["seed"] for row in kept["rows"] if row["library"]}) == 5
    lines = (ROOT / "benchmarks/peers.txt").read_text().replace("-", "_").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    theirs = kept["versions"]["imitation"]
    assert {name: theirs[name].split("+")[0] for name in pins if name in theirs} == {
        name: pins[name] for name in ("imitation", *peers.PACKAGES)
    }


def test_what_the_same_sides_have_measured_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    sides = {"irl_ros": {"code": "a"}, "imitation": {"torch": "1"}}
    found = {"library": "irl_ros", "problem": "gridworld", "method": "maxent", "lost": 0.1}

    def gridworld(python: Path, seed: int) -> list[peers.Row]:
        measured.append(seed)
        return [{**found, "seed": seed}]

    monkeypatch.setattr(peers, "versions", lambda python: sides)
    monkeypatch.setattr(peers, "gridworld", gridworld)
    monkeypatch.setattr(peers, "ours", lambda *parts: [])
    monkeypatch.setattr(peers, "theirs", lambda *parts: [])
    options = ["python", "--output", str(tmp_path / "peers.json")]
    peers.main([*options, "--seeds", "0"])
    peers.main([*options, "--seeds", "0", "1"])
    assert measured == [0, 1]
    sides["imitation"] = {"torch": "2"}
    peers.main([*options, "--seeds", "0"])
    assert measured == [0, 1, 0]
