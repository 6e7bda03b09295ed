# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cells: nothing leaks, and neither order nor number of processes matters."""

import math
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from point_mass import PointMass, point_mass_problem
from results_double import cell

from irl_ros.benchmark import cell as cell_module
from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.cell import Cell, _rest, run_cell
from irl_ros.benchmark.door import CountedRollouts
from irl_ros.benchmark.earlier import elsewhere_tried
from irl_ros.benchmark.learners import demonstration_fitted, taken_over
from irl_ros.benchmark.method import Method
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.runner import run_cells, waves
from irl_ros.benchmark.scenario import Scenario
from irl_ros.benchmark.selection import cells_of
from irl_ros.benchmark.teaching import chosen, taught
from irl_ros.core.arm import load_arm
from irl_ros.core.errors import ParameterError, RolloutError
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.task import DishTask
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.first_sampler import FirstSamplerConfig
from irl_ros.sim.change import ChangeConfig
from irl_ros.sim.config import CONDITIONS, SimulationConfig
from irl_ros.sim.rollouts import SimRollouts

pytestmark = pytest.mark.sim

SLOTS = (0, 2, 5, 9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture
def few_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Teach four takes instead of twenty."""
    monkeypatch.setattr(cell_module, "taught_slots", lambda held_out: SLOTS)


def _watch(monkeypatch: pytest.MonkeyPatch, **values: object) -> list[BenchmarkCase]:
    """Put a method in the place of ``gcl`` that only keeps what it is given."""
    seen: list[BenchmarkCase] = []

    def learn(case: BenchmarkCase) -> Learned:
        seen.append(case)
        return demonstration_fitted(case, FirstSamplerConfig())

    watching = Method("gcl", "method", "keeps what it is given", learn, **values)  # type: ignore[arg-type]
    monkeypatch.setitem(METHODS, "gcl", watching)
    return seen


def test_demonstrations_are_taught_once_and_kept(folder: Path) -> None:
    config = SimulationConfig()
    first = taught(config, 3, SLOTS, folder / "kept")
    files = list((folder / "kept").iterdir())
    assert len(files) == 1
    again = taught(config, 3, SLOTS, folder / "kept")
    assert torch.equal(first.trajectories.states, again.trajectories.states)
    assert list((folder / "kept").iterdir()) == files
    taught(config, 4, SLOTS, folder / "kept")
    assert len(list((folder / "kept").iterdir())) == 2


def test_some_demonstrations_are_spread_over_the_slots(folder: Path) -> None:
    shown = taught(SimulationConfig(), 3, SLOTS, folder / "kept")
    task = DishTask()
    wanted = [task.target_pose(slot).position[1] for slot in (2, 9)]
    assert [target.position[1] for target in chosen(shown, 2).targets] == pytest.approx(wanted)
    single = chosen(shown, 1)
    assert torch.equal(single.trajectories.states[0], single.trajectories.states[1])
    assert len(chosen(shown, 0)) == 4
    with pytest.raises(ParameterError, match="1 to 4"):
        chosen(shown, 5)


@pytest.mark.parametrize(
    "place",
    [{}, {"slot": 7}, {"slot": 10}, {"change": ChangeConfig(rack_shift=(0.05, -0.08))}],
    ids=["held out", "inside", "outside", "moved"],
)
def test_nothing_is_shown_where_the_task_is_to_be_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: dict[str, Any]
) -> None:
    seen = _watch(monkeypatch)
    there = Scenario("matched", **place)
    run_cell(replace(cell(seed=0, evaluations=1), scenario=there), folder)
    (case,) = seen
    rack = DishTask().rack
    away = (case.problem.contexts - case.problem.context).norm(dim=1)
    assert len(away) == 20
    assert float(away.min()) > rack.pitch - 0.005
    assert case.learned_cost is None
    assert case.shown is None
    assert isinstance(case.source, CountedRollouts)


@pytest.mark.usefixtures("few_slots")
def test_a_cell_repeats(folder: Path) -> None:
    wanted = Cell("fitted", Scenario("biased"), 3, evaluations=2)
    first, second = run_cell(wanted, folder), run_cell(wanted, folder)
    assert _without_time(first) == _without_time(second)
    assert first.fingerprint == wanted.fingerprint
    assert len(first.mean) == len(first.sampled) == len(first.forces) == len(first.drops) == 2
    assert first.training == ""


@pytest.mark.usefixtures("few_slots")
def test_methods_are_given_what_they_ask_for_and_no_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _watch(monkeypatch, shown=True, demonstrations=2)
    run_cell(cell(seed=3, evaluations=1, rollouts=40, condition="cold"), folder)
    (case,) = seen
    assert case.shown is not None
    assert len(case.shown) == 1
    assert len(case.problem.demonstrations) == 2
    assert case.cold
    assert case.rollouts == 40


@pytest.mark.usefixtures("few_slots")
def test_what_is_shown_of_the_task_begins_where_the_arm_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _watch(monkeypatch, shown=True)
    for condition in ("biased", "shifted"):
        run_cell(cell(seed=3, evaluations=1, condition=condition), folder)
    points = []
    for case in seen:
        assert case.shown is not None
        points.append(case.problem.features(case.shown.states[:, 0])[0, :9].reshape(3, 3))
    moved = (points[1] - points[0]).mean(dim=0).norm()
    assert float(moved) == pytest.approx(math.hypot(*CONDITIONS["shifted"].start_shift), abs=0.02)


@pytest.mark.usefixtures("few_slots")
def test_what_was_tried_elsewhere_was_tried_by_another_arm(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _watch(monkeypatch, earlier=2)
    for condition in ("biased", "cold"):
        run_cell(cell(seed=3, evaluations=1, condition=condition), folder)
    after_matched, after_mismatched = (case.problem.earlier for case in seen)
    assert after_matched is not None
    assert after_mismatched is not None
    assert len(after_matched) == len(after_mismatched) == 2
    assert (elsewhere_tried("biased"), elsewhere_tried("cold")) == ("matched", "mismatched")
    assert all(case.source.outcomes == () for case in seen)


def test_a_budget_cannot_be_exceeded() -> None:
    with closing(SimRollouts()) as arm:
        door = CountedRollouts(arm, 2)
        policy = _still()
        door.sample(policy, 1, 0)
        with pytest.raises(RolloutError, match="budget of 2"):
            door.sample(policy, 2, 1)
        door.sample(policy, 1, 2)
        assert len(door.outcomes) == 2


def test_costs_are_learned_before_they_are_needed_and_anew_by_other_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Cell("reoptimised", Scenario("cold", 7), 3)
    source = Cell("gcl", Scenario("cold"), 3)
    assert there.source == source
    assert waves([there], folder) == ((source,), (there,))
    assert waves([source, there], folder) == ((source,), (there,))
    file = source.cost_file(folder)
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert waves([there], folder) == ((), (there,))
    monkeypatch.setattr(cell_module, "code_digest", lambda *_: "of other code")
    assert waves([there], folder) == ((source,), (there,))
    monkeypatch.undo()
    file.unlink()


def test_another_arm_is_given_the_cost_and_nothing_else(folder: Path) -> None:
    (there,) = cells_of(
        ["other_arm"], [Scenario("matched")], [3], Cell("gcl", Scenario("cold"), 0)
    )
    assert there.arm == "iiwa14"
    source = there.source
    assert source == Cell("gcl", Scenario("matched"), 3, arm="panda")
    rest = _rest(there)
    assert torch.equal(rest[:7], torch.from_numpy(load_arm("iiwa14").home.copy()))
    assert torch.equal(rest[7:14], torch.zeros(7).double())
    problem = point_mass_problem(torch.tensor([0.6, 0.4]).double(), 8)
    door = CountedRollouts(PointMass(problem.context), 10)
    config = CostConfig(hidden=(8,), features=8)
    cost = Cost(config, problem.input_scale, torch.Generator().manual_seed(0))
    start = torch.tensor([0.1, -0.1, 0.0, 0.0]).double()
    spoiled = replace(problem, contexts=problem.contexts + torch.nan)
    case = BenchmarkCase(spoiled, door, 10, 0, cold=False, learned_cost=cost, rest=start)
    learned = taken_over(case)
    assert len(door.outcomes) == 10
    assert learned.note == ""


@pytest.mark.slow
def test_processes_do_not_change_results(folder: Path) -> None:
    cells = [Cell("fitted", Scenario(name), 0, evaluations=2) for name in ("matched", "biased")]
    by_workers: list[list[CellResult]] = []
    for workers in (0, 2):
        done: list[CellResult] = []
        run_cells(cells, folder, workers, done.append, _refuse)
        by_workers.append(sorted((_without_time(each) for each in done), key=lambda r: r.key))
    assert by_workers[0] == by_workers[1]


@pytest.mark.usefixtures("few_slots")
def test_a_cell_that_fails_does_not_stop_the_others(folder: Path) -> None:
    good = Cell("fitted", Scenario("biased"), 3, evaluations=1)
    bad = Cell("gcl", Scenario("biased"), 3, rollouts=13)
    done: list[CellResult] = []
    failures: list[tuple[Cell, Exception]] = []
    run_cells([bad, good], folder, 0, done.append, lambda *what: failures.append(what))
    assert [each.method for each in done] == ["fitted"]
    ((cell, error),) = failures
    assert cell == bad
    assert isinstance(error, ParameterError)


def _refuse(cell: Cell, error: Exception) -> None:
    raise AssertionError(f"{cell}: {error}")


def _without_time(result: CellResult) -> CellResult:
    return replace(result, seconds=0.0, cpu_seconds=0.0)


def _still():
    eye = torch.eye(7, dtype=torch.float64).repeat(100, 1, 1)
    zeros = torch.zeros(100, 7, dtype=torch.float64)
    return LinearGaussianController(zeros.unsqueeze(-1).repeat(1, 1, 32), zeros, eye)
