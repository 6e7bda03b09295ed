# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts of robots whose equations of motion are few enough to be written down."""

from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD, HORIZON
from irl_ros.core.errors import RolloutError
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Outcome, Rollouts, Trajectories


@runtime_checkable
class Plant(Protocol):
    """A robot at a task, many of them side by side."""

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        ...

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        ...

    def start(self, noise: Float[Tensor, "M x"]) -> Float[Tensor, "M x"]:
        """Return states in which rollouts begin.

        Args:
            noise: Standard normal numbers, of which a plant uses what it needs.
        """
        ...

    def advance(
        self, states: Float[Tensor, "M x"], actions: Float[Tensor, "M u"]
    ) -> Float[Tensor, "M x"]:
        """Return the states one control period later."""
        ...

    def distance(self, states: Float[Tensor, "*batch x"]) -> Float[Tensor, "*batch"]:
        """Return the distance from the target, m."""
        ...

    @property
    def tolerance(self) -> float:
        """Final distance below which the task is done, m."""
        ...


@final
class AnalyticRollouts:
    """A `RolloutSource` that integrates a plant; all rollouts of a call advance together.

    The outcome of a rollout holds the final distance from the target as its ``slot_offset``.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant

    @property
    def horizon(self) -> int:
        """Number of steps T of a rollout."""
        return HORIZON

    @property
    def control_period(self) -> float:
        """Time between two actions, s."""
        return CONTROL_PERIOD

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return self._plant.state_dim

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return self._plant.action_dim

    @torch.no_grad()
    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy ``count`` times.

        Args:
            policy: What to execute; its horizon must be 100 steps.
            count: Number of rollouts M.
            seed: All randomness of these rollouts follows from it, each from its own part.
            deterministic: Execute mean actions instead of sampled ones.

        Raises:
            RolloutError: If an argument does not fit or the policy fails.
        """
        if count < 1 or seed < 0:
            raise RolloutError(f"count = {count}, seed = {seed}; give at least 1 and 0")
        if policy.horizon != self.horizon:
            raise RolloutError(
                f"policy has {policy.horizon} steps; this robot runs {self.horizon}"
            )
        generators = [_generator(seed, index) for index in range(count)]
        noise = [
            torch.randn(self.state_dim, generator=each, dtype=torch.float64) for each in generators
        ]
        state = self._plant.start(torch.stack(noise))
        states, actions = [], []
        for step in range(self.horizon):
            chosen = [
                policy.action_mean(step, each)
                if deterministic
                else policy.sample(step, each, generator)
                for each, generator in zip(state, generators, strict=True)
            ]
            action = torch.stack(chosen)
            if action.shape[1] != self.action_dim or not bool(torch.isfinite(action).all()):
                raise RolloutError(
                    f"actions of step {step} are {action.tolist()}; "
                    f"the policy must give {self.action_dim} finite values"
                )
            states.append(state)
            actions.append(action)
            state = self._plant.advance(state, action)
        trajectories = Trajectories(torch.stack(states, dim=1), torch.stack(actions, dim=1))
        missed = self._plant.distance(trajectories.states[:, -1]).tolist()
        return Rollouts(
            trajectories, tuple(outcome(each, self._plant.tolerance) for each in missed)
        )

    def close(self) -> None:
        """Do nothing; no resource is held."""


def outcome(distance: float, tolerance: float) -> Outcome:
    """Return the outcome of an attempt that ended at a distance from its target, m."""
    success = distance < tolerance
    reason = "" if success else f"{distance:.3f} m from the target, over {tolerance:g} m"
    return Outcome(success, reason, False, 0.0, distance, 0.0, 0.0)


def _generator(seed: int, index: int) -> torch.Generator:
    word = np.random.SeedSequence(seed, spawn_key=(index,)).generate_state(1)[0]
    return torch.Generator().manual_seed(int(word))
