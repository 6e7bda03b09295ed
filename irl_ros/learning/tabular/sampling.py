# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What learners on finite problems have in common if they sample paths."""

from typing import Generic, TypeVar

from irl_ros.core.parameters import Parameters
from irl_ros.learning.sampling_loop import SamplingLoop
from irl_ros.learning.saved_state import SavedState
from irl_ros.learning.tabular.learner import IterationDiagnostics, TabularLearner
from irl_ros.learning.tabular.mdp import Mdp
from irl_ros.learning.tabular.problem import Paths, TabularProblem, check_whole_paths

C = TypeVar("C", bound=Parameters)
D = TypeVar("D", bound=IterationDiagnostics)
T = TypeVar("T")


class SamplingLearner(TabularLearner[C, D], SamplingLoop[Mdp, D, T], Generic[C, D, T]):
    """Sample paths from the process, fit the reward, improve the policy, and again.

    Args:
        problem: Process, with a horizon and no discount, features and demonstrated visits.
        shown: The demonstrations themselves.
        config: All switches.
        iterations: Most iterations.
        diagnostics: Class of its diagnostics.
        seed: All randomness follows from it.

    Raises:
        DataError: If the process is discounted or its horizon is not that of the paths.
    """

    def __init__(
        self,
        problem: TabularProblem,
        shown: Paths,
        config: C,
        iterations: int,
        diagnostics: type[D],
        seed: int,
    ) -> None:
        check_whole_paths(problem.mdp, shown)
        super().__init__(problem, config, iterations, diagnostics, shown=shown, seed=seed)
        self._shown = shown
        self._tried = Paths(shown.states[:0], shown.actions[:0])

    def _step(self, iteration: int) -> D:
        return self._round(self.problem.mdp)

    def _own_state(self) -> SavedState:
        return SavedState({"states": self._tried.states, "actions": self._tried.actions}, {})

    def _restore_own(self, state: SavedState) -> None:
        self._tried = Paths(state.tensors["states"], state.tensors["actions"])
