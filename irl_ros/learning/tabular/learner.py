# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all tabular learners have in common: a finite problem, reward and policy as tables."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import Parameters
from irl_ros.learning.iterations import Iterations
from irl_ros.learning.saved_state import Identity
from irl_ros.learning.tabular.problem import Paths, TabularProblem, parts_of


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


C = TypeVar("C", bound=Parameters)
D = TypeVar("D", bound=IterationDiagnostics)


class TabularLearner(Iterations[C, D], Generic[C, D]):
    """A learner that is advanced one iteration at a time.

    Args:
        problem: Process, features and demonstrated visits.
        config: All switches.
        iterations: Most iterations.
        diagnostics: Class of its diagnostics.
        shown: The demonstrations themselves, where their visits do not suffice.
        seed: What all randomness follows from; 0 where there is none.
    """

    def __init__(
        self,
        problem: TabularProblem,
        config: C,
        iterations: int,
        diagnostics: type[D],
        *,
        shown: Paths | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(config, iterations, seed, diagnostics)
        self.problem = problem
        self._parts = parts_of(problem, shown)

    @property
    def finished(self) -> bool:
        """Whether what is sought has been found, or all iterations are done."""
        found = bool(self.history) and self._found(self.history[-1])
        return found or super().finished

    def run(self, after_iteration: Callable[[D], None] = lambda _: None) -> None:
        """Do all remaining iterations.

        Args:
            after_iteration: Called with each iteration's diagnostics; it may raise to stop.
        """
        while not self.finished:
            after_iteration(self.step())

    def step(self) -> D:
        """Do one iteration.

        Raises:
            LearningError: If it has no finite result.
        """
        return self._told(self._step(self.iteration + 1))

    @property
    @abstractmethod
    def reward(self) -> Float[Tensor, "S A"]:
        """The learned reward r(s, a)."""

    @property
    @abstractmethod
    def policy(self) -> Float[Tensor, "T S A"]:
        """The learned policy pi_t(a | s)."""

    @abstractmethod
    def _step(self, iteration: int) -> D:
        """Do one iteration, whose number is given."""

    def _found(self, last: D) -> bool:
        """Return whether what is sought has been found; there is always more unless one says."""
        return False

    def _identity(self) -> Identity:
        # Two algorithms may have the same switches, as GAIL and AIRL do.
        facts = {"algorithm": type(self).__name__, "seed": self.seed}
        return Identity(self.config, facts, self._parts)
