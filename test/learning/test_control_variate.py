# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The control variate where the linear-Gaussian model is exact."""

import torch
from point_mass import PointMass, dynamics, expert, features

from irl_ros.learning.control_variate import control_variate, input_marginals
from irl_ros.learning.cost import Cost, CostConfig

GOAL = torch.tensor([0.4, 0.3], dtype=torch.float64)
FEATURES, CONTROLLER = features(GOAL), expert(GOAL)
MARGINALS = input_marginals(CONTROLLER, dynamics(), FEATURES)


def make(kind: str) -> Cost:
    config = CostConfig(kind=kind, hidden=(10,), features=12, initial_noise=1.0)
    cost = Cost(config, torch.ones(4).double(), torch.Generator().manual_seed(0))
    with torch.no_grad():
        cost.transform.bias.fill_(0.3)
    return cost


def sampled(count: int, seed: int) -> torch.Tensor:
    return FEATURES(PointMass(GOAL).sample(CONTROLLER, count, seed).trajectories.states)


def gradient(cost: Cost, value: torch.Tensor) -> torch.Tensor:
    return torch.cat([g.flatten() for g in torch.autograd.grad(value, list(cost.parameters()))])


def test_of_a_quadratic_cost_all_noise_is_taken_off() -> None:
    cost = make("affine")
    found = []
    for seed in (0, 1):
        inputs = sampled(5, seed)
        mean = cost.state_cost(inputs).sum(dim=1).mean()
        found.append(gradient(cost, mean - control_variate(cost, MARGINALS, inputs)))
    torch.testing.assert_close(found[0], found[1])
    plain = [gradient(cost, cost.state_cost(sampled(5, s)).sum(dim=1).mean()) for s in (0, 1)]
    assert float((plain[0] - plain[1]).norm()) > 1e-3 * float(plain[0].norm())


def test_of_a_neural_cost_most_noise_is_taken_off_without_bias() -> None:
    cost = make("neural")
    plain, less, variates = [], [], []
    for seed in range(40):
        inputs = sampled(5, seed)
        noisy = gradient(cost, cost.state_cost(inputs).sum(dim=1).mean())
        variate = gradient(cost, control_variate(cost, MARGINALS, inputs))
        plain.append(noisy)
        less.append(noisy - variate)
        variates.append(variate)
    variance = torch.stack(plain).var(dim=0).sum()
    assert float(torch.stack(less).var(dim=0).sum()) < 0.2 * float(variance)
    error = torch.stack(variates).mean(dim=0).norm()
    assert float(error) < 3 * float((torch.stack(variates).var(dim=0).sum() / 40).sqrt())
