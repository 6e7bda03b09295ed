# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Match a demonstrator's feature counts, or beat all other policies by a margin.

    python examples/06_match_features.py

The gridworld of Abbeel and Ng (2004), smaller: 16 regions, of which few have a reward. Feature
matching finds, again and again, the reward by which the demonstrator looks best beside all
policies so far, and the policy that is optimal for it. What it mixes from those earns what the
demonstrator earns, whatever the true reward is. Maximum margin planning finds one reward and one
policy.
"""

import torch

from irl_ros.learning.tabular.feature_matching import FeatureMatching, FeatureMatchingConfig
from irl_ros.learning.tabular.max_margin_planning import MaxMarginConfig, MaxMarginPlanning
from irl_ros.learning.tabular.problem import TabularProblem, expected_return
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import macrocells


def main() -> None:
    world = macrocells(16, 16, torch.Generator().manual_seed(3), discount=0.95)
    demonstrator = solve(world.mdp, world.reward, temperature=0.05).policy
    problem = TabularProblem(world.mdp, world.features, visitation(world.mdp, demonstrator))

    for method in ("program", "projection"):
        learner = FeatureMatching(problem, FeatureMatchingConfig(method=method, epsilon=0.05))
        learner.run()
        last = learner.history[-1]
        print(
            f"{method}: feature counts within {last.margin:.3f} "
            f"after {learner.iteration} iterations"
        )
        # Whatever the true weights are, if their norm is 1 no return differs by more than that.
        theirs = expected_return(world.mdp, world.reward, demonstrator)
        ours = expected_return(world.mdp, world.reward, learner.policy)
        used = int((learner.mixture > 1e-3).sum())
        print(f"  a mixture of {used} policies earns {ours:.3f}, the demonstrator {theirs:.3f}")

    planner = MaxMarginPlanning(problem, MaxMarginConfig(iterations=50))
    planner.run()
    last = planner.history[-1]
    print(
        f"planning: objective {planner.history[0].best_objective:.3f} at first, "
        f"{last.best_objective:.3f} after {planner.iteration} iterations"
    )
    ours = expected_return(world.mdp, world.reward, planner.policy)
    print(f"  its policy earns {ours:.3f}")


if __name__ == "__main__":
    main()
