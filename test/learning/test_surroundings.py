# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a cost beside the demonstrations."""

import math

import pytest
import torch

from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.surroundings import Surroundings, aside, surroundings

PLACES = slice(0, 2)
SCALE = torch.tensor([0.5, 0.5, 2.0], dtype=torch.float64)


def shown() -> torch.Tensor:
    """Return 3 straight ways to the origin, with the speed as third input."""
    starts = torch.tensor([[1.0, 0.0], [1.0, 0.2], [1.0, -0.2]], dtype=torch.float64)
    left = torch.linspace(1, 0, 21, dtype=torch.float64)
    speed = torch.full((3, 21, 1), 1.5, dtype=torch.float64)
    return torch.cat([starts[:, None] * left[None, :, None], speed], dim=-1)


def around(seed: int = 0, *, each: bool = True) -> Surroundings:
    generator = torch.Generator().manual_seed(seed)
    config = ObjectiveConfig(aside_each=each)
    return surroundings(shown(), SCALE, PLACES, config, generator)


def test_the_rise_follows_from_the_distance_to_all_that_was_shown() -> None:
    found, config = around(), ObjectiveConfig()
    flat = shown().flatten(0, 1)
    for index in range(0, len(found.aside), 97):
        apart = (found.aside[index, :2] - flat[:, :2]) / SCALE[:2]
        distance = float(apart.square().mean(dim=1).sqrt().min())
        nearest = flat[found.nearest[index]]
        away = (found.aside[index, :2] - nearest[:2]) / SCALE[:2]
        assert float(away.square().mean().sqrt()) == pytest.approx(distance)
        rise = config.aside_rise * (1 - math.exp(-distance / config.aside_distance))
        assert float(found.rises[index]) == pytest.approx(rise, abs=1e-6)
    assert float(found.rises.max()) <= config.aside_rise


def test_inputs_lie_near_and_far_and_are_slowed_down() -> None:
    found = around()
    assert float(found.rises.quantile(0.2)) < 0.1 * ObjectiveConfig().aside_rise
    assert float(found.rises.max()) > 0.5 * ObjectiveConfig().aside_rise
    assert float(found.aside[:, 2].min()) < 0.1
    assert float(found.aside[:, 2].max()) <= 1.5 + 1e-9  # all move alike: no difference to add


@pytest.mark.parametrize("each", [True, False])
def test_inputs_that_were_always_shown_together_part(each: bool) -> None:
    """Two points of a plate that is never tilted move alike; beside it they need not."""
    level = shown()[..., [0, 0, 2]]
    generator = torch.Generator().manual_seed(0)
    config = ObjectiveConfig(aside_each=each)
    beside = surroundings(level, SCALE, PLACES, config, generator).aside
    tilt = (beside[:, 0] - beside[:, 1]).abs()
    if each:
        assert float(tilt[0::2].max()) < 1e-9
        assert float((tilt[1::2] > 0.05).double().mean()) > 0.2
    else:
        assert float(tilt.max()) < 1e-9


def test_the_penalty_of_known_costs() -> None:
    costs = torch.tensor([3.0, 5.0], dtype=torch.float64)
    nearest = torch.tensor([2.0, 2.0], dtype=torch.float64)
    rises = torch.tensor([4.0, 1.0], dtype=torch.float64)
    # The first lacks 3, the second is higher than it has to be.
    assert float(aside(costs, nearest, rises)) == pytest.approx(9.0 / 2)
    costs.requires_grad_()
    assert torch.autograd.gradcheck(lambda c: aside(c, nearest, rises), (costs,))


def test_a_copy_is_moved_as_a_whole_and_slowed_down() -> None:
    drawn = around().displacements((3, 20), torch.Generator().manual_seed(1))
    assert drawn.factors.shape == drawn.added.shape == (3, 20, 3)
    assert bool((drawn.factors[..., PLACES] == 1.0).all())
    assert bool((drawn.factors[..., 2] < 1.0).all())
    assert bool((drawn.factors[..., 2] >= 0.0).all())
    far = drawn.added[..., PLACES].norm(dim=-1)
    assert 0 < float(far.max()) < 0.5
    assert len(far.flatten().unique()) > 50  # each is moved by itself


def test_everything_follows_from_the_generator() -> None:
    assert torch.equal(around(3).aside, around(3).aside)
    assert not torch.equal(around(3).aside, around(4).aside)
    first, second = (around().beside((2, 50), torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, second)


def test_without_weight_nothing_is_drawn() -> None:
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    config = ObjectiveConfig(aside_weight=0.0)
    found = surroundings(shown(), SCALE, PLACES, config, generator)
    assert len(found.aside) == len(found.nearest) == len(found.rises) == 0
    assert found.beside((1, 0), generator).shape == (1, 0)
    assert found.displacements((1, 0), generator).added.shape == (1, 0, 3)
    assert torch.equal(generator.get_state(), before)
