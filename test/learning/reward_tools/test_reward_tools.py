# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shaping, canonical forms, distances and value differences against enumeration."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from point_mass import point_mass_problem

from irl_ros.core.errors import DataError
from irl_ros.learning.cost import Cost, CostConfig, QuadraticCost
from irl_ros.learning.lqr import LinearDynamics, solve
from irl_ros.learning.reward_tools.compare import compare_costs, compare_learned_costs
from irl_ros.learning.reward_tools.epic import (
    canonical_costs,
    canonical_table,
    epic_distance,
    pearson_correlation,
    pearson_distance,
)
from irl_ros.learning.reward_tools.shaping import remove_potential, shape_quadratic, shape_table
from irl_ros.learning.reward_tools.value_difference import (
    expected_value_difference,
    sampled_value_difference,
)
from irl_ros.learning.tabular.mdp import dense_mdp
from irl_ros.learning.transitions import Transitions

S, A = 4, 3
DISCOUNT = 0.9


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def distribution(*shape: int, seed: int) -> torch.Tensor:
    return torch.softmax(noise(*shape, seed=seed).flatten(), dim=0).reshape(shape)


STATES, ACTIONS = distribution(S, seed=1), distribution(A, seed=2)
COVERAGE = distribution(S, A, S, seed=3)
DYNAMICS = torch.softmax(noise(S, A, S, seed=4), dim=-1)
UNIFORM = torch.full((S,), 0.25, dtype=torch.float64)


def optimal_policy(costs: torch.Tensor, temperature: float) -> torch.Tensor:
    """Solve a discounted problem by 2000 (soft) Bellman backups, in costs."""
    values = torch.zeros(S, dtype=torch.float64)
    for _ in range(2000):
        q = (DYNAMICS * (costs + DISCOUNT * values)).sum(dim=-1)
        if temperature:
            values = -temperature * torch.logsumexp(-q / temperature, dim=1)
        else:
            values = q.min(dim=1).values
    if temperature:
        return torch.exp((values[:, None] - q) / temperature)
    return (q == q.min(dim=1, keepdim=True).values).double()


# --- Shaping -----------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_shaping_leaves_the_optimal_policy_alone(temperature: float) -> None:
    costs = noise(S, A, S)
    shaped = shape_table(costs, 5 * noise(S, seed=9), DISCOUNT)
    assert not torch.allclose(shaped, costs)
    torch.testing.assert_close(
        optimal_policy(shaped, temperature), optimal_policy(costs, temperature)
    )
    # What is not shaping does change it.
    other = costs + 5 * noise(S, A, S, seed=10)
    assert not torch.allclose(
        optimal_policy(other, temperature), optimal_policy(costs, temperature)
    )


def golden_problem() -> tuple[QuadraticCost, LinearDynamics]:
    """Return A = [[1, .1], [0, 1]], B = [.005, .1], c = 1/2 (x1^2 + .1 x2^2 + .1 u^2), T = 20."""
    forward = torch.tensor([[1.0, 0.1, 0.005], [0.0, 1.0, 0.1]], dtype=torch.float64)
    weights = torch.diag(torch.tensor([1.0, 0.1, 0.1], dtype=torch.float64))
    zeros = torch.zeros(20, 3, dtype=torch.float64)
    dynamics = LinearDynamics(
        forward.expand(19, 2, 3),
        torch.zeros(19, 2, dtype=torch.float64),
        torch.zeros(19, 2, 2, dtype=torch.float64),
        torch.tensor([1.0, 0.0], dtype=torch.float64),
        torch.zeros(2, 2, dtype=torch.float64),
    )
    return QuadraticCost(weights.expand(20, 3, 3), zeros, zeros[:, 0]), dynamics


def test_quadratic_shaping_shifts_the_partition_function_alone() -> None:
    cost, dynamics = golden_problem()
    potential = torch.tensor([[0.7, 0.2], [0.2, 0.4]], dtype=torch.float64)
    plain, shaped = (
        solve(cost, dynamics),
        solve(shape_quadratic(cost, dynamics, potential), dynamics),
    )
    assert plain.log_partition == pytest.approx(35.2968280387, abs=1e-9)
    gains = plain.controller.gains
    assert gains[0, 0].tolist() == pytest.approx([-2.71455858, -2.48119319], abs=1e-8)
    torch.testing.assert_close(shaped.controller.gains, gains)
    torch.testing.assert_close(shaped.controller.covariances, plain.controller.covariances)
    start = dynamics.initial_mean
    shift = 0.5 * float(start @ potential @ start)
    assert shaped.log_partition - plain.log_partition == pytest.approx(shift, abs=1e-9)


def test_quadratic_shaping_knows_offsets_and_noise() -> None:
    cost, still = golden_problem()
    dynamics = LinearDynamics(
        still.matrices,
        noise(19, 2, seed=5),
        0.1 * torch.eye(2, dtype=torch.float64).expand(19, 2, 2),
        still.initial_mean,
        0.3 * torch.eye(2, dtype=torch.float64),
    )
    potential = torch.tensor([[0.7, 0.2], [0.2, 0.4]], dtype=torch.float64)
    plain, shaped = (
        solve(cost, dynamics),
        solve(shape_quadratic(cost, dynamics, potential), dynamics),
    )
    torch.testing.assert_close(shaped.controller.gains, plain.controller.gains)
    torch.testing.assert_close(shaped.controller.offsets, plain.controller.offsets)
    moment = dynamics.initial_covariance + torch.outer(still.initial_mean, still.initial_mean)
    shift = 0.5 * float((potential * moment).sum())
    assert shaped.log_partition - plain.log_partition == pytest.approx(shift, abs=1e-9)


def all_transitions() -> tuple[torch.Tensor, torch.Tensor]:
    eye = torch.eye(S, dtype=torch.float64)
    pairs = list(itertools.product(range(S), range(A), range(S)))
    return (
        torch.stack([eye[s] for s, _, _ in pairs]),
        torch.stack([eye[after] for _, _, after in pairs]),
    )


def test_a_removed_potential_leaves_what_was_there_before() -> None:
    costs, potential = noise(S, A, S), 3 * noise(S, seed=9)
    now, after = all_transitions()
    plain = remove_potential(costs.flatten(), now, after, DISCOUNT)
    shaped = remove_potential(
        shape_table(costs, potential, DISCOUNT).flatten(), now, after, DISCOUNT
    )
    torch.testing.assert_close(shaped.costs, plain.costs)
    torch.testing.assert_close(shaped.weights, plain.weights + potential)
    # Nothing is left of a pure potential, and the rest has the same canonical form.
    pure = shape_table(0 * costs, potential, DISCOUNT)
    nothing = remove_potential(pure.flatten(), now, after, DISCOUNT)
    assert float(nothing.costs.abs().max()) < 1e-12
    canonical = [
        canonical_table(table, STATES, ACTIONS, DISCOUNT)
        for table in (costs, plain.costs.reshape(S, A, S))
    ]
    torch.testing.assert_close(canonical[0], canonical[1])


def test_too_few_transitions_for_a_potential_are_refused() -> None:
    with pytest.raises(DataError, match="4 transitions for a potential of 4 features"):
        remove_potential(noise(4), noise(4, 4), noise(4, 4, seed=1), 1.0)


# --- EPIC --------------------------------------------------------------------------------------


def distance(first: torch.Tensor, second: torch.Tensor) -> float:
    return epic_distance(first, second, COVERAGE, STATES, ACTIONS, DISCOUNT)


def enumerated_distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """Follow the definitions term by term."""

    def canonical(c: torch.Tensor, s: int, a: int, after: int) -> float:
        total = float(c[s, a, after])
        for other, act, reached in itertools.product(range(S), range(A), range(S)):
            chance = float(STATES[other] * ACTIONS[act] * STATES[reached])
            total += chance * float(
                DISCOUNT * c[after, act, reached]
                - c[s, act, reached]
                - DISCOUNT * c[other, act, reached]
            )
        return total

    points = list(itertools.product(range(S), range(A), range(S)))
    chances = [float(COVERAGE[point]) for point in points]
    columns = [[canonical(c, *point) for point in points] for c in (first, second)]
    means = [sum(p * v for p, v in zip(chances, c, strict=True)) for c in columns]
    centred = [[v - m for v in c] for c, m in zip(columns, means, strict=True)]
    products = [
        sum(p * x * y for p, x, y in zip(chances, centred[i], centred[j], strict=True))
        for i, j in ((0, 1), (0, 0), (1, 1))
    ]
    rho = products[0] / math.sqrt(products[1] * products[2])
    return math.sqrt((1 - rho) / 2)


def test_epic_is_its_definition() -> None:
    first, second = noise(S, A, S), noise(S, A, S, seed=11)
    assert distance(first, second) == pytest.approx(enumerated_distance(first, second), abs=1e-12)


@given(st.integers(0, 1000), st.floats(0.01, 100.0), st.floats(-10.0, 10.0))
def test_epic_sees_neither_shaping_nor_scale_nor_shift(
    seed: int, scale: float, shift: float
) -> None:
    costs, potential = noise(S, A, S, seed=seed), noise(S, seed=seed + 1)
    same = scale * shape_table(costs, potential, DISCOUNT) + shift
    assert distance(costs, same) == pytest.approx(0.0, abs=1e-6)
    assert distance(costs, -same) == pytest.approx(1.0, abs=1e-6)


@given(st.integers(0, 1000))
def test_epic_is_a_metric(seed: int) -> None:
    one, two, three = (noise(S, A, S, seed=3 * seed + index) for index in range(3))
    assert distance(one, two) == pytest.approx(distance(two, one), abs=1e-12)
    assert 0 <= distance(one, two) <= 1
    assert distance(one, three) <= distance(one, two) + distance(two, three) + 1e-12


def test_a_cost_that_is_only_shaping_has_no_distance() -> None:
    nothing = shape_table(torch.zeros(S, A, S, dtype=torch.float64), noise(S), DISCOUNT)
    with pytest.raises(DataError, match="nothing to compare"):
        distance(nothing, noise(S, A, S))


def test_canonical_costs_of_samples_approach_those_of_the_table() -> None:
    costs = noise(S, A, S)
    now, after = all_transitions()
    acts = torch.arange(A).double().repeat_interleave(S).repeat(S).unsqueeze(1)

    def of_transition(x: torch.Tensor, u: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return costs[x.argmax(dim=1), u[:, 0].long(), y.argmax(dim=1)]

    order = torch.randint(len(acts), (2, 4000), generator=generator(0))
    drawn = Transitions(now[order[0]], acts[order[1]], after[order[0]])
    sampled = canonical_costs(of_transition, Transitions(now, acts, after), drawn, DISCOUNT)
    uniform = torch.full((A,), 1 / A, dtype=torch.float64)
    exact = canonical_table(costs, UNIFORM, uniform, DISCOUNT).flatten()
    torch.testing.assert_close(sampled, exact, atol=0.06, rtol=0)


def random_transitions(count: int, seed: int) -> Transitions:
    return Transitions(
        noise(count, 3, seed=seed), noise(count, 2, seed=seed + 1), noise(count, 3, seed=seed + 2)
    )


def test_a_comparison_by_samples_sees_no_shaping_either() -> None:
    batch = random_transitions(60, 0)

    def plain(x: torch.Tensor, u: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return x.square().sum(dim=1) + u.square().sum(dim=1)

    def shaped(x: torch.Tensor, u: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return 2 * (plain(x, u, y) + 0.9 * 5 * y.sin().sum(dim=1) - 5 * x.sin().sum(dim=1)) + 1

    comparison = compare_costs(plain, shaped, batch, DISCOUNT)
    assert comparison.epic == pytest.approx(0.0, abs=1e-6)
    assert comparison.correlation < 0.9
    assert comparison.transitions == 60
    opposite = compare_costs(plain, lambda x, u, y: -shaped(x, u, y), batch, DISCOUNT)
    assert opposite.epic == pytest.approx(1.0, abs=1e-6)


def test_pearson() -> None:
    x = noise(50)
    assert pearson_correlation(x, 3 * x + 1) == pytest.approx(1.0)
    assert pearson_distance(1.0) == 0.0
    assert pearson_distance(-1.0) == 1.0
    y = x + noise(50, seed=1)
    theirs = float(torch.corrcoef(torch.stack([x, y]))[0, 1])
    assert pearson_correlation(x, y) == pytest.approx(theirs)
    halves = torch.zeros(50, dtype=torch.float64)
    halves[:25] = 2.0
    assert pearson_correlation(x, y, halves) == pytest.approx(pearson_correlation(x[:25], y[:25]))


def test_learned_costs_are_compared_on_demonstrations() -> None:
    problem = point_mass_problem(torch.tensor([0.5, 1.0], dtype=torch.float64), count=4)
    config = CostConfig(hidden=(16,), features=16)
    first = Cost(config, problem.input_scale, generator(0))
    second = Cost(config, problem.input_scale, generator(1))
    shown = problem.inputs, problem.demonstrations.actions
    same = compare_learned_costs(first, first, *shown, generator(2), count=40)
    assert same.correlation == pytest.approx(1.0)
    assert same.epic == pytest.approx(0.0, abs=1e-7)
    other = compare_learned_costs(first, second, *shown, generator(2), count=40)
    assert 0.0 < other.epic < 0.5
    assert other.transitions == 40
    narrow = Cost(config, problem.input_scale[:2], generator(0))
    with pytest.raises(DataError, match="4 and 2 inputs, the demonstrations 4"):
        compare_learned_costs(first, narrow, *shown, generator(2))


# --- Expected value difference -----------------------------------------------------------------


@pytest.mark.parametrize("horizon", [None, 6])
def test_the_optimum_loses_nothing_and_others_what_enumeration_says(horizon: int | None) -> None:
    mdp = dense_mdp(DYNAMICS, STATES, horizon, 0.9)
    reward = noise(S, A, seed=6)
    stages = horizon or 1
    others = torch.full((stages, S, A), 1 / A, dtype=torch.float64)

    # Values by repeated backups, from the last step on.
    best = ours = torch.zeros(S, dtype=torch.float64)
    for _ in range(horizon or 1000):
        q = reward + 0.9 * (DYNAMICS * best).sum(dim=-1)
        best, greedy = q.max(dim=1)
        ours = (reward + 0.9 * (DYNAMICS * ours).sum(dim=-1)).mean(dim=1)
    expected = float(STATES @ (best - ours))
    assert expected_value_difference(mdp, reward, others) == pytest.approx(expected, abs=1e-9)
    if horizon is None:
        optimal = torch.nn.functional.one_hot(greedy, A).double().unsqueeze(0)
        assert expected_value_difference(mdp, reward, optimal) == pytest.approx(0.0, abs=1e-9)


def test_sampled_value_difference() -> None:
    best, other = noise(4000), 0.5 + 2 * noise(9000, seed=1)
    difference = sampled_value_difference(best, other)
    assert difference.mean == pytest.approx(0.5, abs=3 * difference.standard_error)
    assert difference.standard_error == pytest.approx(math.sqrt(1 / 4000 + 4 / 9000), rel=0.05)
    with pytest.raises(DataError, match="give at least 2"):
        sampled_value_difference(best[:1], other)
