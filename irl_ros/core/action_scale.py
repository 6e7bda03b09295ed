# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Actions as multiples of a scale, so that a learner need not know their unit.

Velocities, torques and position increments differ by orders of magnitude, and torques also from
joint to joint. In units of their scale all of them are about as large as joint velocities in
rad/s, and one weight of the action, one width of exploration suits them all.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import ActionSpace
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.policy import Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts, Trajectories

_VELOCITIES = slice(7, 14)  # of an arm's state


def scaled(demonstrations: Demonstrations) -> Demonstrations:
    """Return demonstrations whose actions are about as large as joint velocities in rad/s.

    The scale of velocities is 1, that of position increments the control period. Torques have one
    for each joint: their root mean square over that of the joint's velocity. Demonstrations that
    have a scale keep it.
    """
    if demonstrations.action_scale:
        return demonstrations
    actions = demonstrations.trajectories.actions
    scale = torch.ones_like(actions[0, 0])
    if demonstrations.action_space is ActionSpace.POSITION_INCREMENT:
        scale *= demonstrations.control_period
    elif demonstrations.action_space is ActionSpace.TORQUE:
        velocities = demonstrations.trajectories.states[..., _VELOCITIES]
        scale = _root_mean_square(actions) / _root_mean_square(velocities)
    return dataclasses.replace(
        demonstrations,
        trajectories=in_units(demonstrations.trajectories, scale),
        action_scale=tuple(scale.tolist()),
    )


def in_units(trajectories: Trajectories, scale: Float[Tensor, " u"]) -> Trajectories:
    """Return trajectories with actions divided by a scale."""
    return Trajectories(trajectories.states, trajectories.actions / scale)


def _root_mean_square(values: Float[Tensor, "N T u"]) -> Float[Tensor, " u"]:
    size = values.square().mean(dim=(0, 1)).sqrt()
    # A joint that was hardly moved says nothing about its scale.
    return size.clamp(min=1e-3 * float(size.max()) + 1e-12)


@dataclass(frozen=True)
class ScaledPolicy:
    """A policy that gives multiples of a scale, as one that gives actions.

    Attributes:
        policy: Gives multiples of the scale.
        scale: One positive number for each component of the action.
    """

    policy: Policy
    scale: Float[Tensor, " u"]

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        return self.policy.horizon

    def action_mean(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return the mean action of step ``step`` in the state."""
        return self.scale * self.policy.action_mean(step, state)

    def sample(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> Float[Tensor, " u"]:
        """Draw an action of step ``step`` in the state."""
        return self.scale * self.policy.sample(step, state, generator)

    def log_prob(self, trajectories: Trajectories) -> Float[Tensor, " M"]:
        """Return log q(u_1..u_T | x_1..x_T) of each trajectory, by the change of variables."""
        stretched = trajectories.horizon * math.log(float(self.scale.prod()))
        return self.policy.log_prob(in_units(trajectories, self.scale)) - stretched


@final
class ScaledRollouts:
    """A `RolloutSource` whose policies and rollouts have actions in units of a scale."""

    def __init__(self, source: RolloutSource, scale: Sequence[float]) -> None:
        """Stand before a source that takes actions as they are; closing closes it."""
        self._source = source
        self._scale = torch.tensor(scale, dtype=torch.float64)

    @property
    def horizon(self) -> int:
        """Number of steps T of a rollout."""
        return self._source.horizon

    @property
    def control_period(self) -> float:
        """Time between two actions, s."""
        return self._source.control_period

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return self._source.state_dim

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return self._source.action_dim

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy ``count`` times, see `RolloutSource.sample`."""
        rollouts = self._source.sample(
            ScaledPolicy(policy, self._scale), count, seed, deterministic=deterministic
        )
        return Rollouts(in_units(rollouts.trajectories, self._scale), rollouts.outcomes)

    def close(self) -> None:
        """Close the source."""
        self._source.close()
