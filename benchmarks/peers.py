# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare what the library imitation has as well: same data, same run.

    make bench-peers

A point mass starts where nobody showed it and is to come to rest at the origin: behaviour cloning,
GAIL and AIRL. Both sides get the same demonstrations, the same number of rollouts and the same
settings of PPO; everything else is as each library does it unless told otherwise. Maximum causal
entropy has the paths of the gridworld of `family.py`, and a reward for each cell. The library runs
in an environment of its own, whose Python is the one argument. Seeds that the same versions of
both sides have measured with the same settings are not measured again.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import family_gridworld
import torch

from irl_ros.benchmark.code import code_digest, fingerprint
from irl_ros.benchmark.runner import machine
from irl_ros.core.action import HORIZON
from irl_ros.core.features import AffineFeatures
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.adversarial.airl import AirlConfig, airl
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.behaviour_cloning import BehaviourCloningConfig, clone_behaviour
from irl_ros.learning.env_rollouts import EnvRollouts
from irl_ros.learning.neural_learning import NeuralLearning
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.tabular.problem import sample_paths
from irl_ros.sim.gym_env import PlantEnv
from irl_ros.sim.navigation import PointMass

RESULTS = Path(__file__).parent / "results" / "peers.json"
PEER = Path(__file__).parent / "peer_imitation.py"
PACKAGES = ("stable_baselines3", "gymnasium", "torch", "numpy")
CODE = ("core", "learning", "sim/gym_env.py", "sim/navigation.py")
START = torch.tensor([0.5, -0.3], dtype=torch.float64)
SPREAD = 0.01  # of every start, as the plant has it
EYE = torch.eye(2, dtype=torch.float64)
PPO = {"learning_rate": 1e-3, "n_epochs": 10, "batch_size": 256, "clip_range": 0.2}
PPO |= {"target_kl": 0.02, "gamma": 1.0, "gae_lambda": 0.95}

Row = dict[str, Any]


def source(start: torch.Tensor) -> EnvRollouts:
    return EnvRollouts(PlantEnv(PointMass(start), lambda state, action: 0.0, 5.0), HORIZON)


def demonstrator() -> LinearGaussianController:
    """Return a spring and damper with tremor."""
    gains = torch.cat([-2.0 * EYE, -2.0 * EYE], dim=1)
    return LinearGaussianController(
        gains.repeat(HORIZON, 1, 1),
        torch.zeros(HORIZON, 2, dtype=torch.float64),
        (0.1 * EYE).repeat(HORIZON, 1, 1),
    )


def demonstrations(count: int) -> tuple[LearningProblem, Trajectories]:
    """Return what is shown from starts on a circle, and attempts at the start to be learned."""
    angles = torch.linspace(0, 6, count, dtype=torch.float64)
    starts = 0.6 * torch.stack([angles.cos(), angles.sin()], dim=1)
    shown = concatenate(
        [
            source(start).sample(demonstrator(), 1, seed).trajectories
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
    return problem, source(START).sample(demonstrator(), 20, 0).trajectories


def row(library: str, method: str, seed: int, final: list[list[float]], spent: Any) -> Row:
    misses = [(x**2 + y**2) ** 0.5 for x, y, *_ in final]
    return {
        "library": library,
        "problem": "point mass",
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

    changes = {
        "warm_start": False,
        "iterations": arguments.iterations,
        "rollouts": arguments.rollouts,
        "proximal.learning_rate": PPO["learning_rate"],
        "proximal.kl_limit": PPO["target_kl"],
        "discriminator.steps": arguments.updates,
        "discriminator.batch": arguments.batch,
    }

    def tried(learning: NeuralLearning) -> Policy:
        learning.run(place)
        return learning.policy

    run("bc", lambda: clone_behaviour(problem, BehaviourCloningConfig(), seed))
    run("gail", lambda: tried(gail(problem, replace(GailConfig(), changes), seed)))
    # As the library: rollouts of the newest iteration only, a reward of states and actions.
    likewise = {**changes, "discriminator.remembered": 1}
    likewise |= {"reward.form": "network", "reward.state_only": False}
    run("airl", lambda: tried(airl(problem, replace(AirlConfig(), likewise), seed)))
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
    return [
        row("imitation", line["method"], seed, line["final"], line["seconds"])
        for line in ask(python, task)
    ]


def ask(python: Path, task: dict[str, Any]) -> list[Row]:
    """Let the other side work, and return the lines it answers."""
    result = subprocess.run(
        [python, "-I", PEER], input=json.dumps(task), capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise SystemExit(f"{PEER.name} failed in {python}:\n{result.stderr}")
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def versions(python: Path) -> dict[str, dict[str, str]]:
    """Return what either side consists of."""
    (theirs,) = ask(python, {"versions": ["imitation", *PACKAGES]})
    ours = {"code": code_digest(*CODE), "python": platform.python_version()}
    return {"irl_ros": ours | {name: metadata.version(name) for name in PACKAGES}, **theirs}


def gridworld(python: Path, seed: int) -> list[Row]:
    """Return maximum causal entropy of both on the same paths."""
    world, steps = family_gridworld.WORLD, family_gridworld.STEPS
    # The library wants the state after the last decision as well.
    paths = sample_paths(
        world.mdp,
        family_gridworld.DEMONSTRATOR,
        family_gridworld.DEMONSTRATIONS,
        steps + 1,
        torch.Generator().manual_seed(seed),
    )
    task = {
        "seed": seed,
        "horizon": steps,
        "transitions": torch.stack(
            [world.mdp.expect(each) for each in torch.eye(world.mdp.states).double()], dim=-1
        ).tolist(),
        "initial": world.mdp.initial.tolist(),
        "states": paths.states.tolist(),
        "actions": paths.actions[:, :-1].tolist(),
    }
    case = family_gridworld.case_of(seed, 0)
    assert torch.equal(case.shown.states, paths.states[:, :-1])
    began = time.perf_counter(), time.process_time()
    policy, _ = family_gridworld.LEARNERS["maxent"](case)
    spent = time.perf_counter() - began[0], time.process_time() - began[1]
    (line,) = ask(python, task)
    found = torch.tensor(line["policy"], dtype=torch.float64)
    return [
        {
            "library": library,
            "problem": "gridworld",
            "method": "maxent",
            "seed": seed,
            **family_gridworld.judge(each),
            "seconds": round(seconds[0], 1),
            "processor_seconds": round(seconds[1], 1),
        }
        for library, each, seconds in (
            ("irl_ros", policy, spent),
            ("imitation", found, line["seconds"]),
        )
    ]


def table(rows: list[Row]) -> str:
    heads = list(dict.fromkeys(head for each in rows for head in each))
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(str(each.get(head, '')) for head in heads)} |" for each in rows]
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("python", type=Path, help="of an environment with imitation")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--demonstrations", type=int, default=12)
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--rollouts", type=int, default=12, help="of an iteration; 4 divides it")
    parser.add_argument("--epochs", type=int, default=20, help="of imitation's cloning")
    parser.add_argument("--updates", type=int, default=50, help="of the discriminator, each time")
    parser.add_argument("--batch", type=int, default=256, help="of the discriminator")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--fresh", action="store_true", help="forget what the same sides measured")
    arguments = parser.parse_args(words)
    torch.set_num_threads(1)
    named = ("demonstrations", "iterations", "rollouts", "epochs", "updates", "batch", "trials")
    settings = {name: getattr(arguments, name) for name in named}
    settings |= {"ppo": PPO, "gridworld": family_gridworld.SETTINGS}
    document: Row = {"settings": settings, "versions": versions(arguments.python)}
    rows: list[Row] = []
    if arguments.output.exists() and not arguments.fresh:
        kept = json.loads(arguments.output.read_text())
        if fingerprint({name: kept.get(name) for name in document}) == fingerprint(document):
            rows = kept["rows"]
    problem, expert = demonstrations(arguments.demonstrations)
    if not rows:
        after = PointMass(START).advance(expert.states[:, -1], expert.actions[:, -1])
        rows = [row("", "demonstrator", 0, after.tolist(), (0.0, 0.0))]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    known = {each["seed"] for each in rows if each["library"]}
    for seed in arguments.seeds:
        if seed in known:
            continue
        rows += gridworld(arguments.python, seed)
        rows += ours(problem, seed, arguments)
        rows += theirs(arguments.python, problem, seed, arguments)
        document |= {"machine": machine(), "rows": rows}
        write_atomically(arguments.output, json.dumps(document, indent=1) + "\n")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
