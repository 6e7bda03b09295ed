# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Load a learned cost and print the reward along a demonstration.

    python examples/03_cost_along_a_demonstration.py [RUN_FOLDER]

Run 01_teach_and_learn.py first, or give the folder `training` of any demonstration. The node
`reward_publisher` does the same live, with whatever the arm is doing.
"""

import sys
from pathlib import Path

import torch

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.task import relative_features
from irl_ros.learning.artifacts import load_cost
from irl_ros.sim.demonstrate import demonstrate
from irl_ros.sim.dish import DishSimulator

SLOT = 2
BAR = 50  # characters


def main() -> None:
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example")
    cost, metadata = load_cost(run)
    print(f"{run}: a cost learned on the arm {ExecutionContract.from_metadata(metadata).arm}")

    with DishSimulator() as simulator:
        take = demonstrate(simulator, SLOT, seed=7)
    print(f"a demonstration at slot {SLOT}, success: {take.outcome.success}")

    # The cost does not see joints or the rack. It sees where three points of the tool are relative
    # to where they are to be, and how fast they move: that is why it holds at every slot.
    inputs = relative_features(take.target)(take.trajectory.states[0])
    with torch.no_grad():
        reward = -cost.evaluate(inputs, take.trajectory.actions[0])

    low, high = float(reward.min()), float(reward.max())
    for step in range(0, len(reward), 5):
        length = round(BAR * (float(reward[step]) - low) / max(high - low, 1e-9))
        print(f"{0.05 * step:5.2f} s {float(reward[step]):10.2f} {'#' * length}")


if __name__ == "__main__":
    main()
