# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The results file: whole after every cell, honest about old settings."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from results_double import cell, measured, result

from irl_ros.benchmark.result import from_mapping
from irl_ros.benchmark.results import ResultsFile, key_of
from irl_ros.benchmark.scenario import Scenario
from irl_ros.core.errors import DataError, ParameterError
from irl_ros.sim.change import ChangeConfig

MACHINE = {"cores": "2"}


def test_results_survive_the_file(tmp_path: Path) -> None:
    file = ResultsFile(tmp_path / "new" / "dish.json")
    assert file.load() == ()
    first, second = result(seed=101, change={"rack_yaw": 0.3}), result("bc", mean="1100")
    file.add(first, MACHINE)
    file.add(second, MACHINE)
    assert set(map(repr, file.load())) == {repr(first), repr(second)}
    assert file.machine() == MACHINE
    lines = file.path.read_text().splitlines()
    assert sum(line.startswith('{"method"') for line in lines) == 2


def test_a_result_replaces_the_one_with_its_key(tmp_path: Path) -> None:
    file = ResultsFile(tmp_path / "dish.json")
    file.add(result(mean="0000"), MACHINE)
    file.add(result(mean="1111"), MACHINE)
    assert [each.mean for each in file.load()] == ["1111"]


def test_finished_cells_are_not_measured_again(tmp_path: Path) -> None:
    file = ResultsFile(tmp_path / "dish.json")
    cells = [cell(seed=seed) for seed in range(3)]
    file.add(measured(cells[1]), MACHINE)
    assert file.missing(cells, replace=False) == (cells[0], cells[2])


def test_results_of_other_settings_are_refused_or_measured_again(tmp_path: Path) -> None:
    file = ResultsFile(tmp_path / "dish.json")
    file.add(measured(cell()), MACHINE)
    stricter = cell(evaluations=30)
    with pytest.raises(ParameterError, match="--replace"):
        file.missing([stricter], replace=False)
    assert file.missing([stricter], replace=True) == (stricter,)
    assert file.missing([cell(rollouts=40)], replace=False) == (cell(rollouts=40),)


def test_the_key_of_a_cell_is_that_of_its_result() -> None:
    scenario = Scenario("cold", 7, ChangeConfig(bias=(0.1,) * 7, rack_yaw=0.2))
    wanted = replace(cell(), scenario=scenario)
    stored = json.loads(json.dumps(measured(wanted).as_mapping()))
    assert from_mapping(stored).key == key_of(wanted)


def test_the_fingerprint_tells_settings_apart() -> None:
    others = [
        cell("no_lcr"),
        cell("demonstrations_5"),
        cell(seed=101),
        cell(condition="cold"),
        cell(rollouts=40),
        cell(evaluations=10),
        cell(arm="iiwa14"),
        replace(cell(), scenario=Scenario("matched", 5)),
        replace(cell(), scenario=Scenario("matched", change=ChangeConfig(friction=0.5))),
    ]
    assert len({each.fingerprint for each in [cell(), *others]}) == 10
    assert cell().fingerprint == cell().fingerprint


def test_results_of_before_releases_were_watched_can_be_read(tmp_path: Path) -> None:
    file = ResultsFile(tmp_path / "dish.json")
    file.add(result(seed=1), MACHINE)
    file.add(result(seed=2, mean="10", drops=(0.05, 0.001)), MACHINE)
    first, second = file.path.read_text().splitlines()[1:3]
    assert "drops" not in first
    assert "drops" in second
    assert [each.drops for each in file.load()] == [(), (0.05, 0.001)]


def test_broken_files_are_refused(tmp_path: Path) -> None:
    file = ResultsFile(tmp_path / "dish.json")
    for content in ("", "{}", '{"format": 2}', '{"format": 1, "machine": {}, "cells": [{}]}'):
        file.path.write_text(content)
        with pytest.raises(DataError, match=re.escape(str(file.path)) + "|missing or unknown"):
            file.load()


def test_first_ninety_counts_the_last_ten() -> None:
    assert result(training="1" * 10).first_ninety() == 10
    assert result(training="0" + "1" * 9).first_ninety() == 10
    assert result(training="00" + "1" * 9).first_ninety() == 11
    assert result(training="01" * 20).first_ninety() is None
    assert result(training="").first_ninety() is None
    late = result(training="1" * 20 + "0" * 5 + "1" * 9)
    assert late.first_ninety(20) == 34
    assert late.first_ninety(25) is None
