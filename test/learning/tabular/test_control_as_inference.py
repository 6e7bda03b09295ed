# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Soft control and messages against enumeration, fixed points, Riccati and published numbers."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from enumeration import all_paths, counted
from scipy.linalg import solve_discrete_are

from irl_ros.core.errors import DataError, LearningError, ParameterError
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.lqr import LinearDynamics, propagate
from irl_ros.learning.lqr import solve as solve_riccati
from irl_ros.learning.tabular.mdp import Mdp, by_action, dense_mdp
from irl_ros.learning.tabular.messages import infer
from irl_ros.learning.tabular.problem import empirical_visits, expected_return, sample_paths
from irl_ros.learning.tabular.soft_control import (
    backup,
    soft_maximum,
    soft_policy,
    solve,
    sources_of,
    visitation,
)
from irl_ros.learning.tabular.worlds.gridworld import chain, grid, gridworld
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(
    seed: int = 0, horizon: int | None = 4, discount: float = 1.0
) -> tuple[Mdp, torch.Tensor]:
    """Return a stochastic process of 3 states and 2 actions, started anywhere, and a reward."""
    mdp = random_mdp(generator(seed), states=3, actions=2, horizon=horizon, discount=discount).mdp
    initial = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    reward = torch.randn(3, 2, generator=generator(seed + 1), dtype=torch.float64)
    return dataclasses.replace(mdp, initial=initial), reward


# --- Known answers -----------------------------------------------------------------------------


def test_the_clamped_chain_has_its_known_partition_and_first_action() -> None:
    """Fixture F5: 5 states, reward 1 in the last, 6 decisions, start in the first."""
    world = chain()
    solution = solve(world.mdp, world.reward)
    assert float(solution.values[0, 0]) == pytest.approx(4.4266562452, abs=1e-10)
    assert float(solution.policy[0, 0, 1]) == pytest.approx(0.5763773034, abs=1e-10)
    posterior = infer(world.mdp, world.reward)
    assert posterior.log_partition == pytest.approx(4.4266562452, abs=1e-10)
    assert float(posterior.policy[0, 0, 1]) == pytest.approx(0.5763773034, abs=1e-10)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_deterministic_messages_backups_and_enumeration_are_one(temperature: float) -> None:
    mdp = chain(states=4, horizon=4).mdp
    reward = torch.randn(4, 2, generator=generator(), dtype=torch.float64)
    paths = all_paths(mdp)
    weight = (reward[paths.states, paths.actions].sum(dim=1) / temperature).exp() * paths.luck
    expected = counted(mdp, paths, weight / weight.sum())
    posterior = infer(mdp, reward, temperature)
    assert posterior.log_partition == pytest.approx(math.log(weight.sum()), abs=1e-12)
    torch.testing.assert_close(posterior.visits, expected)
    solution = solve(mdp, reward, temperature)
    torch.testing.assert_close(visitation(mdp, solution.policy), expected)
    torch.testing.assert_close(temperature * posterior.log_backward, solution.action_values)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_stochastic_messages_equal_enumeration(temperature: float) -> None:
    mdp, reward = small()
    paths = all_paths(mdp)
    weight = (reward[paths.states, paths.actions].sum(dim=1) / temperature).exp() * paths.luck
    posterior = infer(mdp, reward, temperature)
    assert posterior.log_partition == pytest.approx(math.log(weight.sum()), abs=1e-12)
    torch.testing.assert_close(posterior.visits, counted(mdp, paths, weight / weight.sum()))
    torch.testing.assert_close(
        posterior.policy, posterior.visits / posterior.visits.sum(dim=-1, keepdim=True)
    )


def test_messages_can_keep_the_starts_fixed() -> None:
    mdp, reward = small()
    paths = all_paths(mdp)
    starts = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64)
    weight = reward[paths.states, paths.actions].sum(dim=1).exp() * paths.luck
    share, log_partitions = torch.zeros_like(weight), []
    for state in range(3):
        here = paths.states[:, 0] == state
        share += torch.where(here, starts[state] * weight / weight[here].sum(), 0.0)
        log_partitions.append((weight[here].sum() / mdp.initial[state]).log())
    posterior = infer(mdp, reward, starts=starts)
    torch.testing.assert_close(posterior.visits, counted(mdp, paths, share))
    mean = float((starts * torch.stack(log_partitions)).sum())
    assert posterior.log_partition == pytest.approx(mean, abs=1e-12)


def test_the_soft_policy_maximises_return_plus_entropy() -> None:
    """Against all policies that enumeration can reach: any step away from it is a loss."""
    mdp, reward = small(horizon=3)
    temperature = 0.7
    solution = solve(mdp, reward, temperature)
    paths = all_paths(mdp)
    steps = torch.arange(3)

    def objective(logits: torch.Tensor) -> torch.Tensor:
        log_policy = logits.log_softmax(dim=-1)
        log_chosen = log_policy[steps, paths.states, paths.actions]
        gain = reward[paths.states, paths.actions] - temperature * log_chosen
        return (paths.luck * log_chosen.sum(dim=1).exp() * gain.sum(dim=1)).sum()

    logits = (solution.action_values / temperature).requires_grad_()
    value = objective(logits)
    (slope,) = torch.autograd.grad(value, logits)
    assert float(slope.abs().max()) < 1e-12
    assert float(value.detach()) == pytest.approx(
        float((mdp.initial * solution.values[0]).sum()), abs=1e-12
    )
    other = logits.detach() + torch.randn(logits.shape, generator=generator(), dtype=torch.float64)
    assert float(objective(other)) < float(value.detach())


# --- Temperature -------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [6, None])
def test_the_limit_of_temperature_zero_is_hard_value_iteration(horizon: int | None) -> None:
    mdp, reward = small(horizon=horizon, discount=0.9)
    hard = torch.zeros(3, dtype=torch.float64)
    for _ in range(horizon or 1000):
        action_values = reward + 0.9 * mdp.expect(hard)
        hard = action_values.amax(dim=-1)
    exact = solve(mdp, reward, temperature=0.0)
    torch.testing.assert_close(exact.values[0], hard)
    chosen = torch.nn.functional.one_hot(action_values.argmax(dim=-1), 2).double()
    torch.testing.assert_close(exact.policy[0], chosen)
    gaps = [
        float((solve(mdp, reward, temperature).values[0] - hard).abs().max())
        for temperature in (1.0, 0.1, 0.01)
    ]
    # 0 <= V_alpha - V_0 <= alpha log A / (1 - gamma)
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] <= 0.01 * math.log(2) / (1 - 0.9)
    torch.testing.assert_close(solve(mdp, reward, 1e-3).policy[0], chosen, atol=1e-6, rtol=0)


def test_a_hot_policy_is_uniform_and_equal_actions_share() -> None:
    mdp, reward = small()
    hot = solve(mdp, reward, temperature=1e9).policy
    torch.testing.assert_close(hot, torch.full_like(hot, 0.5), atol=1e-8, rtol=0)
    values = torch.tensor([[1.0, 1.0, 0.0]], dtype=torch.float64)
    assert soft_policy(values, 0.0).tolist() == [[0.5, 0.5, 0.0]]


# --- Discounted, without end -------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.0, 0.2, 1.0])
def test_stationary_values_are_the_fixed_point_of_the_backups(temperature: float) -> None:
    world = gridworld(5, None, discount=0.95, failure=0.3)
    reward = by_action(world.mdp, world.reward)
    values = torch.zeros(25, dtype=torch.float64)
    for _ in range(1000):
        values = soft_maximum(backup(world.mdp, reward, values), temperature)
    solution = solve(world.mdp, world.reward, temperature)
    torch.testing.assert_close(solution.values[0], values, atol=1e-10, rtol=0)


def test_a_long_horizon_tends_to_none() -> None:
    mdp, reward = small(horizon=None, discount=0.8)
    solution = solve(mdp, reward)
    long = dataclasses.replace(mdp, horizon=150)
    finite = solve(long, reward)
    torch.testing.assert_close(finite.values[0], solution.values[0])
    visits = visitation(long, finite.policy).sum(dim=0)
    torch.testing.assert_close(visits, visitation(mdp, solution.policy)[0])
    assert float(visits.sum()) == pytest.approx(1 / (1 - 0.8))


def test_a_reward_that_is_not_finite_is_refused() -> None:
    mdp, reward = small(horizon=None, discount=0.8)
    with pytest.raises(LearningError, match="finite"):
        solve(mdp, reward * math.nan)


# --- Visits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [5, None])
def test_visits_begin_where_the_process_does(horizon: int | None) -> None:
    mdp, reward = small(horizon=horizon, discount=0.9)
    visits = visitation(mdp, solve(mdp, reward).policy)
    sources = sources_of(mdp, visits)
    torch.testing.assert_close(sources[0], mdp.initial)
    torch.testing.assert_close(sources[1:], torch.zeros_like(sources[1:]))


@pytest.mark.parametrize("horizon", [4, None])
def test_sampled_visits_tend_to_expected_ones(horizon: int | None) -> None:
    mdp, reward = small(horizon=horizon, discount=0.7)
    policy = solve(mdp, reward).policy
    paths = sample_paths(mdp, policy, 20000, horizon or 40, generator())
    expected = visitation(mdp, policy)
    torch.testing.assert_close(empirical_visits(mdp, paths), expected, atol=0.03, rtol=0)
    returns = (0.7 ** torch.arange(paths.states.shape[1])) * reward[paths.states, paths.actions]
    assert expected_return(mdp, reward, policy) == pytest.approx(
        float(returns.sum(dim=1).mean()), abs=0.03
    )


# --- Linear-quadratic --------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.6])
@pytest.mark.parametrize(("temperature", "discount"), [(1.0, 1.0), (0.4, 1.0), (1.7, 0.8)])
def test_on_a_lattice_soft_value_iteration_is_the_riccati_solution(
    noise: float, temperature: float, discount: float
) -> None:
    """Dynamics x' = x + u + h + w with x, u and w on a lattice of spacing h.

    The cost is 1/2 (x^2 + u^2) - 0.3 x + 0.1 u + 0.2. Sums over a lattice are integrals of
    Gaussians to many digits, so the tables have the continuous problem's values up to alpha log h
    in each step.
    """
    steps, spacing, reach = 5, 0.25, 40
    lattice = spacing * torch.arange(-reach, reach + 1, dtype=torch.float64)
    size = len(lattice)
    jumps = torch.arange(-20, 21) if noise else torch.zeros(1, dtype=torch.int64)
    weights = (-0.5 * (spacing * jumps.double() / max(noise, spacing)) ** 2).exp()
    index = torch.arange(size)
    reached = index[:, None, None] + (index - reach)[None, :, None] + 1 + jumps
    initial = torch.zeros(size, dtype=torch.float64)
    initial[reach + 4] = 1.0  # x_1 = 1
    mdp = Mdp(
        reached.clamp(0, size - 1),
        (weights / weights.sum()).expand(reached.shape),
        initial,
        steps,
        discount,
    )
    cell = temperature * math.log(spacing)
    of_state, of_action = 0.5 * lattice**2 - 0.3 * lattice, 0.5 * lattice**2 + 0.1 * lattice
    reward = cell - of_state[:, None] - of_action - 0.2
    tables = solve(mdp, reward, temperature)

    one = torch.ones(1, dtype=torch.float64)
    cost = QuadraticCost(
        torch.eye(2, dtype=torch.float64).expand(steps, 2, 2),
        torch.tensor([-0.3, 0.1], dtype=torch.float64).expand(steps, 2),
        torch.full((steps,), 0.2, dtype=torch.float64),
    )
    dynamics = LinearDynamics(
        torch.ones(steps - 1, 1, 2, dtype=torch.float64),
        torch.full((steps - 1, 1), spacing, dtype=torch.float64),
        torch.full((steps - 1, 1, 1), noise**2, dtype=torch.float64),
        one,
        torch.zeros(1, 1, dtype=torch.float64),
    )
    riccati = solve_riccati(cost, dynamics, temperature=temperature, discount=discount)
    value = temperature * riccati.log_partition
    assert float(tables.values[0, reach + 4]) == pytest.approx(value, abs=1e-7)
    visits = visitation(dataclasses.replace(mdp, discount=1.0), tables.policy)
    marginals = propagate(riccati.controller, dynamics)
    for step in range(steps):
        shares = tables.policy[step, reach + 4]
        mean = float((shares * lattice).sum())
        variance = float((shares * lattice**2).sum()) - mean**2
        expected = float(riccati.controller.action_mean(step, one)[0])
        assert mean == pytest.approx(expected, abs=1e-7)
        covariance = float(riccati.controller.covariances[step, 0, 0])
        assert variance == pytest.approx(covariance, abs=1e-7)
        states = visits[step].sum(dim=-1)
        spread = float((states * lattice**2).sum()) - float((states * lattice).sum()) ** 2
        assert spread == pytest.approx(float(marginals.covariances[step, 0, 0]), abs=1e-7)


def regulator(
    steps: int, start: tuple[float, float] = (0.0, 0.0)
) -> tuple[QuadraticCost, LinearDynamics, np.ndarray]:
    """Return a problem of two states and an action, and its [Q S; S^T R], which is no diagonal."""
    matrix = np.array([[1.0, 0.2, 0.1], [0.2, 0.5, -0.1], [0.1, -0.1, 0.3]])
    cost = QuadraticCost(
        torch.from_numpy(matrix).expand(steps, 3, 3),
        torch.zeros(steps, 3, dtype=torch.float64),
        torch.zeros(steps, dtype=torch.float64),
    )
    forward = torch.tensor([[1.1, 0.3, 0.1], [0.0, 0.9, 0.4]], dtype=torch.float64)
    dynamics = LinearDynamics(
        forward.expand(steps - 1, 2, 3),
        torch.zeros(steps - 1, 2, dtype=torch.float64),
        torch.zeros(steps - 1, 2, 2, dtype=torch.float64),
        torch.tensor(start, dtype=torch.float64),
        torch.zeros(2, 2, dtype=torch.float64),
    )
    return cost, dynamics, matrix


@pytest.mark.parametrize("discount", [1.0, 0.7])
@pytest.mark.parametrize("temperature", [1.0, 0.2])
def test_a_long_horizon_tends_to_the_algebraic_riccati_equation(
    temperature: float, discount: float
) -> None:
    """With a discount the equation is that of sqrt(gamma) A and sqrt(gamma) B."""
    cost, dynamics, matrix = regulator(200)
    forward = dynamics.matrices[0].numpy() * math.sqrt(discount)
    a, b = forward[:, :2], forward[:, 2:]
    q, r, s = matrix[:2, :2], matrix[2:, 2:], matrix[:2, 2:]
    p = solve_discrete_are(a, b, q, r, s=s)
    curvature = r + b.T @ p @ b
    solution = solve_riccati(cost, dynamics, temperature=temperature, discount=discount)
    gain, covariance = solution.controller.gains[0], solution.controller.covariances[0]
    np.testing.assert_allclose(gain, -np.linalg.solve(curvature, b.T @ p @ a + s.T), atol=1e-10)
    np.testing.assert_allclose(covariance, temperature * np.linalg.inv(curvature), atol=1e-10)
    # A start elsewhere costs 1/2 x^T P x more, whatever the temperature.
    start = (0.7, -1.2)
    _, away, _ = regulator(200, start)
    other = solve_riccati(cost, away, temperature=temperature, discount=discount)
    more = temperature * (solution.log_partition - other.log_partition)
    assert more == pytest.approx(0.5 * np.array(start) @ p @ np.array(start), abs=1e-9)


@pytest.mark.parametrize("discount", [1.0, 0.7])
def test_the_limit_of_temperature_zero_is_the_optimal_regulator(discount: float) -> None:
    """Actions are those of least squares, however noisy the dynamics; their spread vanishes."""
    steps, start = 4, (0.7, -1.2)
    cost, still, matrix = regulator(steps, start)
    noisy = dataclasses.replace(
        still, covariances=torch.eye(2, dtype=torch.float64).expand(steps - 1, 2, 2)
    )
    # All actions at once: the states are linear in them, so the cost is one quadratic form.
    forward = still.matrices[0].numpy()
    states, moved = [np.array(start)], [np.zeros((2, steps))]
    for step in range(steps - 1):
        states.append(forward[:, :2] @ states[-1])
        moved.append(forward[:, :2] @ moved[-1])
        moved[-1][:, step] += forward[:, 2]
    rows = [np.vstack([block, np.eye(steps)[step]]) for step, block in enumerate(moved)]
    hessian = sum(discount**step * row.T @ matrix @ row for step, row in enumerate(rows))
    slope = sum(
        discount**step * row.T @ matrix @ np.append(state, 0.0)
        for step, (row, state) in enumerate(zip(rows, states, strict=True))
    )
    actions = -np.linalg.solve(hessian, slope)
    least = 0.5 * sum(
        discount**step * point @ matrix @ point
        for step, (row, state) in enumerate(zip(rows, states, strict=True))
        for point in [np.append(state, 0.0) + row @ actions]
    )
    gaps = []
    for temperature in (1.0, 1e-3, 1e-6):
        soft = solve_riccati(cost, noisy, temperature=temperature, discount=discount)
        mean = propagate(soft.controller, still).means[:, 2]
        np.testing.assert_allclose(mean, actions, atol=1e-10)
        # The last action costs 1/2 R u^2 alone.
        variance = float(soft.controller.covariances[-1, 0, 0])
        assert variance == pytest.approx(temperature / matrix[2, 2])
        assert float(soft.controller.covariances.max()) <= variance
        hard = solve_riccati(cost, still, temperature=temperature, discount=discount)
        gaps.append(abs(-temperature * hard.log_partition - least))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-4


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_a_regulator_refuses_what_is_no_temperature_and_no_discount(bad: float) -> None:
    cost, dynamics, _ = regulator(3)
    with pytest.raises(ParameterError, match=f"temperature {bad}; give"):
        solve_riccati(cost, dynamics, temperature=bad)
    with pytest.raises(ParameterError, match=f"discount {bad}; give"):
        solve_riccati(cost, dynamics, discount=bad)
    with pytest.raises(ParameterError, match=r"discount 1\.1; give"):
        solve_riccati(cost, dynamics, discount=1.1)


# --- What is refused ---------------------------------------------------------------------------


def test_processes_are_checked_when_they_are_made() -> None:
    mdp, reward = small()
    with pytest.raises(DataError, match="not a distribution"):
        dense_mdp(torch.full((2, 1, 2), 0.4).double(), torch.tensor([1.0, 0.0]).double(), 3)
    with pytest.raises(DataError, match="below 1 where the horizon is None"):
        dataclasses.replace(mdp, horizon=None)
    with pytest.raises(DataError, match="horizon of 0"):
        dataclasses.replace(mdp, horizon=0)
    with pytest.raises(DataError, match="states 0 to 2"):
        dataclasses.replace(mdp, successors=mdp.successors + 1)
    with pytest.raises(DataError, match="float64"):
        dataclasses.replace(mdp, initial=mdp.initial.float())
    with pytest.raises(DataError, match="use soft_control"):
        infer(dataclasses.replace(mdp, discount=0.9), reward)


def test_moves_of_a_grid_fail_into_any_direction() -> None:
    corner = torch.tensor([1.0, 0, 0, 0, 0, 0], dtype=torch.float64)
    mdp = grid(3, 2, corner, 4, failure=0.4)
    after = [mdp.expect(row)[0, 0] for row in torch.eye(6, dtype=torch.float64)]
    # Right from the upper left: 0.6 + 0.1 right, 0.1 down, and 0.2 against the two edges.
    torch.testing.assert_close(torch.stack(after), torch.tensor([0.2, 0.7, 0, 0.1, 0, 0]).double())
