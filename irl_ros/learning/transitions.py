# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Single steps of trajectories: a state, an action, and the state that followed."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Trajectories


@dataclass(frozen=True)
class Transitions:
    """B transitions (x, u, x').

    Attributes:
        states: x.
        actions: u.
        next_states: x'.

    Raises:
        DataError: If there is none or the numbers disagree.
    """

    states: Float[Tensor, "B x"]
    actions: Float[Tensor, "B u"]
    next_states: Float[Tensor, "B x"]

    def __post_init__(self) -> None:
        """Check the parts against each other."""
        counts = {len(self.states), len(self.actions), len(self.next_states)}
        if len(counts) != 1 or 0 in counts or self.states.shape != self.next_states.shape:
            raise DataError(
                f"states {tuple(self.states.shape)}, actions {tuple(self.actions.shape)} and next "
                f"states {tuple(self.next_states.shape)}; give one of each for every transition"
            )

    def __len__(self) -> int:
        """Return the number of transitions B."""
        return len(self.states)

    def __getitem__(self, index: Tensor) -> "Transitions":
        """Return the selected transitions."""
        return Transitions(self.states[index], self.actions[index], self.next_states[index])


def transitions_of(trajectories: Trajectories) -> Transitions:
    """Return the M (T - 1) transitions of a batch, trajectory by trajectory.

    The last action of a trajectory leads to a state that was not recorded, so it is left out.

    Raises:
        DataError: If the trajectories have a single step.
    """
    return Transitions(
        torch.flatten(trajectories.states[:, :-1], 0, 1),
        torch.flatten(trajectories.actions[:, :-1], 0, 1),
        torch.flatten(trajectories.states[:, 1:], 0, 1),
    )
