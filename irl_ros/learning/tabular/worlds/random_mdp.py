# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes without any structure."""

import torch

from irl_ros.learning.tabular.mdp import dense_mdp
from irl_ros.learning.tabular.problem import World


def random_mdp(
    generator: torch.Generator,
    *,
    states: int = 16,
    actions: int = 4,
    horizon: int | None = None,
    discount: float = 0.9,
) -> World:
    """Return random transitions, reward 1 in the first state and a start in the second.

    As in Fu, Luo and Levine (2018), section 7.1: 16 states and 4 actions. Every p(. | s, a) is
    drawn uniformly from all distributions.

    Args:
        generator: Source of the transitions.
        states: S.
        actions: A.
        horizon: Number of decisions, None without end.
        discount: gamma.
    """
    uniform = torch.rand(states, actions, states, generator=generator, dtype=torch.float64)
    weights = -torch.log1p(-uniform)
    features = torch.eye(states, dtype=torch.float64)
    mdp = dense_mdp(
        weights / weights.sum(dim=-1, keepdim=True), features[1].clone(), horizon, discount
    )
    return World(mdp, features, features[0].clone())
