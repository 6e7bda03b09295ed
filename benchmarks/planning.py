# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well does MPPI do the dish task with a learned cost and no learned policy?

    python benchmarks/planning.py [--seeds N ...] [--trials N] [--report]

Learns a cost where the arm is the one that was taught, then plans with it at the slot that was
never shown: on that arm and on one that does something else than it is told, with the model of
the arm as designed and with one that is fitted to a few wandering motions. Writes a table into
docs/algorithms/mppi.md. What is there already, measured with the settings of today, is not
measured again.
"""

import argparse
import contextlib
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import planning_report
import torch

from irl_ros.benchmark.code import code_digest, fingerprint
from irl_ros.benchmark.runner import machine
from irl_ros.core.arm import load_arm
from irl_ros.core.features import AffineFeatures
from irl_ros.core.files import write_atomically
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import to_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.task import DishTask
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.artifacts import cost_to_bytes, load_cost
from irl_ros.learning.cost import Cost
from irl_ros.learning.gcl import GuidedCostLearning
from irl_ros.learning.placed_cost import PlacedCost
from irl_ros.learning.planning.arm_model import ArmModel, joint_trajectories, nominal_joints
from irl_ros.learning.planning.model import LinearModel, fit_linear_model, predictive_nll
from irl_ros.learning.planning.mppi import Mppi, MppiConfig, StateActionCost
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.support import support_of
from irl_ros.learning.planning.wander import wander
from irl_ros.learning.presets import preset
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.transitions import transitions_of
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

PLANNING = MppiConfig(samples=128, horizon=60, updates=2, target_ess=5, memory=0.95)
DEVIATION = 0.1  # rad/s, of the sampled joint velocities
SUPPORT_RADIUS, SUPPORT_WEIGHT = 0.5, 50.0
WANDERINGS = 6
SPEED = 0.1  # rad/s, standard deviation of a wandering joint's velocity
EVALUATION_SEED, WANDERING_SEED = 1000, 2000
CODE = ("core", "learning", "sim")


Document = dict[str, Any]


@dataclass(frozen=True)
class PlanningCell:
    """What is planned with, on which arm, with the cost of which seed."""

    seed: int
    condition: str
    model: str
    objective: str
    trials: int

    @property
    def key(self) -> str:
        return f"{self.seed}/{self.condition}/{self.model}/{self.objective}"

    @property
    def fingerprint(self) -> str:
        """A sum over everything that the result depends on, the code aside."""
        return fingerprint({**asdict(self), **settings()})


def settings() -> dict[str, Any]:
    return {
        "planning": to_mapping(PLANNING),
        "deviation": DEVIATION,
        "support": [SUPPORT_RADIUS, SUPPORT_WEIGHT],
        "wandering": [WANDERINGS, SPEED, WANDERING_SEED],
        "evaluation": EVALUATION_SEED,
        "learner": to_mapping(preset("default")),
    }


def learn(seed: int, folder: Path) -> tuple[Cost, LearningProblem]:
    """Learn a cost where nothing differs from teaching, unless today's code has done so."""
    with DishSimulator() as simulator:
        shown = teach(simulator, seed).demonstrations()
    target = DishTask().target_pose(DishTask().held_out_slot)
    problem = arm_problem(shown, target, load_arm(shown.arm))
    how = fingerprint({"learner": settings()["learner"], "code": code_digest(*CODE)})
    file = folder / f"cost-{seed}-{how}.safetensors"
    if not file.exists():
        learner = GuidedCostLearning(problem, preset("default"), seed)
        with contextlib.closing(SimRollouts()) as source:
            learner.run(source)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(file, cost_to_bytes(learner.cost, {}))
    return load_cost(file)[0], problem


def objectives(cost: Cost, problem: LearningProblem) -> dict[str, StateActionCost]:
    """Return what is planned with: the learned cost, the support's price, and both."""
    learned = PlacedCost(cost, problem.features)
    price = support_of(problem, SUPPORT_RADIUS, SUPPORT_WEIGHT)
    effort = cost.config.action_weight
    return {
        "learned cost": learned,
        "stay near demonstrations": lambda x, u: price(x) + effort * u.square().sum(dim=-1),
        "both": lambda x, u: learned(x, u) + price(x),
    }


def plan(
    source: SimRollouts,
    model: LinearModel,
    objective: StateActionCost,
    features: AffineFeatures,
    cell: PlanningCell,
) -> dict[str, Any]:
    """Execute what MPPI plans and count what succeeds."""
    arm = load_arm("panda")
    joints = source.action_dim
    covariance = DEVIATION**2 * torch.eye(joints, dtype=torch.float64)
    mppi = Mppi(PLANNING, ArmModel(model, Kinematics(arm)).rollout, objective, covariance)
    home = torch.tensor(arm.home)
    still = LinearGaussianController(
        torch.zeros(source.horizon, joints, source.state_dim, dtype=torch.float64),
        model.holding_action(torch.cat([home, 0 * home])).expand(source.horizon, -1),
        covariance.expand(source.horizon, -1, -1),
    )
    rollouts = source.sample(
        MppiPolicy(mppi, still, cell.seed),
        cell.trials,
        EVALUATION_SEED + cell.seed,
        deterministic=True,
    )
    # The plate's centre is the first of the tool points.
    ends = features(rollouts.trajectories.states[:, -1])[:, :3].norm(dim=-1)
    return {
        "distance": float(ends.mean()),
        "successes": rollouts.successes,
        "broken": sum(outcome.broken for outcome in rollouts.outcomes),
        "reasons": [outcome.reason for outcome in rollouts.outcomes if not outcome.success],
    }


def try_out(
    cells: Sequence[PlanningCell], cost: Cost, problem: LearningProblem
) -> Iterator[tuple[PlanningCell, dict[str, Any]]]:
    """Measure cells of one condition, which share the motions that models are fitted to."""
    config = SimulationConfig(condition=cells[0].condition)
    with contextlib.closing(SimRollouts(config)) as source:
        motions = wander(source, WANDERINGS + 2, SPEED, WANDERING_SEED)
        wanderings = joint_trajectories(motions, source.action_dim)
        seen = transitions_of(wanderings[:WANDERINGS])
        unseen = transitions_of(wanderings[WANDERINGS:])
        models = {
            "as designed": nominal_joints(source.action_dim),
            "fitted": fit_linear_model(seen),
        }
        functions = objectives(cost, problem)
        for cell in cells:
            model = models[cell.model]
            error = model.predict(unseen.states, unseen.actions) - unseen.next_states
            velocities = error[:, source.action_dim :]
            result = {
                "velocity_error": float(velocities.square().mean().sqrt()),
                "nll": predictive_nll(model, unseen),
                **plan(source, model, functions[cell.objective], problem.features, cell),
            }
            yield cell, result


def cells_of(arguments: argparse.Namespace) -> list[PlanningCell]:
    """Return the cells, seed by seed, so that a run cut short has a bit of everything."""
    return [
        PlanningCell(seed, condition, model, objective, arguments.trials)
        for seed in arguments.seeds
        for condition in arguments.conditions
        for model in planning_report.MODELS
        for objective in planning_report.OBJECTIVES
    ]


def measure(arguments: argparse.Namespace, document: Document) -> None:
    """Measure what is missing; each result is kept at once."""
    kept = document["cells"]
    missing = [
        cell
        for cell in cells_of(arguments)
        if kept.get(cell.key, {}).get("fingerprint") != cell.fingerprint
    ]
    for seed, of_seed in itertools.groupby(missing, lambda cell: cell.seed):
        cost, problem = learn(seed, arguments.folder)
        for _, cells in itertools.groupby(of_seed, lambda cell: cell.condition):
            for cell, result in try_out(list(cells), cost, problem):
                facts = {"fingerprint": cell.fingerprint, "code": code_digest(*CODE)}
                kept[cell.key] = {**asdict(cell), **result, **facts}
                document["machine"] = machine()
                arguments.output.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps(document, indent=1, sort_keys=True)
                write_atomically(arguments.output, text + "\n")
                print(json.dumps(kept[cell.key]), file=sys.stderr, flush=True)


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of learning")
    parser.add_argument("--trials", type=int, default=3, help="attempts of each seed and row")
    parser.add_argument("--conditions", nargs="+", default=["matched", "mismatched"])
    parser.add_argument("--output", type=Path, default=here / "results/planning.json")
    parser.add_argument("--folder", type=Path, default=Path("runs/bench-planning"))
    parser.add_argument("--page", type=Path, default=here.parent / "docs/algorithms/mppi.md")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    arguments = parse(words)
    torch.set_num_threads(1)
    document: Document = {"cells": {}, "machine": {}}
    if arguments.output.exists():
        document = json.loads(arguments.output.read_text())
    if not arguments.report:
        measure(arguments, document)
    print(planning_report.write(document, arguments.page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
