# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Feature matching and maximum margin planning against closed forms and finite differences."""

import dataclasses
import itertools

import pytest
import torch

from irl_ros.core.errors import LearningError
from irl_ros.learning.margin_program import widest_margin
from irl_ros.learning.tabular.feature_matching import FeatureMatching, FeatureMatchingConfig
from irl_ros.learning.tabular.max_margin_planning import (
    MaxMarginConfig,
    MaxMarginPlanning,
    action_loss,
    margin_objective,
)
from irl_ros.learning.tabular.problem import TabularProblem, World
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import gridworld, macrocells
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


WORLDS = {
    "macrocells": macrocells(16, 16, generator(3), discount=0.95),
    "random": random_mdp(generator()),
    "horizon": gridworld(4, 8, discount=1.0, failure=0.1),
}


def shown_by(world: World, temperature: float) -> TabularProblem:
    policy = solve(world.mdp, world.reward, temperature).policy
    return TabularProblem(world.mdp, world.features, visitation(world.mdp, policy))


# --- The program -------------------------------------------------------------------------------


def test_the_widest_margin_of_known_points() -> None:
    points = torch.tensor([[3.0, 1.0], [3.0, -1.0], [9.0, 0.0]], dtype=torch.float64)
    found = widest_margin(points)
    assert found.margin == pytest.approx(3.0, abs=1e-7)
    torch.testing.assert_close(found.weights, torch.tensor([1.0, 0.0]).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(
        found.multipliers, torch.tensor([0.5, 0.5, 0.0]).double(), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_multipliers_are_the_mixture_nearest_to_the_origin(seed: int, scale: float) -> None:
    points = torch.randn(6, 4, generator=generator(seed), dtype=torch.float64)
    points = scale * (points + torch.tensor([2.0, 0.0, 0.0, 0.0]).double())
    found = widest_margin(points)
    nearest = found.multipliers @ points
    assert float(nearest.norm()) == pytest.approx(found.margin, rel=1e-6)
    # The margin is flat around its maximum: its digits are twice those of the direction.
    torch.testing.assert_close(found.weights, nearest / nearest.norm(), atol=1e-4, rtol=0)
    assert float((points @ found.weights).min()) == pytest.approx(found.margin, rel=1e-6)


def test_points_around_the_origin_leave_no_margin() -> None:
    points = torch.tensor([[1.0, 0.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    found = widest_margin(points)
    assert found.margin == pytest.approx(0.0, abs=1e-7)
    torch.testing.assert_close(
        found.multipliers, torch.tensor([0.5, 0.25, 0.25]).double(), atol=1e-6, rtol=0
    )
    with pytest.raises(LearningError, match="ended with"):
        widest_margin(points * float("nan"))


# --- Feature matching --------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_the_program_ends_with_a_mixture_within_epsilon(name: str) -> None:
    problem = shown_by(WORLDS[name], temperature=0.3)
    learner = FeatureMatching(problem, FeatureMatchingConfig(epsilon=0.01))
    learner.run()
    last = learner.history[-1]
    assert last.margin <= 0.01
    assert last.distance == pytest.approx(last.margin, abs=1e-6)
    assert last.policies < 100
    visits = visitation(problem.mdp, learner.policy)
    gap = problem.feature_counts(visits) - problem.feature_counts(problem.visits)
    assert float(gap.norm()) == pytest.approx(last.distance, abs=1e-8)
    assert float(learner.mixture.sum()) == pytest.approx(1.0)
    # With more policies to beat, no margin is wider.
    margins = [each.margin for each in learner.history]
    assert all(after <= before + 1e-6 for before, after in itertools.pairwise(margins))


@pytest.mark.parametrize("name", WORLDS)
def test_program_and_projection_agree(name: str) -> None:
    problem = shown_by(WORLDS[name], temperature=0.0)
    found = {}
    for method in ("program", "projection"):
        config = FeatureMatchingConfig(method=method, epsilon=0.05, iterations=200)
        learner = FeatureMatching(problem, config)
        learner.run()
        assert learner.history[-1].margin <= 0.05
        found[method] = learner
    first = [found[method].history[0].margin for method in found]
    assert first[0] == pytest.approx(first[1], rel=1e-6)
    counts = [
        problem.feature_counts(visitation(problem.mdp, found[method].policy)) for method in found
    ]
    assert float((counts[0] - counts[1]).norm()) <= 0.1


# --- Maximum margin planning -------------------------------------------------------------------


def unique(seed: int = 3) -> TabularProblem:
    """Return a problem whose demonstrator is the only optimal policy of a random reward."""
    mdp = random_mdp(generator()).mdp
    mdp = dataclasses.replace(mdp, initial=torch.full((16,), 1 / 16, dtype=torch.float64))
    reward = torch.rand(16, generator=generator(seed), dtype=torch.float64)
    features = torch.eye(16, dtype=torch.float64)
    return shown_by(World(mdp, features, reward), temperature=0.0)


def test_the_demonstrated_policy_is_recovered_where_the_margin_can_be_had() -> None:
    problem = unique()
    learner = MaxMarginPlanning(problem, MaxMarginConfig(step=30.0, regularisation=1e-6))
    learner.run()
    last = learner.history[-1]
    assert last.slack <= 1e-6
    assert last.loss == pytest.approx(0.0, abs=1e-9)
    torch.testing.assert_close(visitation(problem.mdp, learner.policy), problem.visits)
    # Every other action at every state costs the margin: change one and compare.
    reward = learner.reward
    earned = float((problem.visits[0] * reward).sum())
    chosen = problem.visits[0].argmax(dim=-1)
    for state, action in itertools.product(range(0, 16, 5), range(4)):
        if action != int(chosen[state]):
            other = torch.nn.functional.one_hot(chosen, 4).double()
            other[state] = torch.eye(4, dtype=torch.float64)[action]
            visits = visitation(problem.mdp, other.unsqueeze(0))[0]
            distance = float((visits * action_loss(problem)).sum())
            assert earned >= float((visits * reward).sum()) + distance - 1e-5


def test_the_subgradient_agrees_with_finite_differences() -> None:
    problem = unique()
    config = MaxMarginConfig(regularisation=0.3, margin=0.7)
    weights = torch.randn(16, generator=generator(1), dtype=torch.float64)
    found = margin_objective(problem, weights, config).subgradient
    for feature, nudge in enumerate(1e-5 * torch.eye(16, dtype=torch.float64)):
        up = margin_objective(problem, weights + nudge, config).value
        down = margin_objective(problem, weights - nudge, config).value
        assert float(found[feature]) == pytest.approx((up - down) / 2e-5, abs=1e-6)


def test_the_objective_lies_above_its_tangents_and_the_slack_above_zero() -> None:
    problem = unique()
    config = MaxMarginConfig(regularisation=0.1)
    for seed in range(5):
        one, other = torch.randn(2, 16, generator=generator(seed), dtype=torch.float64)
        here, there = (margin_objective(problem, each, config) for each in (one, other))
        assert there.value >= here.value + float(here.subgradient @ (other - one)) - 1e-9
        assert here.slack >= 0


def test_slack_pays_for_a_demonstrator_who_is_not_optimal() -> None:
    problem = shown_by(WORLDS["random"], temperature=0.5)
    learner = MaxMarginPlanning(problem, MaxMarginConfig(iterations=50))
    learner.run()
    assert learner.history[-1].slack > 0.1
    best = [each.best_objective for each in learner.history]
    assert best == sorted(best, reverse=True)
    assert best[-1] < 0.7 * best[0]


def test_the_loss_counts_actions_that_are_not_the_demonstrators() -> None:
    problem = shown_by(WORLDS["random"], temperature=0.0)
    loss = action_loss(problem)
    assert float((problem.visits[0] * loss).sum()) == 0.0
    unseen = dataclasses.replace(problem, visits=torch.zeros_like(problem.visits))
    assert bool((action_loss(unseen) == 1).all())
