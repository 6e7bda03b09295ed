# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""See what the two models of maximum entropy make of a lottery, and which of them to trust.

    python examples/05_choosing_and_luck.py

A sure prize of 2, or 5 with a chance of 30 %. To condition whole trajectories on success, as the
trajectory-level model does, is to hope for luck; the causal model chooses before it knows.
"""

import torch

from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig
from irl_ros.learning.tabular.mdp import dense_mdp
from irl_ros.learning.tabular.messages import infer
from irl_ros.learning.tabular.problem import TabularProblem, expected_return
from irl_ros.learning.tabular.soft_control import solve, visitation


def main() -> None:
    # State 0 is the choice, 1 the sure prize, 2 the lottery won, 3 the lottery lost.
    transitions = torch.zeros(4, 2, 4, dtype=torch.float64)
    transitions[0, 0, 1] = 1.0
    transitions[0, 1, 2], transitions[0, 1, 3] = 0.3, 0.7
    transitions[1:] = torch.eye(4, dtype=torch.float64)[1:, None, :]
    start = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    mdp = dense_mdp(transitions, start, horizon=2)
    prizes = torch.tensor([0.0, 2.0, 5.0, 0.0], dtype=torch.float64)

    # 1. Control: the backups take the mean over luck, the messages the mean of its exponential.
    policies = {"causal": solve(mdp, prizes).policy, "trajectory": infer(mdp, prizes).policy}
    for model, policy in policies.items():
        print(
            f"{model}: plays with {policy[0, 0, 1]:.0%}, "
            f"mean prize {expected_return(mdp, prizes, policy):.2f}"
        )

    # 2. Learning: from somebody who cannot see the future, what is the unit of prize worth?
    shown = visitation(mdp, policies["causal"])
    for model in policies:
        problem = TabularProblem(mdp, prizes.unsqueeze(1), shown)
        learner = MaxEnt(problem, MaxEntConfig(model=model))
        learner.run()
        weight = float(learner.reward[1, 0] / prizes[1])
        plays = float(learner.policy[0, 0, 1])
        print(
            f"{model}: learned {weight:.2f} where 1.00 is true, and plays with {plays:.0%} "
            f"where the demonstrator did with {policies['causal'][0, 0, 1]:.0%}"
        )


if __name__ == "__main__":
    main()
