# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Teach a simulated arm by hand, learn from that for a few iterations, and try the result.

    python examples/01_teach_and_learn.py [RUN_FOLDER]

Everything happens in this one process, faster than real time and without ROS. The same steps with
the real nodes are `make demo`.
"""

import contextlib
import sys
from pathlib import Path

import torch

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.parameters import replace
from irl_ros.learning.artifacts import load_policy
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.gcl import GuidedCostLearning
from irl_ros.learning.presets import preset
from irl_ros.learning.run_folder import RunFolder
from irl_ros.learning.training import train
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

ITERATIONS = 3  # for a useful policy leave the preset's number
TRIALS = 10


def main() -> None:
    torch.set_num_threads(1)
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example")

    # 1. A person, who is simulated too, takes the arm by the plate and puts it into one slot of a
    #    dish rack after the other. One slot is left out: nobody ever shows it.
    with DishSimulator() as simulator:
        lesson = teach(simulator, seed=0)
        arm, task, start = simulator.arm, simulator.task, simulator.start_posture
    demonstrations = lesson.demonstrations()
    print(f"{len(lesson.takes)} takes, {len(demonstrations)} of them demonstrations")

    # 2. Learning tries controllers in simulation, at the slot that was left out. The contract says
    #    where and how the policy may be executed later; it is saved with the policy.
    contract = ExecutionContract(
        arm=arm.name,
        joint_names=arm.joint_names,
        action_space="velocity",
        control_period=demonstrations.control_period,
        start=tuple(start.tolist()),
        target=task.target_pose(task.held_out_slot),
    )

    def tell(diagnostics: Diagnostics, _: RunFolder) -> None:
        print(
            f"iteration {diagnostics.iteration}: {diagnostics.success_rate:.0%} of its rollouts "
            f"put the plate into the slot; {diagnostics.rollouts} rollouts so far"
        )

    config = replace(preset("default"), {"iterations": ITERATIONS})
    with contextlib.closing(SimRollouts()) as source:
        train(
            demonstrations,
            source,
            contract,
            lambda problem, seed: GuidedCostLearning(problem, config, seed),
            seed=0,
            output=output,
            resume=False,
            facts={},
            after_iteration=tell,
        )

        # 3. Execute what was learned. "Deterministic" means the mean action of every step instead
        #    of a random one, as on a real arm.
        policy, _ = load_policy(output)
        rollouts = source.sample(policy, TRIALS, seed=1, deterministic=True)
    print(f"learned policy: {rollouts.successes} of {TRIALS} plates in slot {task.held_out_slot}")
    print(f"cost and policy are in {output}")


if __name__ == "__main__":
    main()
