# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure where the time of a training goes and how it grows, all in one run.

    python benchmarks/speed.py [--small] [--report] [--results FILE] [--docs FOLDER]

It writes the results as JSON, and tables and a picture of them into docs/speed.md.
"""

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from speed_clock import OUTSIDE, Clock
from speed_growth import Size, cost_update_of, exponent, growth
from speed_physics import Repeater, Tape, recording
from speed_report import DEMANDED_BY_ITERATIONS, write_report

from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.files import write_atomically
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Rollouts
from irl_ros.learning import cost_update
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.presets import preset
from irl_ros.learning.training import train
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
LIBRARIES = "import irl_ros.learning.training, irl_ros.learning.gcl, irl_ros.sim.rollouts"


class Witness:
    """A rollout source that also measures the bare physics of everything it delivers.

    Attributes:
        physics: Of all rollouts so far, one after the other, s.
        measurements: The same with what driver and judge ask the engine, s.
    """

    def __init__(self, source: SimRollouts, clock: Clock) -> None:
        self._source = source
        self._here = SimRollouts()
        self._repeater = Repeater()
        self._clock = clock
        self.horizon = source.horizon
        self.control_period = source.control_period
        self.state_dim = source.state_dim
        self.action_dim = source.action_dim
        self.physics = 0.0
        self.measurements = 0.0

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        with self._clock.charging("rollouts"):
            rollouts = self._source.sample(policy, count, seed, deterministic=deterministic)
        with self._clock.charging(OUTSIDE):
            tape: Tape = []
            with recording(tape):
                again = self._here.sample(policy, count, seed, deterministic=deterministic)
            assert torch.equal(again.trajectories.states, rollouts.trajectories.states)
            self.physics += self._repeater.seconds(tape)
            self.measurements += self._repeater.seconds(tape, measurements=True)
        return rollouts

    def close(self) -> None:
        self._here.close()
        self._repeater.close()


def training(shown: Demonstrations, contract: ExecutionContract, config: GclConfig) -> Any:
    """Measure a whole training; return plain values."""
    clock = Clock()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        with clock.charging("start: loading libraries"):
            subprocess.run([sys.executable, "-c", LIBRARIES], check=True, capture_output=True)
        problem = arm_problem(shown, contract.target, load_arm(contract.arm))
        first = GuidedCostLearning(problem, config, 0).policy
        with clock.charging("start: worker processes"):
            source = stack.enter_context(contextlib.closing(SimRollouts(workers=WORKERS)))
            source.sample(first, WORKERS, 0)
        witness = stack.enter_context(contextlib.closing(Witness(source, clock)))
        marks: list[dict[str, float]] = []
        stack.enter_context(clock.watching())
        train(
            shown,
            witness,
            contract,
            lambda problem, seed: GuidedCostLearning(problem, config, seed),
            seed=0,
            output=Path(folder),
            resume=False,
            facts={},
            after_iteration=lambda *_: marks.append(dict(clock.seconds)),
        )
    parts = {name: value for name, value in clock.seconds.items() if name != OUTSIDE}
    return {
        "iterations": config.iterations,
        "rollouts": config.iterations * config.rollouts,
        "cost_steps": config.cost_update.steps,
        "first_cost_steps": config.cost_update.within(first=True).steps,
        "workers": WORKERS,
        "seconds": sum(parts.values()),
        "parts": parts,
        "physics": witness.physics,
        "physics_and_measurements": witness.measurements,
        "calls": {name: statistics.median(each) for name, each in clock.calls.items()},
        "by_iteration": _differences(marks),
    }


def _differences(marks: list[dict[str, float]]) -> list[dict[str, float]]:
    """Return what each iteration after the first added."""
    return [
        {name: after[name] - before.get(name, 0.0) for name in after if name != OUTSIDE}
        for before, after in itertools.pairwise(marks)
    ]


def along_iterations(entries: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return how each part grows with the iterations, and late ones against early ones.

    Args:
        entries: Seconds of each part in every iteration but the first.
    """
    entries = entries[:-1]  # no controller step follows the last rollouts
    numbers = range(2, 2 + len(entries))
    third = max(1, len(entries) // 3)
    rows = []
    for name in DEMANDED_BY_ITERATIONS:
        values = [entry[name] for entry in entries]
        rows.append(
            {
                "part": name,
                "early": statistics.median(values[:third]),
                "late": statistics.median(values[-third:]),
                "measured": exponent(numbers, values),
            }
        )
    return rows


def rates(policy: Policy, rounds: int, count: int) -> dict[str, list[float]]:
    """Measure a rollout in turn: its physics, in this process, with one and with two workers."""
    samples: dict[str, list[float]] = {
        name: [] for name in ("physics", "physics_and_measurements", "0", "1", "2")
    }
    with contextlib.ExitStack() as stack:
        sources = {
            number: stack.enter_context(contextlib.closing(SimRollouts(workers=number)))
            for number in (0, 1, 2)
        }
        repeater = stack.enter_context(contextlib.closing(Repeater()))
        for source in sources.values():
            source.sample(policy, 2, 0)  # loads what is loaded once
        for index in range(rounds):
            tape: Tape = []
            with recording(tape):
                sources[0].sample(policy, count, index)
            samples["physics"].append(repeater.seconds(tape) / count)
            asked = repeater.seconds(tape, measurements=True) / count
            samples["physics_and_measurements"].append(asked)
            for number, source in sources.items():
                began = time.perf_counter()
                source.sample(policy, count, index)
                samples[str(number)].append((time.perf_counter() - began) / count)
    return samples


def gradients(rounds: int, steps: int) -> dict[str, list[float]]:
    """Measure a gradient step in turn: in closed form and by automatic differentiation."""
    update = cost_update_of(Size(states=18), steps)
    samples: dict[str, list[float]] = {"explicit": [], "automatic": []}
    for _ in range(rounds):
        for name, explicit in (("explicit", True), ("automatic", False)):
            known = mock.patch.object(
                cost_update, "has_explicit_gradient", lambda *_, answer=explicit: answer
            )
            with known:
                began = time.perf_counter()
                update()
                samples[name].append((time.perf_counter() - began) / steps)
    return samples


def machine() -> dict[str, str]:
    """Return on what is measured."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":")[1].strip()
                break
    found = {"cores": str(os.cpu_count()), "processor": model}
    found["load"] = f"{os.getloadavg()[0]:.1f}"
    found["python"] = platform.python_version()
    for name in ("torch", "numpy", "pybullet", "ruckig"):
        found[name] = metadata.version(name)
    return found


def measure(*, small: bool) -> dict[str, Any]:
    """Measure everything."""
    here = machine()
    with DishSimulator() as simulator:
        shown = teach(simulator, seed=0).demonstrations()
        contract = ExecutionContract(
            arm=simulator.arm.name,
            joint_names=simulator.arm.joint_names,
            action_space="velocity",
            control_period=shown.control_period,
            start=tuple(simulator.start_posture.tolist()),
            target=simulator.task.target_pose(simulator.task.held_out_slot),
        )
        problem = arm_problem(shown, contract.target, simulator.arm)
    config = preset("default")
    if small:
        update = dataclasses.replace(config.cost_update, steps=2)
        config = dataclasses.replace(config, iterations=4, rollouts=2, cost_update=update)
    usual = training(shown, contract, config)
    policy = GuidedCostLearning(problem, config, 0).policy
    return {
        "machine": here,
        "training": usual,
        "along_iterations": along_iterations(usual["by_iteration"]),
        "rates": rates(policy, rounds=1, count=2) if small else rates(policy, rounds=5, count=5),
        "gradients": gradients(1, 2) if small else gradients(rounds=9, steps=100),
        "growth": growth(rounds=1, sizes=2) if small else growth(rounds=3, sizes=4),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="only try it out")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks/results/speed.json")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.report:
        text = json.dumps(measure(small=arguments.small), indent=1)
        write_atomically(arguments.results, f"{text}\n")
    print(write_report(json.loads(arguments.results.read_text("utf-8")), arguments.docs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
