# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Try settings of what Guided Cost Learning is measured against, so that none is handicapped.

    .venv/bin/python benchmarks/baselines.py [--workers N] [--report]

Each candidate learns exactly as its method in the dish benchmark, on tuning seeds alone, in the
conditions in which that method fails most. Results are kept, and what is there already with
today's settings is not measured again; the tables go into docs/experiments.md.
"""

import contextlib
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import kept_results

from irl_ros.benchmark.cell import Cell, run_cell
from irl_ros.benchmark.learners import CLONING, HAND_WRITTEN, TRACKING, hand_written, tracked
from irl_ros.benchmark.method import Method
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.scenario import Scenario
from irl_ros.core.parameters import Parameters, to_mapping
from irl_ros.core.parameters import replace as configured
from irl_ros.learning.first_sampler import FirstSamplerConfig

MARKS = (
    "<!-- written by `benchmarks/baselines.py`; do not edit -->",
    "<!-- end of what is written by `benchmarks/baselines.py` -->",
)
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Candidate:
    """A method with settings of its own.

    Attributes:
        values: What tables show of them.
        tried: The method that has them.
    """

    values: tuple[str, ...]
    tried: Method

    @property
    def used(self) -> bool:
        """Whether the benchmark's method has the same settings."""
        return self.tried.settings == METHODS[self.tried.name].settings


@dataclass(frozen=True)
class Baseline:
    """A method and what was tried for it.

    Attributes:
        columns: Names of the values.
        candidates: What was tried.
        conditions: Where.
    """

    columns: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    conditions: tuple[str, ...]


def _weights(square: float, log: float, offset: float) -> Candidate:
    """Weights of c = w d^2 + v log(d^2 + alpha) + w_u ||u||^2, d the distance to the target."""
    cost = replace(HAND_WRITTEN, square_weight=square, log_weight=log, log_offset=offset)
    method = METHODS["hand_written"]
    tried = replace(
        method,
        learn=functools.partial(hand_written, cost=cost),
        settings={**method.settings, "cost": repr(cost)},
    )
    return Candidate(tuple(f"{each:g}" for each in (square, log, offset)), tried)


def _configured(name: str, config: Parameters, changes: Mapping[str, Any]) -> Candidate:
    """Other parameters of a method that is nothing but its configuration."""
    method = METHODS[name]
    config = configured(config, changes)
    assert isinstance(method.learn, functools.partial)
    tried = replace(
        method,
        learn=functools.partial(method.learn.func, config=config),
        settings={**method.settings, **to_mapping(config)},
    )
    return Candidate(tuple(f"{each}" for each in changes.values()), tried)


def _sharpness(value: float) -> Candidate:
    method = METHODS["tracked"]
    tried = replace(
        method,
        learn=functools.partial(tracked, sharpness=value),
        settings={**method.settings, "sharpness": value},
    )
    return Candidate((f"{value:g}",), tried)


_FITTED = FirstSamplerConfig(kind="demonstrations")
BASELINES = (
    Baseline(
        ("hand_written: w, 1/m²", "v", "alpha, m²"),
        (
            *(_weights(w, v, 1e-3) for w in (5.0, 25.0, 100.0) for v in (0.3, 1.0, 3.0)),
            *(_weights(25.0, 1.0, alpha) for alpha in (1e-4, 1e-2)),
        ),
        ("mismatched", "shifted"),
    ),
    Baseline(
        ("fitted: stiffness, 1/s",),
        tuple(
            _configured("fitted", _FITTED, {"stiffness": stiffness})
            for stiffness in (2.0, 4.0, 8.0, 12.0, 16.0, 20.0)
        ),
        ("mismatched", "biased", "shifted", "drawn"),
    ),
    Baseline(
        ("bc: sees", "input noise"),
        tuple(
            _configured("bc", CLONING, {"sees": sees, "input_noise": noise})
            for sees in ("features", "state", "both")
            for noise in (0.0, 0.05, 0.2)
        ),
        ("matched", "mismatched", "biased", "shifted", "drawn"),
    ),
    Baseline(
        ("tracked: sharpness",),
        tuple(_sharpness(value) for value in (1.0, TRACKING["sharpness"], 20.0)),
        ("mismatched", "cold", "shifted"),
    ),
)


@dataclass(frozen=True)
class Job:
    """One candidate, in one condition, with one seed."""

    candidate: Candidate
    condition: str
    seed: int

    @property
    def key(self) -> str:
        """Its name in the results."""
        name, values = self.candidate.tried.name, self.candidate.values
        return "/".join((name, *values, self.condition, str(self.seed)))

    @contextlib.contextmanager
    def cell(self) -> Iterator[Cell]:
        """Put the candidate in the place of the benchmark's method, and return the cell to run."""
        tried = self.candidate.tried
        with mock.patch.dict(METHODS, {tried.name: tried}):
            yield Cell(tried.name, Scenario(self.condition), self.seed)

    def is_in(self, results: Mapping[str, Mapping[str, Any]]) -> bool:
        """Return whether it was measured with today's settings."""
        with self.cell() as cell:
            return results.get(self.key, {}).get("fingerprint") == cell.fingerprint

    def measure(self, folder: Path) -> dict[str, Any]:
        """Learn with the candidate and judge what comes of it."""
        with self.cell() as cell:
            result = run_cell(cell, folder)
        return {
            "fingerprint": result.fingerprint,
            "successes": result.mean.count("1"),
            "attempts": len(result.mean),
        }


JOBS = tuple(
    Job(candidate, condition, seed)
    for seed in SEEDS
    for baseline in BASELINES
    for candidate in baseline.candidates
    for condition in baseline.conditions
)


def measure(output: Path, folder: Path, workers: int) -> None:
    """Measure what is missing; every result is in the file as soon as it is there."""
    results = kept_results.load(output)
    missing = {
        job.key: functools.partial(job.measure, folder) for job in JOBS if not job.is_in(results)
    }
    kept_results.run(missing, results, output, workers)


def tables(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table for each baseline, with a line for each candidate."""
    return "\n\n".join(_table(baseline, results) for baseline in BASELINES)


def _table(baseline: Baseline, results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return successes in each condition."""
    heads = (*baseline.columns, *baseline.conditions, "used")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for candidate in baseline.candidates:
        cells = []
        for condition in baseline.conditions:
            keys = (Job(candidate, condition, seed).key for seed in SEEDS)
            found = [results[key] for key in keys if key in results]
            won, of = (sum(each[name] for each in found) for name in ("successes", "attempts"))
            cells.append(f"{won} of {of}" if of else "")
        used = "yes" if candidate.used else ""
        lines.append(f"| {' | '.join((*candidate.values, *cells, used))} |")
    return "\n".join(lines)


def main() -> int:
    arguments = kept_results.parser(__doc__, "baselines").parse_args()
    if not arguments.report:
        measure(arguments.output, arguments.folder, arguments.workers)
    kept_results.publish(tables, arguments.output, arguments.page, MARKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
