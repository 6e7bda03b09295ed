# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One cell of the benchmark: one method in one scenario with one seed, learned and judged."""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.code import code_digest, fingerprint
from irl_ros.benchmark.door import CountedRollouts
from irl_ros.benchmark.earlier import with_earlier
from irl_ros.benchmark.method import Method
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.scenario import Scenario, taught_slots
from irl_ros.benchmark.teaching import chosen, taught
from irl_ros.core.arm import load_arm
from irl_ros.core.files import write_atomically
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.trajectory import Outcome, Trajectories
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.artifacts import cost_to_bytes, load_cost
from irl_ros.sim.change import ChangeConfig
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.rollouts import SimRollouts
from irl_ros.sim.start_posture import start_posture

_HARNESS = 1
"""Raised whenever results of this module change their meaning."""

_CODE = ("benchmark", "core", "learning", "sim")
_LEARNING = (
    "benchmark/cell.py",
    "benchmark/learners.py",
    "benchmark/teaching.py",
    "core",
    "learning",
    "sim",
)
"""The code that a learned cost depends on."""

_EVALUATION, _SAMPLED = 1, 2


@dataclass(frozen=True)
class Cell:
    """What is to be measured.

    Attributes:
        method: Name of the method.
        scenario: Where.
        seed: All randomness follows from it.
        arm: Name of the arm.
        rollouts: The budget that the benchmark grants.
        evaluations: How often the policy is judged, with mean and again with sampled actions.
    """

    method: str
    scenario: Scenario
    seed: int
    arm: str = "panda"
    rollouts: int = 90
    evaluations: int = 20

    @property
    def fingerprint(self) -> str:
        """A sum over everything that the result depends on, the code aside."""
        method = METHODS[self.method]
        values = {
            "harness": _HARNESS,
            "method": [self.method, _deciding(method.settings), method.demonstrations],
            "budget": method.budget(self.rollouts),
            "scenario": self.scenario.decided(self.seed),
            "arm": self.arm,
            "seed": self.seed,
            "evaluations": self.evaluations,
            "cost": self.source.fingerprint if self.source else "",
        }
        start = _simulation(self).start_shift
        if method.shown and any(start):
            values["shown from"] = list(start)
        return fingerprint(values)

    @property
    def source(self) -> "Cell | None":
        """The cell whose learned cost this one needs."""
        method = METHODS[self.method]
        if not method.cost_of:
            return None
        scenario, arm = self.scenario.learned, self.taught_arm
        return replace(self, method=method.cost_of, scenario=scenario, arm=arm)

    @property
    def taught_arm(self) -> str:
        """The arm that demonstrations were given to."""
        return METHODS[self.method].taught_arm or self.arm

    def cost_file(self, folder: Path) -> Path:
        """Return where the learned cost is kept; one of other settings or code is another file."""
        name = f"{self.method}-{self.fingerprint}-{code_digest(*_LEARNING)}"
        return folder / "costs" / f"{name}.safetensors"


def _deciding(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide about results; where they are computed does not."""
    return {name: value for name, value in settings.items() if not name.endswith(".device")}


def run_cell(cell: Cell, folder: Path) -> CellResult:
    """Teach, learn and judge.

    Args:
        cell: What is to be measured.
        folder: Where demonstrations and learned costs are kept.

    Raises:
        IrlRosError: If the method cannot be tried at all.
    """
    method = METHODS[cell.method]
    with closing(SimRollouts(_simulation(cell), cell.scenario.slot)) as arm:
        door = CountedRollouts(arm, method.budget(cell.rollouts))
        case = _case(cell, method, arm, door, folder)
        began, began_cpu = time.perf_counter(), time.process_time()
        learned = method.learn(case)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
        _keep_cost(cell, learned, folder)
        mean = arm.sample(
            learned.policy, cell.evaluations, _seed(cell, _EVALUATION), deterministic=True
        ).outcomes
        sampled = arm.sample(learned.policy, cell.evaluations, _seed(cell, _SAMPLED)).outcomes
    return CellResult(
        method=cell.method,
        condition=cell.scenario.condition,
        slot=cell.scenario.slot,
        change=cell.scenario.changes,
        arm=cell.arm,
        seed=cell.seed,
        rollouts=cell.rollouts,
        fingerprint=cell.fingerprint,
        code=code_digest(*_CODE),
        mean=_marks(mean),
        sampled=_marks(sampled),
        forces=tuple(round(outcome.peak_force, 2) for outcome in mean),
        failures=_failures(mean),
        training=_marks(door.outcomes),
        training_force=round(max((o.peak_force for o in door.outcomes), default=0.0), 2),
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu_seconds, 2),
        note=learned.note,
        drops=_drops(mean),
    )


def _case(
    cell: Cell, method: Method, arm: SimRollouts, door: CountedRollouts, folder: Path
) -> BenchmarkCase:
    """Return what the method is given; nothing was shown where it is to do the task."""
    scenario, kept = cell.scenario, folder / "demonstrations"
    held_out = cell.source.scenario.slot if cell.source else scenario.slot
    plain = SimulationConfig(arm=cell.taught_arm)
    shown = chosen(taught(plain, cell.seed, taught_slots(held_out), kept), method.demonstrations)
    case = BenchmarkCase(
        problem=arm_problem(shown, arm.target, load_arm(cell.arm)),
        source=door,
        rollouts=method.budget(cell.rollouts),
        seed=cell.seed,
        cold=scenario.cold,
        learned_cost=load_cost(cell.source.cost_file(folder))[0] if cell.source else None,
        shown=_shown_there(cell, kept) if method.shown else None,
        rest=_rest(cell) if method.taught_arm else None,
    )
    return with_earlier(case, scenario, cell.arm, method.earlier) if method.earlier else case


def _simulation(cell: Cell) -> SimulationConfig:
    return cell.scenario.simulation(cell.arm, cell.seed)


def _rest(cell: Cell) -> Float[Tensor, " x"]:
    """Return the state of the cell's arm before it moves."""
    arm = load_arm(cell.arm)
    kinematics = Kinematics(arm)
    shift = _simulation(cell).start_shift
    posture = torch.from_numpy(start_posture(arm, kinematics, shift).copy())
    return kinematics.arm_state(posture, torch.zeros_like(posture))


def _shown_there(cell: Cell, kept: Path) -> Trajectories:
    """Return a demonstration at the target itself from where the cell's arm starts.

    The arm that is taught is as designed.
    """
    change = cell.scenario.change
    rack = replace(
        ChangeConfig(),
        rack_shift=change.rack_shift,
        rack_yaw=change.rack_yaw,
        more_slots=change.more_slots,
        start_shift=_simulation(cell).start_shift,
    )
    there = SimulationConfig(arm=cell.arm, change=rack)
    return taught(there, cell.seed, (cell.scenario.slot,), kept).trajectories


def _keep_cost(cell: Cell, learned: Learned, folder: Path) -> None:
    if learned.cost is None:
        return
    file = cell.cost_file(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    facts = {"cell": cell.fingerprint, "code": code_digest(*_LEARNING)}
    write_atomically(file, cost_to_bytes(learned.cost, facts))


def _seed(cell: Cell, purpose: int) -> int:
    """Return the seed of an evaluation: the same for all methods, and none that learning uses."""
    sequence = np.random.SeedSequence(cell.seed, spawn_key=(purpose,))
    return int(sequence.generate_state(1)[0])


def _marks(outcomes: tuple[Outcome, ...]) -> str:
    return "".join("1" if outcome.success else "0" for outcome in outcomes)


def _drops(outcomes: tuple[Outcome, ...]) -> tuple[float, ...]:
    heights = [outcome.release_height for outcome in outcomes]
    return tuple(round(height, 4) for height in heights if height is not None)


def _failures(outcomes: tuple[Outcome, ...]) -> dict[str, int]:
    reasons = (o.reason.split(":")[0].split(";")[0] for o in outcomes if not o.success)
    return dict(sorted(Counter(_plain(reason) for reason in reasons).items()))


def _plain(reason: str) -> str:
    return "not in its slot" if reason.startswith("not in slot") else reason


def prepare_process() -> None:
    """Keep to one thread: cells run side by side, and a result must not depend on threads."""
    torch.set_num_threads(1)
