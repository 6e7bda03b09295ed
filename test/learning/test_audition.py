# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The last rollouts: controllers are tried as they would be delivered, and the cheapest is."""

import math
from typing import Any

import pytest
import torch
from point_mass import ACTION_WEIGHT, STEPS, PointMass, features, point_mass_problem

from irl_ros.core.parameters import from_mapping, replace
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Rollouts, Trajectories
from irl_ros.learning.controller_improvement import ControllerImprovement
from irl_ros.learning.controller_search import ControllerSearch, Trial
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.ground_truth import GroundTruthCost

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
COST = GroundTruthCost(slice(0, 2), 20.0, 0.0, 1.0, ACTION_WEIGHT)


class Watched(PointMass):
    """Remembers what it was asked, and leaves the mass at the start when it is asked once."""

    def __init__(self, trap: int | None = None) -> None:
        super().__init__(GOAL)
        self.asked: list[tuple[Policy, int, bool]] = []
        self.trap = trap

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Run the policy; in the trap it has gone nowhere."""
        self.asked.append((policy, count, deterministic))
        done = super().sample(policy, count, seed, deterministic=deterministic)
        if len(self.asked) - 1 != self.trap:
            return done
        motions = done.trajectories
        return Rollouts(Trajectories(0 * motions.states, motions.actions), done.outcomes)


def search(iterations: int = 6, rollouts: int = 4, **changes: Any) -> ControllerSearch:
    still = LinearGaussianController(
        torch.zeros(STEPS, 2, 4, dtype=torch.float64),
        torch.zeros(STEPS, 2, dtype=torch.float64),
        0.25 * torch.eye(2, dtype=torch.float64).repeat(STEPS, 1, 1),
    )
    steps = from_mapping(ControllerUpdateConfig, {"kl_limit": 30.0, **changes})
    improvement = ControllerImprovement(features(GOAL), DynamicsConfig(), steps)
    return ControllerSearch(improvement, still, iterations, rollouts, 0)


def finish(what: ControllerSearch, source: PointMass) -> Trial:
    while True:
        trial = what.try_out(source, COST)
        what.improve(trial, COST)
        if what.finished:
            return trial


def test_the_newest_and_the_best_are_tried_without_noise() -> None:
    source, tried = Watched(), search()
    last = finish(tried, source)
    noisy, auditions = source.asked[:5], source.asked[5:]
    assert [(count, mean) for _, count, mean in noisy] == [(4, False)] * 5
    assert [(count, mean) for _, count, mean in auditions] == [(1, True)] * 4
    best = tried.improvement.ranking(COST, last.experience)[:3]
    assert last.auditioned == (5, *best)
    for (policy, _, _), index in zip(auditions[1:], best, strict=True):
        assert policy is noisy[index][0]
    assert not any(auditions[0][0] is policy for policy, _, _ in noisy)
    assert last.tried == 24
    assert sum(last.experience.counts) == 20


def test_the_cheapest_is_delivered() -> None:
    tried = search()
    last = finish(tried, PointMass(GOAL))
    motions = last.rollouts.trajectories
    costs = COST.evaluate(features(GOAL)(motions.states), motions.actions).sum(dim=1)
    assert _index(tried, last) == last.auditioned[int(costs.argmin())]


def test_a_controller_that_fails_without_its_noise_is_not_delivered() -> None:
    """Whichever is the cheapest without noise: if it were stuck then, another is delivered."""
    free = search()
    last = finish(free, PointMass(GOAL))
    position = last.auditioned.index(_index(free, last))
    stuck = search()
    finish(stuck, Watched(trap=5 + position))
    assert not torch.equal(stuck.progress.controller.gains, free.progress.controller.gains)
    assert PointMass(GOAL).sample(stuck.progress.controller, 5, 1, deterministic=True).successes


def _index(tried: ControllerSearch, last: Trial) -> int:
    """Return which controller was delivered."""
    for index, controller in enumerate(last.experience.controllers):
        if controller is tried.progress.controller:
            return index
    return len(last.experience.controllers)


def test_few_controllers_are_tried_more_than_once() -> None:
    last = finish(search(iterations=2, rollouts=5), Watched())
    assert last.auditioned == (1, 0, 1, 0, 1)


@pytest.mark.parametrize(
    "changes", [{"audition": False}, {"base": "newest"}, {"last_step": True}], ids=str
)
def test_there_is_none_where_it_is_not_wanted(changes: dict[str, Any]) -> None:
    source, tried = Watched(), search(**changes)
    assert finish(tried, source).auditioned == ()
    assert not any(mean for _, _, mean in source.asked)


def test_a_single_iteration_has_nothing_to_choose_from() -> None:
    assert finish(search(iterations=1), Watched()).auditioned == ()


def test_learning_spends_its_last_rollouts_on_it() -> None:
    small = {
        "iterations": 4,
        "rollouts": 4,
        "cost.hidden": (8,),
        "cost.features": 8,
        "cost.action_weight": ACTION_WEIGHT,
        "cost_update.steps": 10,
    }
    source, config = Watched(), replace(GclConfig(), small)
    learner = GuidedCostLearning(point_mass_problem(GOAL), config, 0)
    learner.run(source)
    assert [mean for _, _, mean in source.asked] == [False] * 3 + [True] * 4
    assert [each.rollouts for each in learner.history] == [4, 8, 12, 16]
    assert learner.background.log_q.shape == (4, 12)  # what has no density is no sample
    assert math.isnan(learner.history[-1].predicted_improvement)
    fixed = GuidedCostLearning(
        point_mass_problem(GOAL), replace(config, {"adaptive_sampler": False}), 0
    )
    source = Watched()
    fixed.run(source)
    assert not any(mean for _, _, mean in source.asked)
