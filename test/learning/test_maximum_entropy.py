# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy learning with linear dynamics against likelihoods and a known demonstrator."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from point_mass import (
    ACTION_WEIGHT,
    MATRIX,
    STEPS,
    PointMass,
    expert,
    features,
    point_mass_problem,
)
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from irl_ros.core.parameters import replace
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.lqr import LinearDynamics, Marginals, expected_cost, propagate, solve
from irl_ros.learning.maxent import (
    ConfinedDemonstrator,
    MaximumEntropy,
    MaximumEntropyConfig,
    MaximumEntropyDiagnostics,
    demonstrated_cost,
    demonstrated_counts,
    expected_counts,
    quadratic_form,
)
from irl_ros.learning.problem import LearningProblem

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
SAMPLES = PointMass(GOAL).sample(expert(GOAL), 12, seed=3).trajectories


def problem_of(demonstrations: Trajectories) -> LearningProblem:
    """Return a problem of demonstrations that all have the goal to be learned."""
    count = len(demonstrations)
    return LearningProblem(
        demonstrations,
        features(GOAL)(demonstrations.states),
        GOAL.repeat(count, 1),
        features(GOAL),
        GOAL,
        torch.tensor([0.7, 0.7, 0.9, 0.9], dtype=torch.float64),
        torch.zeros(2, 4, dtype=torch.float64),
        torch.ones(count, dtype=torch.float64),
    )


def dynamics(mean: Tensor, covariance: Tensor) -> LinearDynamics:
    """Return the true dynamics with a start distribution."""
    zeros = torch.zeros(STEPS - 1, 4, dtype=torch.float64)
    return LinearDynamics(
        MATRIX.expand(STEPS - 1, 4, 6), zeros, torch.diag_embed(zeros), mean, covariance
    )


def demonstrator(model: LinearDynamics, kl_limit: float) -> ConfinedDemonstrator:
    return ConfinedDemonstrator(features(GOAL), SAMPLES, model, expert(0.8 * GOAL), kl_limit)


def gradient(cost: Cost, problem: LearningProblem, marginals: Marginals) -> Tensor:
    """Return the loss's gradient by the cost's parameters."""
    gap = demonstrated_counts(problem) - expected_counts(problem, marginals)
    slopes = torch.autograd.grad(quadratic_form(cost), list(cost.parameters()), gap)
    return torch.cat([each.flatten() for each in slopes])


def some_cost(problem: LearningProblem) -> Cost:
    config = CostConfig(kind="affine", action_weight=ACTION_WEIGHT)
    generator = torch.Generator().manual_seed(0)
    cost = Cost(config, problem.input_scale, generator)
    with torch.no_grad():
        for each in cost.parameters():
            each.add_(0.3 * torch.randn(each.shape, generator=generator, dtype=each.dtype))
    return cost


MODEL = dynamics(SAMPLES.states[:, 0].mean(dim=0), torch.cov(SAMPLES.states[:, 0].T, correction=0))


def test_the_loss_is_the_negative_log_likelihood_of_the_demonstrated_actions() -> None:
    problem = problem_of(SAMPLES)
    cost = some_cost(problem)
    least, _ = demonstrator(MODEL, 1e6).optimum(cost)
    loss = demonstrated_cost(cost, problem) - least
    soft = solve(cost.expand(problem.features, SAMPLES.states, SAMPLES.actions), MODEL)
    assert loss == pytest.approx(-float(soft.controller.log_prob(SAMPLES).mean()), abs=1e-8)
    assert -least == pytest.approx(soft.log_partition, abs=1e-8)


@pytest.mark.parametrize("kl_limit", [1e6, 5.0])
def test_the_gradient_is_the_difference_of_feature_counts(kl_limit: float) -> None:
    problem = problem_of(SAMPLES)
    cost = some_cost(problem)
    confined = demonstrator(MODEL, kl_limit)
    weights = list(cost.parameters())
    start = parameters_to_vector(weights).detach()

    def loss(flat: Tensor) -> float:
        vector_to_parameters(flat, weights)
        return demonstrated_cost(cost, problem) - confined.optimum(cost)[0]

    slopes = gradient(cost, problem, confined.optimum(cost)[1])
    generator = torch.Generator().manual_seed(5)
    for _ in range(2):
        way = torch.randn(len(start), generator=generator, dtype=torch.float64)
        measured = (loss(start + 1e-5 * way) - loss(start - 1e-5 * way)) / 2e-5
        assert float(slopes @ way) == pytest.approx(measured, rel=1e-5)


def test_costs_are_quadratic_forms_of_feature_counts() -> None:
    problem = problem_of(SAMPLES)
    cost = some_cost(problem)
    form = quadratic_form(cost).detach()
    marginals = propagate(expert(GOAL), MODEL)
    expansion = cost.expand(problem.features, SAMPLES.states, SAMPLES.actions)
    moments = marginals.covariances.diagonal(dim1=1, dim2=2) + marginals.means.square()
    actions = ACTION_WEIGHT * float(moments[:, 4:].sum())
    expected = float((form * expected_counts(problem, marginals)).sum())
    assert expected + actions == pytest.approx(float(expected_cost(expansion, marginals).sum()))
    shown = float((form * demonstrated_counts(problem)).sum())
    shown += ACTION_WEIGHT * float(SAMPLES.actions.square().sum(dim=(1, 2)).mean())
    assert shown == pytest.approx(demonstrated_cost(cost, problem))


def test_a_known_demonstrators_occupancy_is_recovered() -> None:
    covariance = 4e-4 * torch.eye(4, dtype=torch.float64)
    model = dynamics(torch.zeros(4, dtype=torch.float64), covariance)
    truth = propagate(expert(GOAL), model)
    # Points with the demonstrator's means and covariances stand for infinitely many motions.
    values, vectors = torch.linalg.eigh(truth.covariances)
    roots = (vectors * (6 * values.clamp(min=0)).sqrt().unsqueeze(-2)).permute(2, 0, 1)
    points = torch.cat([truth.means + roots, truth.means - roots])
    problem = problem_of(Trajectories(points[..., :4].clone(), points[..., 4:].clone()))
    cost = some_cost(problem)
    free = demonstrator(model, 1e6)
    weights = list(cost.parameters())

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        vector_to_parameters(torch.from_numpy(flat), weights)
        least, marginals = free.optimum(cost)
        value = demonstrated_cost(cost, problem) - least
        return value, gradient(cost, problem, marginals).numpy()

    start = parameters_to_vector(weights).detach().numpy()
    minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "gtol": 1e-7})
    _, learned = free.optimum(cost)
    torch.testing.assert_close(learned.means, truth.means, atol=1e-3, rtol=0)
    torch.testing.assert_close(learned.covariances, truth.covariances, atol=1e-4, rtol=0)


def test_a_cold_start_learns_to_reach_the_goal() -> None:
    settings = {
        "iterations": 6,
        "rollouts": 8,
        "action_weight": ACTION_WEIGHT,
        "fit.prior_weight": 0.01,
        "controller.adapt_step": True,
        "first_sampler.kind": "hold",
        "first_sampler.hold_deviation": 0.5,
        "first_sampler.hold_stiffness": 0.0,
        "held_out_share": 0.125,
    }
    config = replace(MaximumEntropyConfig(), settings)
    learner = MaximumEntropy(point_mass_problem(GOAL), config, seed=0)
    source = PointMass(GOAL)
    untrained = source.sample(learner.policy, 20, seed=99, deterministic=True)
    seen: list[MaximumEntropyDiagnostics] = []
    learner.run(source, seen.append)
    trained = source.sample(learner.policy, 20, seed=99, deterministic=True)
    assert untrained.successes == 0
    assert trained.successes == 20
    for each in seen:
        assert all(math.isfinite(getattr(each, f)) for f in ("loss", "held_out_loss"))
        assert each.kl <= each.kl_limit * (1 + 1e-6)
    assert seen[-1].feature_gap < seen[0].feature_gap


def test_where_motions_begin_is_no_carelessness() -> None:
    """Demonstrations of other goals, moved to the one to be learned, spread as its own would."""
    problem = point_mass_problem(GOAL)
    learner = MaximumEntropy(problem, MaximumEntropyConfig(held_out_share=0.0), seed=0)
    before, after = problem.inputs[:, 0, 0].std(), learner.problem.inputs[:, 0, 0].std()
    assert float(before) > 0.3
    assert float(after) < 0.05
    assert float(learner.problem.inputs[:, 0, 0].mean()) == pytest.approx(-1.0, abs=0.05)
    unmoved = dataclasses.replace(problem, contexts=GOAL.repeat(16, 1), inputs=problem.inputs)
    same = MaximumEntropy(unmoved, MaximumEntropyConfig(held_out_share=0.0), seed=0)
    torch.testing.assert_close(same.problem.inputs, problem.inputs)
