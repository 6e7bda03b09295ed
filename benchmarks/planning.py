# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well does MPPI do the dish task with a learned cost and no learned policy?

    python benchmarks/planning.py [--run RUN_FOLDER] [--trials N] [--json FILE]

Learns a cost where the arm is the one that was taught (or takes that of a run folder), then plans
with it at the slot that was never shown: on that arm and on one that does something else than it
is told, with the model of the arm as designed and with one that is fitted to a few wandering
motions. Prints a Markdown table.
"""

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import torch

from irl_ros.core.arm import load_arm
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.features import AffineFeatures
from irl_ros.core.kinematics import Kinematics
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


def learn(demonstrations: Demonstrations, seed: int) -> Cost:
    """Learn a cost where nothing differs from teaching."""
    target = DishTask().target_pose(DishTask().held_out_slot)
    problem = arm_problem(demonstrations, target, load_arm(demonstrations.arm))
    learner = GuidedCostLearning(problem, preset("default"), seed)
    with contextlib.closing(SimRollouts()) as source:
        learner.run(source)
    return learner.cost


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
    trials: int,
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
        MppiPolicy(mppi, still, 0), trials, EVALUATION_SEED, deterministic=True
    )
    # The plate's centre is the first of the tool points.
    ends = features(rollouts.trajectories.states[:, -1])[:, :3].norm(dim=-1)
    return {
        "distance": float(ends.mean()),
        "successes": rollouts.successes,
        "trials": trials,
        "broken": sum(outcome.broken for outcome in rollouts.outcomes),
        "reasons": [outcome.reason for outcome in rollouts.outcomes if not outcome.success],
    }


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Try every model and objective in every condition."""
    with DishSimulator() as simulator:
        shown = teach(simulator, arguments.seed).demonstrations()
    cost = load_cost(arguments.run)[0] if arguments.run else learn(shown, arguments.seed)
    if arguments.save:
        arguments.save.write_bytes(cost_to_bytes(cost, {}))
    target = DishTask().target_pose(DishTask().held_out_slot)
    problem = arm_problem(shown, target, load_arm(shown.arm))
    rows = []
    for condition in arguments.conditions:
        with contextlib.closing(SimRollouts(SimulationConfig(condition=condition))) as source:
            motions = wander(source, WANDERINGS + 2, SPEED, WANDERING_SEED)
            wanderings = joint_trajectories(motions, source.action_dim)
            seen = transitions_of(wanderings[:WANDERINGS])
            unseen = transitions_of(wanderings[WANDERINGS:])
            models = {
                "as designed": nominal_joints(source.action_dim),
                "fitted": fit_linear_model(seen),
            }
            for name, model in models.items():
                error = model.predict(unseen.states, unseen.actions) - unseen.next_states
                for objective, function in objectives(cost, problem).items():
                    row = {
                        "condition": condition,
                        "model": name,
                        "objective": objective,
                        "velocity_error": float(
                            error[:, source.action_dim :].square().mean().sqrt()
                        ),
                        "nll": predictive_nll(model, unseen),
                        **plan(source, model, function, problem.features, arguments.trials),
                    }
                    print(json.dumps(row), file=sys.stderr, flush=True)
                    rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the success rates as Markdown."""
    lines = [
        "| arm | model | error, rad/s | planned with | in the slot | broken | from target, mm |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            row["condition"],
            row["model"],
            f"{row['velocity_error']:.4f}",
            row["objective"],
            f"{row['successes']} of {row['trials']}",
            str(row["broken"]),
            f"{1e3 * row['distance']:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--run", type=Path, help="run folder or cost file; else a cost is learned")
    parser.add_argument("--save", type=Path, help="file for the cost, to be used as --run later")
    parser.add_argument("--trials", type=int, default=5, help="attempts of each row")
    parser.add_argument("--seed", type=int, default=0, help="of teaching and learning")
    parser.add_argument("--conditions", nargs="+", default=["matched", "mismatched"])
    parser.add_argument("--json", type=Path, help="file for all measurements")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(arguments)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
