# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what learning with a neural policy needs at the dish: rollouts, minutes, successes.

Every method begins with the policy that behaviour cloning delivers. The mean action is judged in
fresh attempts that are not learned from and not counted as rollouts. Results are written after
every judgement; what is there already is not measured again.
"""

import argparse
import contextlib
import json
import math
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch

from irl_ros.core.errors import LearningError
from irl_ros.core.files import write_atomically
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import replace
from irl_ros.core.trajectory import Outcome
from irl_ros.learning.adversarial.airl import AirlConfig, airl
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.neural_gcl import NeuralGclConfig, neural_gcl
from irl_ros.learning.neural_learning import NeuralLearning
from irl_ros.learning.problem import LearningProblem
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

METHODS = ("gcl", "gail", "airl")
CONDITIONS = ("matched", "biased")
RESULTS = Path(__file__).parent / "results" / "neural_policy.json"
_JUDGE = 1000  # seed of the attempts that judge, apart from those of learning

Cell = dict[str, Any]


def learner(
    method: str, problem: LearningProblem, changes: dict[str, Any], seed: int
) -> NeuralLearning:
    if method == "gail":
        return gail(problem, replace(GailConfig(), changes), seed)
    if method == "airl":
        return airl(problem, replace(AirlConfig(), changes), seed)
    return neural_gcl(problem, replace(NeuralGclConfig(), changes), seed)


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


def measure(cell: Cell, arguments: argparse.Namespace, store: Any) -> None:
    """Teach, learn and judge again and again; the cell is filled in as it goes on."""
    seed, condition = cell["seed"], cell["condition"]
    with DishSimulator() as simulator:
        shown = teach(simulator, seed=seed).demonstrations()
        arm, task = simulator.arm, simulator.task
    source = SimRollouts(SimulationConfig(condition=condition), workers=arguments.workers)
    problem = arm_problem(shown, task.target_pose(task.held_out_slot), arm)

    def judge(policy: NeuralPolicy, rollouts: int) -> int:
        spent = clock.pause()
        tried = source.sample(policy, arguments.trials, _JUDGE + seed, deterministic=True)
        cell["curve"].append(
            {
                "rollouts": rollouts,
                "successes": tried.successes,
                "off_mm": round(1e3 * statistics.median(_miss(one) for one in tried.outcomes), 1),
                "minutes": round(spent[0] / 60, 2),
                "processor_minutes": round(spent[1] / 60, 2),
            }
        )
        store()
        print(f"{cell['method']} {condition} {seed}: {cell['curve'][-1]}", flush=True)
        clock.resume(spent)
        return tried.successes

    with contextlib.closing(source):
        clock = Clock()
        learning = learner(cell["method"], problem, cell["settings"], seed)
        judge(learning.policy, 0)
        sampled = []
        while not learning.finished:
            try:
                diagnostics = learning.step(source)
            except LearningError as error:
                cell["note"] = str(error)
                break
            sampled.append(diagnostics.success_rate)
            if learning.iteration % arguments.every == 0 or learning.finished:
                cell["sampled"] = [round(rate, 3) for rate in sampled]
                judge(learning.policy, diagnostics.rollouts)
    cell["finished"] = True
    store()


def _same(key: Cell, cell: Cell) -> bool:
    return all(cell.get(name) == value for name, value in key.items())


def _miss(outcome: Outcome) -> float:
    return math.hypot(outcome.slot_offset, outcome.height_offset)


def table(cells: list[Cell]) -> str:
    """Return one row for each run."""
    heads = ("method", "condition", "seed", "cloned", "at the end", "rollouts")
    heads += ("first 90 % after", "minutes", "processor minutes")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for cell in cells:
        if not cell["curve"]:
            continue
        trials, first, last = cell["trials"], cell["curve"][0], cell["curve"][-1]
        good = [point for point in cell["curve"] if point["successes"] >= 0.9 * trials]
        reached = f"{good[0]['rollouts']} rollouts" if good else "never"
        lines.append(
            f"| {cell['method']} | {cell['condition']} | {cell['seed']} | "
            f"{first['successes']}/{trials} | {last['successes']}/{trials} | "
            f"{last['rollouts']} | {reached} | {last['minutes']:.1f} | "
            f"{last['processor_minutes']:.1f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--conditions", nargs="+", default=list(CONDITIONS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--rollouts", type=int, default=40, help="of an iteration")
    parser.add_argument("--every", type=int, default=5, help="iterations between judgements")
    parser.add_argument("--trials", type=int, default=20, help="attempts of a judgement")
    parser.add_argument("--workers", type=int, default=0, help="processes that run attempts")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="changes")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    changes = {
        name: json.loads(value) for name, value in (each.split("=") for each in arguments.changes)
    }
    settings = {"iterations": arguments.iterations, "rollouts": arguments.rollouts, **changes}
    document: dict[str, Any] = {"cells": []}
    if arguments.output.exists():
        document = json.loads(arguments.output.read_text())
    document["machine"] = {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    cells = document["cells"]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)

    def store() -> None:
        write_atomically(arguments.output, json.dumps(document, indent=1) + "\n")

    for condition in arguments.conditions:
        for method in arguments.methods:
            for seed in arguments.seeds:
                key = {
                    "method": method,
                    "condition": condition,
                    "seed": seed,
                    "trials": arguments.trials,
                    "settings": settings,
                }
                if any(_same(key, cell) and cell.get("finished") for cell in cells):
                    continue
                cells[:] = [cell for cell in cells if not _same(key, cell)]
                cells.append({**key, "curve": []})
                measure(cells[-1], arguments, store)
    print(table(cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
