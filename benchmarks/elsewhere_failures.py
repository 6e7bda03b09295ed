# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tell whether the cost or the search is to blame where a learned cost failed at another place.

    irl-ros bench dish --elsewhere --condition mismatched
    .venv/bin/python benchmarks/elsewhere_failures.py [--workers N] [--report]

Repeats the search of every published cell of `reoptimised` in which most attempts failed, executes
what it found, and compares the learned cost there, at the last step, with that where the
demonstrations ended. If it is lower, the search found what it was asked for, and the cost is wrong
there; if it is higher, the search got stuck.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from rich.progress import Progress

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.cell import Cell, prepare_process, run_cell
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.page import write_measured_part
from irl_ros.benchmark.results import ResultsFile
from irl_ros.benchmark.runner import waves
from irl_ros.benchmark.scenario import PLACES, places
from irl_ros.benchmark.selection import PUBLISHED_SEEDS, REOPTIMISED, results_of
from irl_ros.core.files import write_atomically
from irl_ros.sim.rollouts import SimRollouts

ROOT = Path(__file__).resolve().parents[1]
MARKS = (
    "<!-- written by `benchmarks/elsewhere_failures.py`; do not edit -->",
    "<!-- end of what is written by `benchmarks/elsewhere_failures.py` -->",
)
CONDITION = "mismatched"

Found = dict[str, Any]


def failed(dish: Path) -> dict[str, Cell]:
    """Return the published cells in which at least half of the attempts failed, by their names.

    Args:
        dish: Results of the dish benchmark.
    """
    cells = {
        f"{seed}/{place}": Cell(REOPTIMISED, scenario, seed)
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
    """Look at every cell that today's settings have not been seen with."""
    kept = json.loads(output.read_text("utf-8")) if output.exists() else {}
    results = {
        name: kept[name]
        for name, cell in cells.items()
        if kept.get(name, {}).get("fingerprint") == cell.fingerprint
    }
    missing = {name: cell for name, cell in cells.items() if name not in results}
    first, _ = waves(list(missing.values()), folder)
    context = multiprocessing.get_context("spawn")
    with Progress() as bar, ProcessPoolExecutor(workers, context, prepare_process) as pool:
        task = bar.add_task("cells", total=len(first) + len(missing))
        for learned in as_completed([pool.submit(run_cell, cell, folder) for cell in first]):
            learned.result()
            bar.advance(task)
        started = {pool.submit(look, cell, folder): name for name, cell in missing.items()}
        for future in as_completed(started):
            results[started[future]] = future.result()
            write_atomically(output, json.dumps(results, indent=1, sort_keys=True) + "\n")
            bar.advance(task)


def table(results: Mapping[str, Found]) -> str:
    """Return one line for each cell, those of one seed together."""
    lines = [
        "| seed | place | successes | one execution | cost there | where shown | to blame |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in _ordered(results):
        seed, place = name.split("/")
        each = results[name]
        blamed = "cost" if each["found"] < each["shown"] else "search"
        reason = each["reason"].split(";")[0] or "in its slot"
        lines.append(
            f"| {seed} | {place} | {each['successes']} of {each['attempts']} | {reason} | "
            f"{each['found']:.1f} | {each['shown']:.1f} | {blamed} |"
        )
    return "\n".join(lines)


def _ordered(names: Iterable[str]) -> list[str]:
    order = list(PLACES)

    def place(name: str) -> tuple[int, int]:
        seed, where = name.split("/")
        return int(seed), order.index(where)

    return sorted(names, key=place)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--workers", type=int, default=2, help="processes side by side")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    results = ROOT / "benchmarks/results"
    parser.add_argument("--dish", type=Path, default=results / "dish.json")
    parser.add_argument("--output", type=Path, default=results / "elsewhere_failures.json")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs/bench-dish")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/experiments.md")
    arguments = parser.parse_args()
    if not arguments.report:
        cells = failed(arguments.dish)
        measure(cells, arguments.output, arguments.folder, arguments.workers)
    text = table(json.loads(arguments.output.read_text("utf-8")))
    write_measured_part(arguments.page, text, MARKS)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
