# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The price of leaving what was shown."""

import pytest
import torch
from point_mass import point_mass_problem

from irl_ros.learning.planning.support import support_of


def test_what_was_shown_is_free_and_distance_costs() -> None:
    goal = torch.tensor([0.5, 1.0], dtype=torch.float64)
    problem = point_mass_problem(goal, count=4)
    price = support_of(problem, radius=0.5, weight=3.0, stride=1)
    # Each demonstration has its own goal; the same inputs at this one belong to other states.
    states = problem.inputs + torch.cat([goal, torch.zeros(2)])
    assert float(price(states).max()) == 0.0
    far = torch.tensor([100.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    nearest = float((problem.inputs.flatten(0, 1) - problem.features(far)).norm(dim=1).min())
    assert float(price(far)) == pytest.approx(3.0 * (nearest / 0.5 - 1) ** 2)


def test_every_few_steps_are_enough() -> None:
    problem = point_mass_problem(torch.tensor([0.5, 1.0], dtype=torch.float64), count=4)
    assert len(support_of(problem, 0.5, 1.0, stride=4).shown) == 4 * 8
