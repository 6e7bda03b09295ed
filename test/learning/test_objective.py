# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The objective against enumeration, its bound, its invariants and finite differences."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irl_ros.learning.importance import (
    effective_sample_size,
    log_mixture,
    normalise,
    pareto_shape,
    pareto_smooth,
    temper,
)
from irl_ros.learning.objective import (
    discriminator_loss,
    guided_cost_loss,
    local_constant_rate,
    loss_bound,
    monotonic,
    optimal_log_partition,
)


def numbers(count: int, seed: int, scale: float = 3.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(count, generator=generator, dtype=torch.float64)


def test_partition_of_a_chain_equals_enumeration() -> None:
    """Fixture F5: 5 clamped states, reward 1 in state 4, 6 decisions, start in state 0."""
    costs, first_right = [], []
    for path in itertools.product((-1, 1), repeat=6):
        state, reward = 0, 0.0
        for move in path:
            reward += state == 4
            state = min(max(state + move, 0), 4)
        costs.append(-reward)
        first_right.append(path[0] == 1)
    cost = torch.tensor(costs, dtype=torch.float64)
    uniform = torch.full_like(cost, -math.log(len(cost)))
    demonstration = torch.zeros(1, dtype=torch.float64)
    log_partition = float(guided_cost_loss(demonstration, cost, uniform))
    assert log_partition == pytest.approx(4.4266562452, abs=1e-10)
    share = normalise(-cost - uniform)[torch.tensor(first_right)].sum()
    assert float(share) == pytest.approx(0.5763773034, abs=1e-10)


@given(st.integers(0, 2**20), st.integers(1, 6), st.integers(0, 20))
def test_loss_stays_above_its_bound_with_demonstrations_in_the_background(
    seed: int, demonstrations: int, others: int
) -> None:
    costs = numbers(demonstrations + others, seed, scale=50.0)
    log_q = numbers(demonstrations + others, seed + 1, scale=20.0)
    loss = guided_cost_loss(costs[:demonstrations], costs, log_q)
    assert float(loss) >= float(loss_bound(log_q[:demonstrations], len(costs))) - 1e-9


def test_without_demonstrations_in_the_background_the_loss_has_no_bound() -> None:
    log_q = torch.zeros(4, dtype=torch.float64)
    demonstration = torch.zeros(1, dtype=torch.float64)
    losses = [
        float(guided_cost_loss(demonstration, torch.full_like(log_q, cost), log_q))
        for cost in (0.0, 1e3, 1e6)
    ]
    assert losses == pytest.approx([0.0, -1e3, -1e6])


def test_gradient_is_one_over_n_on_demonstrations_and_minus_the_weights_on_samples() -> None:
    demonstrations = numbers(3, 0).requires_grad_()
    samples = numbers(7, 1).requires_grad_()
    log_q = numbers(7, 2)
    guided_cost_loss(demonstrations, samples, log_q).backward()  # type: ignore[no-untyped-call]
    assert demonstrations.grad is not None
    assert samples.grad is not None
    torch.testing.assert_close(demonstrations.grad, torch.full_like(demonstrations, 1 / 3))
    torch.testing.assert_close(samples.grad, -normalise(-samples.detach() - log_q))
    assert torch.autograd.gradcheck(
        lambda d, s: guided_cost_loss(d, s, log_q, inverse_temperature=0.3),
        (demonstrations, samples),
    )


def test_order_of_samples_does_not_matter() -> None:
    costs, log_q, order = numbers(9, 3), numbers(9, 4), torch.randperm(9)
    one = guided_cost_loss(costs[:2], costs, log_q)
    other = guided_cost_loss(costs[:2].flip(0), costs[order], log_q[order])
    torch.testing.assert_close(one, other)


def test_regularisers_on_known_curves() -> None:
    line = torch.tensor([[5.0, 4.0, 3.0, 2.0]], dtype=torch.float64)
    bend = torch.tensor([[0.0, 1.0, 0.0, 3.0]], dtype=torch.float64)
    assert float(local_constant_rate(line)) == 0.0
    assert float(local_constant_rate(bend)) == pytest.approx(2.0**2 + 4.0**2)
    assert float(monotonic(line, margin=1.0)) == 0.0
    assert float(monotonic(line, margin=1.5)) == pytest.approx(3 * 0.25)
    # As printed (margin -1) only rises above 1 count.
    assert float(monotonic(bend, margin=-1.0)) == pytest.approx(2.0**2)
    assert float(monotonic(bend, margin=0.0)) == pytest.approx(1.0**2 + 3.0**2)


def test_a_wait_need_not_fall_while_a_long_step_must_fall_more() -> None:
    """Path lengths 0, 1 and 2 with a margin of 1: the falls asked for are 0, 1 and 2."""
    costs = torch.tensor([[5.0, 5.0, 4.0, 3.0]], dtype=torch.float64)
    path = torch.tensor([[0.0, 1.0, 2.0]], dtype=torch.float64)
    assert float(monotonic(costs, path)) == pytest.approx(1.0)
    assert float(monotonic(costs, 1.0)) == pytest.approx(1.0)
    assert float(monotonic(costs.flip(1), path)) == pytest.approx((0 + 1) ** 2 + (1 + 1) ** 2 + 4)


def test_regulariser_gradients_by_finite_differences() -> None:
    costs = numbers(12, 5).reshape(2, 6).requires_grad_()
    assert torch.autograd.gradcheck(local_constant_rate, (costs,))
    assert torch.autograd.gradcheck(lambda c: monotonic(c, 0.2), (costs,))


def test_the_last_step_counts() -> None:
    costs = torch.zeros(1, 5, dtype=torch.float64, requires_grad=True)
    changed = costs + torch.tensor([0.0, 0.0, 0.0, 0.0, 2.0]).double()
    assert float(local_constant_rate(changed.detach())) > 0
    assert float(monotonic(changed.detach(), 0.0)) > 0


def test_balance_heuristic_is_unbiased_where_equal_shares_are_not() -> None:
    """Target exp(-x^2/2) with Z = sqrt(2 pi); half the samples come from one of 11 densities."""
    generator = torch.Generator().manual_seed(0)
    means = torch.cat([torch.zeros(1), torch.linspace(-3, 3, 10)]).double()
    counts = torch.tensor([20000.0] + [2000.0] * 10, dtype=torch.float64)
    x = torch.cat(
        [
            mean + torch.randn(int(count), generator=generator, dtype=torch.float64)
            for mean, count in zip(means, counts, strict=True)
        ]
    )
    log_q = -0.5 * (x - means.unsqueeze(1)) ** 2 - 0.5 * math.log(2 * math.pi)
    nothing = torch.zeros(1, dtype=torch.float64)
    estimates = {}
    for equal in (False, True):
        log_z = guided_cost_loss(nothing, 0.5 * x**2, log_mixture(log_q, counts, equal=equal))
        estimates[equal] = math.exp(float(log_z)) / math.sqrt(2 * math.pi)
    assert estimates[False] == pytest.approx(1.0, abs=0.02)
    assert estimates[True] > 1.3


def test_weights_sum_to_one_and_effective_sample_size_has_its_limits() -> None:
    log_weights = numbers(50, 6)
    assert float(normalise(log_weights).sum()) == pytest.approx(1.0)
    assert effective_sample_size(torch.zeros(50, dtype=torch.float64)) == pytest.approx(50.0)
    one = torch.tensor([0.0, -900.0, -800.0], dtype=torch.float64)
    assert effective_sample_size(one) == pytest.approx(1.0)


def test_tempering_meets_its_target_and_leaves_even_weights_alone() -> None:
    log_weights = numbers(100, 7, scale=30.0)
    beta = temper(log_weights, 25.0)
    assert 0 < beta < 1
    assert effective_sample_size(beta * log_weights) == pytest.approx(25.0, abs=1e-6)
    assert temper(torch.zeros(10, dtype=torch.float64), 5.0) == 1.0


@pytest.mark.parametrize("shape", [0.2, 0.8])
def test_pareto_shape_recovers_the_tail_of_a_generalised_pareto(shape: float) -> None:
    generator = torch.Generator().manual_seed(1)
    uniform = torch.rand(20000, generator=generator, dtype=torch.float64)
    weights = 1 + (uniform ** (-shape) - 1) / shape
    assert pareto_shape(weights.log()) == pytest.approx(shape, abs=0.15)


def test_smoothing_keeps_the_order_and_the_largest_and_tames_one_outlier() -> None:
    log_weights = numbers(200, 3)
    smooth = pareto_smooth(log_weights)
    assert torch.equal(smooth.argsort(), log_weights.argsort())
    assert float(smooth.max()) <= float(log_weights.max()) + 1e-12
    body = log_weights.argsort()[:160]
    assert torch.equal(smooth[body], log_weights[body])
    spoiled = log_weights.clone()
    spoiled[0] = 30.0
    assert effective_sample_size(pareto_smooth(spoiled)) > effective_sample_size(spoiled)
    assert torch.equal(pareto_smooth(log_weights[:20]), log_weights[:20])


def test_smoothing_estimates_a_heavy_tailed_mean_better() -> None:
    """E[w] = 1 / (1 - k) of generalised Pareto weights of shape k = 0.6."""
    generator = torch.Generator().manual_seed(1)
    uniform = torch.rand(300, 100, generator=generator, dtype=torch.float64)
    weights = (uniform ** (-0.6) - 1) / 0.6
    smooth = torch.stack([pareto_smooth(row.log()).exp() for row in weights])
    error = (weights.mean(dim=1) - 2.5).square().mean()
    assert float((smooth.mean(dim=1) - 2.5).square().mean()) < 0.8 * float(error)


@pytest.mark.parametrize("below", [600.0, 700.0, 706.0, 712.0, 735.0, 800.0])
def test_smoothing_stays_finite_where_all_but_one_weight_vanish(below: float) -> None:
    """Down to where exp(-below) is no normal number any more, and beyond."""
    log_weights = -below - torch.arange(30, dtype=torch.float64)
    log_weights[0] = 0.0
    smooth = pareto_smooth(log_weights)
    assert bool(torch.isfinite(smooth).all())
    assert float(smooth.max()) <= 0.0


def test_pareto_shape_needs_a_tail() -> None:
    assert math.isnan(pareto_shape(numbers(10, 8)))


def test_weights_of_demonstrations_count() -> None:
    costs = numbers(3, 0)
    background, log_q = numbers(5, 1), numbers(5, 2)
    plain = guided_cost_loss(costs, background, log_q)
    even = guided_cost_loss(costs, background, log_q, demonstration_weights=torch.ones(3).double())
    torch.testing.assert_close(even, plain)
    one = torch.tensor([1.0, 1e-12, 1e-12], dtype=torch.float64)
    alone = guided_cost_loss(costs, background, log_q, demonstration_weights=one)
    torch.testing.assert_close(alone, guided_cost_loss(costs[:1], background, log_q))


def test_target_sizes_beyond_the_samples_are_met_as_well_as_can_be() -> None:
    log_weights = numbers(20, 3, scale=30.0)
    beta = temper(log_weights, 50.0)
    assert beta > 0
    assert effective_sample_size(beta * log_weights) == pytest.approx(19.8, abs=1e-6)


def test_pareto_shape_is_infinite_where_all_other_weights_vanish() -> None:
    assert pareto_shape(-1000.0 * torch.arange(100, dtype=torch.float64)) == math.inf


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_discriminator_has_the_gradient_of_guided_cost_learning(seed: int) -> None:
    """At the learned Z, with the mixture of model and sampler as the background's density."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(24, generator=generator, dtype=torch.float64)
    x[12:] = 1.5 * x[12:] + 0.7
    log_q = -0.5 * ((x - 0.7) / 1.5) ** 2 - math.log(1.5 * math.sqrt(2 * math.pi))
    theta = torch.tensor([0.4, -0.3, 0.1], dtype=torch.float64, requires_grad=True)
    costs = theta[0] * x**2 + theta[1] * x + theta[2] * x**4
    ratios = -costs - log_q
    log_partition = optimal_log_partition(ratios[:12], ratios[12:])
    odds = ratios - log_partition
    loss = discriminator_loss(odds[:12], odds[12:], demonstration_weights=torch.ones(12).double())
    (adversarial,) = torch.autograd.grad(loss, theta, retain_graph=True)
    half = math.log(0.5)
    log_mu = torch.logaddexp(half - costs - log_partition, half + log_q).detach()
    likelihood = guided_cost_loss(costs[:12], costs, log_mu)
    (guided,) = torch.autograd.grad(likelihood, theta, retain_graph=True)
    torch.testing.assert_close(adversarial, guided, rtol=1e-6, atol=1e-9)
    estimate = float((likelihood - costs[:12].mean()).detach())
    assert estimate == pytest.approx(log_partition, abs=1e-8)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
@pytest.mark.parametrize("loss", ["gcl", "gan"])
def test_both_losses_find_the_demonstrations_density_raised_above_the_sampler_s(
    loss: str, temperature: float
) -> None:
    """Costs a x^2 + b x on demonstrations p of N(0.5, 0.8^2) against samples q of N(0, 2^2).

    At temperature T the optimum is exp(-c) / Z = p^T q^(1 - T), which is p at 1 and where q is p.
    """
    quantiles = torch.distributions.Normal(0.0, 1.0).icdf(
        (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    )
    shown, drawn = 0.5 + 0.8 * quantiles, 2.0 * quantiles
    theta = torch.tensor([0.1, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [theta], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )
    log_scale = math.log(2 * math.sqrt(2 * math.pi))

    def cost(x: torch.Tensor) -> torch.Tensor:
        return theta[0] * x**2 + theta[1] * x

    def log_q(x: torch.Tensor) -> torch.Tensor:
        return -0.5 * (x / 2) ** 2 - log_scale

    def log_odds(x: torch.Tensor) -> torch.Tensor:
        return (-cost(x) - log_q(x) - theta[2]) / temperature

    def objective() -> torch.Tensor:
        optimiser.zero_grad()
        if loss == "gan":
            value = discriminator_loss(
                log_odds(shown),
                log_odds(drawn),
                demonstration_weights=torch.ones(2000, dtype=torch.float64),
            )
        else:
            value = guided_cost_loss(
                cost(shown), cost(drawn), log_q(drawn), inverse_temperature=1 / temperature
            )
        value.backward()
        return value

    optimiser.step(objective)
    precision = temperature / 0.8**2 + (1 - temperature) / 2**2
    log_partition = (
        temperature * (0.5 * math.log(2 * math.pi * 0.8**2) + 0.5**2 / (2 * 0.8**2))
        + (1 - temperature) * log_scale
    )
    assert theta[:2].tolist() == pytest.approx(
        [precision / 2, -temperature * 0.5 / 0.8**2], rel=2e-2
    )
    if loss == "gan":
        assert theta[2].item() == pytest.approx(log_partition, rel=2e-2)
