# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all tabular learners have in common: iterations, their history, and state in tensors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.tabular.problem import TabularProblem


@dataclass(frozen=True)
class IterationDiagnostics:
    """Base of what one iteration tells about itself; all values are numbers.

    Attributes:
        iteration: Number of the iteration, from 1.
    """

    iteration: int

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        return asdict(self)


D = TypeVar("D", bound=IterationDiagnostics)


class TabularLearner(ABC, Generic[D]):
    """A learner that is advanced one iteration at a time.

    Args:
        problem: Process, features and demonstrated visits.
        iterations: Most iterations.
        diagnostics: Class of its diagnostics.
    """

    def __init__(self, problem: TabularProblem, iterations: int, diagnostics: type[D]) -> None:
        self.problem = problem
        self.history: tuple[D, ...] = ()
        self._iterations = iterations
        self._diagnostics = diagnostics

    @property
    def iteration(self) -> int:
        """Iterations completed."""
        return len(self.history)

    @property
    def finished(self) -> bool:
        """Whether what is sought has been found, or all iterations are done."""
        found = bool(self.history) and self._found(self.history[-1])
        return found or self.iteration >= self._iterations

    def run(self) -> None:
        """Do all remaining iterations."""
        while not self.finished:
            self.step()

    def step(self) -> D:
        """Do one iteration.

        Raises:
            LearningError: If it has no finite result.
        """
        diagnostics = self._step(self.iteration + 1)
        self.history = (*self.history, diagnostics)
        return diagnostics

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that learning goes on from."""
        rows = [list(each.as_mapping().values()) for each in self.history]
        return {"history": torch.tensor(rows, dtype=torch.float64), **self._tensors()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state of the same problem and configuration.

        Raises:
            DataError: If the state is another algorithm's.
        """
        expected, given = set(self.state_dict()), set(state)
        if expected != given:
            raise DataError(
                f"a state with {sorted(given)} where {sorted(expected)} are expected; give one "
                "of the same algorithm and configuration"
            )
        self._load_tensors(state)
        rows = state["history"].tolist()
        self.history = tuple(self._diagnostics(int(row[0]), *row[1:]) for row in rows)

    @property
    @abstractmethod
    def reward(self) -> Float[Tensor, "S A"]:
        """The learned reward r(s, a)."""

    @property
    @abstractmethod
    def policy(self) -> Float[Tensor, "T S A"]:
        """The learned policy pi_t(a | s)."""

    @abstractmethod
    def _step(self, iteration: int) -> D: ...

    @abstractmethod
    def _found(self, last: D) -> bool: ...

    @abstractmethod
    def _tensors(self) -> dict[str, Tensor]: ...

    @abstractmethod
    def _load_tensors(self, state: Mapping[str, Tensor]) -> None: ...
