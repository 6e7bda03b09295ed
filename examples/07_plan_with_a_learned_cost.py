# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Execute a learned cost by planning, on an arm that does not do what it is told.

    python examples/07_plan_with_a_learned_cost.py [RUN_FOLDER]

Run 01_teach_and_learn.py first, or give the folder `training` of any demonstration. No policy is
learned here: the arm wanders for half a minute, a model of its joints is fitted to that, and MPPI
plans with the model and the cost in every step.
"""

import contextlib
import sys
from pathlib import Path

import torch
from torch import Tensor

from irl_ros.core.arm import load_arm
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.task import DishTask
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.artifacts import load_cost
from irl_ros.learning.placed_cost import PlacedCost
from irl_ros.learning.planning.arm_model import ArmModel, joint_trajectories, nominal_joints
from irl_ros.learning.planning.model import fit_linear_model, predictive_nll
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.support import support_of
from irl_ros.learning.planning.wander import wander
from irl_ros.learning.transitions import transitions_of
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

TRIALS = 2


def main() -> None:
    torch.set_num_threads(1)
    cost, _ = load_cost(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example"))
    task, arm = DishTask(), load_arm("panda")
    with DishSimulator() as simulator:
        shown = teach(simulator, seed=0).demonstrations()
    problem = arm_problem(shown, task.target_pose(task.held_out_slot), arm)

    # Each joint of this arm moves at 0.8 of the commanded velocity and drifts.
    with contextlib.closing(SimRollouts(SimulationConfig(condition="mismatched"))) as source:
        wanderings = joint_trajectories(wander(source, 7, 0.1, seed=0), source.action_dim)
        fitted = fit_linear_model(transitions_of(wanderings[:6]))
        for name, model in (("designed", nominal_joints(7)), ("fitted", fitted)):
            nll = predictive_nll(model, transitions_of(wanderings[6]))
            print(f"model as {name}: {nll:.1f} nat per step that it has not seen")

        # The cost is trusted where it was learned; away from the demonstrations MPPI would find
        # where it is low for no good reason.
        learned = PlacedCost(cost, problem.features)
        price = support_of(problem, radius=0.5, weight=50.0)

        def objective(states: Tensor, actions: Tensor) -> Tensor:
            return learned(states, actions) + price(states)

        mppi = Mppi(
            MppiConfig(samples=128, horizon=60, updates=2, target_ess=5, memory=0.95),
            ArmModel(fitted, Kinematics(arm)).rollout,
            objective,
            covariance=0.1**2 * torch.eye(7, dtype=torch.float64),
        )
        home = torch.tensor(arm.home)
        still = LinearGaussianController(
            torch.zeros(source.horizon, 7, source.state_dim, dtype=torch.float64),
            fitted.holding_action(torch.cat([home, 0 * home])).expand(source.horizon, -1),
            torch.eye(7, dtype=torch.float64).repeat(source.horizon, 1, 1),
        )
        rollouts = source.sample(MppiPolicy(mppi, still, seed=0), TRIALS, 1, deterministic=True)
    print(f"planned: {rollouts.successes} of {TRIALS} plates in slot {task.held_out_slot}")


if __name__ == "__main__":
    main()
