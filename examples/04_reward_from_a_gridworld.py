# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learn the reward of a gridworld from a few walks through it, by maximum entropy.

    python examples/04_reward_from_a_gridworld.py [RUN_FOLDER]

Every move fails with 30 %. The demonstrator knows that a cell is worth something; the learner sees
only where the demonstrator went. Each iteration is saved: stop it with Ctrl-C, start it again, and
it goes on where it was. A run that is finished is shown once more.
"""

import sys
from pathlib import Path

import torch

from irl_ros.learning.run_folder import RunFolder
from irl_ros.learning.tabular.artifacts import load_reward
from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig, MaxEntDiagnostics
from irl_ros.learning.tabular.problem import (
    TabularProblem,
    empirical_visits,
    expected_return,
    sample_paths,
)
from irl_ros.learning.tabular.soft_control import solve
from irl_ros.learning.tabular.training import train
from irl_ros.learning.tabular.worlds.gridworld import gridworld

SIZE = 6
STEPS = 40


def main() -> None:
    torch.set_num_threads(1)
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/gridworld")

    # 1. A world, somebody who acts well in it though not always best, and 50 walks.
    world = gridworld(SIZE, None, discount=0.9, failure=0.3)
    demonstrator = solve(world.mdp, world.reward, temperature=0.1)
    generator = torch.Generator().manual_seed(0)
    paths = sample_paths(world.mdp, demonstrator.policy, 50, STEPS, generator)

    # 2. What the learner gets: dynamics, features of states, and how often they were visited.
    problem = TabularProblem(world.mdp, world.features, empirical_visits(world.mdp, paths))

    # 3. Learn, in iterations that are shorter than they need to be, so that there is something to
    #    watch. The weight decay keeps cells that nobody visited at no reward.
    def tell(now: MaxEntDiagnostics, folder: RunFolder) -> None:
        print(
            f"iteration {now.iteration} of at most {folder.iterations}: log likelihood "
            f"{now.log_likelihood:.3f}, largest gradient {now.gradient_norm:.4f}",
            flush=True,
        )

    config = MaxEntConfig(
        temperature=0.1, weight_decay=0.1, iterations=30, inner_iterations=5, tolerance=1e-3
    )
    learner = MaxEnt(problem, config)
    facts = {"world": f"gridworld, {SIZE}x{SIZE}"}
    train(learner, output, resume=True, facts=facts, after_iteration=tell)
    print(f"{learner.iteration} iterations; reward and policy are in {output}")

    # 4. Learned and true reward, cell by cell. Only differences between cells mean something.
    reward = load_reward(output)[:, 0]
    print("learned reward" + " " * (6 * SIZE - 12) + "true reward")
    for learned, true in zip(
        (reward - reward.median()).reshape(SIZE, SIZE),
        world.reward.reshape(SIZE, SIZE),
        strict=True,
    ):
        left, right = ("".join(f"{value:6.2f}" for value in row) for row in (learned, true))
        print(f"{left}  {right}")

    # 5. What acting by the learned reward is worth under the true one.
    best = expected_return(world.mdp, world.reward, solve(world.mdp, world.reward, 0.0).policy)
    found = expected_return(world.mdp, world.reward, solve(world.mdp, learner.reward, 0.0).policy)
    print(f"return {found:.3f} of {best:.3f}")


if __name__ == "__main__":
    main()
