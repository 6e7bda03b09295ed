# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A grid with coloured objects whose reward is no linear function of what can be seen."""

import torch

from irl_ros.learning.tabular.problem import World
from irl_ros.learning.tabular.worlds.gridworld import grid


def objectworld(
    generator: torch.Generator,
    *,
    size: int = 32,
    objects: int = 50,
    colours: int = 2,
    discount: float = 0.9,
    failure: float = 0.3,
) -> World:
    """Return the objectworld of Levine, Popovic and Koltun (2011), section 6.1.

    Objects with an outer and an inner colour are strewn over a grid. The reward is 1 in states
    within 3 cells of the first outer colour and within 2 of the second, -1 in others within 3 of
    the first, and 0 elsewhere; inner colours distract. The features are the distances to the
    nearest object of each outer and of each inner colour, in cells. Starts are uniform, actions
    are four moves and to stay.

    Args:
        generator: Source of places and colours.
        size: Number of rows and of columns.
        objects: Number of objects.
        colours: Number of outer and of inner colours, at least 2.
        discount: gamma.
        failure: Probability that an action fails into a random one.
    """
    places = torch.randperm(size * size, generator=generator)[:objects]
    outer = torch.randint(colours, (objects,), generator=generator)
    inner = torch.randint(colours, (objects,), generator=generator)
    outer[:colours] = inner[:colours] = torch.arange(colours)  # every colour exists
    cells = torch.arange(size * size)
    points = torch.stack([cells % size, cells // size], dim=1).to(torch.float64)
    away = torch.cdist(points, points[places])
    nearest = [
        away[:, kind == colour].amin(dim=1) for kind in (outer, inner) for colour in range(colours)
    ]
    features = torch.stack(nearest, dim=1)
    first, second = features[:, 0] <= 3, features[:, 1] <= 2
    reward = torch.where(first, torch.where(second, 1.0, -1.0), 0.0).to(torch.float64)
    uniform = torch.full((size * size,), 1 / size**2, dtype=torch.float64)
    mdp = grid(size, size, uniform, None, discount=discount, failure=failure, actions=5)
    return World(mdp, features, reward)
