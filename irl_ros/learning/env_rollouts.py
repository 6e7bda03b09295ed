# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts in any Gymnasium environment, with a fixed horizon."""

from typing import Any, final

import gymnasium
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import RolloutError
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Outcome, Rollouts, Trajectories


@final
class EnvRollouts:
    """A `RolloutSource` over an environment with one vector as observation and one as action.

    Every rollout has T steps. One that the environment ends earlier stays in an absorbing state:
    the last state, with a 1 in an added last component that is 0 before; what the policy does
    there has no effect. So the length of an attempt can neither be rewarded nor punished by the
    sign of a learned reward. Actions after the end are kept as they were drawn; a problem with
    ``absorbs`` has them left out, and `absorb` brings demonstrations to the same form.

    Args:
        env: The environment; it is closed with this source.
        horizon: Number of steps T.
        control_period: Time between two actions, s.
        absorbs: Whether the added component is there; without it an early end is an error.

    Raises:
        RolloutError: If observations or actions are not single vectors.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        horizon: int,
        *,
        control_period: float = 1.0,
        absorbs: bool = False,
    ) -> None:
        for name, space in (("observation", env.observation_space), ("action", env.action_space)):
            if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) != 1:
                raise RolloutError(f"the {name} space is {space}; give one with a single vector")
        self._env = env
        self._absorbs = absorbs
        self.horizon = horizon
        self.control_period = control_period
        assert env.observation_space.shape is not None
        assert env.action_space.shape is not None
        self.state_dim = env.observation_space.shape[0] + absorbs
        self.action_dim = env.action_space.shape[0]

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy ``count`` times.

        A rollout has succeeded if the environment says ``is_success`` at its end.

        Args:
            policy: What to execute.
            count: Number of rollouts M.
            seed: All randomness of these rollouts follows from it, each from its own part.
            deterministic: Execute mean actions instead of sampled ones.

        Raises:
            RolloutError: If the policy has another horizon or the environment ends early.
        """
        if policy.horizon != self.horizon:
            raise RolloutError(f"policy has {policy.horizon} steps, these rollouts {self.horizon}")
        done = [
            self._run(policy, np.random.SeedSequence(seed, spawn_key=(index,)), deterministic)
            for index in range(count)
        ]
        states, actions, outcomes = zip(*done, strict=True)
        return Rollouts(Trajectories(torch.stack(states), torch.stack(actions)), tuple(outcomes))

    def _run(
        self, policy: Policy, seed: np.random.SeedSequence, deterministic: bool
    ) -> tuple[Float[Tensor, "T x"], Float[Tensor, "T u"], Outcome]:
        env_seed, policy_seed = (int(word) for word in seed.generate_state(2))
        generator = torch.Generator().manual_seed(policy_seed)
        observation, _ = self._env.reset(seed=env_seed)
        space = self._env.action_space
        assert isinstance(space, gymnasium.spaces.Box)
        states, actions, ended, success = [], [], False, False
        for step in range(self.horizon):
            state = torch.as_tensor(observation, dtype=torch.float64)
            if self._absorbs:
                state = torch.cat([state, state.new_tensor([float(ended)])])
            if deterministic:
                action = policy.action_mean(step, state)
            else:
                action = policy.sample(step, state, generator)
            states.append(state)
            actions.append(action)
            if ended:
                continue
            within = np.clip(action.numpy(), space.low, space.high).astype(space.dtype)
            observation, _, ended, truncated, info = self._env.step(within)
            success = bool(info.get("is_success", False))
            if truncated and step + 1 < self.horizon:
                raise RolloutError(
                    f"the environment gave up after {step + 1} steps of {self.horizon}; give "
                    "it a longer limit or the rollouts a shorter horizon"
                )
            if ended and not self._absorbs and step + 1 < self.horizon:
                raise RolloutError(
                    f"the environment ended after {step + 1} steps of {self.horizon}; set absorbs"
                )
        return (
            torch.stack(states),
            torch.stack(actions),
            Outcome(success, "" if success else "not done", False, 0.0, 0.0, 0.0, 0.0),
        )

    def close(self) -> None:
        """Close the environment."""
        self._env.close()
