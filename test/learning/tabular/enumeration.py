# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All trajectories of a small process, one by one."""

import itertools
from dataclasses import dataclass

import torch

from irl_ros.learning.tabular.mdp import Mdp


@dataclass(frozen=True)
class AllPaths:
    """Every sequence of states and actions, with the probability of its states given its actions.

    Attributes:
        states: s_t, one row for each path.
        actions: a_t.
        luck: p(s_1) prod_t p(s_{t+1} | s_t, a_t).
    """

    states: torch.Tensor
    actions: torch.Tensor
    luck: torch.Tensor


def all_paths(mdp: Mdp) -> AllPaths:
    assert mdp.horizon is not None
    dense = torch.stack([mdp.expect(row) for row in torch.eye(mdp.states).double()], dim=-1)
    states, actions, luck = [], [], []
    for path in itertools.product(range(mdp.states), repeat=mdp.horizon):
        for chosen in itertools.product(range(mdp.actions), repeat=mdp.horizon):
            chance = float(mdp.initial[path[0]])
            for here, action, there in zip(path, chosen, path[1:], strict=False):
                chance *= float(dense[here, action, there])
            if chance > 0:
                states.append(path)
                actions.append(chosen)
                luck.append(chance)
    return AllPaths(
        torch.tensor(states), torch.tensor(actions), torch.tensor(luck, dtype=torch.float64)
    )


def counted(mdp: Mdp, paths: AllPaths, probability: torch.Tensor) -> torch.Tensor:
    """Return the visits "T S A" of a distribution over paths."""
    assert mdp.horizon is not None
    visits = torch.zeros(mdp.horizon, mdp.states, mdp.actions).double()
    for states, actions, share in zip(paths.states, paths.actions, probability, strict=True):
        visits[torch.arange(mdp.horizon), states, actions] += share
    return visits
