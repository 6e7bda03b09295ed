# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A double integrator with a quadratic cost, whose optimum and soft value are known."""

import torch

from irl_ros.core.policy import Policy
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.lqr import LinearDynamics, SoftSolution, solve
from irl_ros.learning.planning.model import LinearModel

STEPS = 20
START = torch.tensor([1.0, 0.0], dtype=torch.float64)
MATRIX = torch.tensor([[1.0, 0.1, 0.005], [0.0, 1.0, 0.1]], dtype=torch.float64)
WEIGHTS = torch.tensor([1.0, 0.1, 0.1], dtype=torch.float64)
MODEL = LinearModel(
    MATRIX, torch.zeros(2, dtype=torch.float64), 1e-8 * torch.eye(2, dtype=torch.float64)
)


def cost(states: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
    """Return c = 1/2 (x_1^2 + 0.1 x_2^2 + 0.1 u^2)."""
    return 0.5 * (torch.cat([states, actions], dim=-1).square() @ WEIGHTS)


def state_cost(states: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    """Return the same without its price on actions."""
    return 0.5 * (states.square() @ WEIGHTS[:2])


def soft_solution(weights: torch.Tensor = WEIGHTS, temperature: float = 1.0) -> SoftSolution:
    """Solve by the Riccati recursion."""
    matrix = torch.diag(weights).expand(STEPS, 3, 3)
    zeros = torch.zeros(STEPS, 3, dtype=torch.float64)
    dynamics = LinearDynamics(
        MATRIX.expand(STEPS - 1, 2, 3),
        torch.zeros(STEPS - 1, 2, dtype=torch.float64),
        torch.zeros(STEPS - 1, 2, 2, dtype=torch.float64),
        START,
        torch.zeros(2, 2, dtype=torch.float64),
    )
    cost = QuadraticCost(matrix, zeros, zeros[:, 0])
    return solve(cost, dynamics, temperature=temperature)


def run(policy: Policy, generator: torch.Generator | None = None) -> torch.Tensor:
    """Return the cost of executing mean actions, or sampled ones, from the start."""
    state, total = START, torch.zeros((), dtype=torch.float64)
    for step in range(policy.horizon):
        if generator is None:
            action = policy.action_mean(step, state)
        else:
            action = policy.sample(step, state, generator)
        total = total + cost(state, action)
        state = MODEL.predict(state, action)
    return total
