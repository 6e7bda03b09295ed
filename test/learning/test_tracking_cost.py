# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cost of leaving a path is quadratic, so its expansion is the cost itself."""

import pytest
import torch

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.tracking_cost import TrackingCost


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).double()


def test_the_expansion_is_the_cost() -> None:
    features = AffineFeatures(_random(3, 5), _random(3))
    cost = TrackingCost(_random(4, 3), _random(4, 2), _random(3).abs() + 0.1, 1.5)
    expansion = cost.expand(features, _random(2, 4, 5), _random(2, 4, 2))
    states, actions = 3 * _random(6, 4, 5), 3 * _random(6, 4, 2)
    z = torch.cat([states, actions], dim=-1)
    quadratic = 0.5 * torch.einsum("mti,tij,mtj->mt", z, expansion.matrix, z)
    expanded = quadratic + torch.einsum("ti,mti->mt", expansion.vector, z) + expansion.constant
    torch.testing.assert_close(expanded, cost.evaluate(features(states), actions))


def test_the_path_itself_costs_nothing() -> None:
    inputs, actions = _random(4, 3), _random(4, 2)
    cost = TrackingCost(inputs, actions, torch.ones(3).double(), 1.0)
    assert float(cost.evaluate(inputs[None], actions[None]).abs().max()) == 0.0


def test_bad_scales_are_refused() -> None:
    with pytest.raises(ParameterError, match="more than 0"):
        TrackingCost(_random(4, 3), _random(4, 2), torch.zeros(3).double(), 1.0)
