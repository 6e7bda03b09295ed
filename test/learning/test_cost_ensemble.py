# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Costs that agree on what was shown and not beyond."""

import pytest
import torch

from irl_ros.core.errors import DataError
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_ensemble import cost_ensemble

SHOWN = torch.linspace(0.5, 1.5, 40, dtype=torch.float64).unsqueeze(1)


def affine(weight: float, offset: float) -> Cost:
    cost = Cost(CostConfig(kind="affine"), torch.ones(1), torch.Generator().manual_seed(0))
    with torch.no_grad():
        cost.transform.weight.fill_(weight)
        cost.transform.bias.fill_(offset)
    return cost


def test_the_scale_of_a_cost_is_no_disagreement() -> None:
    ensemble = cost_ensemble([affine(1.0, 0.2), affine(7.0, 1.4)], SHOWN)
    score = ensemble.disagreement(torch.tensor([[0.7], [40.0]]).double())
    torch.testing.assert_close(score, torch.zeros(2).double(), atol=1e-9, rtol=0)


def test_disagreement_is_the_deviation_of_standardised_logarithms() -> None:
    ensemble = cost_ensemble([affine(1.0, 0.0), affine(1.0, 1.0)], SHOWN)
    place = torch.tensor([6.0]).double()
    values = []
    for offset in (0.0, 1.0):
        shown = 2 * (SHOWN[:, 0] + offset).log()
        values.append((2 * (place + offset).log() - shown.mean()) / shown.std())
    expected = torch.cat(values).std()
    torch.testing.assert_close(ensemble.disagreement(place), expected)
    near = ensemble.disagreement(SHOWN).max()
    assert float(near) < float(expected)


def test_one_cost_or_a_flat_one_is_refused() -> None:
    with pytest.raises(DataError, match="at least 2"):
        cost_ensemble([affine(1.0, 0.0)], SHOWN)
    with pytest.raises(DataError, match="the same everywhere"):
        cost_ensemble([affine(1.0, 0.0), affine(0.0, 1.0)], SHOWN)
