# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every run by iterations keeps: its history, its state, and how it goes on from there."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import torch

from irl_ros.core.parameters import Parameters
from irl_ros.learning.learner import Report
from irl_ros.learning.saved_state import Identity, SavedState

C = TypeVar("C", bound=Parameters)
D = TypeVar("D", bound=Report)


class Iterations(ABC, Generic[C, D]):
    """An algorithm that goes by iterations: its history, its state, and going on from there.

    Args:
        config: All switches.
        iterations: How many iterations there will be, at most.
        seed: All randomness follows from it.
        diagnostics: Makes what an iteration tells about itself, a dataclass, from its fields.
    """

    def __init__(
        self, config: C, iterations: int, seed: int, diagnostics: Callable[..., D]
    ) -> None:
        self.config = config
        self.iterations = iterations
        self.seed = seed
        self.generator = torch.Generator().manual_seed(seed)
        self.history: tuple[D, ...] = ()
        self._diagnostics = diagnostics

    @property
    def iteration(self) -> int:
        """Iterations completed."""
        return len(self.history)

    @property
    def finished(self) -> bool:
        """Whether all iterations are done."""
        return self.iteration >= self.iterations

    def _told(self, diagnostics: D) -> D:
        """Add what an iteration tells about itself to the history."""
        self.history = (*self.history, diagnostics)
        return diagnostics

    def state(self) -> SavedState:
        """Return everything needed to go on exactly from here."""
        own = self._own_state()
        tensors = {**own.tensors, "generator": self.generator.get_state()}
        facts = {
            **own.facts,
            **self._identity().to_facts(),
            "history": [dict(vars(entry)) for entry in self.history],
        }
        return SavedState(tensors, facts)

    def restore(self, state: SavedState) -> None:
        """Go on from a state of the same run.

        Schedules that span all iterations do not know of each other: a run that is made longer
        does not end where one that was long from the beginning would.

        Raises:
            DataError: If the state is of another run.
        """
        self._identity().check(state)
        self._restore_own(state)
        self.generator.set_state(state.tensors["generator"])
        self.history = tuple(self._diagnostics(**entry) for entry in state.facts["history"])

    @abstractmethod
    def _identity(self) -> Identity:
        """Return what tells this run from another."""

    @abstractmethod
    def _own_state(self) -> SavedState:
        """Return what the next iteration depends on, beside generator and history."""

    @abstractmethod
    def _restore_own(self, state: SavedState) -> None:
        """Take back what `_own_state` returned."""
