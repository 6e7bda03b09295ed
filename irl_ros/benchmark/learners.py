# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How each kind of method turns a case into a policy."""

from collections.abc import Callable, Mapping
from dataclasses import replace as replace_fields
from typing import Any

import torch

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.core.errors import LearningError, ParameterError
from irl_ros.core.parameters import replace, to_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.algorithms import AlgorithmConfig, make_learner
from irl_ros.learning.behaviour_cloning import BehaviourCloningConfig, clone_behaviour
from irl_ros.learning.controller_improvement import ControllerImprovement, StepCost
from irl_ros.learning.controller_search import ControllerSearch
from irl_ros.learning.cost_average import average_cost
from irl_ros.learning.demonstration_density import (
    DemonstrationDensity,
    fit_demonstration_density,
)
from irl_ros.learning.first_sampler import (
    FirstSamplerConfig,
    first_sampler,
    standing_still,
)
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.ground_truth import GroundTruthCost
from irl_ros.learning.tracking_cost import TrackingCost

_GCL = GclConfig()

_NEXT_RUN = 1000
"""What separates the seeds of repeated runs."""

ROLLOUTS = 10
"""New rollouts in an iteration of an algorithm that usually takes more than the budget has."""

HAND_WRITTEN = GroundTruthCost(
    position=slice(0, 9),
    square_weight=25.0,
    log_weight=1.0,
    log_offset=1e-3,
    action_weight=_GCL.cost.action_weight,
)
"""Distance of the tool points to the target, squared and as a logarithm; SI units."""

TRACKING = {"sharpness": 5.0, "action_weight": _GCL.cost.action_weight}
"""Leaving the shown path by the scale of the cost inputs costs the square of the sharpness."""

CLONING = replace(BehaviourCloningConfig(), {"sees": "both", "input_noise": 0.0})
"""How demonstrated actions are cloned: what did best on tuning seeds."""

FITTED: dict[str, Any] = {"density": to_mapping(_GCL.density)}
"""What controllers that are fitted to demonstrations depend on, beside their own settings."""

OPTIMISER: dict[str, Any] = {
    "rollouts": _GCL.rollouts,
    "controller": to_mapping(_GCL.controller),
    "dynamics": to_mapping(_GCL.dynamics),
    "density": to_mapping(_GCL.density),
    "first_sampler": to_mapping(_GCL.first_sampler),
}
"""How controllers are optimised for a cost that is given: as in Guided Cost Learning."""


def guided(case: BenchmarkCase, config: GclConfig) -> Learned:
    """Learn cost and controller together."""
    learner = GuidedCostLearning(case.problem, _within(config, case), case.seed)
    note = _until_breakdown(lambda: learner.run(case.source))
    return Learned(learner.progress.controller, learner.cost, note)


def guided_repeatedly(case: BenchmarkCase, config: GclConfig, runs: int) -> Learned:
    """Learn several times from the same demonstrations; deliver policy one and the mean cost."""
    each = replace_fields(case, rollouts=case.rollouts // runs)
    learned = [
        guided(replace_fields(each, seed=case.seed + _NEXT_RUN * run), config)
        for run in range(runs)
    ]
    costs = [one.cost for one in learned if one.cost is not None]
    note = next((one.note for one in learned if one.note), "")
    return Learned(learned[0].policy, average_cost(costs), note)


def fixed_then_optimised(case: BenchmarkCase, config: GclConfig, search: int) -> Learned:
    """Learn the cost from samples of one controller, then optimise a controller for it.

    Args:
        case: What is to be learned.
        config: With a sampler that does not adapt.
        search: Rollouts of the budget that are left to the optimisation.
    """
    learner = GuidedCostLearning(case.problem, _within(config, case, search), case.seed)
    note = _until_breakdown(lambda: learner.run(case.source))
    optimised = _optimised(case, learner.cost, search)
    return Learned(optimised.policy, learner.cost, note or optimised.note)


def demonstration_fitted(case: BenchmarkCase, config: FirstSamplerConfig) -> Learned:
    """Deploy what the demonstrators would do at the target; nothing is tried, nothing learned."""
    return Learned(_first(case, config))


def cloned(case: BenchmarkCase, config: BehaviourCloningConfig) -> Learned:
    """Clone the demonstrated actions."""
    return Learned(clone_behaviour(case.problem, config, case.seed))


def hand_written(case: BenchmarkCase, cost: GroundTruthCost = HAND_WRITTEN) -> Learned:
    """Optimise a controller for a cost that nobody had to learn."""
    return _optimised(case, cost, case.rollouts)


def oracle(case: BenchmarkCase) -> Learned:
    """Optimise a controller to follow a demonstration of the very task."""
    assert case.shown is not None
    cost = _leaving(case, case.shown, TRACKING["sharpness"])
    return _optimised(case, cost, case.rollouts)


def tracked(case: BenchmarkCase, sharpness: float = TRACKING["sharpness"]) -> Learned:
    """Optimise a controller to follow what the demonstrators would do at the target.

    That path is the mean of the density that demonstration-fitted controllers are made of. Whoever
    tracks it needs no learned cost, so a learned cost has to do better.
    """
    path = _density(case).mean_trajectory(case.problem.context)
    return _optimised(case, _leaving(case, path, sharpness), case.rollouts)


def reoptimised(case: BenchmarkCase) -> Learned:
    """Optimise a controller for a cost that was learned at another place, as it is."""
    assert case.learned_cost is not None
    return _optimised(case, case.learned_cost, case.rollouts)


def taken_over(case: BenchmarkCase) -> Learned:
    """Optimise a controller for another arm's cost, with nothing else from that arm."""
    assert case.learned_cost is not None
    return _from_rest(case, case.learned_cost)


def tracked_by_another(case: BenchmarkCase) -> Learned:
    """Optimise another arm to lead its tool along the predicted path, its joints as it likes."""
    path = _density(case).mean_trajectory(case.problem.context)
    path = Trajectories(path.states, torch.zeros_like(path.actions))
    return _from_rest(case, _leaving(case, path, TRACKING["sharpness"]))


def _from_rest(case: BenchmarkCase, cost: StepCost) -> Learned:
    """Optimise a controller of an arm that was never taught, beginning where it stands."""
    assert case.rest is not None
    tracking = case.problem.tracking
    first = standing_still(case.rest, tracking, case.source.horizon, _GCL.first_sampler)
    return _searched(case, first, cost, case.rollouts)


def registered(case: BenchmarkCase, config: AlgorithmConfig) -> Learned:
    """Learn by any algorithm that the trainer knows, within the budget.

    An iteration has its usual number of rollouts, or `ROLLOUTS` where that does not divide it.
    """
    usual = to_mapping(config)[f"{section_of(config)}.rollouts"]
    each = usual if case.rollouts % usual == 0 else ROLLOUTS
    budget = {"rollouts": each, "iterations": iterations(case.rollouts, each)}
    learner = make_learner(within_section(config, budget), case.problem, case.seed)

    def run() -> None:
        while not learner.finished:
            learner.step(case.source)

    note = _until_breakdown(run)
    return Learned(learner.policy, learner.learned_cost, note)


def section_of(config: AlgorithmConfig) -> str:
    """Return the part of the configuration that the chosen algorithm reads."""
    if config.policy == "neural":
        return "neural_gcl"
    return "gcl" if config.algorithm in {"relent", "gan_gcl"} else config.algorithm


def within_section(config: AlgorithmConfig, changes: Mapping[str, Any]) -> AlgorithmConfig:
    """Change what the chosen algorithm reads, as far as it has such a switch.

    Args:
        config: Which algorithm.
        changes: Values by their names within the algorithm's part.
    """
    section, known = section_of(config), to_mapping(config)
    wanted = {f"{section}.{name}": value for name, value in changes.items()}
    return replace(config, {name: value for name, value in wanted.items() if name in known})


def iterations(rollouts: int, each: int) -> int:
    """Return how many iterations a number of rollouts allows.

    Raises:
        ParameterError: If it is not a multiple of those of one iteration.
    """
    if rollouts < each or rollouts % each:
        raise ParameterError(f"rollouts = {rollouts}; give a multiple of {each}, of one iteration")
    return rollouts // each


def _within(config: GclConfig, case: BenchmarkCase, rest: int = 0) -> GclConfig:
    """Fit a configuration into the budget, less a rest, and let it begin as the case demands."""
    changes: dict[str, Any] = {"iterations": iterations(case.rollouts - rest, config.rollouts)}
    if case.cold:
        changes["first_sampler.kind"] = "hold"
    return replace(config, changes)


def _density(case: BenchmarkCase) -> DemonstrationDensity:
    problem = case.problem
    return fit_demonstration_density(
        problem.demonstrations, problem.contexts, _GCL.density, problem.weights
    )


def _first(case: BenchmarkCase, config: FirstSamplerConfig) -> LinearGaussianController:
    return first_sampler(case.problem, _density(case), config)


def _leaving(case: BenchmarkCase, path: Trajectories, sharpness: float) -> TrackingCost:
    """Return the cost of leaving a path."""
    problem = case.problem
    return TrackingCost(
        problem.features(path.states)[0],
        path.actions[0],
        problem.input_scale / sharpness,
        TRACKING["action_weight"],
    )


def first_controller(case: BenchmarkCase) -> LinearGaussianController:
    """Return where sampling begins: with the demonstrations, or by standing still."""
    kind: dict[str, Any] = {"kind": "hold"} if case.cold else {}
    return _first(case, replace(_GCL.first_sampler, kind))


def _optimised(case: BenchmarkCase, cost: StepCost, rollouts: int) -> Learned:
    """Optimise a controller exactly as Guided Cost Learning does, for a cost that stays."""
    return _searched(case, first_controller(case), cost, rollouts)


def _searched(
    case: BenchmarkCase, first: LinearGaussianController, cost: StepCost, rollouts: int
) -> Learned:
    problem = case.problem
    search = ControllerSearch(
        ControllerImprovement(
            problem.features,
            _GCL.dynamics,
            _GCL.controller,
            problem.coordinates,
            problem.earlier,
        ),
        first,
        iterations(rollouts, _GCL.rollouts),
        _GCL.rollouts,
        case.seed,
    )

    def run() -> None:
        while not search.finished:
            search.improve(search.try_out(case.source, cost), cost)

    note = _until_breakdown(run)
    return Learned(search.progress.controller, note=note)


def _until_breakdown(learn: Callable[[], None]) -> str:
    """Learn, and return why it ended early; a run that breaks down is judged as far as it came."""
    try:
        learn()
    except LearningError as error:
        return str(error)
    return ""
