# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Grids on which every move may fail, and the clamped chain whose partition function is known."""

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.learning.tabular.mdp import Mdp
from irl_ros.learning.tabular.problem import World

MOVES = ((1, 0), (0, 1), (-1, 0), (0, -1), (0, 0))  # columns, rows; the last one stays


def grid(
    columns: int,
    rows: int,
    initial: Float[Tensor, " S"],
    horizon: int | None,
    *,
    discount: float = 1.0,
    failure: float = 0.0,
    actions: int = 4,
) -> Mdp:
    """Return a grid, state = row * columns + column; a move against the edge stays.

    Args:
        columns: Width.
        rows: Height.
        initial: p(s_1).
        horizon: Number of decisions, None without end.
        discount: gamma.
        failure: Probability that an action fails; the move is then any, all equally likely.
        actions: 4 moves; or 5, the fifth of which stays.
    """
    moves = torch.tensor(MOVES[:actions])
    cells = torch.arange(rows * columns)
    column = (cells[:, None] % columns + moves[:, 0]).clamp(0, columns - 1)
    row = (cells[:, None] // columns + moves[:, 1]).clamp(0, rows - 1)
    reached = row * columns + column
    chances = torch.full((actions, actions), failure / actions, dtype=torch.float64)
    chances += (1 - failure) * torch.eye(actions, dtype=torch.float64)
    return Mdp(
        successors=reached[:, None, :].expand(-1, actions, -1),
        probabilities=chances.expand(len(cells), -1, -1),
        initial=initial,
        horizon=horizon,
        discount=discount,
    )


def gridworld(size: int, horizon: int | None, *, discount: float, failure: float) -> World:
    """Return a square grid with reward 1 in the last corner and -1 in the middle.

    One feature for each state; it starts in the first corner.
    """
    features = torch.eye(size * size, dtype=torch.float64)
    reward = features[-1] - features[(size // 2) * (size + 1)]
    mdp = grid(
        size, size, features[0].clone(), horizon, discount=discount, failure=failure, actions=5
    )
    return World(mdp, features, reward)


def macrocells(
    size: int, cells: int, generator: torch.Generator, *, discount: float = 0.99
) -> World:
    """Return the gridworld of Abbeel and Ng (2004), section 5.1.

    Four moves, each failing with 30 % into a random one; the grid is divided into square regions,
    and the features say in which of them a state lies. Of the regions' rewards nine in ten are 0,
    the others uniform, and all together sum to 1. Starts are uniform.

    Args:
        size: Number of rows and of columns, 128 in the paper.
        cells: Number of regions, 64 in the paper; a square number.
        generator: Source of the rewards.
        discount: gamma.
    """
    side = round(cells**0.5)
    place = torch.arange(size) * side // size
    region = (place[:, None] * side + place[None, :]).flatten()
    features = torch.nn.functional.one_hot(region, cells).to(torch.float64)
    chosen = torch.rand(cells, generator=generator, dtype=torch.float64) < 0.1
    weights = torch.rand(cells, generator=generator, dtype=torch.float64) * chosen
    if not bool(chosen.any()):
        weights[-1] = 1.0
    uniform = torch.full((size * size,), 1 / size**2, dtype=torch.float64)
    mdp = grid(size, size, uniform, None, discount=discount, failure=0.3)
    return World(mdp, features, features @ (weights / weights.sum()))


def chain(states: int = 5, horizon: int = 6) -> World:
    """Return a row of states, left and right clamped at its ends, reward 1 in the last state."""
    features = torch.eye(states, dtype=torch.float64)
    steps = torch.arange(states)[:, None] + torch.tensor([-1, 1])
    successors = steps.clamp(0, states - 1).unsqueeze(-1)
    certain = torch.ones(states, 2, 1, dtype=torch.float64)
    mdp = Mdp(successors, certain, features[0].clone(), horizon)
    return World(mdp, features, features[-1].clone())
