# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Wandering is smooth, as wide as asked for, and enough to tell the dynamics."""

import pytest
import torch
from point_mass import MATRIX, PointMass

from irl_ros.learning.planning.model import fit_linear_model
from irl_ros.learning.planning.wander import wander
from irl_ros.learning.transitions import transitions_of


def test_wandering_tells_the_dynamics() -> None:
    source = PointMass(torch.zeros(2, dtype=torch.float64))
    batch = wander(source, 40, deviation=0.3, seed=0, smoothness=0.9)
    actions = batch.actions
    assert len(batch) == 40
    assert float(actions.std()) == pytest.approx(0.3, rel=0.1)
    neighbours = (actions[:, 1:] * actions[:, :-1]).mean() / actions.square().mean()
    assert float(neighbours) == pytest.approx(0.9, abs=0.05)
    model = fit_linear_model(transitions_of(batch))
    torch.testing.assert_close(model.matrix, MATRIX, atol=1e-6, rtol=0)
    again = wander(source, 40, deviation=0.3, seed=0, smoothness=0.9)
    assert torch.equal(again.states, batch.states)
    assert not torch.equal(wander(source, 40, 0.3, seed=1).states, batch.states)
