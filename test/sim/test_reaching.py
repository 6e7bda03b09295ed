# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The planar arm obeys the equations of motion, derived here in another way."""

import dataclasses

import pytest
import torch

from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.controller_optimisation import OptimiserConfig
from irl_ros.learning.experiment import train_demonstrator
from irl_ros.sim.reaching import ARM, Reacher, reaching

FREE = dataclasses.replace(ARM, damping=0.0)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def kinetic_energy(joint_positions: torch.Tensor, joint_velocities: torch.Tensor) -> torch.Tensor:
    """Sum the energies of three rods and three rotors from where their middles move."""
    angles, rates = joint_positions.cumsum(0), joint_velocities.cumsum(0)
    velocity = torch.zeros(2, dtype=torch.float64)
    energy = 0.5 * (ARM.armatures * joint_velocities.square()).sum()
    for length, mass, angle, rate in zip(ARM.lengths, ARM.masses, angles, rates, strict=True):
        across = rate * torch.stack([-angle.sin(), angle.cos()])
        middle = velocity + 0.5 * length * across
        energy = energy + 0.5 * mass * middle.square().sum()
        energy = energy + 0.5 * (mass * length**2 / 12) * rate**2
        velocity = velocity + length * across
    return energy


def test_mass_matrix_is_that_of_the_kinetic_energy():
    for seed in range(5):
        q, rate = draw(3, seed=seed), draw(3, seed=seed + 100)
        expected = float(kinetic_energy(q, rate))
        assert float(0.5 * rate @ ARM.mass_matrix(q) @ rate) == pytest.approx(expected, rel=1e-12)


def test_acceleration_solves_the_lagrange_equations():
    """d/dt dT/dq' - dT/dq = torque - damping q', by automatic differentiation of T."""
    q, rate, torque = draw(3, seed=1), 2 * draw(3, seed=2), draw(3, seed=3)
    acceleration = ARM.acceleration(q, rate, torque)

    def momentum(position: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        return ARM.mass_matrix(position) @ velocity

    _, change = torch.autograd.functional.jvp(momentum, (q, rate), (rate, acceleration))
    pull = torch.autograd.functional.jacobian(lambda position: kinetic_energy(position, rate), q)
    torch.testing.assert_close(change - pull, torque - ARM.damping * rate)


def test_energy_is_kept_without_friction():
    reacher = Reacher(FREE, draw(3, seed=4))
    states = reacher.start(draw(4, 10, seed=5))
    states[:, 3:6] = draw(4, 3, seed=6)
    before = [float(kinetic_energy(each[:3], each[3:6])) for each in states]
    for _ in range(40):
        states = reacher.advance(states, torch.zeros(4, 3, dtype=torch.float64))
    after = [float(kinetic_energy(each[:3], each[3:6])) for each in states]
    assert after == pytest.approx(before, rel=1e-4)


def test_tip_and_its_velocity_belong_together():
    q, rate = draw(3, seed=7), draw(3, seed=8)
    position, velocity = ARM.tip(q, rate)
    angles = q.cumsum(0)
    assert float(position[0]) == pytest.approx(float((ARM.lengths * angles.cos()).sum()))
    step = 1e-6
    moved = [ARM.tip(q + sign * step * rate, rate)[0] for sign in (1, -1)]
    torch.testing.assert_close((moved[0] - moved[1]) / (2 * step), velocity, rtol=1e-7, atol=1e-8)


def test_the_experiment_is_that_of_the_paper():
    experiment = reaching()
    source: RolloutSource = experiment.source(experiment.tested[0])
    assert (source.state_dim, source.action_dim, source.horizon) == (10, 3, 100)
    assert experiment.shown.shape == (12, 3)
    assert experiment.demonstrations == 20
    assert (experiment.network.hidden, experiment.network.features) == ((24, 24), 100)


def test_a_demonstrator_arrives():
    experiment = reaching()
    where = experiment.shown[0]
    demonstrator = train_demonstrator(experiment, where, OptimiserConfig(iterations=4), seed=0)
    rollouts = experiment.source(where).sample(demonstrator, 4, 1)
    assert rollouts.successes == 4
    inputs = experiment.features(where)(rollouts.trajectories.states)
    missed = inputs[:, -1, experiment.ground_truth.position].norm(dim=-1)
    assert [each.slot_offset for each in rollouts.outcomes] == pytest.approx(missed.tolist())
