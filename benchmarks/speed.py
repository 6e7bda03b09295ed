# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure how long the parts of learning take, all in one run, and print a Markdown table."""

import argparse
import contextlib
import functools
import json
import os
import platform
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch

from irl_ros.core.policy import Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts
from irl_ros.learning import controller_improvement, gcl
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.gcl import GuidedCostLearning
from irl_ros.learning.presets import preset
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts
from irl_ros.sim.world import PHYSICS_RATE_HZ

WORKERS = (0, 1, 2)
# Functions of the learner as it calls them, and what the table says.
PARTS = {
    "update_cost": "one update of the cost",
    "fit_dynamics": "one fit of the dynamics",
    "constrained_step": "one step of the controller",
}
PHYSICS = "reset and bare physics of one rollout"

Samples = dict[str, list[float]]


class Replay:
    """A source that hands out rollouts made before, so that learning alone is measured."""

    def __init__(self, source: RolloutSource) -> None:
        self._source = source
        self._kept: dict[int, Rollouts] = {}
        self.horizon = source.horizon
        self.control_period = source.control_period
        self.state_dim = source.state_dim
        self.action_dim = source.action_dim

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        if seed not in self._kept:
            self._kept[seed] = self._source.sample(
                policy, count, seed, deterministic=deterministic
            )
        return self._kept[seed]

    def close(self) -> None:
        self._kept.clear()


def timed(samples: Samples, name: str, action: Callable[[], object], per: int = 1) -> None:
    """Note how long an action takes, s, divided by how many things it does."""
    began = time.perf_counter()
    action()
    samples[name].append((time.perf_counter() - began) / per)


@contextlib.contextmanager
def watched(samples: Samples) -> Iterator[None]:
    """Note how long the learner's own parts take while it runs in a block."""

    def watch(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **named: Any) -> Any:
            began = time.perf_counter()
            result = function(*args, **named)
            samples[PARTS[name]].append(time.perf_counter() - began)
            return result

        return call

    with contextlib.ExitStack() as stack:
        for name in PARTS:
            module = gcl if hasattr(gcl, name) else controller_improvement
            stack.enter_context(
                mock.patch.object(module, name, watch(name, getattr(module, name)))
            )
        yield


def measure(rounds: int, rollouts: int) -> Samples:
    """Measure everything in turn, round by round, so that a busy machine slows all alike."""
    samples: Samples = defaultdict(list)
    with DishSimulator() as simulator, contextlib.ExitStack() as stack:
        shown = teach(simulator, seed=0).demonstrations()
        target = simulator.task.target_pose(simulator.task.held_out_slot)
        problem = arm_problem(shown, target, simulator.arm)
        steps = round(shown.trajectories.horizon * shown.control_period * PHYSICS_RATE_HZ)
        sources = {
            count: stack.enter_context(contextlib.closing(SimRollouts(workers=count)))
            for count in WORKERS
        }
        policy = GuidedCostLearning(problem, preset("default"), 0).progress.controller
        for source in sources.values():
            source.sample(policy, max(WORKERS), 0)  # loads what is loaded once
        replay = Replay(sources[0])
        for index in range(rounds):

            def physics() -> None:
                simulator.reset(0, simulator.task.held_out_slot)
                simulator.step(steps)

            timed(samples, PHYSICS, physics)
            for count, source in sources.items():
                timed(
                    samples,
                    f"one rollout, worker processes: {count}",
                    functools.partial(source.sample, policy, rollouts, index),
                    per=rollouts,
                )
            learner = GuidedCostLearning(problem, preset("default"), 0)
            learner.step(replay)
            with watched(samples):
                learner.step(replay)
    return samples


def table(samples: Samples) -> str:
    """Return medians, rates and how they compare with the bare physics."""
    physics = statistics.median(samples[PHYSICS])
    lines = [
        "| what | median, s | per second | in units of bare physics |",
        "|---|---|---|---|",
    ]
    for name, values in samples.items():
        middle = statistics.median(values)
        lines.append(f"| {name} | {middle:.4f} | {1 / middle:.2f} | {middle / physics:.2f} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured")
    parser.add_argument("--rollouts", type=int, default=8, help="rollouts in one measurement")
    parser.add_argument("--json", action="store_true", help="print all samples as JSON instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    samples = measure(arguments.rounds, arguments.rollouts)
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    if arguments.json:
        print(json.dumps({"machine": machine, "seconds": samples}, indent=1))
    else:
        print(table(samples))
        print()
        print(", ".join(f"{name} {value}" for name, value in machine.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
