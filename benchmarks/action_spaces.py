# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learn the dish task with every kind of action, and print successes as a Markdown table."""

import argparse
import contextlib
import itertools
import json
import tempfile
from pathlib import Path

import torch

from irl_ros.core.action import ActionSpace
from irl_ros.core.action_scale import ScaledRollouts, scaled
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.parameters import replace
from irl_ros.learning.artifacts import load_policy
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.training import train
from irl_ros.sim.config import CONDITIONS, SimulationConfig
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.motion_actions import motion_actions
from irl_ros.sim.rollouts import SimRollouts

SPACES = tuple(space.value for space in ActionSpace)
EVALUATION_SEED = 778


def measure(
    space: ActionSpace, condition: str, seed: int, config: GclConfig, evaluations: int
) -> tuple[int, int]:
    """Return how often the mean action succeeds before and after learning."""
    with DishSimulator() as simulator:
        arm = simulator.arm
        lesson = teach(simulator, seed, motion_actions=motion_actions(space, arm))
    demonstrations = scaled(lesson.demonstrations())
    simulation = SimulationConfig(condition=condition, action_space=space.value)
    with DishSimulator(simulation) as simulator:
        contract = ExecutionContract(
            arm=arm.name,
            joint_names=arm.joint_names,
            action_space=space.value,
            control_period=demonstrations.control_period,
            start=tuple(simulator.start_posture.tolist()),
            target=simulator.target,
            action_scale=demonstrations.action_scale,
        )
    source = ScaledRollouts(SimRollouts(simulation), contract.action_scale)
    with contextlib.closing(source), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train(
            demonstrations,
            source,
            contract,
            lambda problem, seed: GuidedCostLearning(problem, config, seed),
            seed=seed,
            output=folder,
            resume=False,
            baseline_rollouts=evaluations,
            facts={},
            after_iteration=lambda *_: None,
        )
        before = json.loads((folder / "run.json").read_text())["before_learning"]["successes"]
        policy, _ = load_policy(folder)
        tried = source.sample(policy, evaluations, EVALUATION_SEED, deterministic=True)
        return before, tried.successes


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spaces", nargs="+", choices=SPACES, default=SPACES)
    parser.add_argument("--conditions", nargs="+", choices=tuple(CONDITIONS), default=["matched"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--evaluations", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=GclConfig().iterations)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    config = replace(GclConfig(), {"iterations": asked.iterations})
    print("| actions | condition | seed | imitation | after learning |")
    print("|---|---|---|---|---|")
    for space, condition, seed in itertools.product(asked.spaces, asked.conditions, asked.seeds):
        before, after = measure(ActionSpace(space), condition, seed, config, asked.evaluations)
        total = asked.evaluations
        print(
            f"| {space} | {condition} | {seed} | {before}/{total} | {after}/{total} |", flush=True
        )


if __name__ == "__main__":
    main()
