# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's experiments run, go on where they stopped, and make their tables."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from irl_ros.core.parameters import to_mapping
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.presets import preset

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PAGE = BENCHMARKS.parent / "docs/experiments.md"


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import paper

    def small() -> Any:
        whole = paper.navigation()
        return dataclasses.replace(whole, shown=whole.shown[:3], demonstrations=4)

    monkeypatch.setitem(paper.TASKS, "navigation", small)
    return paper


def words(folder: Path, *more: str) -> list[str]:
    return [
        *("--tasks", "navigation", "--methods", "gcl", "relent", "gcl-paper"),
        *("--conditions", "1"),
        *("--iterations", "1", "--evaluations", "2", "--workers", "1", "--no-consistency"),
        *("--demonstrator", "1", "--set", "cost_update.steps=5"),
        *("--output", str(folder / "paper.json"), "--demonstrations", str(folder / "shown")),
        *more,
    ]


def test_a_small_run_and_its_continuation(
    paper: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paper.main(words(tmp_path)) == 0
    assert "| random | relative-entropy IRL |" in capsys.readouterr().out
    results = json.loads((tmp_path / "paper.json").read_text())["results"]
    learned = [each for each in results.values() if each["kind"] == "run"]
    assert len(learned) == 6
    for each in learned:
        assert [point["rollouts"] for point in each["curve"]] == [0, 10]
        assert all(point["distance"] > 0 for point in each["curve"])
    random = [each["curve"][0] for each in learned if each["first"] == "random"]
    assert len(random) == 3
    assert random == [random[0]] * 3
    before = (tmp_path / "paper.json").read_bytes()
    assert paper.main(words(tmp_path)) == 0
    assert "run/navigation" not in capsys.readouterr().out
    assert (tmp_path / "paper.json").read_bytes() == before
    assert paper.main(words(tmp_path, "--set", "cost_update.steps=3")) == 1
    assert "other settings" in capsys.readouterr().err
    alone = [each for each in results.values() if each.get("method") != "gcl"]
    assert "| random | GCL, preset paper |" in paper.paper_report.tables(alone)


def test_methods_are_run_again_when_asked(paper: Any) -> None:
    kept = {
        "protocol": {"iterations": 1, "methods": {"gcl": {}, "relent": {"old": 1}}},
        "results": {
            "run/gcl": {"kind": "run", "method": "gcl"},
            "run/relent": {"kind": "run", "method": "relent"},
            "oracle": {"kind": "oracle", "method": ""},
        },
    }
    found = paper.without(kept, ["relent"])
    assert found["protocol"] == {"iterations": 1, "methods": {"gcl": {}}}
    assert list(found["results"]) == ["run/gcl", "oracle"]
    assert paper.without(kept, []) == kept


def small_budget(paper: Any, folder: Path) -> Any:
    return paper.Budget(1, 2, folder, paper.OptimiserConfig(iterations=1, rollouts=15))


def test_methods_that_came_later_are_added_to_a_file(paper: Any, tmp_path: Path) -> None:
    today = json.loads(json.dumps(paper.protocol(small_budget(paper, tmp_path))))
    assert paper.continued(today, today) == today
    older = json.loads(json.dumps(today))
    del older["methods"]["gcl-paper"], older["tasks"]
    assert paper.continued(older, today) == today
    older["methods"]["relent"] = {}
    assert paper.continued(older, today) is None
    other = {**today, "tasks": {**today["tasks"], "navigation": "of another cost"}}
    assert paper.continued(other, today) is None
    assert paper.continued({**today, "iterations": 2}, today) is None


def test_demonstrations_of_another_ground_truth_do_not_count(
    paper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = small_budget(paper, tmp_path)
    assert not paper.is_demonstrated("navigation", 0, budget)
    paper.teach(paper.Job("demonstrations", "navigation"), budget)
    assert paper.is_demonstrated("navigation", 0, budget)
    task = paper.TASKS["navigation"]()
    truth = dataclasses.replace(task.ground_truth, square_weight=1.0)
    other = dataclasses.replace(task, ground_truth=truth)
    monkeypatch.setitem(paper.TASKS, "navigation", lambda: other)
    assert not paper.is_demonstrated("navigation", 0, budget)


def test_the_preset_paper_is_taken_as_far_as_it_applies(paper: Any, tmp_path: Path) -> None:
    job = paper.Job("run", "navigation", "gcl-paper", "random")
    found = to_mapping(paper.settings(paper.navigation(), job, small_budget(paper, tmp_path)))
    wanted = to_mapping(preset("paper"))
    assert {name for name in wanted if found[name] != wanted[name]} <= {
        *("iterations", "rollouts", "cost.hidden", "cost.features", "cost.action_weight"),
        *("first_sampler.kind", "first_sampler.hold_deviation"),
    }


def test_the_picture_has_the_error_of_the_table(paper: Any) -> None:
    assert paper.paper_report.standard_error([1.0, 3.0]) == pytest.approx(1.0)


def test_scores_are_those_of_the_last_state(paper: Any) -> None:
    experiment = paper.navigation()
    states = torch.zeros(2, 100, 4, dtype=torch.float64)
    states[0, -1, :2] = torch.tensor([0.03, 0.04])
    states[1, -1, :2] = torch.tensor([3.0, 4.0])
    tried = Trajectories(states, torch.zeros(2, 100, 2, dtype=torch.float64))
    found = paper.score(experiment, experiment.tested[0], tried)
    assert found["distance"] == pytest.approx((0.05 + 5) / 2)
    assert found["success"] == 0.5


def test_the_page_has_a_place_for_the_tables(paper: Any) -> None:
    report = paper.paper_report
    text = PAGE.read_text()
    assert text.index(report.BEGIN) < text.index(report.END)


def test_methods_without_regularisers_are_compared_with_each_other(paper: Any) -> None:
    ends = {"gcl": 3.0, "relent": 4.0, "gcl-plain": 1.0, "relent-plain": 2.0}
    runs = [
        {"method": name, "condition": 0, "seed": 0, "curve": [{"distance": end}]}
        for name, end in ends.items()
    ]
    wins = paper.paper_report._wins
    assert wins(runs, "relent", "distance") == "1 of 1"
    assert wins(runs, "relent-plain", "distance") == "1 of 1"
    assert wins(runs, "gcl-plain", "distance") == "0 of 1"
    assert wins(runs[:-2] + runs[-1:], "relent-plain", "distance") == "0 of 0"
