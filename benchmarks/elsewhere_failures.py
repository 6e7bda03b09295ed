# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tell whether the cost or the search is to blame where a learned cost failed at another place.

    irl-ros bench dish --elsewhere --condition mismatched
    irl-ros bench dish --elsewhere --condition mismatched --method reoptimised_five_costs
    irl-ros bench dish --elsewhere --condition mismatched --method reoptimised_no_likelihood
    .venv/bin/python benchmarks/elsewhere_failures.py [--workers N] [--report]

Repeats every published search by a learned cost after which at least half of the attempts failed,
executes once what it found, and compares the learned cost there, at the last step, with that where
the demonstrations ended. If it is lower, the cost is wrong there; if it is higher, the search got
stuck.
"""

import functools
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import kept_results
from kept_results import ROOT

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.cell import Cell, run_cell
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.results import ResultsFile
from irl_ros.benchmark.runner import run_cells, waves
from irl_ros.benchmark.scenario import PLACES, places
from irl_ros.benchmark.selection import ELSEWHERE, PUBLISHED_SEEDS, results_of
from irl_ros.sim.rollouts import SimRollouts

MARKS = (
    "<!-- written by `benchmarks/elsewhere_failures.py`; do not edit -->",
    "<!-- end of what is written by `benchmarks/elsewhere_failures.py` -->",
)
CONDITION = "mismatched"
SEARCHED = tuple(name for name in ELSEWHERE if METHODS[name].cost_of)

Found = dict[str, Any]


def failed(dish: Path) -> dict[str, Cell]:
    """Return the published cells in which at least half of the attempts failed, by their names.

    Args:
        dish: Results of the dish benchmark.
    """
    cells = {
        f"{method}/{seed}/{place}": Cell(method, scenario, seed)
        for method in SEARCHED
        for seed in PUBLISHED_SEEDS
        for place, scenario in zip(PLACES, places(CONDITION), strict=True)
    }
    known = ResultsFile(dish).load()
    return {
        name: cell
        for name, cell in cells.items()
        for result in results_of([cell], known)
        if 2 * result.mean.count("1") <= len(result.mean)
    }


def look(cell: Cell, folder: Path) -> Found:
    """Repeat a search, execute once what it found, and evaluate the cost at both ends."""
    seen: list[tuple[BenchmarkCase, Learned]] = []
    method = METHODS[cell.method]

    def learn(case: BenchmarkCase) -> Learned:
        seen.append((case, method.learn(case)))
        return seen[-1][1]

    with mock.patch.dict(METHODS, {cell.method: replace(method, learn=learn)}):
        result = run_cell(cell, folder)
    ((case, learned),) = seen
    assert case.learned_cost is not None
    config = cell.scenario.simulation(cell.arm, cell.seed)
    with closing(SimRollouts(config, cell.scenario.slot)) as arm:
        tried = arm.sample(learned.policy, 1, cell.seed, deterministic=True)
    cost = case.learned_cost.state_cost
    ends = case.problem.features(tried.trajectories.states)[:, -1]
    shown = case.problem.inputs[:, -1]
    return {
        "fingerprint": result.fingerprint,
        "successes": result.mean.count("1"),
        "attempts": len(result.mean),
        "reason": tried.outcomes[0].reason,
        "found": cost(ends).mean().item(),
        "shown": cost(shown).mean().item(),
    }


def measure(cells: Mapping[str, Cell], output: Path, folder: Path, workers: int) -> None:
    """Look at every cell that today's settings have not been seen with, and forget the others."""
    results = {
        name: each
        for name, each in kept_results.load(output).items()
        if name in cells and each["fingerprint"] == cells[name].fingerprint
    }
    missing = {name: cell for name, cell in cells.items() if name not in results}
    costs, _ = waves(list(missing.values()), folder)
    run_cells(costs, folder, workers, lambda _: None, _give_up)
    jobs = {name: functools.partial(look, cell, folder) for name, cell in missing.items()}
    kept_results.run(jobs, results, output, workers)


def _give_up(cell: Cell, error: Exception) -> None:
    raise error


def table(results: Mapping[str, Found]) -> str:
    """Return one line for each cell, those of one method and of one seed together."""
    lines = [
        "| method | seed | place | successes | one execution | cost there | shown | to blame |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in sorted(results, key=_place):
        method, seed, place = name.split("/")
        each = results[name]
        blamed = "cost" if each["found"] < each["shown"] else "search"
        reason = each["reason"].split(";")[0] or "in its slot"
        lines.append(
            f"| {method} | {seed} | {place} | {each['successes']} of {each['attempts']} | "
            f"{reason} | {each['found']:.1f} | {each['shown']:.1f} | {blamed} |"
        )
    return "\n".join(lines)


def _place(name: str) -> tuple[int, int, int]:
    method, seed, place = name.split("/")
    return SEARCHED.index(method), int(seed), list(PLACES).index(place)


def main() -> int:
    parser = kept_results.parser(__doc__, "elsewhere_failures")
    dish = ROOT / "benchmarks/results/dish.json"
    parser.add_argument("--dish", type=Path, default=dish, help="results of the dish benchmark")
    arguments = parser.parse_args()
    if not arguments.report:
        cells = failed(arguments.dish)
        measure(cells, arguments.output, arguments.folder, arguments.workers)
    kept_results.publish(table, arguments.output, arguments.page, MARKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
