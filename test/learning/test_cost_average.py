# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The mean of costs against the costs themselves."""

from pathlib import Path

import pytest
import torch

from irl_ros.core.errors import DataError
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.artifacts import cost_to_bytes, load_cost
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_average import average_cost

CONFIG = CostConfig(hidden=(10, 9), features=12, initialisation="random", action_weight=0.7)
SCALE = torch.tensor([0.5, 2.0, 1.0]).double()


def costs(count: int, config: CostConfig = CONFIG) -> list[Cost]:
    members = [Cost(config, SCALE, torch.Generator().manual_seed(seed)) for seed in range(count)]
    for index, member in enumerate(members):
        torch.nn.init.constant_(member.transform.bias, 0.2 * (index + 1))
    return members


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(7)).double()


def test_it_is_the_mean_in_value_and_expansion_and_can_be_stored(tmp_path: Path) -> None:
    members = costs(3)
    file = tmp_path / "cost.safetensors"
    file.write_bytes(cost_to_bytes(average_cost(members), {}))
    mean = load_cost(file)[0]
    inputs, actions = draw(4, 5, 3), draw(4, 5, 2)
    expected = torch.stack([member.evaluate(inputs, actions) for member in members]).mean(dim=0)
    torch.testing.assert_close(mean.evaluate(inputs, actions), expected)
    features = AffineFeatures(torch.eye(3).double(), torch.zeros(3).double())
    whole = mean.expand(features, inputs, actions)
    parts = [member.expand(features, inputs, actions) for member in members]
    for name in ("matrix", "vector", "constant"):
        torch.testing.assert_close(
            getattr(whole, name), sum(getattr(part, name) for part in parts) / 3
        )


def test_costs_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(DataError, match="0 costs"):
        average_cost([])
    other = Cost(CONFIG, 2 * SCALE, torch.Generator().manual_seed(0))
    with pytest.raises(DataError, match="different form or input scale"):
        average_cost([costs(1)[0], other])
    with pytest.raises(DataError, match="affine"):
        average_cost(costs(2, CostConfig(kind="affine")))
