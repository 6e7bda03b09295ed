# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole loop on a point mass whose demonstrator is known."""

import math

import torch
from point_mass import ACTION_WEIGHT, PointMass, point_mass_problem

from irl_ros.core.parameters import replace
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
SETTINGS = {
    "iterations": 10,
    "rollouts": 8,
    "cost.hidden": (16,),
    "cost.features": 16,
    "cost.action_weight": ACTION_WEIGHT,
    "first_sampler.kind": "hold",
    "first_sampler.hold_deviation": 0.5,
    "first_sampler.hold_stiffness": 0.0,
    "controller.kl_limit": 20.0,
    "cost_update.steps": 200,
    "objective.monotonic_weight": 10.0,
    "held_out_share": 0.125,
}


def test_a_cold_start_learns_to_reach_the_goal() -> None:
    """On average over four trainings; single ones differ by chance."""
    source, offsets = PointMass(GOAL), []
    for seed in range(4):
        learner = GuidedCostLearning(
            point_mass_problem(GOAL), replace(GclConfig(), SETTINGS), seed
        )
        untrained = source.sample(learner.progress.controller, 20, seed=99, deterministic=True)
        seen: list[Diagnostics] = []
        learner.run(source, seen.append)
        trained = source.sample(learner.progress.controller, 20, seed=99, deterministic=True)
        assert min(each.slot_offset for each in untrained.outcomes) > 1.0
        offsets.append(max(each.slot_offset for each in trained.outcomes))
        check_diagnostics(seen)
    assert sum(offsets) / len(offsets) < 0.15


def check_diagnostics(seen: list[Diagnostics]) -> None:
    assert [each.iteration for each in seen] == list(range(1, 11))
    assert seen[-1].rollouts == 80
    for each in seen:
        assert each.bound_gap >= 0
        assert 1 - 1e-9 <= each.effective_samples <= each.rollouts + 14
        assert each.kl <= each.kl_limit * (1 + 1e-6)
        assert math.isfinite(each.held_out_nll)
        assert 0 <= each.demonstration_share <= 1 + 1e-9
        assert each.smallest_variance > 0
    assert all(math.isfinite(each.actual_improvement) for each in seen[1:-1])
    assert math.isnan(seen[-1].actual_improvement)  # an audition judges no step


def test_the_first_fit_of_the_cost_is_long_and_no_other() -> None:
    """Two steps ten times are twenty; the second iteration has two again."""
    small = {**SETTINGS, "iterations": 3, "rollouts": 3}
    learners = [
        GuidedCostLearning(point_mass_problem(GOAL), replace(GclConfig(), {**small, **steps}), 0)
        for steps in (
            {"cost_update.steps": 2, "cost_update.first_times": 10},
            {"cost_update.steps": 20, "cost_update.first_times": 1},
        )
    ]
    source = PointMass(GOAL)
    first, second = (learner.step(source) for learner in learners)
    assert first == second
    first, second = (learner.step(source) for learner in learners)
    assert first.loss != second.loss
