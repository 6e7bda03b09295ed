# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The door between a method and the arm: it counts, and it keeps what happened."""

from typing import final

from irl_ros.core.errors import RolloutError
from irl_ros.core.policy import Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Outcome, Rollouts


@final
class CountedRollouts:
    """A `RolloutSource` with a budget.

    What a method achieved while it learned is read here, and not asked of the method.

    Args:
        source: The arm.
        budget: Number of rollouts that may be asked for.
    """

    def __init__(self, source: RolloutSource, budget: int) -> None:
        self._source = source
        self._budget = budget
        self.outcomes: tuple[Outcome, ...] = ()

    @property
    def horizon(self) -> int:
        """Number of steps T of a rollout."""
        return self._source.horizon

    @property
    def control_period(self) -> float:
        """Time between two actions, s."""
        return self._source.control_period

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return self._source.state_dim

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return self._source.action_dim

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy and keep the outcomes.

        Raises:
            RolloutError: If the budget does not allow it, or the source cannot deliver.
        """
        if len(self.outcomes) + count > self._budget:
            raise RolloutError(
                f"{count} rollouts after {len(self.outcomes)} exceed the budget of {self._budget}"
            )
        rollouts = self._source.sample(policy, count, seed, deterministic=deterministic)
        self.outcomes += rollouts.outcomes
        return rollouts

    def close(self) -> None:
        """Do nothing: the source belongs to somebody else."""
