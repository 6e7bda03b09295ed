# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning on a finite problem: counted actions, with as much smoothing as validates.

(1)  pi(a | s) = (n(s, a) + c / A) / (n(s) + c),

the mean of the posterior when every state has the prior of c actions that are spread evenly. c is
the one under which demonstrations left out, one part after the other, are most likely.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.tabular.mdp import Mdp
from irl_ros.learning.tabular.problem import Paths


@dataclass(frozen=True)
class CloningConfig(Parameters):
    """How actions are cloned."""

    priors: tuple[float, ...] = parameter(
        (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
        low=1e-9,
        high=1e9,
        doc="c to choose from, in actions for each state",
    )
    parts: int = parameter(
        5, low=2, high=1000, doc="parts of the demonstrations that are left out in turn"
    )


def action_counts(mdp: Mdp, paths: Paths) -> Float[Tensor, "N S A"]:
    """Return n(s, a), how often each path does what where."""
    cells = paths.states * mdp.actions + paths.actions
    counts = torch.zeros(len(cells), mdp.states * mdp.actions, dtype=torch.float64)
    counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=torch.float64))
    return counts.reshape(-1, mdp.states, mdp.actions)


def smoothed(counts: Float[Tensor, "S A"], prior: float) -> Float[Tensor, "S A"]:
    """Return (1) with c = prior."""
    return (counts + prior / counts.shape[1]) / (counts.sum(dim=1, keepdim=True) + prior)


def chosen_prior(counts: Float[Tensor, "N S A"], config: CloningConfig) -> float:
    """Return the c under which demonstrations left out are most likely.

    Raises:
        DataError: If there is a single demonstration.
    """
    if len(counts) < 2:
        raise DataError("1 demonstration, nothing is left to judge by; give at least 2")
    parts = [counts[first :: config.parts].sum(dim=0) for first in range(config.parts)]
    total = counts.sum(dim=0)

    def unseen(prior: float) -> float:
        return sum(float((part * smoothed(total - part, prior).log()).sum()) for part in parts)

    return max(config.priors, key=unseen)


def clone(mdp: Mdp, shown: Paths, config: CloningConfig) -> Float[Tensor, "T S A"]:
    """Return the policy that imitates demonstrations, the same at all times.

    Args:
        mdp: The process; its dynamics are not looked at.
        shown: The demonstrations.
        config: All switches.

    Raises:
        DataError: If there is a single demonstration.
    """
    counts = action_counts(mdp, shown)
    policy = smoothed(counts.sum(dim=0), chosen_prior(counts, config))
    return policy.expand(mdp.stages, -1, -1)
