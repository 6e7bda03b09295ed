# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ramp starts where the arm is, arrives where it should, and refuses what it should."""

import math

import numpy as np
import pytest
from arm_double import VelocityArm

from irl_ros.core.arm import load_arm
from irl_ros.core.errors import SafetyError
from irl_ros.core.guard import Guard
from irl_ros.core.latch import GuardState
from irl_ros.core.ramp import Ramp, RampConfig

PERIOD = 1 / 120
ARM = load_arm("panda")
OFFSETS = np.array([0.4, -0.3, 0.2, 0.5, -0.4, 0.3, -0.6])


@pytest.mark.parametrize(("gain", "bias"), [(1.0, 0.0), (0.8, 0.1), (1.2, -0.1)])
def test_it_arrives_even_if_the_arm_misunderstands_its_commands(gain: float, bias: float) -> None:
    plant = VelocityArm(ARM.home + OFFSETS, PERIOD, lag=0.05, gain=gain, bias=bias)
    guard = Guard(ARM.limits, PERIOD)
    guard.start(plant.positions)
    ramp = Ramp(ARM.limits, plant.positions, ARM.home, PERIOD)
    commands = []
    while not ramp.arrived(plant.positions, plant.velocities):
        command = guard.step(ramp.step(plant.positions), plant.positions, plant.velocities)
        plant.move(command)
        commands.append(command)
    assert guard.state is GuardState.ARMED
    assert np.abs(plant.positions - ARM.home).max() <= 0.005
    assert np.abs(commands[0]).max() < 1e-3, "the first command must not jump"
    assert len(commands) * PERIOD < ramp.duration + 3.0


def test_the_exact_arm_moves_straight_and_slowly() -> None:
    plant = VelocityArm(ARM.home + OFFSETS, PERIOD)
    ramp = Ramp(ARM.limits, plant.positions, ARM.home, PERIOD, RampConfig(speed=0.2))
    path, commands = [plant.positions], []
    while not ramp.arrived(plant.positions, plant.velocities):
        commands.append(ramp.step(plant.positions))
        plant.move(commands[-1])
        path.append(plant.positions)
    shares = (np.array(path) - ARM.home) / OFFSETS
    assert np.ptp(shares, axis=1).max() < 0.01
    assert np.abs(commands).max() < 0.2 + 0.02


def test_an_arm_that_lags_behind_is_not_wanted_to_hurry() -> None:
    start = ARM.home + OFFSETS
    ramp = Ramp(ARM.limits, start, ARM.home, PERIOD, RampConfig(speed=0.2))
    for _ in range(300):
        assert np.abs(ramp.step(start)).max() <= 0.2


def test_no_move_is_over_at_once() -> None:
    ramp = Ramp(ARM.limits, ARM.home, ARM.home, PERIOD)
    assert ramp.duration == 0.0
    assert ramp.arrived(ARM.home, np.zeros(7))


def test_too_far_is_refused() -> None:
    far = ARM.home + np.array([0.0, 0.0, 1.1, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(SafetyError, match=r"panda_joint3 is 1\.1 rad away"):
        Ramp(ARM.limits, far, ARM.home, PERIOD)


def test_a_posture_outside_the_limits_is_refused() -> None:
    goal = ARM.home.copy()
    goal[3] = 0.5
    with pytest.raises(SafetyError, match=r"panda_joint4 at 0\.5 rad"):
        Ramp(ARM.limits, ARM.home, goal, PERIOD, RampConfig(max_distance=7.0))


def test_a_posture_that_is_not_a_number_is_refused() -> None:
    goal = ARM.home.copy()
    goal[0] = math.nan
    with pytest.raises(SafetyError, match="panda_joint1"):
        Ramp(ARM.limits, ARM.home, goal, PERIOD)


def test_an_arm_that_never_arrives_is_reported() -> None:
    start = ARM.home + 0.1
    ramp = Ramp(ARM.limits, start, ARM.home, PERIOD, RampConfig(patience=0.5))

    def wait() -> None:
        for _ in range(1000):
            ramp.step(start)
            assert not ramp.arrived(start, np.zeros(7))

    with pytest.raises(SafetyError, match=r"still 0\.1 rad"):
        wait()
