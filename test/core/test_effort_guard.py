# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Torques stay within the limits, and an arm near its ends is braked."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irl_ros.core.arm import load_arm
from irl_ros.core.effort_guard import EffortGuard
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.latch import GuardState

PERIOD = 1 / 120
ARM = load_arm("panda")
LIMITS, HOME, REST = ARM.limits, ARM.home, np.zeros(7)
efforts = st.lists(
    st.lists(st.floats(-1e6, 1e6), min_size=7, max_size=7).map(np.array), min_size=1, max_size=30
)


@given(targets=efforts)
def test_torques_and_their_changes_are_limited(targets: list[np.ndarray]) -> None:
    guard, config = EffortGuard(LIMITS, PERIOD), GuardConfig()
    guard.start()
    commands = np.array([REST] + [guard.step(target, HOME, REST) for target in targets])
    assert (np.abs(commands) <= LIMITS.effort * config.effort_scale + 1e-9).all()
    assert (np.abs(np.diff(commands, axis=0)) <= config.effort_rate * PERIOD + 1e-9).all()
    assert guard.state is GuardState.ARMED


def test_wanted_torques_inside_the_limits_are_reached() -> None:
    guard, target = EffortGuard(LIMITS, PERIOD), np.full(7, 3.0)
    guard.start()
    np.testing.assert_array_equal(guard.step(target, HOME, REST), target)


@pytest.mark.parametrize("end", [-1, 1])
def test_a_joint_near_its_end_is_braked(end: int) -> None:
    guard = EffortGuard(LIMITS, PERIOD)
    guard.start()
    positions = HOME.copy()
    positions[0] = end * (LIMITS.upper[0] - 0.06)
    velocities = REST.copy()
    velocities[0] = end * 1.0
    for _ in range(60):
        command = guard.step(np.full(7, end * 5.0), positions, velocities)
    assert end * command[0] < 0
    np.testing.assert_allclose(command[1:], end * 5.0)


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
    guard = EffortGuard(LIMITS, PERIOD)
    guard.start()
    assert np.isfinite(guard.step(target, positions, velocities)).all()
    assert guard.state is GuardState.TRIPPED
    assert reason in guard.reason
    for _ in range(60):
        command = guard.step(np.full(7, 5.0), HOME, np.full(7, 0.2))
    assert (command < 0).all()
    with pytest.raises(SafetyError, match="rearm"):
        guard.start()
    guard.rearm()
    guard.start()
    assert guard.state is GuardState.ARMED


def test_no_torque_is_let_through_before_start_and_while_holding() -> None:
    guard = EffortGuard(LIMITS, PERIOD)
    assert not guard.step(np.full(7, 5.0), HOME, REST).any()
    guard.start()
    assert guard.step(np.full(7, 3.0), HOME, REST).all()
    guard.hold()
    assert guard.state is GuardState.HOLDING
    assert not guard.step(np.full(7, 3.0), HOME, REST).any()


def test_the_period_must_be_positive() -> None:
    with pytest.raises(ParameterError, match="period"):
        EffortGuard(LIMITS, 0.0)


@pytest.mark.parametrize(
    ("period", "changes"),
    [
        (PERIOD, {"speed_limit": 0.5}),
        (PERIOD, {"velocity_scale": 0.05}),
        (PERIOD, {"effort_scale": 1.0}),
        (1 / 40, {}),
    ],
)
def test_an_arm_is_damped_to_rest_whatever_the_margins(
    period: float, changes: dict[str, float]
) -> None:
    """A held torque must not take more than twice the speed of the lightest joint in a period."""
    guard = EffortGuard(LIMITS, period, GuardConfig(**changes))
    inertia, speed = 0.054, 0.3  # of the Panda's last joint with the plate, kg m^2; rad/s
    velocities = np.zeros(7)
    velocities[6] = speed
    for _ in range(round(1.0 / period)):
        velocities[6] += period * guard.step(REST, HOME, velocities)[6] / inertia
    assert abs(velocities[6]) < 0.02
