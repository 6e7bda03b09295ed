# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated driver obeys good commands, refuses bad ones, and holds when they cease."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from irl_ros.core.arm_driver import LimitsConfig
from irl_ros.core.errors import DataError, ParameterError, SafetyError
from irl_ros.sim.joint_drive import ArmMode
from irl_ros.sim.real_time import RealTimeArm, SimArmConfig

pytestmark = pytest.mark.sim

GENTLE = np.full(7, 0.1)


@pytest.fixture
def arm() -> Iterator[RealTimeArm]:
    arm = RealTimeArm(SimArmConfig(), start_ns=10**18)
    yield arm
    arm.close()


def run(arm: RealTimeArm, seconds: float, each: Callable[[], None] = lambda: None) -> list[str]:
    notes = []
    for _ in range(round(seconds / arm.cycle_period)):
        each()
        notes.append(arm.cycle())
    return [note for note in notes if note]


def test_the_clock_is_exact_and_survives_a_reset(arm: RealTimeArm) -> None:
    run(arm, 0.5)
    arm.reset()
    run(arm, 0.5)
    assert arm.stamp_ns == 10**18 + 10**9
    assert arm.joint_sample().stamp_ns == arm.stamp_ns
    assert arm.attempt == 2


@pytest.mark.parametrize("rate", [60, 80, 120, 240])
def test_joint_states_come_at_the_rate_that_is_set(rate: int) -> None:
    arm = RealTimeArm(SimArmConfig(state_rate_hz=rate), start_ns=7)
    goal = arm.joint_sample().joint_positions + 0.1
    arm.controllers.follow_trajectory(goal[None], None, np.array([1.0]), arm.time)
    for _ in range(2 * rate):
        before = arm.stamp_ns
        assert arm.cycle() == ""
        assert abs(arm.stamp_ns - before - 1e9 / rate) <= 1
    assert arm.stamp_ns == 7 + 2 * 10**9
    assert arm.time == 2.0
    # What the controllers do does not depend on how often they are watched.
    np.testing.assert_allclose(arm.joint_sample().joint_positions, goal, atol=0.005)
    arm.close()


@pytest.mark.parametrize("rate", [50, 100, 7])
def test_rates_that_miss_the_physics_steps_are_refused(rate: int) -> None:
    with pytest.raises(ParameterError, match="state_rate_hz = "):
        SimArmConfig(state_rate_hz=rate)


def test_a_stream_of_velocities_is_followed(arm: RealTimeArm) -> None:
    run(arm, 1.0, lambda: arm.controllers.command_velocities(GENTLE, arm.time))
    np.testing.assert_allclose(arm.joint_sample().joint_velocities, GENTLE, atol=1e-3)


def test_narrower_limits_are_those_that_count() -> None:
    config = SimArmConfig(limits=LimitsConfig(velocity=(0.05,) * 7))
    arm = RealTimeArm(config, start_ns=0)
    with pytest.raises(SafetyError, match=r"panda_joint1 is 0.1 rad/s, at most 0.05 rad/s"):
        arm.controllers.command_velocities(GENTLE, arm.time)
    arm.close()


def test_a_stream_that_dries_up_makes_the_arm_hold(arm: RealTimeArm) -> None:
    run(arm, 0.5, lambda: arm.controllers.command_velocities(GENTLE, arm.time))
    assert run(arm, 1.0) == ["no command for 0.1 s; the arm holds"]
    assert arm.simulator.mode is ArmMode.HOLDING
    assert np.abs(arm.joint_sample().joint_velocities).max() < 1e-3


def test_all_zeros_stand_still_exactly_even_with_biased_joints() -> None:
    arm = RealTimeArm(SimArmConfig(condition="mismatched"), start_ns=0)
    before = arm.joint_sample().joint_positions
    run(arm, 0.5, lambda: arm.controllers.command_velocities(np.zeros(7), arm.time))
    np.testing.assert_allclose(arm.joint_sample().joint_positions, before, atol=1e-3)
    arm.close()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full(7, math.nan), "velocity of panda_joint1 is nan"),
        (np.array([0, 0, math.inf, 0, 0, 0, 0]), "panda_joint3 is inf"),
        (np.full(7, 2.5), r"panda_joint1 is 2\.5 rad/s, at most 2\.175"),
        (np.zeros(6), "6 values for 7 joints"),
    ],
)
def test_bad_velocities_are_refused_and_the_arm_holds(
    arm: RealTimeArm, values: np.ndarray, message: str
) -> None:
    arm.controllers.command_velocities(GENTLE, arm.time)
    with pytest.raises(SafetyError, match=message):
        arm.controllers.command_velocities(values, arm.time)
    assert arm.simulator.mode is ArmMode.HOLDING


def test_torques_are_applied_and_bad_ones_refused(arm: RealTimeArm) -> None:
    run(arm, 0.3, lambda: arm.controllers.command_efforts(np.full(7, 2.0), arm.time))
    assert (arm.joint_sample().joint_velocities > 0.01).all()
    with pytest.raises(SafetyError, match="torque of panda_joint5 is 20 N m, at most 12"):
        arm.controllers.command_efforts(np.full(7, 20.0), arm.time)


def test_commands_are_refused_while_a_hand_guides(arm: RealTimeArm) -> None:
    arm.set_hand_guiding(True)
    with pytest.raises(SafetyError, match="hand guides the arm"):
        arm.controllers.command_velocities(GENTLE, arm.time)
    assert arm.simulator.mode is ArmMode.GUIDING
    arm.set_hand_guiding(False)
    arm.controllers.command_velocities(GENTLE, arm.time)


def test_a_hand_lets_go_when_it_is_no_longer_heard_of(arm: RealTimeArm) -> None:
    arm.set_hand_guiding(True)
    push = np.array([0.0, 10.0, 0.0])
    run(arm, 0.5, lambda: arm.controllers.push(push, np.zeros(3), arm.time))
    run(arm, 0.1)
    pushed = np.abs(arm.joint_sample().joint_velocities)
    run(arm, 1.0)
    assert pushed.max() > 0.1
    assert (np.abs(arm.joint_sample().joint_velocities) < pushed + 0.01).all()


def test_a_hand_that_answers_late_pushes_less_and_in_the_end_not_at_all(arm: RealTimeArm) -> None:
    push, moved = np.array([0.0, 10.0, 0.0]), []
    for age in (0.0, 0.02, 0.04, 0.06, 0.5):
        arm.reset()
        arm.set_hand_guiding(True)
        before = arm.joint_sample().joint_positions
        run(
            arm, 0.5, lambda a=age: arm.controllers.push(push, np.zeros(3), arm.time, arm.time - a)
        )  # type: ignore[misc]
        moved.append(float(np.abs(arm.joint_sample().joint_positions - before).max()))
    np.testing.assert_allclose(moved[1], moved[0], rtol=1e-6)
    assert 0.3 * moved[0] < moved[2] < 0.7 * moved[0]
    assert max(moved[3:]) < 0.02 * moved[0]


def test_a_stamp_tells_when_a_hand_felt_unless_it_is_none(arm: RealTimeArm) -> None:
    run(arm, 1.5)
    assert arm.recent(arm.stamp_ns) == arm.time
    assert arm.recent(arm.stamp_ns - 10**8) == pytest.approx(arm.time - 0.1)
    assert arm.recent(arm.stamp_ns + 10**8) is None
    assert arm.recent(0) is None
    told = r"the wrench answers to a motion of 1\.2 s ago, at most 1 s is taken; "
    with pytest.raises(DataError, match=told):
        arm.recent(arm.stamp_ns - 12 * 10**8)


def test_a_trajectory_is_followed_to_its_end(arm: RealTimeArm) -> None:
    goal = arm.joint_sample().joint_positions + 0.2
    middle = goal - 0.1
    points, times = np.array([middle, goal]), np.array([0.7, 1.4])
    arm.controllers.follow_trajectory(points, None, times, arm.time)
    run(arm, 0.7)
    np.testing.assert_allclose(arm.joint_sample().joint_positions, middle, atol=0.02)
    assert run(arm, 1.0) == []
    np.testing.assert_allclose(arm.joint_sample().joint_positions, goal, atol=0.005)
    assert arm.simulator.mode is ArmMode.HOLDING


def test_a_stream_of_points_is_followed_smoothly(arm: RealTimeArm) -> None:
    start, begin = arm.joint_sample().joint_positions, arm.time
    speeds = []

    def stream() -> None:
        ahead = arm.time - begin + 2 * arm.cycle_period
        arm.controllers.follow_trajectory(
            (start + 0.1 * ahead)[None], None, np.array([2 * arm.cycle_period]), arm.time
        )
        speeds.append(arm.joint_sample().joint_velocities)

    run(arm, 2.0, stream)
    np.testing.assert_allclose(speeds[120:], 0.1, atol=0.005)


def test_a_trajectory_must_end_at_rest(arm: RealTimeArm) -> None:
    points, times = arm.joint_sample().joint_positions[None] + 0.1, np.array([1.0])
    with pytest.raises(SafetyError, match="velocity of the last point is not zero"):
        arm.controllers.follow_trajectory(points, GENTLE[None], times, arm.time)
    arm.controllers.follow_trajectory(points, np.zeros((1, 7)), times, arm.time)
    run(arm, 1.5)
    np.testing.assert_allclose(arm.joint_sample().joint_positions, points[0], atol=0.005)


def test_an_empty_trajectory_makes_the_arm_hold(arm: RealTimeArm) -> None:
    goal = arm.joint_sample().joint_positions + 0.2
    arm.controllers.follow_trajectory(goal[None], None, np.array([1.0]), arm.time)
    run(arm, 0.5)
    arm.controllers.follow_trajectory(np.zeros((0, 7)), None, np.zeros(0), arm.time)
    run(arm, 0.5)
    assert arm.simulator.mode is ArmMode.HOLDING
    assert np.abs(arm.joint_sample().joint_velocities).max() < 1e-3


@pytest.mark.parametrize(
    ("offset", "times", "message"),
    [
        (0.1, [0.0], "must increase from zero"),
        (0.1, [0.001], "velocity towards a point of panda_joint1 is "),
        (9.0, [5.0], "position of panda_joint1"),
        (math.nan, [1.0], "position of panda_joint1 is nan"),
    ],
)
def test_bad_trajectories_are_refused(
    arm: RealTimeArm, offset: float, times: list[float], message: str
) -> None:
    points = (arm.simulator.start_posture + offset)[None]
    with pytest.raises(SafetyError, match=message):
        arm.controllers.follow_trajectory(points, None, np.array(times), arm.time)


def test_release_ends_the_attempt_and_reset_begins_the_next(arm: RealTimeArm) -> None:
    assert "1.25 s" in arm.release()
    with pytest.raises(SafetyError, match="reset first"):
        arm.controllers.command_velocities(GENTLE, arm.time)
    arm.controllers.command_velocities(np.zeros(7), arm.time)
    stay = arm.joint_sample().joint_positions[None]
    arm.controllers.follow_trajectory(stay, None, np.array([0.02]), arm.time)
    assert arm.outcome is None
    run(arm, 1.5)
    assert arm.outcome is not None
    assert not arm.outcome.success
    arm.config = SimArmConfig(slot=2, seed=5)
    assert arm.reset() == "attempt 2: slot 2, seed 5"
    assert arm.outcome is None
    arm.controllers.command_velocities(GENTLE, arm.time)


def test_a_stream_under_way_at_the_release_ends_without_an_error(
    arm: RealTimeArm,
) -> None:
    arm.controllers.command_velocities(GENTLE, arm.time)
    run(arm, 0.05)
    arm.release()
    arm.controllers.command_velocities(GENTLE, arm.time)
    run(arm, 0.5)
    arm.controllers.command_velocities(GENTLE, arm.time)
    arm.controllers.follow_trajectory(
        arm.joint_sample().joint_positions[None] + 0.1, None, np.array([0.5]), arm.time
    )
    assert np.abs(arm.joint_sample().joint_velocities).max() < 1e-3
    run(arm, 1.0)
    with pytest.raises(SafetyError, match="reset first"):
        arm.controllers.command_velocities(GENTLE, arm.time)
