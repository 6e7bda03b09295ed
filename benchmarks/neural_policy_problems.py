# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where `neural_policy.py` measures: the paper's navigation and reaching, and the dish.

Demonstrations, places and settings of navigation and reaching are those of `paper.py` and
`family_navigation.py`; each seed has one of their four new contexts.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import family_navigation
import paper

from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.experiment import Experiment, experiment_problem
from irl_ros.learning.problem import LearningProblem
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

HARNESS = 1  # raised whenever results of these modules change their meaning
BEGINNINGS: dict[str, dict[str, Any]] = {
    "random": {"first_sampler.kind": "hold", "warm_start": False},
    "demonstrations": {"first_sampler.kind": "demonstrations", "warm_start": True},
}
"""Where learning begins: around standing still, or with what was shown."""
CONDITIONS = {
    "navigation": tuple(BEGINNINGS),
    "reaching": tuple(BEGINNINGS),
    "dish": ("matched", "biased"),
}


@dataclass(frozen=True)
class Place:
    """Where something is to be learned.

    Attributes:
        problem: A name of `CONDITIONS`.
        condition: Beginning of navigation and reaching, state of the arm of the dish.
        seed: Number of the context, and what all randomness follows from.
    """

    problem: str
    condition: str
    seed: int


def changes(place: Place) -> dict[str, Any]:
    """Return what the problem and not the method decides, the same for all methods.

    Navigation and reaching have the paper's network and action weight, and actions whose
    deviation is not below what that weight allows, 0.7 m/s^2 and N m: the default is rad/s.
    """
    free = {"reward.form": "network"}  # AIRL's reward, as little bound as GAIL's
    if place.problem == "dish":
        return free
    decided = family_navigation.changes(paper.TASKS[place.problem]())
    own = {name: value for name, value in decided.items() if not name.startswith("reward.")}
    return {**free, **own, **BEGINNINGS[place.condition]}


@contextlib.contextmanager
def opened(place: Place) -> Iterator[tuple[LearningProblem, RolloutSource]]:
    """Yield the problem with its demonstrations, and where policies are tried."""
    make = _dish if place.problem == "dish" else _analytic
    problem, source = make(place)
    with contextlib.closing(source):
        yield problem, source


def _analytic(place: Place) -> tuple[LearningProblem, RolloutSource]:
    experiment: Experiment = paper.TASKS[place.problem]()
    for index in range(len(experiment.shown)):
        job = paper.Job("demonstrations", place.problem, condition=index)
        paper.teach(job, family_navigation.BUDGET)
    context = experiment.tested[place.seed % len(experiment.tested)]
    shown = paper.shown_in(experiment, family_navigation.BUDGET)
    return experiment_problem(experiment, shown, context), experiment.source(context)


def _dish(place: Place) -> tuple[LearningProblem, RolloutSource]:
    with DishSimulator() as simulator:
        shown = teach(simulator, seed=place.seed).demonstrations()
        arm, task = simulator.arm, simulator.task
    source = SimRollouts(SimulationConfig(condition=place.condition))
    return arm_problem(shown, task.target_pose(task.held_out_slot), arm), source
