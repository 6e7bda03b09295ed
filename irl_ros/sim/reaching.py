# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The reaching of the paper: a planar arm of three links brings its tip to a target."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.experiment import Experiment, Network
from irl_ros.learning.ground_truth import GroundTruthCost
from irl_ros.sim.analytic import AnalyticRollouts

_TARGET = torch.tensor([0.35, 0.55], dtype=torch.float64)  # m
_SPREAD = 0.01  # rad and rad/s, deviation of every start
_INTEGRATION_STEPS = 2  # per control period


@dataclass(frozen=True)
class PlanarArm:
    """Links of an arm that moves in a horizontal plane: uniform rods with geared motors.

    Attributes:
        lengths: m.
        masses: kg.
        armatures: Inertia of the rotors, seen through the gears, kg m^2.
        damping: Viscous friction of every joint, N m s/rad.
    """

    lengths: Float[Tensor, " n"]
    masses: Float[Tensor, " n"]
    armatures: Float[Tensor, " n"]
    damping: float

    @cached_property
    def _couplings(self) -> Float[Tensor, "n n"]:
        """Return a_ij with kinetic energy 1/2 sum_ij a_ij cos(f_i - f_j) f'_i f'_j of the rods.

        f are angles to the x axis. Link i carries the outer links at its end and itself at half
        its length; the rod's own inertia m l^2 / 12 completes the diagonal.
        """
        outer = self.masses.flip(0).cumsum(0).flip(0) - self.masses
        reach = self.masses / 2 + outer
        index = torch.arange(len(self.masses))
        carried = reach[torch.maximum(index.unsqueeze(0), index.unsqueeze(1))]
        couplings = carried * torch.outer(self.lengths, self.lengths)
        diagonal = (self.masses / 3 + outer) * self.lengths**2
        return couplings - torch.diag(couplings.diagonal()) + torch.diag(diagonal)

    @cached_property
    def _absolute_from_joints(self) -> Float[Tensor, "n n"]:
        """Return S with f = S q: an angle to the x axis is the sum of the joint angles so far."""
        return torch.ones(len(self.lengths), len(self.lengths), dtype=torch.float64).tril()

    def mass_matrix(
        self, joint_positions: Float[Tensor, "*batch n"]
    ) -> Float[Tensor, "*batch n n"]:
        """Return M(q), kg m^2."""
        into = self._absolute_from_joints
        angles = joint_positions @ into.T
        gaps = angles.unsqueeze(-1) - angles.unsqueeze(-2)
        rods = into.T @ (self._couplings * gaps.cos()) @ into
        return rods + torch.diag(self.armatures)

    def acceleration(
        self,
        joint_positions: Float[Tensor, "*batch n"],
        joint_velocities: Float[Tensor, "*batch n"],
        torques: Float[Tensor, "*batch n"],
    ) -> Float[Tensor, "*batch n"]:
        """Return q'' with M(q) q'' + S^T h = torque - damping q', h_i = sum_j a_ij sin f'_j^2.

        Args:
            joint_positions: rad.
            joint_velocities: rad/s.
            torques: N m.
        """
        into = self._absolute_from_joints
        angles, rates = joint_positions @ into.T, joint_velocities @ into.T
        gaps = angles.unsqueeze(-1) - angles.unsqueeze(-2)
        swing = ((self._couplings * gaps.sin()) @ rates.square().unsqueeze(-1)).squeeze(-1)
        force = torques - self.damping * joint_velocities - swing @ into
        solved: Tensor = torch.linalg.solve(self.mass_matrix(joint_positions), force)
        return solved

    def tip(
        self,
        joint_positions: Float[Tensor, "*batch n"],
        joint_velocities: Float[Tensor, "*batch n"],
    ) -> tuple[Float[Tensor, "*batch 2"], Float[Tensor, "*batch 2"]]:
        """Return position (m) and velocity (m/s) of the tip."""
        into = self._absolute_from_joints
        angles, rates = joint_positions @ into.T, joint_velocities @ into.T
        along = self.lengths * angles.cos(), self.lengths * angles.sin()
        position = torch.stack([along[0].sum(-1), along[1].sum(-1)], dim=-1)
        velocity = torch.stack([-(along[1] * rates).sum(-1), (along[0] * rates).sum(-1)], dim=-1)
        return position, velocity


ARM = PlanarArm(
    lengths=torch.tensor([0.40, 0.35, 0.25], dtype=torch.float64),
    masses=torch.tensor([1.0, 0.8, 0.5], dtype=torch.float64),
    armatures=torch.tensor([0.10, 0.10, 0.05], dtype=torch.float64),
    damping=0.5,
)
"""The arm of the experiment, 1 m long."""


@final
class Reacher:
    """An arm with state (q, q', tip, tip velocity) and joint torques as actions, N m."""

    state_dim = 10
    action_dim = 3
    tolerance = 0.1

    def __init__(self, arm: PlanarArm, posture: Float[Tensor, " 3"]) -> None:
        self._arm = arm
        self._posture = posture

    def _state(
        self, joint_positions: Float[Tensor, "M 3"], joint_velocities: Float[Tensor, "M 3"]
    ) -> Float[Tensor, "M 10"]:
        tip = self._arm.tip(joint_positions, joint_velocities)
        return torch.cat([joint_positions, joint_velocities, *tip], dim=1)

    def start(self, noise: Float[Tensor, "M 10"]) -> Float[Tensor, "M 10"]:
        """Return states near the start posture, almost at rest."""
        return self._state(self._posture + _SPREAD * noise[:, :3], _SPREAD * noise[:, 3:6])

    def advance(
        self, states: Float[Tensor, "M 10"], actions: Float[Tensor, "M 3"]
    ) -> Float[Tensor, "M 10"]:
        """Return the states one control period later, by the classical Runge-Kutta method."""

        def slope(motion: Tensor) -> Tensor:
            q, rate = motion[:, :3], motion[:, 3:]
            return torch.cat([rate, self._arm.acceleration(q, rate, actions)], dim=1)

        h = CONTROL_PERIOD / _INTEGRATION_STEPS
        motion = states[:, :6]
        for _ in range(_INTEGRATION_STEPS):
            first = slope(motion)
            second = slope(motion + 0.5 * h * first)
            third = slope(motion + 0.5 * h * second)
            fourth = slope(motion + h * third)
            motion = motion + h / 6 * (first + 2 * second + 2 * third + fourth)
        return self._state(motion[:, :3], motion[:, 3:])

    def distance(self, states: Float[Tensor, "*batch 10"]) -> Float[Tensor, "*batch"]:
        """Return the distance of the tip from the target, m."""
        missed: Tensor = torch.linalg.vector_norm((states[..., 6:8] - _TARGET), dim=-1)
        return missed


def _postures(count: int, seed: int) -> Float[Tensor, "count 3"]:
    """Draw start postures: any direction of the first link, the others bent to one side."""
    generator = np.random.default_rng(seed)
    drawn = generator.uniform((-1.0, 0.3, 0.3), (1.5, 1.5, 1.5), (count, 3))
    return torch.from_numpy(drawn)


def reaching() -> Experiment:
    """Return the reaching: 20 demonstrations from 12 postures, four more postures to be learned.

    The cost sees the whole state, the tip relative to the target. Finn, Levine and Abbeel (2016),
    section 6.1 and appendix D; the arm is our own.
    """
    offset = torch.zeros(10, dtype=torch.float64)
    offset[6:8] = _TARGET
    inertia = ARM.mass_matrix(torch.tensor([0.3, 0.9, 0.9], dtype=torch.float64))
    still = torch.zeros(3, 4, dtype=torch.float64)
    return Experiment(
        name="reaching",
        source=lambda context: AnalyticRollouts(Reacher(ARM, context)),
        features=lambda _: AffineFeatures(torch.eye(10, dtype=torch.float64), offset),
        ground_truth=GroundTruthCost(
            position=slice(6, 8),
            square_weight=20.0,
            log_weight=0.5,
            log_offset=1e-3,
            action_weight=1.0,
        ),
        shown=_postures(12, seed=1),
        demonstrations=20,
        tested=_postures(4, seed=2),
        groups=(slice(0, 3), slice(3, 6), slice(6, 8), slice(8, 10)),
        miss=slice(6, 8),
        tracking=torch.cat([-inertia, -2 * inertia, still], dim=1),
        network=Network(hidden=(24, 24), features=100),
    )
