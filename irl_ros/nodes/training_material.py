# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a training works with: demonstrations, the conditions of the policy, rollouts."""

from dataclasses import dataclass
from pathlib import Path

from irl_ros.core.action import ActionSpace
from irl_ros.core.action_scale import ScaledRollouts, scaled
from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.task import DishTask
from irl_ros.demos.dataset import SkippedTake, load_demonstrations
from irl_ros.nodes.trainer_config import TrainerConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.motion_actions import motion_actions
from irl_ros.sim.rollouts import SimRollouts


@dataclass(frozen=True)
class Material:
    """Demonstrations with actions in the wanted space, and where policies can be tried.

    Attributes:
        demonstrations: What was shown; actions are multiples of their scale.
        skipped: Takes that could not be used.
        slot: Slot that is learned.
        contract: Conditions under which the policy may be executed.
    """

    demonstrations: Demonstrations
    skipped: tuple[SkippedTake, ...]
    slot: int
    contract: ExecutionContract


def gather(config: TrainerConfig) -> Material:
    """Load the demonstrations and say under which conditions the policy will be learned.

    Raises:
        DataError: If the demonstrations cannot be used.
        ParameterError: If the arm, its limits or the slot do not fit.
    """
    simulation, demonstrations = config.simulation, config.demonstrations
    slot = DishTask().held_out_slot if config.slot < 0 else config.slot
    arm = load_arm(simulation.arm)
    space = ActionSpace(simulation.action_space)
    loaded = load_demonstrations(
        Path(config.dataset),
        arm,
        demonstrations,
        skip_bad=config.skip_bad,
        motion_actions=motion_actions(space, arm, demonstrations.time_constant),
    )
    shown = scaled(loaded.demonstrations)
    with DishSimulator(simulation) as simulator:
        contract = ExecutionContract(
            arm=arm.name,
            joint_names=arm.joint_names,
            action_space=space.value,
            control_period=demonstrations.resample.period,
            start=tuple(simulator.start_posture.tolist()),
            target=simulator.task.target_pose(slot),
            action_scale=shown.action_scale,
        )
    return Material(shown, loaded.skipped, slot, contract)


def rollouts(config: TrainerConfig, material: Material) -> RolloutSource:
    """Start the simulators in which policies are tried, with the guard of the execution."""
    simulated = SimRollouts(
        config.simulation, material.slot, guard=config.guard, workers=config.workers
    )
    return ScaledRollouts(simulated, material.contract.action_scale)
