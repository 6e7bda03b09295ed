# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `irl-ros bench dish`: what it measures, and what it refuses."""

import json
from pathlib import Path

import pytest

from irl_ros.benchmark import cell
from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.methods import named
from irl_ros.benchmark.results import ResultsFile
from irl_ros.benchmark.scenario import BENCHMARK_CONDITIONS, PLACES, Scenario
from irl_ros.cli import bench_dish
from irl_ros.core.errors import ParameterError
from irl_ros.sim.change import ChangeConfig


def _wanted(**values: object) -> tuple[Cell, ...]:
    known: dict[str, object] = {
        "methods": ("gcl", "bc"),
        "conditions": ("cold", "biased"),
        "seeds": (0, 1),
        "rollouts": 90,
        "evaluations": 20,
        "slots": (),
        "change": ChangeConfig(),
        "elsewhere": False,
        "arm": "panda",
    }
    return bench_dish.wanted_cells(**{**known, **values})  # type: ignore[arg-type]


def test_seeds_are_numbers_and_ranges() -> None:
    assert bench_dish.parse_seeds("100-103,2, 101") == (100, 101, 102, 103, 2)
    for bad in ("", "a", "3-", "-3", "1,,2"):
        with pytest.raises(ParameterError, match="numbers and ranges"):
            bench_dish.parse_seeds(bad)


def test_changes_are_checked_like_any_parameter() -> None:
    texts = ["rack_yaw=0.3", "bias=0.1,0,0,0,0,0,0", "more_slots=2"]
    change = bench_dish.parse_changes(texts)
    assert change == ChangeConfig(rack_yaw=0.3, bias=(0.1, *(0.0,) * 6), more_slots=2)
    for bad in ("rack_jaw=1", "rack_yaw", "friction=-1", "bias=0.1", "rack_yaw=x"):
        with pytest.raises(ParameterError):
            bench_dish.parse_changes([bad])


def test_cells_go_seed_by_seed() -> None:
    cells = _wanted()
    assert len(cells) == 8
    assert [each.seed for each in cells] == [0] * 4 + [1] * 4
    assert cells[0] == Cell("gcl", Scenario("cold"), 0)
    whole = _wanted(methods=("methods",), conditions=(), seeds=(0,))
    assert len(whole) == len(BENCHMARK_CONDITIONS) * len(named(("methods",)))


def test_slots_and_other_places() -> None:
    assert {each.scenario.slot for each in _wanted(slots=(2, 10))} == {2, 10}
    elsewhere = _wanted(methods=("reoptimised",), elsewhere=True)
    assert len(elsewhere) == 2 * 2 * len(PLACES)
    with pytest.raises(ParameterError, match="leave the others out"):
        _wanted(elsewhere=True, slots=(3,))


def test_bad_names_are_refused() -> None:
    with pytest.raises(ParameterError, match="choose methods"):
        _wanted(methods=("gclx",))
    with pytest.raises(ParameterError, match="choose one of matched"):
        _wanted(conditions=("warm",))


@pytest.mark.sim
def test_it_measures_what_is_missing_and_prints_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell, "taught_slots", lambda held_out: (0, 5, 9))
    change = ChangeConfig(friction=0.3)

    def measure(evaluations: int, *, as_json: bool = True) -> str:
        cells = _wanted(
            methods=("fitted",),
            conditions=("biased",),
            seeds=(0,),
            evaluations=evaluations,
            change=change,
        )
        output = tmp_path / "dish.json"
        bench_dish.measure(cells, output, tmp_path, workers=0, replace=False, as_json=as_json)
        return capsys.readouterr().out

    (printed,) = json.loads(measure(1))
    assert printed["change"] == {"friction": 0.3}
    (stored,) = ResultsFile(tmp_path / "dish.json").load()
    assert stored.fingerprint == printed["fingerprint"]
    assert json.loads(measure(1)) == [printed]
    assert "| fitted | biased, friction 0.3 |" in measure(1, as_json=False)
    with pytest.raises(ParameterError, match="--replace"):
        measure(2)


def test_costs_that_have_to_be_learned_first_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_dish, "run_cells", lambda *_: None)
    cells = tuple(Cell("reoptimised", Scenario("matched", slot), 0) for slot in (2, 3))
    file = tmp_path / "dish.json"
    bench_dish.measure(cells, file, tmp_path, workers=0, replace=False, as_json=False)
    assert "cells: 3 to measure" in capsys.readouterr().err
