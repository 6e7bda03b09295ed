# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The last stage of a demonstration, and the same on nodes that run already."""

import os
from pathlib import Path

from irl_ros.cli.attempts import Attempts, run_attempts
from irl_ros.cli.executions import Execution
from irl_ros.cli.link import Link
from irl_ros.cli.progress import StageDisplay
from irl_ros.cli.stages import Demonstration, Nodes
from irl_ros.core.arm import load_arm
from irl_ros.core.task import DishTask
from irl_ros.ros.spin import Stop


def execute(demonstration: Demonstration) -> None:
    """Execute the learned policy as often as asked; executions that are there are not repeated.

    Raises:
        IrlRosError: If a node fails.
        Interrupted: If the program is told to stop.
    """
    folder, options = demonstration.folder, demonstration.folder.options
    display = demonstration.display
    display.begin("execute", options.evaluations, "starting the arm and the controller")
    with demonstration.nodes("execute") as nodes:
        attempts = _start(demonstration, nodes)
        count, seed = options.evaluations, options.seed
        run_attempts(attempts, folder.executions, count, seed, display.update)


def evaluate(
    folder: Path, arm: str, count: int, seed: int, display: StageDisplay, stop: Stop
) -> tuple[Execution, ...]:
    """Execute the policy of a policy_controller that runs already, on a sim_arm that does.

    Args:
        folder: Folder of the executions; those it holds are not repeated.
        arm: Name of the arm.
        count: Number of executions.
        seed: From which the start postures follow.
        display: Where progress is shown.
        stop: True once the program was told to stop.

    Raises:
        IrlRosError: If a node does not answer or refuses, or the folder holds executions of
            another policy.
        Interrupted: If the program is told to stop.
    """
    display.begin("execute", count, "looking for sim_arm and policy_controller")
    with Link(int(os.environ.get("ROS_DOMAIN_ID", "0")), None, stop) as link:
        return run_attempts(Attempts(link, load_arm(arm)), folder, count, seed, display.update)


def _start(demonstration: Demonstration, nodes: Nodes) -> "Attempts":
    folder, options = demonstration.folder, demonstration.folder.options
    nodes.start(
        "sim_arm",
        {
            "arm": options.arm,
            "condition": options.condition,
            "seed": options.seed,
            "slot": DishTask().held_out_slot,
            "real_time_factor": options.speed,
        },
        config=("sim_arm.yaml",),
    )
    nodes.start(
        "policy_controller",
        {"arm": options.arm, "policy": str(folder.training)},
        config=("policy_controller.yaml",),
    )
    nodes.start("reward_publisher", {"arm": options.arm, "cost": str(folder.training)})
    return Attempts(nodes.link, load_arm(options.arm))
