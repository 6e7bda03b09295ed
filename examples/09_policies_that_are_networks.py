# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Imitate with neural policies: clone the actions, then learn from trying, in a Gymnasium world.

    python examples/09_policies_that_are_networks.py [ITERATIONS]

A point mass is steered to the origin. The demonstrations are clumsy and few; behaviour cloning
copies their actions; AIRL, GAIL and Guided Cost Learning try for themselves and compare. Any
Gymnasium environment with vectors for observations and actions can take the point mass's place.
"""

import contextlib
import sys

import torch

from irl_ros.core.action import HORIZON
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import concatenate
from irl_ros.learning.adversarial.airl import AirlConfig, airl
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.behaviour_cloning import BehaviourCloningConfig, clone_behaviour
from irl_ros.learning.env_rollouts import EnvRollouts
from irl_ros.learning.neural_gcl import NeuralGclConfig, neural_gcl
from irl_ros.learning.problem import LearningProblem
from irl_ros.sim.gym_env import PlantEnv
from irl_ros.sim.navigation import PointMass

START = torch.tensor([0.5, -0.3], dtype=torch.float64)
EYE = torch.eye(2, dtype=torch.float64)
TRIALS = 10


def world(start: torch.Tensor) -> EnvRollouts:
    """Return the place where policies are tried. Its own reward is ignored: we learn ours."""
    return EnvRollouts(PlantEnv(PointMass(start), lambda state, action: 0.0, limit=5.0), HORIZON)


def demonstrations() -> LearningProblem:
    """Return twelve attempts of a springy demonstrator from as many places."""
    gains = torch.cat([-2.0 * EYE, -2.0 * EYE], dim=1)
    demonstrator = LinearGaussianController(
        gains.repeat(HORIZON, 1, 1),
        torch.zeros(HORIZON, 2, dtype=torch.float64),
        (0.1 * EYE).repeat(HORIZON, 1, 1),
    )
    angles = torch.linspace(0, 6, 12, dtype=torch.float64)
    starts = 0.6 * torch.stack([angles.cos(), angles.sin()], dim=1)
    shown = concatenate(
        [
            world(start).sample(demonstrator, 1, seed).trajectories
            for seed, start in enumerate(starts)
        ]
    )
    return LearningProblem(
        demonstrations=shown,
        inputs=shown.states,
        contexts=starts,
        features=AffineFeatures(torch.eye(4).double(), torch.zeros(4).double()),
        context=START,
        input_scale=shown.states.flatten(0, 1).std(dim=0),
        tracking=torch.cat([-EYE, -2 * EYE], dim=1),
        weights=torch.ones(len(starts), dtype=torch.float64),
    )


def main() -> None:
    torch.set_num_threads(1)
    iterations = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    problem = demonstrations()
    with contextlib.closing(world(START)) as source:
        # 1. Behaviour cloning needs no tries, only the demonstrations.
        cloning = replace(BehaviourCloningConfig(), {"iterations": 20})
        clone = clone_behaviour(problem, cloning, seed=0)
        done = source.sample(clone, TRIALS, seed=1, deterministic=True)
        print(f"cloned: {done.successes} of {TRIALS} at the goal")

        # 2. The others begin with nothing here, to show what trying alone achieves.
        settings = {
            "warm_start": False,
            "iterations": iterations,
            "rollouts": 12,
            "proximal.learning_rate": 1e-3,
        }
        for name, learning in (
            ("gail", gail(problem, replace(GailConfig(), settings), seed=0)),
            ("airl", airl(problem, replace(AirlConfig(), settings), seed=0)),
            ("neural gcl", neural_gcl(problem, replace(NeuralGclConfig(), settings), seed=0)),
        ):
            while not learning.finished:
                told = learning.step(source)
            done = source.sample(learning.policy, TRIALS, seed=1, deterministic=True)
            print(f"{name}: {done.successes} of {TRIALS} at the goal after {told.rollouts} tries")
            if "tried_right" in told.fit:
                print(f"  {told.fit['tried_right']:.0%} of tried steps are told from shown ones")


if __name__ == "__main__":
    main()
