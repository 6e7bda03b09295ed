# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of trajectories and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError


@dataclass(frozen=True)
class Trajectories:
    """States and actions of M trajectories with T steps each, in float64.

    The action ``actions[:, t]`` was applied in ``states[:, t]``, t = 0 .. T-1.

    Attributes:
        states: x_t.
        actions: u_t.

    Raises:
        DataError: If shapes disagree or a value is not finite.
    """

    states: Float[Tensor, "M T x"]
    actions: Float[Tensor, "M T u"]

    def __post_init__(self) -> None:
        """Check shapes, type and finiteness."""
        if self.states.dim() != 3 or self.actions.dim() != 3:
            raise DataError(
                f"states {tuple(self.states.shape)} and actions {tuple(self.actions.shape)} "
                "must have the three axes trajectory, step, dimension"
            )
        if self.states.shape[:2] != self.actions.shape[:2]:
            raise DataError(
                f"states {tuple(self.states.shape)} and actions {tuple(self.actions.shape)} "
                "must have the same number of trajectories and steps"
            )
        for name, values in (("states", self.states), ("actions", self.actions)):
            if values.dtype != torch.float64:
                raise DataError(f"{name} are {values.dtype}; give torch.float64")
            finite = torch.isfinite(values)
            if not bool(finite.all()):
                where = torch.nonzero(~finite)[0].tolist()
                raise DataError(
                    f"{name}{where} is {values[tuple(where)].item()}; give finite numbers"
                )

    def __len__(self) -> int:
        """Return the number of trajectories M."""
        return self.states.shape[0]

    def __getitem__(self, index: int | slice | Sequence[int] | Tensor) -> "Trajectories":
        """Return the selected trajectories; a single index keeps the batch axis."""
        if isinstance(index, int):
            index = [index]
        return Trajectories(self.states[index], self.actions[index])

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        return self.states.shape[1]

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return self.states.shape[2]

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return self.actions.shape[2]


def concatenate(batches: Sequence[Trajectories]) -> Trajectories:
    """Join batches along the trajectory axis.

    Raises:
        DataError: If there is no batch.
    """
    if not batches:
        raise DataError("0 batches of trajectories; give at least 1")
    return Trajectories(
        torch.cat([batch.states for batch in batches]),
        torch.cat([batch.actions for batch in batches]),
    )


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt at the task, as judged after it.

    Attributes:
        success: Whether the task was done by its definition.
        reason: Why not, in a few words; empty on success.
        broken: Whether the contact force passed the breaking threshold.
        peak_force: Largest windowed contact force, N.
        slot_offset: Distance from the target along the rack, m.
        height_offset: Height above the resting height, m.
        tilt: Angle between the plate and its upright pose, rad.
        release_height: Height above the resting height when the gripper opened, m; None, like the
            next two, if nobody looked.
        release_offset: Distance from the target along the rack then, m.
        release_tilt: Angle between the plate and its upright pose then, rad.
    """

    success: bool
    reason: str
    broken: bool
    peak_force: float
    slot_offset: float
    height_offset: float
    tilt: float
    release_height: float | None = None
    release_offset: float | None = None
    release_tilt: float | None = None


@dataclass(frozen=True)
class Rollouts:
    """Trajectories of executed attempts with their outcomes, in the same order.

    Attributes:
        trajectories: States and actions, M of them.
        outcomes: M outcomes.
    """

    trajectories: Trajectories
    outcomes: tuple[Outcome, ...]

    def __post_init__(self) -> None:
        """Check that there is one outcome for each trajectory."""
        if len(self.outcomes) != len(self.trajectories):
            raise DataError(
                f"{len(self.outcomes)} outcomes for {len(self.trajectories)} trajectories; "
                "give one for each"
            )

    @property
    def successes(self) -> int:
        """Number of successful attempts."""
        return sum(outcome.success for outcome in self.outcomes)
