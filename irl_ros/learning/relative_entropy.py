# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relative-entropy IRL: Boularias, Kober and Peters (2011), and a controller for what it learned.

A cost is learned from the samples of one controller that never changes: Guided Cost Learning
without its step (3) (`gcl`). Whether its density is that of the paper is said in
docs/algorithms/relent.md. As that controller knows nothing of the cost, another one is optimised
for it in the end, by rollouts of its own (`controller_optimisation`).
"""

import dataclasses
from dataclasses import dataclass, field
from typing import final

from irl_ros.core.parameters import Parameters, parameter, replace
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.controller_optimisation import (
    ControllerOptimisation,
    OptimiserConfig,
    OptimiserDiagnostics,
)
from irl_ros.learning.cost import Cost
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import SavedState, under


@dataclass(frozen=True)
class RelentConfig(Parameters):
    """What relative-entropy IRL can be told beside the switches of Guided Cost Learning."""

    improvements: int = parameter(
        18,
        low=0,
        high=10000,
        doc="iterations, after the cost is learned, that optimise a controller for it; 0: what "
        "is delivered is the sampler, which knows nothing of the cost",
    )


@dataclass(frozen=True)
class RelativeEntropyConfig(Parameters):
    """Everything that relative-entropy IRL can be told."""

    gcl: GclConfig = field(default_factory=GclConfig)
    relent: RelentConfig = field(default_factory=RelentConfig)


@final
class RelativeEntropy:
    """Learn a cost from the samples of one controller, then optimise a controller for it.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches; the sampler of ``gcl`` does not adapt, whatever it says. Its rollouts
            per iteration, dynamics and steps are those of the optimisation as well.
        seed: All randomness of learning and of the rollouts it asks for follows from it.
    """

    def __init__(self, problem: LearningProblem, config: RelativeEntropyConfig, seed: int) -> None:
        fixed = replace(config.gcl, {"adaptive_sampler": False})
        self.config = dataclasses.replace(config, gcl=fixed)
        self.seed = seed
        self._problem = problem
        self._learning = GuidedCostLearning(problem, fixed, seed)
        self._optimisation: ControllerOptimisation | None = None

    @property
    def iterations(self) -> int:
        """How many iterations there will be, those of the optimisation included."""
        return self._learned_in + self.config.relent.improvements

    @property
    def history(self) -> tuple[Diagnostics | OptimiserDiagnostics, ...]:
        """What each iteration so far told."""
        optimised = () if self._optimisation is None else self._optimisation.history
        return (*self._learning.history, *map(self._continued, optimised))

    @property
    def finished(self) -> bool:
        """Whether all iterations are done."""
        return len(self.history) >= self.iterations

    @property
    def policy(self) -> LinearGaussianController:
        """The controller as it is now: the sampler, until one is optimised for the cost."""
        return (self._optimisation or self._learning).policy

    @property
    def learned_cost(self) -> Cost:
        """The cost as it is now."""
        return self._learning.learned_cost

    def step(self, source: RolloutSource) -> Diagnostics | OptimiserDiagnostics:
        """Do one iteration: of learning the cost or, once that is done, of the optimisation.

        Raises:
            RolloutError: If the source cannot deliver.
            LearningError: If something learned is no longer finite.
        """
        if self._optimisation is None and not self._learning.finished:
            return self._learning.step(source)
        if self._optimisation is None:
            self._optimisation = self._begin()
        return self._continued(self._optimisation.step(source))

    def state(self) -> SavedState:
        """Return everything needed to go on exactly from here."""
        learning = self._learning.state()
        optimisation = None if self._optimisation is None else self._optimisation.state()
        tensors = under("learning", learning.tensors)
        if optimisation is not None:
            tensors |= under("optimisation", optimisation.tensors)
        facts = {
            "learning": dict(learning.facts),
            "optimisation": None if optimisation is None else dict(optimisation.facts),
        }
        return SavedState(tensors, facts)

    def restore(self, state: SavedState) -> None:
        """Go on from a state of the same run.

        Raises:
            DataError: If the state is of another run.
        """
        learning, optimisation = (state.facts.get(name) for name in ("learning", "optimisation"))
        self._learning.restore(SavedState(state.part("learning"), learning or {}))
        self._optimisation = None
        if optimisation is not None:
            self._optimisation = self._begin()
            self._optimisation.restore(SavedState(state.part("optimisation"), optimisation))

    def _begin(self) -> ControllerOptimisation:
        """Return the optimisation of a controller for the cost as it is now."""
        gcl = self.config.gcl
        settings = OptimiserConfig(
            iterations=self.config.relent.improvements,
            rollouts=gcl.rollouts,
            dynamics=gcl.dynamics,
            controller=gcl.controller,
        )
        return ControllerOptimisation(
            self.learned_cost,
            self._problem.features,
            self._learning.policy,
            settings,
            self.seed,
            coordinates=self._problem.coordinates,
        )

    @property
    def _learned_in(self) -> int:
        """Iterations that learn the cost; they are over as soon as the optimisation has begun."""
        begun = self._optimisation is not None
        return self._learning.iteration if begun else self._learning.iterations

    def _continued(self, report: OptimiserDiagnostics) -> OptimiserDiagnostics:
        """Return a report of the optimisation, counted on from the learning of the cost."""
        learned = self._learning.history[-1]
        return dataclasses.replace(
            report,
            iteration=learned.iteration + report.iteration,
            rollouts=learned.rollouts + report.rollouts,
        )
