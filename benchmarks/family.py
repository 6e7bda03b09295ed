# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare the whole family on the same three problems: gridworld, 2-D navigation, dish.

    make bench-family BENCH="--seeds 3"

Within a problem every algorithm has the same demonstrations and the same number of rollouts; a
result says where it used another. What is there already, measured with the settings of today, is
not measured again. Cells of the dish are those of `irl-ros bench dish` and of `planning.py` and
stand in their files, the comparison with another library is that of `peers.py`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import family_gridworld
import family_navigation
import family_report
import planning
import torch

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.code import fingerprint
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.results import ResultsFile
from irl_ros.benchmark.runner import machine, run_cells
from irl_ros.benchmark.scenario import Scenario
from irl_ros.core.errors import IrlRosError
from irl_ros.core.files import write_atomically
from irl_ros.learning.artifacts import cost_to_bytes, load_cost

HERE = Path(__file__).resolve().parent
PROBLEMS = ("gridworld", "navigation", "dish")
CONDITIONS = ("matched", "mismatched")
DISH_SEED = 100  # the first of those that defaults were validated on; none was tuned on it
_HARNESS = 1  # raised whenever results of these modules change their meaning


@dataclass(frozen=True)
class Job:
    """One cell of the gridworld or of the navigation."""

    problem: str
    row: str
    seed: int
    rollouts: int

    @property
    def key(self) -> str:
        return f"{self.problem}/{self.row}/{self.rollouts}/{self.seed}"

    @property
    def fingerprint(self) -> str:
        """A sum over everything that the result depends on, the code aside."""
        values: dict[str, Any] = {"harness": _HARNESS, "key": self.key}
        if self.problem == "gridworld":
            values |= family_gridworld.SETTINGS
            values["row"] = family_gridworld.CHANGED.get(self.row, 0)
        else:
            values |= family_navigation.SETTINGS
            values["row"] = family_navigation.CHANGED.get(self.row, 0)
            algorithm = family_navigation.COST_OF.get(self.row, self.row)
            values["config"] = family_navigation.settings_of(algorithm)
        return fingerprint(values)

    def cost_file(self, folder: Path) -> Path:
        return folder / f"{self.row}-{self.fingerprint}.safetensors"


def jobs_of(arguments: argparse.Namespace) -> Iterator[Job]:
    """Return the cells, seed by seed, so that a run cut short has a bit of everything."""
    for seed in range(arguments.seeds):
        for row in arguments.algorithms:
            if "gridworld" in arguments.problems and row in family_gridworld.LEARNERS:
                for rollouts in family_gridworld.budgets(row, arguments.rollouts):
                    yield Job("gridworld", row, seed, rollouts)
        for row in arguments.algorithms:
            name = family_report.REGISTERED.get(row, row)
            if "navigation" in arguments.problems and name in family_navigation.LEARNERS:
                yield Job("navigation", name, seed, arguments.rollouts)


def run(job: Job, folder: Path) -> dict[str, Any]:
    """Measure a cell; what cannot be learned has a note instead of a score."""
    began = time.process_time()
    try:
        if job.problem == "gridworld":
            result = family_gridworld.measure(job.row, job.seed, job.rollouts)
        else:
            result = _navigate(job, folder)
    except IrlRosError as error:
        result = {"note": str(error)}
    spent = round(time.process_time() - began, 2)
    facts = {"problem": job.problem, "row": job.row, "seed": job.seed, "rollouts": job.rollouts}
    return {**facts, **result, "fingerprint": job.fingerprint, "cpu_seconds": spent}


def _navigate(job: Job, folder: Path) -> dict[str, Any]:
    family_navigation.prepare()
    cost = None
    if job.row in family_navigation.COST_OF:
        source = Job(job.problem, family_navigation.COST_OF[job.row], job.seed, job.rollouts)
        if not source.cost_file(folder).exists():
            run(source, folder)
        cost = load_cost(source.cost_file(folder))[0]
    result, learned = family_navigation.measure(job.row, job.seed, job.rollouts, cost)
    if job.row in family_navigation.COST_OF.values() and learned.cost is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(job.cost_file(folder), cost_to_bytes(learned.cost, {"cell": job.key}))
    return result


def measure(arguments: argparse.Namespace, document: dict[str, Any]) -> None:
    """Measure what is missing on the small problems; each result is kept at once."""
    cells, began = document["cells"], time.monotonic()
    missing = [
        job
        for job in jobs_of(arguments)
        if cells.get(job.key, {}).get("fingerprint") != job.fingerprint
    ]
    for number, job in enumerate(missing, 1):
        cells[job.key] = run(job, arguments.folder / "costs")
        document["machine"] = machine()
        store(arguments.output, document)
        tell(began, number, len(missing), f"{job.key}: {family_report.shortly(cells[job.key])}")


def measure_dish(arguments: argparse.Namespace) -> None:
    """Measure what is missing at the dish, by its own benchmark and into its own file."""
    file, began, done = ResultsFile(arguments.dish_output), time.monotonic(), 0
    wanted = dish_cells(arguments)
    missing = file.missing(wanted, replace=True)

    def finished(result: Any) -> None:
        nonlocal done
        file.add(result, machine())
        done += 1
        text = f"dish/{result.method}/{result.condition}/{result.seed}: {result.successes}"
        tell(began, done, len(missing), f"{text} of {len(result.mean)}")

    def failed(cell: Cell, error: Exception) -> None:
        print(f"{cell.method}, {cell.scenario.name}: {error}", file=sys.stderr, flush=True)

    run_cells(missing, arguments.dish_folder, 0, finished, failed)


def dish_cells(arguments: argparse.Namespace) -> tuple[Cell, ...]:
    return tuple(
        Cell(name, Scenario(condition), DISH_SEED + seed, rollouts=arguments.rollouts)
        for seed in range(arguments.dish_seeds)
        for row, name in family_report.DISH_METHODS.items()
        for condition in CONDITIONS
        if row in arguments.algorithms and name in METHODS
    )


def kept(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.output.exists():
        document: dict[str, Any] = json.loads(arguments.output.read_text())
        return document
    return {"cells": {}, "machine": {}}


def results_of(arguments: argparse.Namespace) -> family_report.Results:
    """Return everything that was measured."""
    return family_report.Results(
        list(kept(arguments)["cells"].values()),
        ResultsFile(arguments.dish_output).load(),
        _read(arguments.peers_output),
        list(_read(arguments.planning_output).get("cells", {}).values()),
    )


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return document


def tell(began: float, number: int, count: int, text: str) -> None:
    left = (time.monotonic() - began) / number * (count - number) / 60
    print(f"{number}/{count} {text}; about {left:.0f} min left", file=sys.stderr, flush=True)


def store(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(document, indent=1, sort_keys=True) + "\n")


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    rows = list(family_report.ROWS)
    parser.add_argument("--problems", nargs="*", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--algorithms", nargs="*", choices=rows, default=rows)
    parser.add_argument("--seeds", type=int, default=5, help="of gridworld and navigation")
    parser.add_argument("--dish-seeds", type=int, default=2, help="of the dish, from 100 on")
    parser.add_argument("--rollouts", type=int, default=90, help="of an algorithm that tries")
    parser.add_argument("--output", type=Path, default=HERE / "results/family.json")
    parser.add_argument("--dish-output", type=Path, default=HERE / "results/dish.json")
    parser.add_argument("--peers-output", type=Path, default=HERE / "results/peers.json")
    parser.add_argument("--folder", type=Path, default=Path("runs/bench-family"))
    parser.add_argument("--planning-output", type=Path, default=HERE / "results/planning.json")
    parser.add_argument("--dish-folder", type=Path, default=Path("runs/bench-dish"))
    parser.add_argument("--page", type=Path, default=HERE.parent / "docs/algorithms/README.md")
    parser.add_argument("--images", type=Path, default=HERE.parent / "docs/images")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    arguments = parser.parse_args(words)
    if arguments.rollouts % 10 or arguments.rollouts < 20:
        parser.error(f"--rollouts {arguments.rollouts}: give a multiple of 10, at least 20")
    return arguments


def main(words: list[str] | None = None) -> int:
    arguments = parse(words)
    torch.set_num_threads(1)
    document = kept(arguments)
    steps: list[Callable[[], object]] = [lambda: measure(arguments, document)]
    if "dish" in arguments.problems:
        steps.append(lambda: measure_dish(arguments))
        if "mppi" in arguments.algorithms:
            steps.append(lambda: planning.main(["--output", str(arguments.planning_output)]))
    for step in [] if arguments.report else steps:
        step()
    results = results_of(arguments)
    print(family_report.write(results, arguments.page, arguments.images))
    return 0


if __name__ == "__main__":
    sys.exit(main())
