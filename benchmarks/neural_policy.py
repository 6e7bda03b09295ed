# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what a neural policy needs beside the linear-Gaussian controller, on three problems.

    make bench-neural BENCH="--problems navigation --seeds 0"

The mean action is judged in fresh attempts that are not learned from and not counted, before
learning and after every second iteration. A run ends when its rollouts are spent, or early, once
nine of ten attempts succeeded at two successive judgements after learning began. Results are
written after every judgement; a finished run with the settings of today is not measured again.
"""

import argparse
import functools
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import neural_policy_report
import torch
from neural_policy_problems import CONDITIONS, HARNESS, Place, changes, opened

from irl_ros.benchmark.code import fingerprint
from irl_ros.benchmark.door import CountedRollouts
from irl_ros.benchmark.learners import section_of, within_section
from irl_ros.benchmark.runner import machine
from irl_ros.core.errors import LearningError
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import to_mapping
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Outcome
from irl_ros.learning.algorithms import AlgorithmConfig, make_learner
from irl_ros.learning.learner import Learner

HERE = Path(__file__).resolve().parent
METHODS = {
    "gcl": ("gcl", "linear_gaussian"),
    "gcl-neural": ("gcl", "neural"),
    "gail": ("gail", "linear_gaussian"),
    "airl": ("airl", "linear_gaussian"),
}
"""Algorithm and policy as the trainer calls them; GAIL and AIRL have a neural one anyway."""
BUDGET = {"navigation": 4000, "reaching": 4000, "dish": 2400}
"""Rollouts of a neural policy; the linear-Gaussian controller has those of its default."""
EVERY = 2  # iterations between judgements
_JUDGE = 1000  # seed of the attempts that judge, apart from those of learning

Cell = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One method at one place.

    Attributes:
        place: Problem, condition and seed.
        method: A name of `METHODS`.
        rollouts: How many may be learned from.
        trials: Attempts of a judgement.
        extra: Settings beside those of the problem.
    """

    place: Place
    method: str
    rollouts: int
    trials: int
    extra: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> str:
        place = self.place
        return f"{place.problem}/{place.condition}/{self.method}/{place.seed}"

    @functools.cached_property
    def config(self) -> AlgorithmConfig:
        """The method's defaults, but for what the problem decides and the budget."""
        algorithm, policy = METHODS[self.method]
        default = AlgorithmConfig(algorithm=algorithm, policy=policy)
        config = within_section(default, {**changes(self.place), **dict(self.extra)})
        usual, each = (_of(config, name) for name in ("iterations", "rollouts"))
        count = self.rollouts // each
        if self.method == "gcl":
            count = min(count, usual)  # its step sizes follow the number of iterations
        return within_section(config, {"iterations": count})

    @property
    def settings(self) -> dict[str, Any]:
        """What differs from the method's defaults."""
        config = self.config
        known = to_mapping(AlgorithmConfig(algorithm=config.algorithm, policy=config.policy))
        section = f"{section_of(config)}."
        return {
            name.removeprefix(section): value
            for name, value in to_mapping(config).items()
            if name.startswith(section) and value != known[name]
        }

    @property
    def fingerprint(self) -> str:
        """A sum over everything that the result depends on, the code aside."""
        section = f"{section_of(self.config)}."
        whole = to_mapping(self.config)
        own = {name: value for name, value in whole.items() if name.startswith(section)}
        return fingerprint({"harness": HARNESS, "key": self.key, "trials": self.trials, **own})


def _of(config: AlgorithmConfig, name: str) -> int:
    value: int = to_mapping(config)[f"{section_of(config)}.{name}"]
    return value


def _miss(outcome: Outcome) -> float:
    return math.hypot(outcome.slot_offset, outcome.height_offset)


class Clock:
    """Time spent on learning; what judging takes is left out."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def pause(self) -> tuple[float, float]:
        return (
            time.perf_counter() - self._began[0],
            time.process_time() - self._began[1],
        )

    def resume(self, spent: tuple[float, float]) -> None:
        self._began = time.perf_counter() - spent[0], time.process_time() - spent[1]


def measure(run: Run, cell: Cell, store: Callable[[], None]) -> None:
    """Learn and judge in turn; the cell is filled in as it goes on."""
    seed, curve = run.place.seed, cell["curve"]
    each, count = (_of(run.config, name) for name in ("rollouts", "iterations"))
    with opened(run.place) as (problem, source):
        door = CountedRollouts(source, each * count)
        clock = Clock()
        learner: Learner = make_learner(run.config, problem, seed)

        def judge(policy: Policy) -> None:
            spent = clock.pause()
            tried = source.sample(policy, run.trials, _JUDGE + seed, deterministic=True)
            missed = statistics.median(_miss(one) for one in tried.outcomes)
            curve.append(
                {
                    "rollouts": len(door.outcomes),
                    "successes": tried.successes,
                    "off_mm": round(1e3 * missed, 1),
                    "minutes": round(spent[0] / 60, 3),
                    "processor_minutes": round(spent[1] / 60, 3),
                }
            )
            cell["load"] = round(os.getloadavg()[1], 1)
            store()
            print(f"{run.key}: {curve[-1]}", flush=True)
            clock.resume(spent)

        judge(learner.policy)
        while not (learner.finished or neural_policy_report.settled(cell)):
            try:
                iteration = learner.step(door).iteration
            except LearningError as error:
                cell["note"] = str(error)
                break
            if iteration % EVERY == 0 or learner.finished:
                judge(learner.policy)
    cell["finished"] = True
    store()


def runs_of(arguments: argparse.Namespace) -> list[Run]:
    """Return what is wanted, seed by seed, so that a run cut short has a bit of everything."""
    return [
        Run(
            Place(problem, condition, seed),
            method,
            arguments.rollouts or BUDGET[problem],
            arguments.trials,
            tuple(arguments.changes),
        )
        for problem in arguments.problems
        for seed in arguments.seeds
        for condition in CONDITIONS[problem]
        if condition in (arguments.conditions or CONDITIONS[problem])
        for method in arguments.methods
    ]


def kept(path: Path) -> dict[str, Any]:
    if path.exists():
        document: dict[str, Any] = json.loads(path.read_text())
        return document
    return {"machine": {}, "cells": {}}


def setting(text: str) -> tuple[str, Any]:
    name, value = text.split("=")
    return name, json.loads(value)


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    conditions = sorted({each for known in CONDITIONS.values() for each in known})
    parser.add_argument("--problems", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--conditions", nargs="+", choices=conditions, help="all by default")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--rollouts", type=int, help=f"most of a run; by default {BUDGET}")
    parser.add_argument("--trials", type=int, default=20, help="attempts of a judgement")
    parser.add_argument(
        "--set", nargs="*", type=setting, default=[], metavar="NAME=VALUE", dest="changes"
    )
    parser.add_argument("--output", type=Path, default=HERE / "results/neural_policy.json")
    parser.add_argument("--page", type=Path, default=HERE.parent / "docs/algorithms/neural_gcl.md")
    parser.add_argument("--images", type=Path, default=HERE.parent / "docs/images")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    arguments = parse(words)
    torch.set_num_threads(1)
    document = kept(arguments.output)
    cells = document["cells"]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)

    def store() -> None:
        write_atomically(arguments.output, json.dumps(document, indent=1, sort_keys=True) + "\n")

    for run in [] if arguments.report else runs_of(arguments):
        old = cells.get(run.key, {})
        if old.get("finished") and old["fingerprint"] == run.fingerprint:
            continue
        document["machine"] = machine()
        cells[run.key] = {
            **vars(run.place),
            "method": run.method,
            "trials": run.trials,
            "settings": run.settings,
            "fingerprint": run.fingerprint,
            "curve": [],
        }
        measure(run, cells[run.key], store)
    print(neural_policy_report.write(document, arguments.page, arguments.images))
    return 0


if __name__ == "__main__":
    sys.exit(main())
