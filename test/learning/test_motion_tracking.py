# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Feedback that pulls an arm back to a motion, whatever its actions mean."""

import dataclasses

import pytest
import torch

from irl_ros.core.action import ActionSpace
from irl_ros.core.action_scale import scaled
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.motion_tracking import motion_tracking

PERIOD = 0.05


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def demonstrations(
    space: ActionSpace, actions: torch.Tensor, states: torch.Tensor
) -> Demonstrations:
    target = DishTask().target_pose(4)
    count = len(states)
    return Demonstrations(
        Trajectories(states, actions),
        (target,) * count,
        torch.ones(count, dtype=torch.float64),
        tuple(range(count)),
        PERIOD,
        "panda",
        "dish",
        space,
    )


def test_velocities_and_increments_pull_at_unit_rate() -> None:
    states, actions = draw(3, 10, 32), draw(3, 10, 7, seed=1)
    expected = torch.zeros(7, 32, dtype=torch.float64)
    expected[:, :7] = -torch.eye(7)
    shown = demonstrations(ActionSpace.VELOCITY, actions, states)
    torch.testing.assert_close(motion_tracking(shown), expected)
    shown = demonstrations(ActionSpace.POSITION_INCREMENT, actions, states)
    torch.testing.assert_close(motion_tracking(shown), PERIOD * expected)
    torch.testing.assert_close(motion_tracking(scaled(shown)), expected)


@pytest.mark.parametrize("in_units", [False, True])
def test_torques_act_on_the_inertia_behind_the_demonstrations(in_units: bool) -> None:
    root = draw(7, 7)
    inertia = root @ root.mT + torch.eye(7)
    states = draw(4, 30, 32, seed=1)
    velocities = states[..., 7:14]
    accelerations = torch.zeros_like(velocities)
    accelerations[:, :-1] = velocities.diff(dim=1) / PERIOD
    torques = accelerations @ inertia.mT + 0.5 * velocities
    shown = demonstrations(ActionSpace.TORQUE, torques, states)
    if in_units:
        shown = scaled(shown)
    scale = torch.tensor(shown.action_scale or (1.0,) * 7, dtype=torch.float64)
    feedback = scale[:, None] * motion_tracking(shown)
    torch.testing.assert_close(feedback[:, :7], -inertia)
    torch.testing.assert_close(feedback[:, 7:14], -inertia)
    assert not feedback[:, 14:].any()
    # Four times as strong, the arm comes back critically damped: both poles at -2 / s.
    pull = torch.linalg.solve(inertia, 4.0 * feedback[:, :14])
    system = torch.cat([torch.eye(14, dtype=torch.float64)[7:], pull])
    poles = torch.linalg.eigvals(system)
    torch.testing.assert_close(poles.real, torch.full_like(poles.real, -2.0), atol=1e-3, rtol=0)


def test_the_unit_of_the_demonstrations_does_not_matter() -> None:
    states, actions = draw(4, 30, 32, seed=1), draw(4, 30, 7, seed=2)
    shown = demonstrations(ActionSpace.TORQUE, actions, states)
    other = dataclasses.replace(
        shown, trajectories=Trajectories(states, actions / 4.0), action_scale=(4.0,) * 7
    )
    torch.testing.assert_close(4.0 * motion_tracking(other), motion_tracking(shown))
