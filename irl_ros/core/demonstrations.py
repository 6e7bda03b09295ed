# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations of a task: what a person did, where it was to be done, how well it was done."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import ActionSpace
from irl_ros.core.errors import DataError
from irl_ros.core.pose import Pose
from irl_ros.core.trajectory import Trajectories


@dataclass(frozen=True)
class Demonstrations:
    """N demonstrations of one task by one arm, all with the same number of steps.

    Attributes:
        trajectories: States and actions.
        targets: Pose of the tool in the arm's base when the task is done, one for each.
        weights: How much each counts, greater than zero; 1 where nobody graded it.
        take_ids: Which recorded take each one came from; no take occurs twice.
        control_period: Time between two steps, s.
        arm: Name of the arm.
        task: Name of the task.
        action_space: What the actions mean.
        action_scale: What an action of 1 means for each component, rad/s, N m or rad; empty: 1.

    Raises:
        DataError: If there is none, the numbers disagree, or a weight or a scale is not positive.
    """

    trajectories: Trajectories
    targets: tuple[Pose, ...]
    weights: Float[Tensor, " N"]
    take_ids: tuple[int, ...]
    control_period: float
    arm: str
    task: str
    action_space: ActionSpace = ActionSpace.VELOCITY
    action_scale: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check that there is one of everything for each demonstration."""
        count = len(self.trajectories)
        if count == 0:
            raise DataError("0 demonstrations; record at least 1")
        for name, number in (
            ("targets", len(self.targets)),
            ("weights", self.weights.numel()),
            ("take_ids", len(self.take_ids)),
        ):
            if number != count:
                raise DataError(f"{number} {name} for {count} demonstrations; give one for each")
        if self.weights.dtype != torch.float64:
            raise DataError(f"weights are {self.weights.dtype}; give torch.float64")
        if not bool((torch.isfinite(self.weights) & (self.weights > 0)).all()):
            raise DataError(f"weights {self.weights.tolist()}; give numbers greater than 0")
        if len(set(self.take_ids)) != count:
            raise DataError(f"takes {list(self.take_ids)}; each may occur once")
        if self.action_scale and not (
            len(self.action_scale) == self.trajectories.action_dim
            and all(0.0 < scale < math.inf for scale in self.action_scale)
        ):
            raise DataError(
                f"action_scale = {self.action_scale}; give one number greater than 0 for each of "
                f"{self.trajectories.action_dim} components"
            )
        if not self.control_period > 0:
            raise DataError(f"control_period = {self.control_period} s; give more than 0")

    def __len__(self) -> int:
        """Return the number of demonstrations N."""
        return len(self.trajectories)
