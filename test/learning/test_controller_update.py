# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear-quadratic control and the KL-limited step against closed forms and an integral."""

import math

import pytest
import torch

from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_update import (
    ControllerUpdateConfig,
    constrained_step,
    step_multiplier,
)
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.importance import log_mixture
from irl_ros.learning.lqr import LinearDynamics, expected_cost, kl_divergence, propagate, solve
from irl_ros.learning.objective import guided_cost_loss

T = 20
A = torch.tensor([[1.0, 0.1], [0.0, 1.0]], dtype=torch.float64)
B = torch.tensor([[0.005], [0.1]], dtype=torch.float64)
START = torch.tensor([1.0, 0.0], dtype=torch.float64)


def problem(
    q1: float = 1.0, q2: float = 0.1, r: float = 0.1, noise: float = 0.0
) -> tuple[QuadraticCost, LinearDynamics]:
    """Return c = 1/2 sum_t (q1 x1^2 + q2 x2^2 + r u^2) on a double integrator (fixture F1)."""
    matrix = torch.diag(torch.tensor([q1, q2, r], dtype=torch.float64)).expand(T, 3, 3)
    zeros = torch.zeros(T, 3, dtype=torch.float64)
    cost = QuadraticCost(matrix, zeros, torch.zeros(T, dtype=torch.float64))
    dynamics = LinearDynamics(
        torch.cat([A, B], dim=1).expand(T - 1, 2, 3),
        torch.zeros(T - 1, 2, dtype=torch.float64),
        noise * torch.eye(2, dtype=torch.float64).expand(T - 1, 2, 2),
        START,
        torch.zeros(2, 2, dtype=torch.float64),
    )
    return cost, dynamics


def hessian_in_actions() -> tuple[torch.Tensor, torch.Tensor, float]:
    """Write the cost of F1 as 1/2 U^T H U + g^T U + c0 of all actions U, without any recursion."""

    def total(actions: torch.Tensor) -> torch.Tensor:
        state, cost = START, torch.zeros((), dtype=torch.float64)
        for step in range(T):
            action = actions[step : step + 1]
            cost = cost + 0.5 * (state[0] ** 2 + 0.1 * state[1] ** 2 + 0.1 * action[0] ** 2)
            state = A @ state + B @ action
        return cost

    zero = torch.zeros(T, dtype=torch.float64, requires_grad=True)
    hessian = torch.autograd.functional.hessian(total, zero.detach())
    gradient = torch.autograd.grad(total(zero), zero)[0]
    return hessian, gradient, float(total(zero.detach()))


def passive() -> LinearGaussianController:
    """Return the controller K = k = 0 with unit variance (the start of fixture F3)."""
    return LinearGaussianController(
        torch.zeros(T, 1, 2, dtype=torch.float64),
        torch.zeros(T, 1, dtype=torch.float64),
        torch.ones(T, 1, 1, dtype=torch.float64),
    )


def test_log_partition_equals_the_gaussian_integral_and_the_published_value() -> None:
    cost, dynamics = problem()
    hessian, gradient, constant = hessian_in_actions()
    minimum = constant - 0.5 * float(gradient @ torch.linalg.solve(hessian, gradient))
    integral = -minimum + 0.5 * T * math.log(2 * math.pi) - 0.5 * float(torch.logdet(hessian))
    solution = solve(cost, dynamics)
    assert solution.log_partition == pytest.approx(integral, abs=1e-9)
    assert solution.log_partition == pytest.approx(35.2968280387, abs=1e-9)
    assert minimum == pytest.approx(4.4408489514, abs=1e-9)


def test_first_gain_and_covariance_are_the_known_ones() -> None:
    controller = solve(*problem()).controller
    assert controller.gains[0, 0].tolist() == pytest.approx([-2.71455858, -2.48119319], abs=1e-7)
    assert float(controller.covariances[0]) == pytest.approx(7.65453474, abs=1e-7)


def test_expected_cost_under_the_optimum_is_minimum_plus_half_the_action_count() -> None:
    cost, dynamics = problem()
    marginals = propagate(solve(cost, dynamics).controller, dynamics)
    assert float(expected_cost(cost, marginals).sum()) == pytest.approx(14.4408489514, abs=1e-8)


def roll_out(controller: LinearGaussianController, count: int, seed: int) -> Trajectories:
    """Run the controller on the noise-free double integrator."""
    generator = torch.Generator().manual_seed(seed)
    states = torch.empty(count, T, 2, dtype=torch.float64)
    actions = torch.empty(count, T, 1, dtype=torch.float64)
    for index in range(count):
        state = START
        for step in range(T):
            action = controller.sample(step, state, generator)
            states[index, step], actions[index, step] = state, action
            state = A @ state + B @ action
    return Trajectories(states, actions)


def test_importance_weights_under_the_optimal_controller_have_no_variance() -> None:
    cost, dynamics = problem()
    solution = solve(cost, dynamics)
    runs = roll_out(solution.controller, 32, seed=3)
    z = torch.cat([runs.states, runs.actions], dim=-1)
    costs = 0.5 * torch.einsum("mti,tij,mtj->m", z, cost.matrix, z)
    log_weights = -costs - solution.controller.log_prob(runs)
    assert float(log_weights.std()) < 1e-12
    assert float(log_weights.mean()) == pytest.approx(35.2968280387, abs=1e-9)


@pytest.mark.parametrize(
    ("limit", "dual"), [(0.2, 6.38664350), (2.0, 1.47271107), (10.0, 0.38587208)]
)
def test_the_constrained_step_meets_its_limit_at_the_known_dual(limit: float, dual: float) -> None:
    step = constrained_step(*problem(), passive(), limit)
    assert step.kl == pytest.approx(limit, abs=1e-8)
    assert step.dual == pytest.approx(dual, rel=1e-6)
    assert step.predicted_objective < step.previous_objective


def test_a_wide_limit_gives_the_unconstrained_optimum() -> None:
    cost, dynamics = problem()
    step = constrained_step(cost, dynamics, passive(), 1000.0)
    assert step.dual == 0.0
    assert step.kl == pytest.approx(68.81017349, abs=1e-7)
    torch.testing.assert_close(step.controller.gains, solve(cost, dynamics).controller.gains)


def test_kl_falls_as_the_dual_grows() -> None:
    limits = [0.1, 0.5, 2.0, 8.0, 32.0]
    duals = [constrained_step(*problem(), passive(), limit).dual for limit in limits]
    assert duals == sorted(duals, reverse=True)


def test_partition_gradients_with_respect_to_the_cost_weights() -> None:
    """Compare -d log Z / d(q1, q2, r) with expected features under the model (fixture F4)."""
    expected = (3.84556614, 5.78374837, 100.16908013)
    cost, dynamics = problem()
    marginals = propagate(solve(cost, dynamics).controller, dynamics)
    second = marginals.covariances + torch.einsum("ti,tj->tij", marginals.means, marginals.means)
    features = 0.5 * second.diagonal(dim1=1, dim2=2).sum(dim=0)
    assert features.tolist() == pytest.approx(expected, rel=1e-8)
    base = {"q1": 1.0, "q2": 0.1, "r": 0.1}
    for name, value in zip(base, expected, strict=True):
        step = 1e-5
        above = solve(*problem(**{**base, name: base[name] + step})).log_partition
        below = solve(*problem(**{**base, name: base[name] - step})).log_partition
        assert -(above - below) / (2 * step) == pytest.approx(value, rel=1e-6)


def test_potential_shaping_leaves_the_controller_and_shifts_log_partition() -> None:
    """Add Phi(x_{t+1}) - Phi(x_t), Phi = 1/2 x^T S x, at every step but the last, -Phi there."""
    cost, dynamics = problem()
    shape = torch.tensor([[0.7, 0.2], [0.2, 0.4]], dtype=torch.float64)
    forward = torch.cat([A, B], dim=1)
    change = forward.T @ shape @ forward
    change[:2, :2] -= shape
    matrix = cost.matrix.clone()
    matrix[:-1] += change
    matrix[-1, :2, :2] -= shape
    shaped = solve(QuadraticCost(matrix, cost.vector, cost.constant), dynamics)
    plain = solve(cost, dynamics)
    torch.testing.assert_close(shaped.controller.gains, plain.controller.gains)
    torch.testing.assert_close(shaped.controller.covariances, plain.controller.covariances)
    shift = 0.5 * float(START @ shape @ START)
    assert shaped.log_partition - plain.log_partition == pytest.approx(shift, abs=1e-9)


def test_kl_divergence_agrees_with_samples() -> None:
    _, dynamics = problem()
    new = solve(*problem()).controller
    exact = float(kl_divergence(new, passive(), propagate(new, dynamics)).sum())
    runs = roll_out(new, 1000, seed=0)
    gaps = new.log_prob(runs) - passive().log_prob(runs)
    assert exact == pytest.approx(float(gaps.mean()), abs=4 * float(gaps.std()) / 1000**0.5)


def test_without_entropy_the_noise_shrinks_step_by_step() -> None:
    controller = passive()
    for _ in range(12):
        controller = constrained_step(*problem(), controller, 5.0, temperature=0.0).controller
    with_entropy = passive()
    for _ in range(12):
        with_entropy = constrained_step(*problem(), with_entropy, 5.0).controller
    assert controller.entropy() < with_entropy.entropy() - 20
    assert float(controller.covariances.max()) < 0.1


WEIGHTS = (1.0, 0.1, 0.1)


def expected_features(weights: torch.Tensor) -> torch.Tensor:
    """Return E of sum_t (x1^2, x2^2, u^2) / 2 under the soft optimum of these weights."""
    cost, dynamics = problem(*weights.tolist())
    marginals = propagate(solve(cost, dynamics).controller, dynamics)
    second = marginals.covariances + torch.einsum("ti,tj->tij", marginals.means, marginals.means)
    return 0.5 * second.diagonal(dim1=1, dim2=2).sum(dim=0)


def fisher_information(weights: torch.Tensor) -> torch.Tensor:
    """Return d^2 log Z / d weights^2, the information that one demonstration carries."""
    columns = []
    for index in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[index] = 1e-4 * weights[index]
        change = expected_features(weights + step) - expected_features(weights - step)
        columns.append(-change / (2 * step[index]))
    information = torch.stack(columns, dim=1)
    return 0.5 * (information + information.T)


def test_fisher_information_predicts_the_published_accuracy() -> None:
    weights = torch.tensor(WEIGHTS, dtype=torch.float64)
    covariance = torch.linalg.inv(fisher_information(weights))
    for count, percents in ((40, (15.4, 52.9, 5.2)), (1000, (3.1, 10.6, 1.0))):
        relative = 100 * (covariance.diagonal() / count).sqrt() / weights
        assert relative.tolist() == pytest.approx(percents, abs=0.06)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weights_are_recovered_within_the_fisher_ellipsoid(seed: int) -> None:
    """Fit the three weights to 1000 demonstrations by Newton's method on the exact likelihood."""
    truth = torch.tensor(WEIGHTS, dtype=torch.float64)
    count = 1000
    runs = roll_out(solve(*problem()).controller, count, seed=seed)
    z = torch.cat([runs.states, runs.actions], dim=-1)
    shown = 0.5 * z.square().sum(dim=(0, 1)) / count
    weights = truth * torch.tensor([1.3, 0.8, 1.1], dtype=torch.float64)
    for _ in range(8):
        gradient = shown - expected_features(weights)
        weights = weights - torch.linalg.solve(fisher_information(weights), gradient)
    torch.testing.assert_close(expected_features(weights), shown, rtol=1e-6, atol=0.0)
    miss = weights - truth
    distance = float(count * miss @ fisher_information(truth) @ miss)
    assert distance < 7.815  # 95 % quantile of chi-squared with 3 degrees of freedom


def test_fused_estimate_of_the_partition_function_is_unbiased() -> None:
    """Three controllers around the optimum; the mean of many small estimates is Z."""
    cost, dynamics = problem()
    optimum = solve(cost, dynamics)
    controllers = [
        LinearGaussianController(
            scale * optimum.controller.gains,
            optimum.controller.offsets + shift,
            spread * optimum.controller.covariances,
        )
        for scale, shift, spread in ((1.0, 0.3, 1.5), (0.9, -0.3, 1.8), (1.1, 0.0, 1.6))
    ]
    counts = torch.tensor([4.0, 4.0, 4.0], dtype=torch.float64)
    estimates = []
    for repetition in range(80):
        batches = [
            roll_out(controller, 4, seed=1000 * repetition + index)
            for index, controller in enumerate(controllers)
        ]
        samples = Trajectories(
            torch.cat([batch.states for batch in batches]),
            torch.cat([batch.actions for batch in batches]),
        )
        log_q = log_mixture(torch.stack([q.log_prob(samples) for q in controllers]), counts)
        z = torch.cat([samples.states, samples.actions], dim=-1)
        costs = 0.5 * torch.einsum("mti,tij,mtj->m", z, cost.matrix, z)
        nothing = torch.zeros(1, dtype=torch.float64)
        estimates.append(float(guided_cost_loss(nothing, costs, log_q)))
    log_ratio = torch.tensor(estimates, dtype=torch.float64) - optimum.log_partition
    ratio = log_ratio.exp()
    standard_error = float(ratio.std()) / len(ratio) ** 0.5
    assert float(ratio.mean()) == pytest.approx(1.0, abs=3 * standard_error)
    assert standard_error < 0.15
    assert float(log_ratio.mean()) < 0.0


def test_the_step_rule_keeps_good_steps_growing_and_cuts_bad_ones() -> None:
    config = ControllerUpdateConfig(smallest_multiplier=0.2, largest_multiplier=3.0)
    assert step_multiplier(1.0, predicted=10.0, actual=5.0, config=config) == pytest.approx(1.0)
    assert step_multiplier(1.0, predicted=10.0, actual=9.0, config=config) == 3.0
    assert step_multiplier(1.0, predicted=10.0, actual=-10.0, config=config) == 0.25
    assert step_multiplier(1.0, predicted=10.0, actual=-90.0, config=config) == 0.2
