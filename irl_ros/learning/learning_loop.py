# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of sampling, fitting the reward and improving the policy, and what every run keeps."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import torch

from irl_ros.core.parameters import Parameters
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.learner import Report
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import SavedState, check_identity, identity

C = TypeVar("C", bound=Parameters)
D = TypeVar("D", bound=Report)
T = TypeVar("T")


class Iterations(ABC, Generic[C, D]):
    """An algorithm that goes by iterations: its history, its state, and going on from there.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        iterations: How many iterations there will be, at most.
        seed: All randomness follows from it.
        diagnostics: Makes what an iteration tells about itself, a dataclass, from its fields.
    """

    def __init__(
        self,
        problem: LearningProblem,
        config: C,
        iterations: int,
        seed: int,
        diagnostics: Callable[..., D],
    ) -> None:
        self.problem = problem
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

    def run(
        self, source: RolloutSource, after_iteration: Callable[[D], None] = lambda _: None
    ) -> None:
        """Do all remaining iterations.

        Args:
            source: Where policies are tried.
            after_iteration: Called with each iteration's diagnostics; it may raise to stop.
        """
        while not self.finished:
            after_iteration(self.step(source))

    @abstractmethod
    def step(self, source: RolloutSource) -> D:
        """Do one iteration.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If something learned is no longer finite.
        """

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
            **identity(self.config, self.seed, self.problem),
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
        check_identity(state, identity(self.config, self.seed, self.problem))
        self._restore_own(state)
        self.generator.set_state(state.tensors["generator"])
        self.history = tuple(self._diagnostics(**entry) for entry in state.facts["history"])

    @abstractmethod
    def _own_state(self) -> SavedState:
        """Return what the next iteration depends on, beside generator and history."""

    @abstractmethod
    def _restore_own(self, state: SavedState) -> None:
        """Take back what `_own_state` returned."""


class LearningLoop(Iterations[C, D], Generic[C, D, T]):
    """Sample, fit the reward, improve the policy, and again.

    What differs between algorithms is what a trial is, and each of the three.
    """

    def step(self, source: RolloutSource) -> D:
        """Do one iteration: sample, fit the reward, improve the policy.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If the reward or the policy step has no finite result.
        """
        trial = self._sample(source)
        fitted = self._fit_reward(trial)
        return self._told(self._improve(trial, fitted))

    @abstractmethod
    def _sample(self, source: RolloutSource) -> T:
        """Try the policy as it is now."""

    @abstractmethod
    def _fit_reward(self, trial: T) -> Mapping[str, Any]:
        """Fit the reward, or cost, in place, and return what is worth knowing about it."""

    @abstractmethod
    def _improve(self, trial: T, fitted: Mapping[str, Any]) -> D:
        """Improve the policy by the reward, and return the iteration's diagnostics."""
