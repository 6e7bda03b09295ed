# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kinesthetic actions invert the arm's lag; position references arrive."""

import math

import numpy as np
import pytest
import torch

from irl_ros.core.action import REFERENCE_LEAD, PositionReference, kinesthetic_actions
from irl_ros.core.errors import DataError, ParameterError


@pytest.mark.parametrize(("period", "time_constant"), [(0.05, 0.05), (0.1, 0.02)])
def test_kinesthetic_actions_recover_the_commands_of_a_lagging_arm(period, time_constant):
    commands = torch.randn(3, 20, 7, generator=torch.Generator().manual_seed(1)).double()
    velocities = [torch.zeros(3, 7, dtype=torch.float64)]
    for step in range(20):
        decay = math.exp(-period / time_constant)
        velocities.append(commands[:, step] + decay * (velocities[-1] - commands[:, step]))
    recovered = kinesthetic_actions(torch.stack(velocities, dim=1), period, time_constant)
    torch.testing.assert_close(recovered, commands)


def test_constant_velocity_needs_itself_as_command():
    velocities = torch.full((5, 7), 0.3, dtype=torch.float64)
    torch.testing.assert_close(kinesthetic_actions(velocities), velocities[:4])


def test_bad_input_is_refused():
    with pytest.raises(ParameterError, match="positive"):
        kinesthetic_actions(torch.zeros(3, 7).double(), period=0.0)
    with pytest.raises(DataError, match="at least 2"):
        kinesthetic_actions(torch.zeros(1, 7).double())


def test_a_lagging_arm_follows_position_increments():
    position, velocity = np.zeros(7), np.zeros(7)
    reference = PositionReference(position)
    increment = np.linspace(-0.02, 0.02, 7)
    dt = 1 / 120
    for period in range(60):
        reference.advance(increment if period < 20 else np.zeros(7))
        for command in range(6):
            wanted = reference.velocity(command * dt, position)
            after = wanted + math.exp(-dt / 0.05) * (velocity - wanted)
            position, velocity = position + dt * (velocity + after) / 2, after
    np.testing.assert_allclose(position, 20 * increment, atol=1e-3)
    np.testing.assert_allclose(velocity, 0.0, atol=1e-3)


def test_a_position_reference_waits_for_a_joint_that_is_held():
    held = np.zeros(7)
    reference = PositionReference(held)
    for _ in range(20):
        reference.advance(np.full(7, 0.02))
        for elapsed in (0.0, 0.025):
            pressed = reference.velocity(elapsed, held)
    np.testing.assert_allclose(pressed, 0.02 / 0.05 + 0.25 / 0.05 * REFERENCE_LEAD)
    # It turns back at once: what was never reached need not be undone.
    for _ in range(5):
        reference.advance(np.full(7, -0.02))
        reference.velocity(0.0, held)
    np.testing.assert_allclose(reference.velocity(0.05, held), -pressed)
