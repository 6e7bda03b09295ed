# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum margin with quadratic features against projections and a known demonstrator."""

import itertools

import pytest
import torch
from point_mass import ACTION_WEIGHT, PointMass, point_mass_problem

from irl_ros.core.parameters import replace
from irl_ros.learning.margin_program import widest_margin
from irl_ros.learning.max_margin import (
    MaximumMargin,
    MaximumMarginConfig,
    half_vectors,
    regrets,
    symmetric,
)
from irl_ros.learning.moments import second_moments

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
SETTINGS = {
    "iterations": 8,
    "rollouts": 8,
    "action_weight": ACTION_WEIGHT,
    "weight_norm": 40.0,
    "first_sampler.kind": "hold",
    "first_sampler.hold_deviation": 0.5,
    "first_sampler.hold_stiffness": 0.0,
    "controller.kl_limit": 20.0,
    "epsilon": 0.1,
}


def some_matrices(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(count, 4, 4, generator=generator, dtype=torch.float64)
    return factors + factors.mT + 0.5 * torch.eye(4, dtype=torch.float64)


def test_half_vectors_keep_inner_products() -> None:
    first, second = some_matrices(2, 0)
    halves = half_vectors(torch.stack([first, second]))
    assert float(halves[0] @ halves[1]) == pytest.approx(float((first * second).sum()))
    torch.testing.assert_close(symmetric(halves[0]), first)


def test_weights_of_one_sign_count_excess_alone() -> None:
    found = widest_margin(torch.tensor([[3.0, -4.0]], dtype=torch.float64), weights="nonnegative")
    assert found.margin == pytest.approx(3.0, abs=1e-7)
    torch.testing.assert_close(found.weights, torch.tensor([1.0, 0.0]).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", range(3))
def test_the_margin_of_semidefinite_weights_is_that_of_the_nearest_mixture(seed: int) -> None:
    matrices = some_matrices(5, seed)
    found = widest_margin(half_vectors(matrices), weights="semidefinite")
    mixture = torch.einsum("j,jyz->yz", found.multipliers, matrices).unsqueeze(0)
    assert float(regrets(mixture)) == pytest.approx(found.margin, abs=1e-6)
    values = torch.linalg.eigvalsh(symmetric(found.weights))
    assert float(values.min()) > -1e-7
    alone = widest_margin(half_vectors(matrices[:1]), weights="semidefinite")
    assert float(regrets(matrices[:1])) == pytest.approx(alone.margin, rel=1e-6)


def test_slack_lets_points_lie_within_the_margin() -> None:
    points = torch.tensor([[3.0, 0.0], [1.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    found = widest_margin(points, slack_price=0.5)
    # The mean of the two nearest, as no multiplier may exceed a half.
    assert found.margin == pytest.approx(1.5, abs=1e-7)
    torch.testing.assert_close(
        found.multipliers, torch.tensor([0.0, 0.5, 0.5]).double(), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("features", ["products", "squares"])
def test_a_cold_start_ends_where_nothing_tells_it_from_the_demonstrator(features: str) -> None:
    problem = point_mass_problem(GOAL)
    config = replace(MaximumMarginConfig(), {**SETTINGS, "features": features})
    learner = MaximumMargin(problem, config, seed=0)
    source = PointMass(GOAL)
    assert source.sample(learner.policy, 20, seed=99, deterministic=True).successes == 0
    margins = []
    learner.run(source, lambda each: margins.append(each.margin))
    pairs = itertools.pairwise(margins)
    assert all(after <= before + 1e-5 for before, after in pairs), "trying only adds a bound"
    assert margins[-1] <= config.epsilon
    assert learner.finished
    assert len(margins) < config.iterations
    experience = learner.progress.experience
    delivered = learner.history[-1].delivered - 1
    assert torch.equal(learner.policy.gains, experience.controllers[delivered].gains)
    assert source.sample(learner.policy, 20, seed=99, deterministic=True).successes == 20
    # Less of every feature than the demonstrator, up to the regret: so under every cost.
    tried = problem.features(experience.samples_of(delivered).states)
    excess = second_moments(tried) - second_moments(learner.problem.inputs)
    if features == "squares":
        excess = torch.diag(excess.diagonal())
    assert float(torch.linalg.eigvalsh(excess).max()) <= learner.history[-1].least_regret + 1e-9


@pytest.mark.parametrize("features", ["products", "squares"])
def test_the_cost_is_the_quadratic_form_that_was_found(features: str) -> None:
    problem = point_mass_problem(GOAL)
    config = replace(MaximumMarginConfig(), {**SETTINGS, "features": features})
    learner = MaximumMargin(problem, config, seed=0)
    learner.step(PointMass(GOAL))
    root = learner.cost.transform.weight.detach()
    weights = root.T @ root
    assert float(weights.norm()) == pytest.approx(config.weight_norm, rel=1e-5)
    tried = problem.features(learner.progress.experience.samples_of(0).states)
    excess = second_moments(tried) - second_moments(learner.problem.inputs)
    margin = float((weights * excess).sum()) / config.weight_norm
    assert margin == pytest.approx(learner.history[0].margin, rel=1e-5)
