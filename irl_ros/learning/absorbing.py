# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Attempts that end early, brought to one length by an absorbing state.

Kostrikov et al. (2019): a learned reward that is positive everywhere pays for not ending, one that
is negative everywhere for ending at once, unless what comes after the end has a reward as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Trajectories


@dataclass(frozen=True)
class Episode:
    """One attempt of L steps as it was, with the state after the last of them.

    Attributes:
        states: x_0 .. x_L, so S = L + 1.
        actions: u_0 .. u_(L-1).

    Raises:
        DataError: If there is no action or not one state more than actions.
    """

    states: Float[Tensor, "S x"]
    actions: Float[Tensor, "L u"]

    def __post_init__(self) -> None:
        """Check that the end is there."""
        if not len(self.actions) or len(self.states) != len(self.actions) + 1:
            raise DataError(
                f"{len(self.states)} states and {len(self.actions)} actions of an attempt; give "
                "at least one action and one state more, that after the last action"
            )


def absorb(episodes: Sequence[Episode], horizon: int) -> Trajectories:
    """Return attempts as trajectories of T steps, as `EnvRollouts` with ``absorbs`` returns them.

    States get a last component that is 0 while the attempt runs. One that has ended stays in its
    last state, with a 1 there, and its actions are 0.

    Args:
        episodes: The attempts; one that is shorter than T has ended.
        horizon: Number of steps T.

    Raises:
        DataError: If there is none, or one is longer.
    """
    if not episodes:
        raise DataError("0 attempts; give at least 1")
    states, actions = [], []
    for episode in episodes:
        steps = len(episode.actions)
        if steps > horizon:
            raise DataError(f"an attempt of {steps} steps, more than {horizon}; cut it")
        after = horizon - steps
        seen = torch.cat([episode.states[:-1], episode.states[-1:].expand(after, -1)])
        over = (torch.arange(horizon) >= steps).to(seen).unsqueeze(1)
        states.append(torch.cat([seen, over], dim=1))
        actions.append(torch.cat([episode.actions, 0 * episode.actions[:1].expand(after, -1)]))
    return Trajectories(torch.stack(states), torch.stack(actions))


def acting(trajectories: Trajectories, *, absorbs: bool) -> Float[Tensor, "M T"]:
    """Return 1 for each step whose action has an effect, 0 for those after an early end.

    What a policy does after the end says nothing about it, and what it has to choose from there is
    nothing: its action is to be seen as 0 and its log density as 0.

    Args:
        trajectories: Attempts of one length.
        absorbs: Whether the last component of their states tells that they have ended.
    """
    last: Tensor = trajectories.states[..., -1]
    return 1 - (last > 0.5).to(last) if absorbs else torch.ones_like(last)
