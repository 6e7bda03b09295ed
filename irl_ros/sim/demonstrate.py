# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kinesthetic demonstrations inside one process: faster than real time, without messages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from irl_ros.core.action import CONTROL_PERIOD, HORIZON, ActionSpace
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import RolloutError
from irl_ros.core.motion_actions import MotionActions, VelocityActions
from irl_ros.core.pose import Pose
from irl_ros.core.trajectory import Outcome, Trajectories, concatenate
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.hand import Hand, HandConfig
from irl_ros.sim.world import PHYSICS_RATE_HZ

_HAND_STEPS = 2
"""Physics steps between two updates of the hand's wrench: 120 Hz."""


@dataclass(frozen=True)
class Take:
    """One attempt at a demonstration.

    Attributes:
        slot: Where the plate was to be put.
        seed: From which start posture and hand followed.
        target: Pose of the tool in the base frame when the plate is in the slot.
        trajectory: States and the actions behind the motion; a batch of one.
        outcome: What became of it.
    """

    slot: int
    seed: int
    target: Pose
    trajectory: Trajectories
    outcome: Outcome


@dataclass(frozen=True)
class Teaching:
    """Everything that was tried while teaching.

    Attributes:
        arm: Name of the arm.
        takes: Attempts in the order in which they were made.
        action_space: What their actions mean.
    """

    arm: str
    takes: tuple[Take, ...]
    action_space: ActionSpace = ActionSpace.VELOCITY

    @property
    def kept(self) -> tuple[Take, ...]:
        """The successful takes; a person discards the others."""
        return tuple(take for take in self.takes if take.outcome.success)

    def demonstrations(self) -> Demonstrations:
        """Return the kept takes as demonstrations; a take's id is its place among all takes."""
        kept = [index for index, take in enumerate(self.takes) if take.outcome.success]
        takes = [self.takes[index] for index in kept]
        return Demonstrations(
            trajectories=concatenate([take.trajectory for take in takes]),
            targets=tuple(take.target for take in takes),
            weights=torch.ones(len(takes), dtype=torch.float64),
            take_ids=tuple(kept),
            control_period=CONTROL_PERIOD,
            arm=self.arm,
            task="dish",
            action_space=self.action_space,
        )


def demonstrate(
    simulator: DishSimulator,
    slot: int,
    seed: int,
    hand: HandConfig | None = None,
    *,
    motion_actions: MotionActions | None = None,
) -> Take:
    """Guide the arm by hand to a slot once, release the plate and have it judged.

    Args:
        simulator: Where to do it; it is reset.
        slot: Where to put the plate.
        seed: Start posture and all of the hand's variation follow from it.
        hand: The person.
        motion_actions: Tells the actions behind the motion; by default velocities.
    """
    simulator.reset(seed, slot)
    simulator.set_hand_guiding(True)
    person = Hand(
        simulator.plate_motion()[0],
        simulator.target,
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,))),
        hand,
    )
    control_steps = round(CONTROL_PERIOD * PHYSICS_RATE_HZ)
    positions, velocities = [], []
    for step in range(HORIZON * control_steps + 1):
        if step % control_steps == 0:
            joints = simulator.joint_state()
            positions.append(joints.positions)
            velocities.append(joints.velocities)
        if step % _HAND_STEPS == 0:
            pose, linear, angular = simulator.plate_motion()
            wrench = person.wrench(simulator.time, pose.rotation, pose.position, linear, angular)
            simulator.apply_hand_wrench(*wrench)
        if step < HORIZON * control_steps:
            simulator.step()
    outcome = simulator.release()
    q, qd = torch.from_numpy(np.stack(positions)), torch.from_numpy(np.stack(velocities))
    states = simulator.kinematics.arm_state(q, qd)
    actions = (motion_actions or VelocityActions())(q, qd, CONTROL_PERIOD)
    trajectory = Trajectories(states[None, :-1], actions[None])
    return Take(slot, seed, simulator.target, trajectory, outcome)


def teach(
    simulator: DishSimulator,
    seed: int,
    slots: Sequence[int] | None = None,
    hand: HandConfig | None = None,
    *,
    attempts_per_take: int = 5,
    motion_actions: MotionActions | None = None,
) -> Teaching:
    """Demonstrate the task until there is one successful take for every wanted slot.

    Args:
        simulator: Where to do it.
        seed: All randomness follows from it.
        slots: One slot for each demonstration; by default those of the task.
        hand: The person.
        attempts_per_take: How often a failed take is repeated before giving up.
        motion_actions: Tells the actions behind the motions; by default velocities.

    Raises:
        RolloutError: If a take fails too often.
    """
    motion_actions = motion_actions or VelocityActions()
    takes: list[Take] = []
    seeds = np.random.default_rng(np.random.SeedSequence(seed))
    for slot in simulator.task.take_slots if slots is None else slots:
        for _ in range(attempts_per_take):
            take_seed = int(seeds.integers(2**31))
            takes.append(
                demonstrate(simulator, slot, take_seed, hand, motion_actions=motion_actions)
            )
            if takes[-1].outcome.success:
                break
        else:
            raise RolloutError(
                f"{attempts_per_take} takes for slot {slot} failed, the last one: "
                f"{takes[-1].outcome.reason}; make the hand calmer or the rules milder"
            )
    return Teaching(simulator.arm.name, tuple(takes), motion_actions.space)
