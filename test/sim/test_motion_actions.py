# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The actions behind a motion, replayed on the simulated arm, give the motion again."""

import numpy as np
import pytest
import torch

from irl_ros.core.action import CONTROL_PERIOD, ActionSpace, PositionReference
from irl_ros.core.arm import load_arm
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.motion_actions import motion_actions

pytestmark = pytest.mark.sim

PERIODS = 40  # of a motion through free space
STEPS = 12  # physics steps in a control period


def speeds(time):
    """Return smooth joint velocities that begin and end at rest, rad/s."""
    course = np.sin(np.pi * time / (PERIODS * CONTROL_PERIOD)) ** 2
    return 0.4 * course * np.array([1.0, -0.5, 0.6, 0.4, -1.0, 0.8, 1.0])


@pytest.fixture(params=["panda", "iiwa14"])
def simulator(request):
    config = SimulationConfig(arm=request.param, posture_spread=0.0)
    with DishSimulator(config) as simulator:
        yield simulator


def measure(simulator, command):
    """Return positions and velocities at the ends of control periods; commands at 120 Hz."""
    simulator.reset(0, 4)
    ends = [simulator.joint_state()]
    for period in range(PERIODS):
        for begin in range(0, STEPS, 2):
            command(period, begin / 240)
            simulator.step(2)
        ends.append(simulator.joint_state())
    positions = torch.tensor(np.stack([end.positions for end in ends]))
    return positions, torch.tensor(np.stack([end.velocities for end in ends]))


@pytest.fixture
def motion(simulator):
    return measure(
        simulator,
        lambda period, time: simulator.set_velocity_command(
            speeds(CONTROL_PERIOD * period + time)
        ),
    )


def actions_of(space, simulator, motion):
    rule = motion_actions(space, load_arm(simulator.arm.name))
    assert rule.space is space
    return rule(*motion, CONTROL_PERIOD).numpy()


def test_velocities_repeat_the_motion(simulator, motion):
    actions = actions_of(ActionSpace.VELOCITY, simulator, motion)
    again = measure(simulator, lambda k, _: simulator.set_velocity_command(actions[k]))
    torch.testing.assert_close(again[0], motion[0], atol=2e-3, rtol=0)


def test_increments_repeat_the_motion(simulator, motion):
    def replay(actions):
        simulator.reset(0, 4)
        reference = PositionReference(simulator.joint_state().positions)

        def command(period, time):
            if time == 0.0:
                reference.advance(actions[period])
            positions = simulator.joint_state().positions
            simulator.set_velocity_command(reference.velocity(time, positions))

        return float((measure(simulator, command)[0] - motion[0]).abs().max())

    actions = actions_of(ActionSpace.POSITION_INCREMENT, simulator, motion)
    assert replay(actions) < 1e-3
    # What the joints moved is not enough: the arm would lag behind.
    assert replay(motion[0].diff(dim=0).numpy()) > 5e-3


def test_torques_repeat_the_motion(simulator, motion):
    # Nothing pulls the arm back, so the error of every period adds up.
    actions = actions_of(ActionSpace.TORQUE, simulator, motion)
    again = measure(simulator, lambda k, _: simulator.set_effort_command(actions[k]))
    torch.testing.assert_close(again[0], motion[0], atol=0.02, rtol=0)


def test_torques_are_those_that_were_applied(simulator):
    pushes = 0.3 * np.sin(np.outer(np.arange(PERIODS), np.linspace(0.1, 0.3, 7)))
    pushes[:, :4] *= 5.0
    motion = measure(simulator, lambda k, _: simulator.set_effort_command(pushes[k]))
    actions = actions_of(ActionSpace.TORQUE, simulator, motion)
    np.testing.assert_allclose(actions, pushes, atol=0.03)
