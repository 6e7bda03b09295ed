# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one door between learning and the world: a policy goes in, rollouts come out."""

from typing import Protocol, runtime_checkable

from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Rollouts


@runtime_checkable
class RolloutSource(Protocol):
    """An arm, simulated or real, on which policies can be tried."""

    @property
    def horizon(self) -> int:
        """Number of steps T of a rollout."""
        ...

    @property
    def control_period(self) -> float:
        """Time between two actions, s."""
        ...

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        ...

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        ...

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy ``count`` times and return what happened.

        Args:
            policy: What to execute; it must suit the state and action dimensions.
            count: Number of rollouts M.
            seed: All randomness of these rollouts follows from it.
            deterministic: Execute mean actions instead of sampled ones.

        Raises:
            RolloutError: If the source cannot deliver.
        """
        ...

    def close(self) -> None:
        """Release what the source holds (processes, connections)."""
        ...
