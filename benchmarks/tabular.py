# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure the algorithms on finite problems, in the sizes of the papers, and draw the figures.

    python benchmarks/tabular.py [--small] [--output FOLDER] [--images FOLDER]

It writes tabular.json into the one folder and the pictures of docs/algorithms into the other.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tabular_figures import draw_control, draw_margin, draw_maxent

from irl_ros.learning.reward_tools.value_difference import expected_value_difference
from irl_ros.learning.tabular.feature_matching import FeatureMatching, FeatureMatchingConfig
from irl_ros.learning.tabular.max_margin_planning import MaxMarginConfig, MaxMarginPlanning
from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig
from irl_ros.learning.tabular.mdp import Mdp, dense_mdp
from irl_ros.learning.tabular.messages import infer
from irl_ros.learning.tabular.problem import (
    TabularProblem,
    World,
    empirical_visits,
    expected_return,
    sample_paths,
)
from irl_ros.learning.tabular.rewards import RewardConfig
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import chain, gridworld, macrocells
from irl_ros.learning.tabular.worlds.objectworld import objectworld
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp

ROOT = Path(__file__).resolve().parents[1]
TEMPERATURE = 0.1  # of the demonstrators in the objectworld
PATH_STEPS = 8


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large everything is; the defaults are the papers' sizes.

    Attributes:
        objectworld: Rows and columns of the objectworld.
        objects: Objects in it.
        worlds: Number of objectworlds.
        counts: Numbers of demonstrations.
        macrocells: Rows and columns of the gridworld with 64 regions.
        matchings: Iterations of feature matching.
        plannings: Iterations of maximum margin planning.
    """

    objectworld: int = 32
    objects: int = 50
    worlds: int = 4
    counts: tuple[int, ...] = (8, 16, 32, 64, 128)
    macrocells: int = 128
    matchings: int = 30
    plannings: int = 1000


SMALL = Scale(
    objectworld=10,
    objects=8,
    worlds=2,
    counts=(8, 32),
    macrocells=16,
    matchings=8,
    plannings=20,
)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- Control as inference ----------------------------------------------------------------------


def known_chain() -> dict[str, float]:
    """Solve the five clamped states by both ways."""
    world = chain()
    posterior = infer(world.mdp, world.reward)
    return {
        "log_partition": float(solve(world.mdp, world.reward).values[0, 0]),
        "log_partition_by_messages": posterior.log_partition,
        "first_right": float(posterior.policy[0, 0, 1]),
    }


def temperatures() -> list[dict[str, Any]]:
    """Return where policies of falling temperature go in a gridworld."""
    world = gridworld(9, None, discount=0.9, failure=0.1)
    rows = []
    for temperature in (1.0, 0.1, 0.0):
        solution = solve(world.mdp, world.reward, temperature)
        visits = visitation(world.mdp, solution.policy)[0].sum(dim=-1)
        rows.append(
            {
                "temperature": temperature,
                "return": expected_return(world.mdp, world.reward, solution.policy),
                "visits": (0.1 * visits).reshape(9, 9).tolist(),
            }
        )
    return rows


# --- Maximum entropy ---------------------------------------------------------------------------


def lottery(chance: float) -> Mdp:
    """Return a choice in state 0 between state 1 and a lottery for state 2, else state 3."""
    transitions = torch.zeros(4, 2, 4, dtype=torch.float64)
    transitions[0, 0, 1] = 1.0
    transitions[0, 1, 2], transitions[0, 1, 3] = chance, 1 - chance
    transitions[1:] = torch.eye(4, dtype=torch.float64)[1:, None, :]
    return dense_mdp(transitions, torch.eye(4, dtype=torch.float64)[0], 2)


def risk() -> list[dict[str, float]]:
    """Return how often both models prefer a lottery for 5 to a sure 2."""
    prizes = torch.tensor([0.0, 2.0, 5.0, 0.0], dtype=torch.float64)
    rows = []
    for chance in torch.linspace(0, 1, 21, dtype=torch.float64).tolist():
        mdp = lottery(chance)
        rows.append(
            {
                "chance": chance,
                "causal": float(solve(mdp, prizes).policy[0, 0, 1]),
                "trajectory": float(infer(mdp, prizes).policy[0, 0, 1]),
            }
        )
    return rows


def recovery(scale: Scale) -> list[dict[str, Any]]:
    """Return how well known demonstrators' visits are recovered, one feature for each state."""
    worlds = {
        "gridworld, 8x8": gridworld(8, None, discount=0.9, failure=0.3),
        "random, 16 states, 4 actions": random_mdp(generator(0)),
        f"objectworld, {scale.objectworld}x{scale.objectworld}": objectworld(
            generator(0), size=scale.objectworld, objects=scale.objects
        ),
    }
    rows = []
    for name, world in worlds.items():
        shown = visitation(world.mdp, solve(world.mdp, world.reward).policy)
        states = torch.eye(world.mdp.states, dtype=torch.float64)
        learner = MaxEnt(TabularProblem(world.mdp, states, shown), MaxEntConfig(tolerance=1e-5))
        began = time.perf_counter()
        learner.run()
        rows.append(
            {
                "world": name,
                "visit_error": learner.history[-1].visit_error,
                "iterations": learner.iteration,
                "seconds": round(time.perf_counter() - began, 2),
            }
        )
        tell(f"recovery: {rows[-1]}")
    return rows


def lost_return(world: World, reward: torch.Tensor) -> float:
    policy = solve(world.mdp, reward, temperature=0.0).policy
    return expected_value_difference(world.mdp, world.reward, policy)


def objectworlds(scale: Scale) -> tuple[list[dict[str, Any]], dict[str, torch.Tensor]]:
    """Return the expected value difference by the number of demonstrations, and reward maps."""
    lost: dict[tuple[str, int], list[float]] = {}
    maps = {}
    for seed in range(scale.worlds):
        world = objectworld(generator(seed), size=scale.objectworld, objects=scale.objects)
        demonstrator = solve(world.mdp, world.reward, TEMPERATURE).policy
        for count in scale.counts:
            paths = sample_paths(
                world.mdp, demonstrator, count, PATH_STEPS, generator(1000 + seed)
            )
            problem = TabularProblem(world.mdp, world.features, empirical_visits(world.mdp, paths))
            for kind in ("linear", "neural"):
                config = MaxEntConfig(
                    iterations=2,
                    temperature=TEMPERATURE,
                    weight_decay=0.01,
                    reward=RewardConfig(kind=kind),
                )
                learner = MaxEnt(problem, config, seed)
                learner.run()
                lost.setdefault((kind, count), []).append(lost_return(world, learner.reward))
                if seed == 0 and count == scale.counts[-1]:
                    maps[kind] = learner.reward[:, 0].reshape(scale.objectworld, -1)
            # A reward of 0 for comparison: every action is as good as any other.
            lost.setdefault(("nothing learned", count), []).append(
                lost_return(world, torch.zeros_like(world.reward))
            )
            tell(f"objectworld {seed}: {count} demonstrations")
        if seed == 0:
            maps["true"] = world.reward.reshape(scale.objectworld, -1)
    rows = [
        {
            "reward": kind,
            "demonstrations": count,
            "mean": statistics.mean(values),
            "standard_error": statistics.stdev(values) / len(values) ** 0.5,
        }
        for (kind, count), values in lost.items()
    ]
    return rows, maps


# --- Maximum margin ----------------------------------------------------------------------------


def matching(scale: Scale) -> list[dict[str, Any]]:
    """Return the margins of both methods on the gridworld with 64 regions."""
    world = macrocells(scale.macrocells, 64, generator(0))
    optimal = solve(world.mdp, world.reward, 0.0).policy
    problem = TabularProblem(world.mdp, world.features, visitation(world.mdp, optimal))
    best = expected_return(world.mdp, world.reward, optimal)
    rows = []
    for method in ("program", "projection"):
        config = FeatureMatchingConfig(method=method, epsilon=0.1, iterations=scale.matchings)
        learner = FeatureMatching(problem, config)
        began = time.perf_counter()
        while not learner.finished:
            tell(f"{method}: {learner.step().as_mapping()}")
        rows.append(
            {
                "method": method,
                "margins": [each.margin for each in learner.history],
                "distances": [each.distance for each in learner.history],
                "share_of_return": expected_return(world.mdp, world.reward, learner.policy) / best,
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
    return rows


def planning(scale: Scale) -> dict[str, Any]:
    """Return objective and slack of maximum margin planning on a random process."""
    mdp = random_mdp(generator(0)).mdp
    mdp = dataclasses.replace(mdp, initial=torch.full((16,), 1 / 16, dtype=torch.float64))
    reward = torch.rand(16, generator=generator(3), dtype=torch.float64)
    features = torch.eye(16, dtype=torch.float64)
    curves = {}
    for name, temperature in (("optimal", 0.0), ("noisy", 0.02)):
        shown = visitation(mdp, solve(mdp, reward, temperature).policy)
        learner = MaxMarginPlanning(
            TabularProblem(mdp, features, shown),
            MaxMarginConfig(iterations=scale.plannings, step=30.0, regularisation=1e-6),
        )
        learner.run()
        curves[name] = {
            "slack": learner.history[-1].slack,
            "best_objective": [each.best_objective for each in learner.history],
            "visit_error": float((visitation(mdp, learner.policy) - shown).abs().max()),
        }
    return curves


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small problems, to try it out")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results")
    parser.add_argument("--images", type=Path, default=ROOT / "docs/images")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    scale = SMALL if arguments.small else Scale()
    objects, maps = objectworlds(scale)
    results = {
        "scale": dataclasses.asdict(scale),
        "chain": known_chain(),
        "temperatures": temperatures(),
        "risk": risk(),
        "recovery": recovery(scale),
        "objectworld": objects,
        "feature_matching": matching(scale),
        "max_margin_planning": planning(scale),
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    arguments.images.mkdir(parents=True, exist_ok=True)
    (arguments.output / "tabular.json").write_text(json.dumps(rounded(results), indent=1) + "\n")
    for name, figure in {
        "control_as_inference": draw_control(results["temperatures"]),
        "maxent": draw_maxent(objects, maps, results["risk"]),
        "max_margin": draw_margin(results["feature_matching"], results["max_margin_planning"]),
    }.items():
        figure.savefig(arguments.images / f"{name}.png", dpi=120, facecolor="white")
    print(arguments.output / "tabular.json")
    return 0


def rounded(value: Any) -> Any:
    """Return the results with as many digits as the documents may want."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())
