# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Failed searches are found, repeated, and blamed on the cost or on the search."""

import functools
import json
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import elsewhere_failures  # noqa: E402
import kept_results  # noqa: E402

from irl_ros.benchmark import cell as cell_module  # noqa: E402
from irl_ros.benchmark.cell import Cell  # noqa: E402
from irl_ros.benchmark.methods import METHODS  # noqa: E402
from irl_ros.benchmark.page import written_part  # noqa: E402
from irl_ros.benchmark.results import ResultsFile, key_of  # noqa: E402
from irl_ros.benchmark.scenario import Scenario  # noqa: E402
from irl_ros.benchmark.teaching import taught  # noqa: E402
from irl_ros.core.arm import load_arm  # noqa: E402
from irl_ros.core.files import write_atomically  # noqa: E402
from irl_ros.core.task import DishTask  # noqa: E402
from irl_ros.learning.arm_problem import arm_problem  # noqa: E402
from irl_ros.learning.artifacts import cost_to_bytes  # noqa: E402
from irl_ros.learning.cost import Cost, CostConfig  # noqa: E402
from irl_ros.sim.config import SimulationConfig  # noqa: E402

DISH = ROOT / "benchmarks/results/dish.json"
PAGE = ROOT / "docs/experiments.md"
RESULTS = ROOT / "benchmarks/results/elsewhere_failures.json"


def test_the_page_shows_every_published_failure() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert written_part(PAGE, elsewhere_failures.MARKS) == elsewhere_failures.table(results)
    wanted = elsewhere_failures.failed(DISH)
    assert {name: each["fingerprint"] for name, each in results.items()} == {
        name: cell.fingerprint for name, cell in wanted.items()
    }
    known = {result.key: result for result in ResultsFile(DISH).load()}
    for name, cell in wanted.items():
        assert results[name]["successes"] == known[key_of(cell)].mean.count("1")


def test_a_lower_cost_than_where_it_was_shown_blames_the_cost() -> None:
    ends = {"attempts": 20, "successes": 0, "reason": "", "shown": 2.0}
    found = {
        "reoptimised_five_costs/100/slot 3": {**ends, "found": 2.5},
        "reoptimised/101/slot 10": {**ends, "found": 1.0},
        "reoptimised/101/slot -2": {**ends, "found": 3.0},
    }
    lines = [line.split(" | ") for line in elsewhere_failures.table(found).splitlines()[2:]]
    assert [(line[2], line[-1]) for line in lines] == [
        ("slot -2", "search |"),
        ("slot 10", "cost |"),
        ("slot 3", "search |"),
    ]


@pytest.mark.sim
def test_a_search_is_repeated_and_its_end_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_module, "taught_slots", lambda held_out: (0, 5, 9))
    again = Cell("reoptimised", Scenario("matched", 5), 0, rollouts=5, evaluations=1)
    assert again.source is not None
    file = again.source.cost_file(tmp_path)
    scale = torch.ones(18, dtype=torch.float64)
    cost = Cost(CostConfig(), scale, torch.Generator().manual_seed(0))
    file.parent.mkdir(parents=True)
    write_atomically(file, cost_to_bytes(cost, {}))
    usual = METHODS["reoptimised"]
    found = elsewhere_failures.look(again, tmp_path)
    assert METHODS["reoptimised"] is usual
    assert found["attempts"] == 1
    assert found["fingerprint"] == again.fingerprint
    shown = taught(SimulationConfig(), 0, (0, 5, 9), tmp_path / "demonstrations")
    arm = load_arm("panda")
    ends = arm_problem(shown, DishTask().target_pose(5), arm).inputs[:, -1]
    assert found["shown"] == pytest.approx(cost.state_cost(ends).mean().item())
    assert found["found"] != pytest.approx(found["shown"])


def test_results_are_kept_and_those_that_do_not_count_any_more_are_forgotten(
    tmp_path: Path,
) -> None:
    output = tmp_path / "results.json"
    kept_results.run({"b": functools.partial(dict, value=2)}, {"a": {"value": 1}}, output, 1)
    assert kept_results.load(output) == {"a": {"value": 1}, "b": {"value": 2}}
    elsewhere_failures.measure({}, output, tmp_path, 1)
    assert kept_results.load(output) == {}
