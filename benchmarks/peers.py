# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare behaviour cloning and GAIL with the library imitation: same data, same run.

    python3 -m venv peers && peers/bin/pip install imitation==1.0.1
    .venv/bin/python benchmarks/peers.py peers/bin/python

A point mass starts where nobody showed it and is to come to rest at the origin. Both sides get the
same demonstrations, the same number of rollouts, networks of two tanh layers of 64 for GAIL, and
the same settings of PPO; cloning is done as each library does it unless told otherwise.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from irl_ros.core.action import HORIZON
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.behaviour_cloning import BehaviourCloningConfig, clone_behaviour
from irl_ros.learning.env_rollouts import EnvRollouts
from irl_ros.learning.problem import LearningProblem
from irl_ros.sim.gym_env import PlantEnv
from irl_ros.sim.navigation import PointMass

RESULTS = Path(__file__).parent / "results" / "peers.json"
PEER = Path(__file__).parent / "peer_imitation.py"
START = torch.tensor([0.5, -0.3], dtype=torch.float64)
SPREAD = 0.01  # of every start, as the plant has it
EYE = torch.eye(2, dtype=torch.float64)
PPO = {"learning_rate": 1e-3, "n_epochs": 10, "batch_size": 256, "clip_range": 0.2}
PPO |= {"target_kl": 0.02, "gamma": 1.0, "gae_lambda": 0.95}

Row = dict[str, Any]


def source(start: torch.Tensor) -> EnvRollouts:
    return EnvRollouts(PlantEnv(PointMass(start), lambda state, action: 0.0, 5.0), HORIZON)


def demonstrations(count: int) -> tuple[LearningProblem, Trajectories]:
    """Return attempts of a spring and damper with tremor, from starts on a circle."""
    gains = torch.cat([-2.0 * EYE, -2.0 * EYE], dim=1)
    demonstrator = LinearGaussianController(
        gains.repeat(HORIZON, 1, 1),
        torch.zeros(HORIZON, 2, dtype=torch.float64),
        (0.1 * EYE).repeat(HORIZON, 1, 1),
    )
    angles = torch.linspace(0, 6, count, dtype=torch.float64)
    starts = 0.6 * torch.stack([angles.cos(), angles.sin()], dim=1)
    shown = concatenate(
        [
            source(start).sample(demonstrator, 1, seed).trajectories
            for seed, start in enumerate(starts)
        ]
    )
    problem = LearningProblem(
        demonstrations=shown,
        inputs=shown.states,
        contexts=starts,
        features=AffineFeatures(torch.eye(4).double(), torch.zeros(4).double()),
        context=START,
        input_scale=shown.states.flatten(0, 1).std(dim=0),
        tracking=torch.cat([-EYE, -2 * EYE], dim=1),
        weights=torch.ones(count, dtype=torch.float64),
    )
    return problem, source(START).sample(demonstrator, 20, 0).trajectories


def row(library: str, method: str, seed: int, final: list[list[float]], spent: Any) -> Row:
    misses = [(x**2 + y**2) ** 0.5 for x, y, *_ in final]
    return {
        "library": library,
        "method": method,
        "seed": seed,
        "miss_mm": round(1e3 * statistics.mean(misses), 1),
        "within_0.1_m": sum(miss < 0.1 for miss in misses),
        "attempts": len(misses),
        "seconds": round(spent[0], 1),
        "processor_seconds": round(spent[1], 1),
    }


def ours(problem: LearningProblem, seed: int, arguments: argparse.Namespace) -> list[Row]:
    place, plant = source(START), PointMass(START)
    rows = []

    def run(method: str, learn: Callable[[], Policy]) -> None:
        began = time.perf_counter(), time.process_time()
        policy = learn()
        spent = time.perf_counter() - began[0], time.process_time() - began[1]
        tried = place.sample(policy, arguments.trials, 99, deterministic=True).trajectories
        # The library reports the state after the last action.
        after = plant.advance(tried.states[:, -1], tried.actions[:, -1].clamp(-5, 5))
        rows.append(row("irl_ros", method, seed, after.tolist(), spent))

    def adversarial() -> Policy:
        changes = {
            "warm_start": False,
            "iterations": arguments.iterations,
            "rollouts": arguments.rollouts,
            "proximal.learning_rate": PPO["learning_rate"],
            "proximal.kl_limit": PPO["target_kl"],
            "discriminator.steps": arguments.updates,
            "discriminator.batch": arguments.batch,
        }
        learning = gail(problem, replace(GailConfig(), changes), seed)
        learning.run(place)
        return learning.policy

    run("bc", lambda: clone_behaviour(problem, BehaviourCloningConfig(), seed))
    run("gail", adversarial)
    return rows


def theirs(
    python: Path, problem: LearningProblem, seed: int, arguments: argparse.Namespace
) -> list[Row]:
    plant, shown = PointMass(START), problem.demonstrations
    last = plant.advance(shown.states[:, -1], shown.actions[:, -1]).unsqueeze(1)
    states = torch.cat([shown.states, last], dim=1)
    times = (torch.arange(HORIZON + 1).double() / HORIZON).reshape(1, -1, 1)
    observations = torch.cat([states, times.expand(len(shown), -1, 1)], dim=2)
    eye = torch.eye(6, dtype=torch.float64)
    task = {
        "seed": seed,
        "horizon": HORIZON,
        "trials": arguments.trials,
        "start": [*START.tolist(), 0.0, 0.0],
        "spread": SPREAD,
        "matrix": plant.advance(eye[:, :4], eye[:, 4:]).T.tolist(),
        "demonstrations": [
            {"observations": seen.tolist(), "actions": done.tolist()}
            for seen, done in zip(observations, shown.actions, strict=True)
        ],
        "epochs": arguments.epochs,
        "iterations": arguments.iterations,
        "rollouts": arguments.rollouts,
        "updates": arguments.updates,
        "batch": arguments.batch,
        "ppo": PPO,
    }
    result = subprocess.run(
        [python, PEER], input=json.dumps(task), capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise SystemExit(f"{PEER.name} failed in {python}:\n{result.stderr}")
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return [
        row("imitation", line["method"], seed, line["final"], line["seconds"]) for line in lines
    ]


def table(rows: list[Row]) -> str:
    heads = list(rows[0])
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(str(each[head]) for head in heads)} |" for each in rows]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("python", type=Path, help="of an environment with imitation")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--demonstrations", type=int, default=12)
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--rollouts", type=int, default=12, help="of an iteration; 4 divides it")
    parser.add_argument("--epochs", type=int, default=20, help="of imitation's cloning")
    parser.add_argument("--updates", type=int, default=50, help="of the discriminator, each time")
    parser.add_argument("--batch", type=int, default=256, help="of the discriminator")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    problem, expert = demonstrations(arguments.demonstrations)
    after = PointMass(START).advance(expert.states[:, -1], expert.actions[:, -1])
    rows = [row("", "demonstrator", 0, after.tolist(), (0.0, 0.0))]
    for seed in arguments.seeds:
        rows += ours(problem, seed, arguments)
        rows += theirs(arguments.python, problem, seed, arguments)
    settings = {name: value for name, value in vars(arguments).items() if name != "output"}
    document = {"settings": {**settings, "python": "", "ppo": PPO}, "rows": rows}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document, indent=1) + "\n")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
