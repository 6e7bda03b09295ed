# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of sampling, fitting the reward and improving the policy, with rollouts."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from irl_ros.core.parameters import Parameters
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.iterations import Iterations
from irl_ros.learning.learner import Report
from irl_ros.learning.problem import LearningProblem, fingerprint
from irl_ros.learning.saved_state import Identity, Part

C = TypeVar("C", bound=Parameters)
D = TypeVar("D", bound=Report)
T = TypeVar("T")


class ArmIterations(Iterations[C, D], Generic[C, D]):
    """An algorithm that learns on an arm, or on whatever else a rollout source stands for.

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
        super().__init__(config, iterations, seed, diagnostics)
        self.problem = problem

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

    def _identity(self) -> Identity:
        other = "other demonstrations or another target"
        part = Part("problem", fingerprint(self.problem), other)
        return Identity(self.config, {"seed": self.seed}, (part,))


class LearningLoop(ArmIterations[C, D], Generic[C, D, T]):
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
