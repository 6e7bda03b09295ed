# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `irl-ros bench dish` does once its options are read."""

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.methods import named
from irl_ros.benchmark.page import measured_part, write_measured_part
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.results import ResultsFile
from irl_ros.benchmark.runner import machine, run_cells, waves
from irl_ros.benchmark.scenario import BENCHMARK_CONDITIONS, Scenario, places
from irl_ros.benchmark.selection import (
    by_method_and_scenario,
    cells_of,
    outdated,
    results_of,
)
from irl_ros.benchmark.tables import details_table, success_table
from irl_ros.cli.progress import StageDisplay
from irl_ros.core.errors import ParameterError, RolloutError
from irl_ros.core.parameters import describe, from_mapping
from irl_ros.core.task import DishTask
from irl_ros.sim.change import ChangeConfig


def wanted_cells(
    *,
    methods: tuple[str, ...],
    conditions: tuple[str, ...],
    seeds: tuple[int, ...],
    rollouts: int,
    evaluations: int,
    slots: tuple[int, ...],
    change: ChangeConfig,
    elsewhere: bool,
    arm: str,
) -> tuple[Cell, ...]:
    """Return all cells that are asked for.

    Args:
        methods: Names of methods or of groups.
        conditions: Names of conditions; all if empty.
        seeds: Seeds.
        rollouts: The budget.
        evaluations: How often a policy is judged.
        slots: Slots; the held-out one if empty.
        change: What else is not as taught.
        elsewhere: At all places where a learned cost is tried again.
        arm: Name of the arm.

    Raises:
        ParameterError: If a name is unknown, or other places are combined with free changes.
    """
    conditions = conditions or BENCHMARK_CONDITIONS
    if elsewhere:
        if slots or change != ChangeConfig():
            raise ParameterError("--elsewhere has its own slots and changes; leave the others out")
        scenarios = [place for condition in conditions for place in places(condition)]
    else:
        chosen = slots or (DishTask().held_out_slot,)
        scenarios = [Scenario(each, slot, change) for each in conditions for slot in chosen]
    names = [method.name for method in named(methods)]
    like = Cell(names[0], scenarios[0], seeds[0], arm, rollouts, evaluations)
    return cells_of(names, scenarios, seeds, like)


def measure(
    cells: tuple[Cell, ...],
    output: Path,
    folder: Path,
    *,
    workers: int,
    replace: bool,
    as_json: bool,
) -> None:
    """Measure what is missing, show how far it is, and print what was asked for.

    Args:
        cells: What is wanted.
        output: File of the results.
        folder: Where demonstrations and learned costs are kept.
        workers: Number of processes.
        replace: Measure again what was measured with other settings.
        as_json: Print JSON instead of tables.

    Raises:
        RolloutError: If a cell cannot be measured; the other results are not lost.
    """
    file = ResultsFile(output)
    missing = file.missing(cells, replace=replace)
    if missing:
        with StageDisplay(Console(stderr=True)) as display:
            _measure(missing, file, folder, workers, display)
    results = results_of(cells, file.load())
    if as_json:
        print(json.dumps([result.as_mapping() for result in results], indent=1))
        return
    table = by_method_and_scenario(results)
    print(success_table(table, "method"), end="\n\n")
    print(details_table(table))


def _measure(
    missing: tuple[Cell, ...],
    file: ResultsFile,
    folder: Path,
    workers: int,
    display: StageDisplay,
) -> None:
    began, done, here = time.monotonic(), 0, machine()
    total = sum(len(wave) for wave in waves(missing, folder))
    display.begin("cells", total, f"{total} to measure; stop whenever you like")

    def finished(result: CellResult) -> None:
        nonlocal done
        file.add(result, here)
        done += 1
        left = (time.monotonic() - began) / done * (total - done) / 60
        score = f"{result.method}, {result.condition}, seed {result.seed}: {result.successes}"
        display.update(done, f"{score} of {len(result.mean)}; about {left:.0f} min left")

    def failed(cell: Cell, error: Exception) -> None:
        name = f"{cell.method}, {cell.scenario.name}, seed {cell.seed}"
        failures.append(f"{name}: {type(error).__name__}: {error}")
        display.update(done, f"{failures[-1]}")

    failures: list[str] = []
    run_cells(missing, folder, workers, finished, failed)
    if failures:
        listed = "\n  ".join(failures)
        raise RolloutError(
            f"{len(failures)} cells could not be measured; all others are in {file.path}:\n  "
            f"{listed}"
        )


def write_report(output: Path, docs: Path) -> None:
    """Write tables and plots of the docs from the results alone.

    Args:
        output: File of the results.
        docs: Folder of the docs.
    """
    file = ResultsFile(output)
    results = file.load()
    from irl_ros.benchmark.figures import write_figures

    page = docs / "experiments.md"
    write_measured_part(page, measured_part(results, file.machine()))
    for picture in write_figures(results, docs / "images"):
        print(f"wrote {picture}")
    print(f"wrote {page}")
    old = outdated(results)
    if old:
        print(
            f"{old} of the results were measured with other settings than those of today; measure "
            "them again with --replace"
        )


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that a text such as ``0,3,100-109`` names.

    Raises:
        ParameterError: If it names none.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ParameterError(f"seeds = {text!r}; give numbers and ranges such as 0,3,100-109")
        seeds += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(seeds))


def parse_changes(texts: list[str]) -> ChangeConfig:
    """Return the changes that texts such as ``rack_yaw=0.3`` ask for.

    Raises:
        ParameterError: If a name is unknown or a value is not allowed.
    """
    infos = {info.name: info for info in describe(ChangeConfig)}
    values: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        info = infos.get(name)
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError as error:
            raise ParameterError(
                f"--change {text}; give NAME=NUMBER or NAME=NUMBER,..."
            ) from error
        if info is not None and info.element_type is int and numbers[0].is_integer():
            values[name] = int(numbers[0])
        else:
            values[name] = numbers if info is None or info.is_tuple else numbers[0]
    return from_mapping(ChangeConfig, values)
