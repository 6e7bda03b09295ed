# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated tasks as Gymnasium environments, for the learners of other libraries."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, final

import gymnasium
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD, HORIZON, ActionSpace
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.stream_limits import stream_limits
from irl_ros.core.task import DishTask
from irl_ros.sim.analytic import Plant
from irl_ros.sim.attempt import GuardedDriver
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.dish import DishSimulator

StepReward = Callable[[Tensor, Tensor], float]
"""Reward of an action in a state, such as minus a learned cost."""

_WIDE = 1e3  # bound of the observations, which nothing comes near


class FixedHorizonEnv(gymnasium.Env[ndarray, ndarray], ABC):
    """A task of T steps that never ends early, whatever happens.

    The end is a truncation, so nobody can gain by ending soon or late. The last step says
    ``is_success``. The state does not hold the time; `gymnasium.wrappers.TimeAwareObservation`
    adds it.

    Args:
        reward: Reward of an action in a state.
        state_dim: Dimension of the state.
        limits: Largest absolute value of each action.
    """

    def __init__(self, reward: StepReward, state_dim: int, limits: Float[ndarray, " u"]) -> None:
        self.observation_space = gymnasium.spaces.Box(-_WIDE, _WIDE, (state_dim,), np.float64)
        self.action_space = gymnasium.spaces.Box(-limits, limits, dtype=np.float64)
        self._reward = reward
        self._step = 0

    @abstractmethod
    def _begin(self, seed: int) -> None:
        """Begin an attempt of which all randomness follows from a seed."""

    @abstractmethod
    def _state(self) -> Float[Tensor, " x"]:
        """Return the state as it is now."""

    @abstractmethod
    def _act(self, action: Float[ndarray, " u"]) -> None:
        """Let an action act for one control period."""

    @abstractmethod
    def _judge(self) -> dict[str, Any]:
        """Return what is to be said at the end, ``is_success`` among it."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ndarray, dict[str, Any]]:
        """Begin an attempt."""
        super().reset(seed=seed)
        self._step = 0
        self._begin(int(self.np_random.integers(2**31)))
        return self._state().numpy(), {}

    def step(self, action: ndarray) -> tuple[ndarray, float, bool, bool, dict[str, Any]]:
        """Do one step and return state, reward, False, whether it was the last, and its news."""
        state = self._state()
        reward = float(self._reward(state, torch.as_tensor(action, dtype=torch.float64)))
        self._act(np.asarray(action, dtype=np.float64))
        self._step += 1
        last = self._step == HORIZON
        after = self._state().numpy()
        return after, reward, False, last, self._judge() if last else {}


@final
class DishEnv(FixedHorizonEnv):
    """The arm at the dish rack, behind the same guard as every rollout.

    Actions are joint velocities, rad/s (or what the action space of the configuration says).

    Args:
        reward: Reward of an action in a state.
        config: Arm, condition and action space.
        slot: Where the plate is to be put; by default the held-out slot.
        task: The task.
        guard: Margins between actions and arm.
    """

    def __init__(
        self,
        reward: StepReward,
        config: SimulationConfig | None = None,
        slot: int | None = None,
        *,
        task: DishTask | None = None,
        guard: GuardConfig | None = None,
    ) -> None:
        self._simulator = DishSimulator(config, task)
        self._guard = guard or GuardConfig()
        self.slot = self._simulator.task.held_out_slot if slot is None else slot
        limits = self._simulator.arm.limits
        space = ActionSpace(self._simulator.config.action_space)
        largest = stream_limits(limits, self._guard).velocity
        if space is ActionSpace.TORQUE:
            largest = limits.effort
        elif space is ActionSpace.POSITION_INCREMENT:
            largest = CONTROL_PERIOD * largest
        super().__init__(reward, STATE_DIM, largest)

    def _begin(self, seed: int) -> None:
        self._simulator.reset(seed, self.slot)
        self._driver = GuardedDriver(self._simulator, self._guard)

    def _state(self) -> Float[Tensor, " x"]:
        joints = self._simulator.joint_state()
        return self._simulator.kinematics.arm_state(
            torch.from_numpy(joints.positions), torch.from_numpy(joints.velocities)
        )

    def _act(self, action: Float[ndarray, " u"]) -> None:
        self._driver.execute(action)

    def _judge(self) -> dict[str, Any]:
        outcome = self._simulator.release()
        return {"is_success": outcome.success, "outcome": outcome}

    def close(self) -> None:
        """Free the simulator."""
        self._simulator.close()


@final
class PlantEnv(FixedHorizonEnv):
    """A robot whose equations of motion are written down: navigation, reaching.

    Args:
        plant: The robot at its task.
        reward: Reward of an action in a state.
        limit: Largest absolute value of an action.
    """

    def __init__(self, plant: Plant, reward: StepReward, limit: float) -> None:
        self._plant = plant
        super().__init__(reward, plant.state_dim, np.full(plant.action_dim, limit))

    def _begin(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(1, self._plant.state_dim, generator=generator, dtype=torch.float64)
        self._now = self._plant.start(noise)

    def _state(self) -> Float[Tensor, " x"]:
        return self._now[0]

    def _act(self, action: Float[ndarray, " u"]) -> None:
        self._now = self._plant.advance(self._now, torch.from_numpy(action).unsqueeze(0))

    def _judge(self) -> dict[str, Any]:
        distance = float(self._plant.distance(self._now)[0])
        return {"is_success": distance < self._plant.tolerance, "distance": distance}
