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
from irl_ros.learning.lqr import LinearDynamics, propagate, solve
from irl_ros.learning.maxent import (
    ConfinedDemonstrator,
    MaximumEntropy,
    MaximumEntropyConfig,
    MaximumEntropyDiagnostics,
    demonstrated_cost,
    excess_cost,
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


def some_cost(problem: LearningProblem, seed: int = 0, **changes: object) -> Cost:
    config = replace(CostConfig(kind="affine", action_weight=ACTION_WEIGHT), changes)
    cost = Cost(config, problem.input_scale, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for each in cost.parameters():
            each.add_(0.3 * torch.randn(each.shape, generator=generator, dtype=each.dtype))
    return cost


MODEL = dynamics(SAMPLES.states[:, 0].mean(dim=0), torch.cov(SAMPLES.states[:, 0].T, correction=0))


def test_the_loss_is_the_negative_log_likelihood_of_the_demonstrated_actions() -> None:
    problem = problem_of(SAMPLES)
    cost = some_cost(problem)
    least, _ = demonstrator(MODEL, 1e6).optimum(cost)
    loss = float(demonstrated_cost(cost, problem).detach()) - least
    soft = solve(cost.expand(problem.features, SAMPLES.states, SAMPLES.actions), MODEL)
    assert loss == pytest.approx(-float(soft.controller.log_prob(SAMPLES).mean()), abs=1e-8)
    assert -least == pytest.approx(soft.log_partition, abs=1e-8)


@pytest.mark.parametrize("kl_limit", [1e6, 5.0])
def test_the_gradient_is_the_difference_of_features(kl_limit: float) -> None:
    problem = problem_of(SAMPLES)
    cost = some_cost(problem)
    confined = demonstrator(MODEL, kl_limit)
    weights = list(cost.parameters())
    start = parameters_to_vector(weights).detach()

    def loss(flat: Tensor) -> float:
        vector_to_parameters(flat, weights)
        return float(demonstrated_cost(cost, problem).detach()) - confined.optimum(cost)[0]

    _, marginals = confined.optimum(cost)
    excess = excess_cost(cost, problem, marginals)
    slopes = parameters_to_vector(torch.autograd.grad(excess, weights))
    generator = torch.Generator().manual_seed(5)
    for _ in range(2):
        way = torch.randn(len(start), generator=generator, dtype=torch.float64)
        measured = (loss(start + 1e-5 * way) - loss(start - 1e-5 * way)) / 2e-5
        assert float(slopes @ way) == pytest.approx(measured, rel=1e-5)


def test_expected_costs_are_those_of_many_samples() -> None:
    problem = problem_of(SAMPLES)
    marginals = propagate(expert(GOAL), MODEL)
    many = PointMass(GOAL).sample(expert(GOAL), 400, seed=8).trajectories
    for changes in ({}, {"kind": "neural", "hidden": (16,), "features": 16}):
        cost = some_cost(problem, **changes)
        with torch.no_grad():
            expected = demonstrated_cost(cost, problem) - excess_cost(cost, problem, marginals)
            sampled = cost.evaluate(problem.features(many.states), many.actions).sum(dim=1)
        assert float(expected) == pytest.approx(float(sampled.mean()), rel=0.03)


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
        excess = excess_cost(cost, problem, marginals)
        slopes = parameters_to_vector(torch.autograd.grad(excess, weights))
        return float(demonstrated_cost(cost, problem).detach()) - least, slopes.numpy()

    start = parameters_to_vector(weights).detach().numpy()
    minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "gtol": 1e-7})
    _, learned = free.optimum(cost)
    torch.testing.assert_close(learned.means, truth.means, atol=1e-3, rtol=0)
    torch.testing.assert_close(learned.covariances, truth.covariances, atol=1e-4, rtol=0)


def test_a_cold_start_learns_to_reach_the_goal() -> None:
    settings = {
        "iterations": 6,
        "rollouts": 8,
        "cost.action_weight": ACTION_WEIGHT,
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
    assert seen[-1].feature_gap < 0.5 * seen[0].feature_gap


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
