# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every algorithm looks like from outside: one iteration at a time, its state in tensors."""

from typing import Protocol, runtime_checkable

from irl_ros.core.parameters import Parameters
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.artifacts import StoredPolicy
from irl_ros.learning.cost import Cost
from irl_ros.learning.saved_state import SavedState


@runtime_checkable
class Report(Protocol):
    """What an iteration tells about itself."""

    @property
    def iteration(self) -> int:
        """Number of the iteration, from 1."""
        ...

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """What a run folder keeps, on an arm as on a finite problem."""

    @property
    def config(self) -> Parameters:
        """All its switches."""
        ...

    @property
    def seed(self) -> int:
        """What all its randomness follows from."""
        ...

    @property
    def iterations(self) -> int:
        """How many iterations there will be, at most."""
        ...

    @property
    def history(self) -> tuple[Report, ...]:
        """What each iteration so far told."""
        ...

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        ...

    def state(self) -> SavedState:
        """Return everything needed to go on exactly from here."""
        ...

    def restore(self, state: SavedState) -> None:
        """Go on from a state of the same run.

        Raises:
            DataError: If the state is of another run.
        """
        ...


@runtime_checkable
class Learner(Resumable, Protocol):
    """An algorithm that learns from demonstrations on an arm; the trainer drives it."""

    @property
    def policy(self) -> StoredPolicy:
        """The policy as it is now."""
        ...

    @property
    def learned_cost(self) -> Cost | None:
        """The cost as it is now; None where the algorithm learns none that could be stored."""
        ...

    def step(self, source: RolloutSource) -> Report:
        """Do one iteration.

        Args:
            source: Where policies are tried; an algorithm that tries none leaves it alone.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If something learned is no longer finite.
        """
        ...
