# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Soft Q-learning against soft value iteration and the soft linear-quadratic regulator."""

import math

import pytest
import torch
from torch import Tensor, nn

from irl_ros.core.errors import LearningError, ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.artifacts import cost_from_bytes, cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.placed_cost import PlacedCost
from irl_ros.learning.planning.model import LinearModel
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.soft_q import QNetwork, SoftQConfig, SoftQLearning
from irl_ros.learning.planning.soft_q_policy import (
    ActionCells,
    SoftQPolicy,
    action_grid,
    soft_value,
)
from irl_ros.learning.transitions import Transitions

DISCOUNT, ALPHA = 0.8, 0.5


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- A finite problem --------------------------------------------------------------------------

# Two actions in three states; each leads to one of four equally likely successors.
SUCCESSORS = torch.tensor(
    [[[0, 1, 1, 2], [2, 2, 2, 0]], [[1, 1, 0, 0], [2, 2, 1, 2]], [[0, 0, 0, 0], [1, 2, 1, 2]]]
)
COSTS = torch.tensor([[1.0, -0.5], [0.2, 0.7], [-1.0, 2.0]], dtype=torch.float64)
SINGLE = ActionCells(torch.tensor([[0.0], [1.0]]).double(), torch.zeros(1).double())


class Table(nn.Module):
    """Q of a state that is one-hot, and of action 0 or 1."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(3, 2, dtype=torch.float64))

    def forward(self, states: Tensor, actions: Tensor) -> Tensor:
        rows = states @ self.table
        return torch.where(actions[..., 0] > 0.5, rows[..., 1], rows[..., 0])


def tabular_cost(states: Tensor, actions: Tensor) -> Tensor:
    rows = states @ COSTS
    return torch.where(actions[:, 0] > 0.5, rows[:, 1], rows[:, 0])


def every_transition() -> Transitions:
    eye = torch.eye(3, dtype=torch.float64)
    rows = [(s, a, int(after)) for s in range(3) for a in range(2) for after in SUCCESSORS[s, a]]
    return Transitions(
        torch.stack([eye[s] for s, _, _ in rows]),
        torch.tensor([[float(a)] for _, a, _ in rows], dtype=torch.float64),
        torch.stack([eye[after] for _, _, after in rows]),
    )


def soft_values() -> Tensor:
    """Return Q of soft value iteration, each sum written out."""
    values = [0.0, 0.0, 0.0]
    for _ in range(300):
        q = [
            [
                -float(COSTS[s, a]) + DISCOUNT * sum(values[n] for n in SUCCESSORS[s, a]) / 4
                for a in range(2)
            ]
            for s in range(3)
        ]
        values = [ALPHA * math.log(sum(math.exp(v / ALPHA) for v in row)) for row in q]
    return torch.tensor(q, dtype=torch.float64)


def test_a_table_reaches_soft_value_iteration() -> None:
    network = Table()
    config = SoftQConfig(ALPHA, DISCOUNT, learning_rate=0.05, batch=24, target_period=50)
    learner = SoftQLearning(network, tabular_cost, SINGLE, config, generator())
    learner.learn(every_transition(), 3000)
    exact = soft_values()
    torch.testing.assert_close(network.table.detach(), exact, atol=2e-3, rtol=0)
    policy = learner.policy(5)
    states = torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(
        policy.log_probabilities(states).exp(), torch.softmax(exact / ALPHA, 1), atol=2e-3, rtol=0
    )
    batch = Trajectories(states.unsqueeze(0), torch.tensor([[[1.0], [0.0], [1.0]]]).double())
    log_policy = torch.log_softmax(exact / ALPHA, dim=1)
    expected = float(log_policy[0, 1] + log_policy[1, 0] + log_policy[2, 1])
    assert float(policy.log_prob(batch)) == pytest.approx(expected, abs=0.01)


# --- The linear-quadratic regulator ------------------------------------------------------------

A, B, Q, R = 0.9, 0.5, 1.0, 0.4


class Quadratic(nn.Module):
    """Q = w . (x^2, x u, u^2, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(4, dtype=torch.float64))

    def forward(self, states: Tensor, actions: Tensor) -> Tensor:
        x, u = states[..., 0], actions[..., 0]
        return torch.stack([x * x, x * u, u * u, torch.ones_like(x)], dim=-1) @ self.weights


def quadratic_cost(states: Tensor, actions: Tensor) -> Tensor:
    return 0.5 * (Q * states[..., 0].square() + R * actions[..., 0].square())


def riccati() -> tuple[float, float, float, float]:
    """Return P, the gain, the variance and the constant of V = -P x^2 / 2 + k."""
    p = 0.0
    for _ in range(1000):
        p = Q + DISCOUNT * A * A * p - (DISCOUNT * A * B * p) ** 2 / (R + DISCOUNT * B * B * p)
    curvature = R + DISCOUNT * B * B * p
    constant = 0.5 * ALPHA * math.log(2 * math.pi * ALPHA / curvature) / (1 - DISCOUNT)
    return p, -DISCOUNT * A * B * p / curvature, ALPHA / curvature, constant


def motions(count: int) -> Transitions:
    source = generator(1)
    states = 4 * torch.rand(count, 1, generator=source, dtype=torch.float64) - 2
    actions = 6 * torch.rand(count, 1, generator=source, dtype=torch.float64) - 3
    return Transitions(states, actions, A * states + B * actions)


CELLS = action_grid(torch.tensor([[-8.0], [8.0]], dtype=torch.float64), 161)


def test_a_quadratic_reaches_the_soft_regulator() -> None:
    network = Quadratic()
    config = SoftQConfig(ALPHA, DISCOUNT, learning_rate=0.02, batch=200, target_period=80)
    learner = SoftQLearning(network, quadratic_cost, CELLS, config, generator())
    error = learner.learn(motions(200), 6000)
    assert error < 5e-3
    p, gain, variance, constant = riccati()
    policy = learner.policy(3)
    for x in (-1.0, 0.0, 1.5):
        state = torch.tensor([x], dtype=torch.float64)
        assert float(policy.value(state)) == pytest.approx(-0.5 * p * x * x + constant, abs=0.03)
        assert float(policy.action_mean(0, state)) == pytest.approx(gain * x, abs=0.01)
        chances = policy.log_probabilities(state).exp()
        spread = chances @ (CELLS.actions[:, 0] - gain * x).square()
        assert float(spread) == pytest.approx(variance, rel=0.02)


def test_a_neural_network_comes_close_to_the_regulator() -> None:
    batch = motions(1000)
    costs = quadratic_cost(batch.states, batch.actions)
    network = QNetwork((16, 16), batch, costs, DISCOUNT, generator())
    cells = action_grid(torch.tensor([[-3.0], [3.0]], dtype=torch.float64), 21)
    config = SoftQConfig(0.05, DISCOUNT, learning_rate=3e-3, batch=64, target_period=50)
    learner = SoftQLearning(network, quadratic_cost, cells, config, generator())
    learner.learn(batch, 1500)
    _, gain, _, _ = riccati()
    policy = learner.policy(3)
    for x in (-1.0, 1.0):
        state = torch.tensor([x], dtype=torch.float64)
        assert float(policy.action_mean(0, state)) == pytest.approx(gain * x, rel=0.1)


def test_planning_and_soft_q_optimise_the_same_saved_cost() -> None:
    source = generator(3)
    weight = R / 2
    cost = Cost(CostConfig(kind="affine", action_weight=weight), torch.tensor([2**0.5]), source)
    saved, _ = cost_from_bytes(cost_to_bytes(cost, {}))
    goal = 0.5
    one = torch.ones(1, 1, dtype=torch.float64)
    placed = PlacedCost(saved, AffineFeatures(one, goal * one[0]))

    def around_goal(states: Tensor, actions: Tensor) -> Tensor:
        with torch.no_grad():
            return placed(states, actions)

    # x' = x + B u: standing still at the goal is free, so discounted and summed costs agree there.
    model = LinearModel(torch.tensor([[1.0, B]]).double(), 0 * one[0], 1e-6 * one)
    steps = 12

    def total(policy: Policy) -> float:
        state, result = torch.tensor([-1.0], dtype=torch.float64), 0.0
        for step in range(steps):
            action = policy.action_mean(step, state)
            result += float(around_goal(state, action))
            state = model.predict(state, action)
        return result

    still = LinearGaussianController(
        0 * one.repeat(steps, 1, 1), 0 * one.repeat(steps, 1), one.repeat(steps, 1, 1)
    )
    best = 0.0
    for _ in range(steps):  # Riccati recursion of 1/2 x^2 + 1/2 R u^2
        best = 1.0 + best - (B * best) ** 2 / (R + B * B * best)
    optimum = 0.5 * best * (goal + 1) ** 2
    assert total(still) > 3 * optimum

    mppi = Mppi(
        MppiConfig(samples=512, horizon=steps, updates=3, temperature=0.01, target_ess=20),
        model.rollout,
        around_goal,
        0.5 * one,
    )
    assert optimum <= total(MppiPolicy(mppi, still, seed=0)) < 1.05 * optimum

    batch = motions(300)
    batch = Transitions(batch.states, batch.actions, model.predict(batch.states, batch.actions))

    class Moved(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Quadratic()

        def forward(self, states: Tensor, actions: Tensor) -> Tensor:
            found: Tensor = self.inner(states - goal, actions)
            return found

    config = SoftQConfig(0.1, 0.95, learning_rate=0.03, batch=300, target_period=50)
    learner = SoftQLearning(Moved(), around_goal, CELLS, config, generator())
    learner.learn(batch, 6000)
    assert optimum <= total(learner.policy(steps)) < 1.05 * optimum


# --- The policy --------------------------------------------------------------------------------


class Tilted(nn.Module):
    """Q = a . u, whatever the state."""

    def forward(self, states: Tensor, actions: Tensor) -> Tensor:
        return actions @ torch.tensor([1.0, -0.5], dtype=torch.float64) + 0 * states.sum(dim=-1)


def tilted_policy() -> SoftQPolicy:
    limits = torch.tensor([[-1.0, 0.0], [1.0, 3.0]], dtype=torch.float64)
    return SoftQPolicy(Tilted(), action_grid(limits, 16), 0.5, horizon=2)


def test_the_soft_value_is_the_integral() -> None:
    # int exp(2 u) du over [-1, 1], times int exp(-v) dv over [0, 3].
    exact = 0.5 * math.log(math.sinh(2.0) * (1 - math.exp(-3.0)))
    policy = tilted_policy()
    assert float(policy.value(torch.zeros(1).double())) == pytest.approx(exact, abs=5e-3)
    single = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert float(soft_value(single, 1.0, 0.0)) == pytest.approx(math.log(1 + math.e))


def test_the_policy_is_a_density() -> None:
    policy = tilted_policy()
    assert isinstance(policy, Policy)
    assert policy.horizon == 2
    source = generator(2)
    points = torch.rand(4000, 2, 2, generator=source, dtype=torch.float64)
    points = points * torch.tensor([2.0, 3.0]).double() - torch.tensor([1.0, 0.0]).double()
    states = torch.zeros(4000, 2, 1, dtype=torch.float64)
    densities = policy.log_prob(Trajectories(states, points)).exp()
    # The mean over the box times its volume, squared for two steps, is the integral.
    assert float(densities.mean()) * 36 == pytest.approx(1.0, rel=0.06)
    outside = torch.full((1, 2, 2), 5.0, dtype=torch.float64)
    assert float(policy.log_prob(Trajectories(states[:1], outside))) == -math.inf


def test_samples_follow_the_density() -> None:
    policy, source, state = tilted_policy(), generator(4), torch.zeros(1, dtype=torch.float64)
    drawn = torch.stack([policy.sample(0, state, source) for _ in range(3000)])
    assert float(drawn[:, 0].min()) >= -1.0
    assert float(drawn[:, 1].max()) <= 3.0
    torch.testing.assert_close(drawn.mean(dim=0), policy.action_mean(0, state), atol=0.05, rtol=0)
    # Within their cells actions are spread evenly: none repeats.
    assert len(torch.unique(drawn[:, 0])) == 3000
    chosen = SoftQPolicy(Table(), SINGLE, 1.0, 1).sample(0, torch.eye(3).double()[0], source)
    assert chosen.item() in {0.0, 1.0}


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="not above 100000"):
        action_grid(torch.tensor([[0.0] * 7, [1.0] * 7]), 10)
    with pytest.raises(ParameterError, match="give positive ones, or 0 for all"):
        ActionCells(torch.zeros(2, 2), torch.tensor([0.0, 1.0]))
    config = SoftQConfig(learning_rate=10.0, discount=0.9)
    learner = SoftQLearning(Quadratic(), quadratic_cost, CELLS, config, generator())
    with pytest.raises(ParameterError, match="steps = 0"):
        learner.learn(motions(4), 0)
    bad = SoftQLearning(Quadratic(), lambda x, _: math.nan * x[:, 0], CELLS, config, generator())
    with pytest.raises(LearningError, match="Q diverges"):
        bad.learn(motions(4), 3)
