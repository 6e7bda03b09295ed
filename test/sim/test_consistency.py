# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The consistency experiment: its truth is the truth, and the objective finds it."""

import pytest
import torch

from irl_ros.learning.lqr import kl_divergence, propagate
from irl_ros.sim.analytic import AnalyticRollouts
from irl_ros.sim.consistency import VARIANTS, RememberingMass, expert, known_density, measure


def test_the_dynamics_are_those_of_the_plant() -> None:
    plant = RememberingMass()
    source = AnalyticRollouts(plant)
    dynamics = plant.linear_dynamics(source.horizon)
    controller = expert(0, dynamics, source.horizon)
    shown = source.sample(controller, 3, 0).trajectories
    joint = torch.cat([shown.states, shown.actions], dim=-1)[:, :-1]
    predicted = torch.einsum("sxz,msz->msx", dynamics.matrices, joint)
    torch.testing.assert_close(predicted, shown.states[:, 1:])
    torch.testing.assert_close(shown.states[:, 1:, 4:], shown.actions[:, :-1])


def test_the_known_density_is_that_of_the_expert() -> None:
    source = AnalyticRollouts(RememberingMass())
    dynamics = RememberingMass().linear_dynamics(source.horizon)
    controller = expert(1, dynamics, source.horizon)
    shown = source.sample(controller, 3, 0).trajectories
    density = known_density(controller)
    anywhere = torch.randn(3, 2, generator=torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(density.log_prob(shown, anywhere), controller.log_prob(shown))
    itself = density.controller(anywhere[0])
    marginals = propagate(controller, dynamics)
    assert float(kl_divergence(controller, itself, marginals).abs().max()) < 1e-9


def test_weights_and_entropy_are_needed() -> None:
    """Finn, Levine and Abbeel (2016), appendix B, on one expert with a small budget."""
    small = {"iterations": 6, "cost_update.steps": 60, "cost_update.learning_rate": 3e-2}
    found = {each.name: measure(0, each, small) for each in VARIANTS}
    true, estimated, unweighted, greedy = (found[each.name] for each in VARIANTS)
    assert true.divergence < 5
    assert estimated.divergence < 5
    assert unweighted.divergence > 5 * estimated.divergence
    assert unweighted.variance_ratio > 2
    assert true.variance_ratio == pytest.approx(1, abs=0.5)
    assert greedy.variance_ratio < 0.1
