# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Torques stay within the limits, and an arm near its ends is braked."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irl_ros.core.arm import ARM_NAMES, load_arm
from irl_ros.core.effort_guard import EffortGuard
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.latch import GuardState

PERIOD = 1 / 120
ARM = load_arm("panda")
KINEMATICS = Kinematics(ARM)
LIMITS, HOME, REST = ARM.limits, ARM.home, np.zeros(7)
efforts = st.lists(
    st.lists(st.floats(-1e6, 1e6), min_size=7, max_size=7).map(np.array), min_size=1, max_size=30
)


@given(targets=efforts)
def test_torques_and_their_changes_are_limited(targets: list[np.ndarray]) -> None:
    guard, config = EffortGuard(LIMITS, KINEMATICS, PERIOD), GuardConfig()
    guard.start()
    commands = np.array([REST] + [guard.step(target, HOME, REST) for target in targets])
    assert (np.abs(commands) <= LIMITS.effort * config.effort_scale + 1e-9).all()
    assert (np.abs(np.diff(commands, axis=0)) <= config.effort_rate * PERIOD + 1e-9).all()
    assert guard.state is GuardState.ARMED


def test_wanted_torques_inside_the_limits_are_reached() -> None:
    guard, target = EffortGuard(LIMITS, KINEMATICS, PERIOD), np.full(7, 3.0)
    guard.start()
    np.testing.assert_array_equal(guard.step(target, HOME, REST), target)


@pytest.mark.parametrize(
    ("target", "positions", "velocities", "reason"),
    [
        (np.full(7, math.nan), HOME, REST, "torque of panda_joint1 is nan"),
        (np.zeros(6), HOME, REST, "6 values"),
        (REST, HOME + 10.0, REST, "position of panda_joint1"),
        (REST, HOME, np.full(7, -9.0), "velocity of panda_joint1 is -9 rad/s"),
        (REST, HOME, np.full(7, math.nan), "velocity of panda_joint1 is nan"),
    ],
)
def test_what_cannot_be_trips_and_damps(
    target: np.ndarray, positions: np.ndarray, velocities: np.ndarray, reason: str
) -> None:
    guard = EffortGuard(LIMITS, KINEMATICS, PERIOD)
    guard.start()
    assert np.isfinite(guard.step(target, positions, velocities)).all()
    assert guard.state is GuardState.TRIPPED
    assert reason in guard.reason
    for _ in range(60):
        command = guard.step(np.full(7, 5.0), HOME, np.full(7, 0.2))
    inertia = KINEMATICS.joint_inertia(torch.tensor(HOME)).numpy()
    slowing = np.linalg.solve(inertia, command)
    np.testing.assert_allclose(slowing, slowing[0])
    assert slowing[0] < -1.0
    with pytest.raises(SafetyError, match="rearm"):
        guard.start()
    guard.rearm()
    guard.start()
    assert guard.state is GuardState.ARMED


def test_no_torque_is_let_through_before_start_and_while_holding() -> None:
    guard = EffortGuard(LIMITS, KINEMATICS, PERIOD)
    assert not guard.step(np.full(7, 5.0), HOME, REST).any()
    guard.start()
    assert guard.step(np.full(7, 3.0), HOME, REST).all()
    guard.hold()
    assert guard.state is GuardState.HOLDING
    assert not guard.step(np.full(7, 3.0), HOME, REST).any()


def test_the_period_must_be_positive() -> None:
    with pytest.raises(ParameterError, match="period"):
        EffortGuard(LIMITS, KINEMATICS, 0.0)


def stopped(
    name: str, rate: float, config: GuardConfig, delay: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Let a moving arm be held for a second; return positions and velocities, by its inertia."""
    arm = load_arm(name)
    kinematics, generator = Kinematics(arm), np.random.default_rng(seed)
    guard = EffortGuard(arm.limits, kinematics, 1 / rate, config)
    positions = [arm.home + generator.uniform(-0.3, 0.3, 7)]
    velocities = [generator.uniform(-0.8, 0.8, 7)] * (1 + delay)
    for _ in range(round(rate)):
        torques = guard.step(REST, positions[-1], velocities[-1 - delay])
        inertia = kinematics.joint_inertia(torch.from_numpy(positions[-1])).numpy()
        velocities.append(velocities[-1] + np.linalg.solve(inertia, torques) / rate)
        positions.append(positions[-1] + velocities[-1] / rate)
    return np.array(positions), np.array(velocities)


@pytest.mark.parametrize("name", ARM_NAMES)
@pytest.mark.parametrize(
    ("rate", "changes"),
    [
        (30.0, {}),
        (120.0, {}),
        (480.0, {}),
        (120.0, {"speed_limit": 0.3}),
        (120.0, {"velocity_scale": 0.05}),
        (120.0, {"effort_scale": 1.0}),
    ],
)
@pytest.mark.parametrize("delay", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_an_arm_is_brought_to_rest_without_swinging(
    name: str, rate: float, changes: dict[str, float], delay: int, seed: int
) -> None:
    """Also with velocities that are a period old."""
    _, velocities = stopped(name, rate, GuardConfig(**changes), delay, seed)
    half = len(velocities) // 2
    assert np.abs(velocities[half:]).max() < 0.02
    assert (velocities * np.sign(velocities[0])).min() > -0.02


@pytest.mark.parametrize("name", ARM_NAMES)
@pytest.mark.parametrize("rate", [20.0, 120.0])
def test_pushed_outwards_for_long_no_joint_passes_its_limit(name: str, rate: float) -> None:
    """All joints at once, by the arm's inertia without centrifugal torques."""
    arm = load_arm(name)
    kinematics, limits = Kinematics(arm), arm.limits
    guard = EffortGuard(limits, kinematics, 1 / rate)
    guard.start()
    positions, velocities = arm.home, np.zeros(7)
    away = np.array([1, -1, 1, -1, 1, -1, 1])
    push = 2.0 * kinematics.joint_inertia(torch.tensor(arm.home)).numpy() @ away
    for _ in range(round(10 * rate)):
        inertia = kinematics.joint_inertia(torch.tensor(positions)).numpy()
        torques = guard.step(push, positions, velocities)
        velocities = velocities + np.linalg.solve(inertia, torques) / rate
        positions = positions + velocities / rate
        assert guard.state is GuardState.ARMED, guard.reason
        assert (limits.lower < positions).all()
        assert (positions < limits.upper).all()
    assert np.minimum(positions - limits.lower, limits.upper - positions).min() < 0.3


@pytest.mark.parametrize("end", [-1, 1])
def test_only_joints_near_their_ends_are_braked_whatever_the_others_do(end: int) -> None:
    generator = np.random.default_rng(4)
    slowing = []
    for _ in range(200):
        guard = EffortGuard(LIMITS, KINEMATICS, PERIOD, GuardConfig(effort_rate=1e4))
        guard.start()
        others, near = np.split(generator.permutation(7), [4])
        positions, velocities = HOME.copy(), np.zeros(7)
        # 0.1 rad of room: 0.25 rad/s
        positions[near] = LIMITS.upper[near] - 0.15 if end > 0 else LIMITS.lower[near] + 0.15
        velocities[near] = end * 0.3
        target = generator.uniform(-0.3, 0.3, 7) * LIMITS.effort
        torques = guard.step(target, positions, velocities)
        np.testing.assert_array_equal(torques[others], target[others])
        assert (end * torques[near] <= end * target[near] + 1e-12).all()
        if (np.abs(torques) < 0.85 * LIMITS.effort).all():  # nothing was cut off
            inertia = KINEMATICS.joint_inertia(torch.tensor(positions)).numpy()
            slowing += [*(end * np.linalg.solve(inertia, torques)[near])]
    assert len(slowing) > 300
    assert np.max(slowing) < 0.7 * 0.25 / PERIOD * (0.25 - 0.3)
    assert np.median(slowing) < 0.99 * 0.25 / PERIOD * (0.25 - 0.3)


def test_a_joint_that_goes_on_all_the_same_trips() -> None:
    """Such as one with which something moves that no description knows of."""
    guard = EffortGuard(LIMITS, KINEMATICS, PERIOD)
    guard.start()
    positions, velocities = HOME.copy(), np.zeros(7)
    positions[1], velocities[1] = LIMITS.upper[1] - 0.03, 0.01
    guard.step(REST, positions, velocities)
    assert guard.state is GuardState.ARMED
    positions[1] = LIMITS.upper[1] - 0.02
    guard.step(REST, positions, -velocities)  # on its way back
    assert guard.state is GuardState.ARMED
    guard.step(REST, positions, velocities)
    assert guard.reason == "braking does not stop panda_joint2, which is 0.02 rad from its end"


def test_an_impossible_position_is_not_braked_by() -> None:
    guard, velocities = EffortGuard(LIMITS, KINEMATICS, PERIOD), np.full(7, 0.1)
    guard.start()
    guard.step(REST, HOME, velocities)
    wrong = HOME.copy()
    wrong[1] += 4.0
    for _ in range(30):
        torques = guard.step(REST, wrong, velocities)
    inertia = KINEMATICS.joint_inertia(torch.tensor(HOME)).numpy()
    np.testing.assert_allclose(torques, inertia @ (-10.0 * velocities))


def test_contact_is_not_taken_for_motion() -> None:
    """Far from its ends and at rest an arm may press as hard as its limits allow."""
    guard = EffortGuard(LIMITS, KINEMATICS, PERIOD, GuardConfig(effort_rate=1e4))
    guard.start()
    press = np.array([5.0, -20.0, 5.0, 20.0, 3.0, 5.0, -3.0])
    np.testing.assert_array_equal(guard.step(press, HOME, REST), press)


@pytest.mark.parametrize("name", ARM_NAMES)
@pytest.mark.parametrize("motor_inertia", [0.0, 0.4])
@pytest.mark.parametrize("delay", [0, 1])
def test_limits_are_kept_without_trembling_with_motors_that_nobody_knows(
    name: str, motor_inertia: float, delay: int
) -> None:
    """A motor's inertia (kg m^2) and friction are in no description."""
    arm = load_arm(name)
    kinematics = Kinematics(arm)
    guard = EffortGuard(arm.limits, kinematics, PERIOD)
    guard.start()
    push = np.array([4.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    positions, velocities, torques = arm.home - 2.0 * (push > 0), [np.zeros(7)] * 2, []
    for _ in range(round(8.0 / PERIOD)):
        torques.append(guard.step(push, positions, velocities[-1 - delay]))
        inertia = kinematics.joint_inertia(torch.tensor(positions)).numpy()
        inertia = inertia + motor_inertia * np.eye(7)
        change = np.linalg.solve(inertia, torques[-1] - 0.5 * velocities[-1])
        velocities.append(velocities[-1] + PERIOD * change)
        positions = positions + PERIOD * velocities[-1]
    assert guard.state is GuardState.ARMED, guard.reason
    assert 1.0 < np.max(velocities) < 1.7
    room = (arm.limits.upper - positions)[push > 0]
    assert (room > 0.02).all()
    assert (room < 0.2).all()
    at_speed, at_end = torques[240:300], torques[-60:]
    assert np.abs(np.diff(at_speed, axis=0)).max() < 0.1
    assert np.abs(np.diff(at_end, axis=0)).max() < 0.1


def test_without_a_position_there_is_nothing_to_brake_by() -> None:
    guard = EffortGuard(LIMITS, KINEMATICS, PERIOD)
    guard.start()
    assert guard.step(np.full(7, 3.0), HOME, REST).all()
    assert not guard.step(np.full(7, 3.0), np.full(7, math.nan), REST).any()
    assert guard.state is GuardState.TRIPPED
