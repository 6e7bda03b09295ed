# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One attempt at the task by a policy, with the same guard between policy and arm as on ROS."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD, ActionSpace, PositionReference
from irl_ros.core.effort_guard import EffortGuard
from irl_ros.core.errors import RolloutError
from irl_ros.core.guard import Guard
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.latch import GuardState
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Outcome
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.world import PHYSICS_RATE_HZ

COMMAND_STEPS = 2
"""Physics steps between two commands to the arm: 120 Hz."""


@dataclass(frozen=True)
class Attempt:
    """What a policy did.

    Attributes:
        states: State at the beginning of every control period.
        actions: Action that the policy chose there.
        outcome: What became of it.
    """

    states: Float[Tensor, "T x"]
    actions: Float[Tensor, "T u"]
    outcome: Outcome


def attempt(
    simulator: DishSimulator,
    policy: Policy,
    slot: int,
    seed: np.random.SeedSequence,
    *,
    deterministic: bool = False,
    guard: GuardConfig | None = None,
) -> Attempt:
    """Execute a policy once, release the plate and have it judged.

    Velocity commands, and those that position increments turn into, go through a `Guard` at
    120 Hz, torques through an `EffortGuard`. A guard that trips brings the arm to rest; the
    attempt is judged all the same.

    Args:
        simulator: Where to do it; it is reset.
        policy: What to execute.
        slot: Where the plate is to be put.
        seed: Start posture and sampled actions follow from it.
        deterministic: Execute mean actions instead of sampled ones.
        guard: Margins of the guard.

    Raises:
        RolloutError: If the policy's action is not one finite value for each joint.
    """
    simulator_seed, policy_seed = (int(word) for word in seed.generate_state(2))
    simulator.reset(simulator_seed, slot)
    generator = torch.Generator().manual_seed(policy_seed)
    driver = GuardedDriver(simulator, guard)
    states, actions = [], []
    for step in range(policy.horizon):
        joints = simulator.joint_state()
        state = simulator.kinematics.measured_state(joints.positions, joints.velocities)
        with torch.no_grad():
            if deterministic:
                action = policy.action_mean(step, state)
            else:
                action = policy.sample(step, state, generator)
        values = action.numpy()
        if values.shape != joints.positions.shape or not all(map(math.isfinite, values.tolist())):
            raise RolloutError(
                f"action of step {step} is {values.tolist()}; "
                f"the policy must give {joints.positions.size} finite values"
            )
        states.append(state)
        actions.append(action)
        driver.execute(values)
    outcome = simulator.release()
    if not outcome.success and driver.tripped:
        outcome = dataclasses.replace(outcome, reason=f"{outcome.reason}; {driver.tripped}")
    return Attempt(torch.stack(states), torch.stack(actions), outcome)


class GuardedDriver:
    """Turns the actions of one attempt into guarded commands at the command rate."""

    def __init__(self, simulator: DishSimulator, config: GuardConfig | None) -> None:
        self._simulator = simulator
        self._space = ActionSpace(simulator.config.action_space)
        self._period = COMMAND_STEPS / PHYSICS_RATE_HZ
        self._commands = round(CONTROL_PERIOD / self._period)
        limits, positions = simulator.arm.limits, simulator.joint_state().positions
        self._guard: Guard | EffortGuard
        self._send: Callable[[ndarray], None]
        if self._space is ActionSpace.TORQUE:
            simulator.arm.require_inertia()
            self._guard = EffortGuard(limits, simulator.kinematics, self._period, config)
            self._guard.start()
            self._send = simulator.set_effort_command
        else:
            self._guard = Guard(limits, self._period, config)
            self._guard.start(positions)
            self._send = simulator.set_velocity_command
        self._reference = PositionReference(positions)

    @property
    def tripped(self) -> str:
        """Why the guard tripped; empty if it did not."""
        return self._guard.reason if self._guard.state is GuardState.TRIPPED else ""

    def execute(self, action: Float[ndarray, " joints"]) -> None:
        """Let an action act for one control period."""
        increments = self._space is ActionSpace.POSITION_INCREMENT
        if increments:
            self._reference.advance(action)
        wanted = action
        for command in range(self._commands):
            joints = self._simulator.joint_state()
            if increments:
                elapsed = command * self._period
                wanted = self._reference.velocity(elapsed, joints.positions)
            self._send(self._guard.step(wanted, joints.positions, joints.velocities))
            self._simulator.step(COMMAND_STEPS)
