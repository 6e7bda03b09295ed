# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning on an arm by iterations, and the loop of `sampling_loop` with rollouts."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from irl_ros.core.parameters import Parameters
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.iterations import Iterations
from irl_ros.learning.learner import Report
from irl_ros.learning.problem import LearningProblem, fingerprint
from irl_ros.learning.sampling_loop import SamplingLoop
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


class LearningLoop(ArmIterations[C, D], SamplingLoop[RolloutSource, D, T], Generic[C, D, T]):
    """Sample rollouts, fit the reward, improve the policy, and again."""

    def step(self, source: RolloutSource) -> D:
        """Do one iteration: sample, fit the reward, improve the policy.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If the reward or the policy step has no finite result.
        """
        return self._told(self._round(source))
