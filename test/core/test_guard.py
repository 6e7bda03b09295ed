# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The guard keeps every limit for every input."""

import math

import numpy as np
import pytest
from arm_double import VelocityArm
from hypothesis import given, settings
from hypothesis import strategies as st

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.guard import Guard
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.latch import GuardState
from irl_ros.core.velocity_stream import VelocityStream

PERIOD = 1 / 120
HOME = np.array([0.0, -0.8])


def limits_of(acceleration: float = 10.0, jerk: float = 5000.0) -> JointLimits:
    return JointLimits(
        names=("shoulder", "elbow"),
        lower=np.array([-2.0, -1.5]),
        upper=np.array([2.0, 0.5]),
        velocity=np.array([2.0, 1.0]),
        acceleration=np.array([acceleration, 0.5 * acceleration]),
        jerk=np.array([jerk, jerk]),
        effort=np.array([80.0, 12.0]),
    )


def arm(positions: np.ndarray, lag: float = 0.0) -> VelocityArm:
    return VelocityArm(positions, PERIOD, lag)


def run(
    guard: Guard, plant: VelocityArm, targets: list[tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    positions, commands = [], []
    for target in targets:
        command = guard.step(np.array(target), plant.positions, plant.velocities)
        plant.move(command)
        positions.append(plant.positions.copy())
        commands.append(command)
    return np.array(positions), np.array(commands)


def assert_within(limits: JointLimits, config: GuardConfig, commands: np.ndarray) -> None:
    """Check velocity, acceleration and jerk by finite differences from rest."""
    padded = np.vstack([np.zeros((2, 2)), commands])
    speed = np.minimum(limits.velocity * config.velocity_scale, config.speed_limit)
    acceleration = np.diff(padded, axis=0) / PERIOD
    jerk = np.diff(acceleration, axis=0) / PERIOD
    assert (np.abs(commands) <= speed + 1e-9).all()
    assert (
        np.abs(acceleration) <= limits.acceleration * config.acceleration_scale * (1 + 1e-6)
    ).all()
    assert (np.abs(jerk) <= limits.jerk * config.jerk_scale * (1 + 1e-6)).all()


speeds = st.one_of(
    st.floats(-3.0, 3.0), st.sampled_from([-1e300, -3.0, 0.0, 3.0, 1e300]), st.floats(-0.05, 0.05)
)
segments = st.lists(st.tuples(speeds, speeds, st.integers(1, 90)), min_size=1, max_size=30)


def expand(parts: list[tuple[float, float, int]]) -> list[tuple[float, float]]:
    return [(a, b) for a, b, count in parts for _ in range(count)]


@settings(max_examples=150)
@given(
    parts=segments,
    start=st.tuples(st.floats(-1.95, 1.95), st.floats(-1.45, 0.45)),
    acceleration=st.sampled_from([1.0, 3.0, 10.0, 20.0]),
    jerk=st.sampled_from([5.0, 50.0, 500.0, 10000.0]),
    lag=st.sampled_from([0.0, 0.01, 0.05]),
    margin=st.sampled_from([0.0, 0.05]),
    slow_approach=st.booleans(),
)
def test_every_limit_holds_for_every_input(
    parts: list[tuple[float, float, int]],
    start: tuple[float, float],
    acceleration: float,
    jerk: float,
    lag: float,
    margin: float,
    slow_approach: bool,
) -> None:
    limits = limits_of(acceleration, jerk)
    config = GuardConfig(position_margin=margin)
    inside = np.clip(start, limits.lower + margin, limits.upper - margin)
    guard, plant = Guard(limits, PERIOD, config), arm(inside, lag)
    with pytest.MonkeyPatch.context() as patch:
        if not slow_approach:
            # The invariant must hold by itself; the slow approach is there for comfort.
            patch.setattr(VelocityStream, "_approach", lambda *_: math.inf)
        guard.start(plant.positions)
        positions, commands = run(guard, plant, expand(parts))
    assert guard.state is GuardState.ARMED, guard.reason
    assert_within(limits, config, commands)
    assert (positions <= limits.upper - margin + 1e-6).all()
    assert (positions >= limits.lower + margin - 1e-6).all()


@settings(max_examples=60)
@given(parts=segments, lag=st.sampled_from([0.0, 0.05]), jerk=st.sampled_from([50.0, 5000.0]))
def test_limits_hold_for_the_integrated_commands_too(
    parts: list[tuple[float, float, int]], lag: float, jerk: float
) -> None:
    limits, config = limits_of(jerk=jerk), GuardConfig()
    guard, plant = Guard(limits, PERIOD, config, limit_reference=True), arm(HOME, lag)
    guard.start(plant.positions)
    for target in expand(parts):
        command = guard.step(np.array(target), plant.positions, plant.velocities)
        plant.move(command)
        # Where the arm goes if it hears no more, too.
        way = np.vstack([guard.reference_positions, guard.path.positions])
        assert (way <= limits.upper - config.position_margin + 1e-6).all()
        assert (way >= limits.lower + config.position_margin - 1e-6).all()


@settings(max_examples=60)
@given(
    before=segments,
    after=segments,
    stop=st.sampled_from(["hold", "trip", "nan", "inf", "short"]),
)
def test_stopping_stays_within_the_limits_and_lasts(
    before: list[tuple[float, float, int]], after: list[tuple[float, float, int]], stop: str
) -> None:
    limits, config = limits_of(), GuardConfig()
    guard, plant = Guard(limits, PERIOD, config), arm(HOME)
    guard.start(plant.positions)
    _, commands = run(guard, plant, expand(before))
    if stop == "hold":
        guard.hold()
    elif stop == "trip":
        guard.trip("test")
    else:
        bad = {"nan": [math.nan, 0.0], "inf": [0.0, -math.inf], "short": [0.0]}[stop]
        command = guard.step(np.array(bad), plant.positions, plant.velocities)
        plant.move(command)
        commands = np.vstack([commands, command])
    assert guard.state is (GuardState.HOLDING if stop == "hold" else GuardState.TRIPPED)
    more_positions, more = run(guard, plant, expand(after) + [(3.0, 3.0)] * 120)
    assert_within(limits, config, np.vstack([commands, more]))
    assert (more_positions <= limits.upper - config.position_margin + 1e-6).all()
    assert (more_positions >= limits.lower + config.position_margin - 1e-6).all()
    assert not commands[-1:].any() or abs(more[0]).sum() <= abs(commands[-1]).sum() + 1.0
    assert not more[-1].any()
    assert guard.at_rest


def test_wanted_velocities_inside_the_limits_are_reached() -> None:
    guard, plant = Guard(limits_of(), PERIOD), arm(HOME)
    guard.start(plant.positions)
    _, commands = run(guard, plant, [(0.3, -0.2)] * 30)
    np.testing.assert_allclose(commands[10:], [[0.3, -0.2]] * 20, atol=1e-12)


@pytest.mark.parametrize("lag", [0.0, 0.05])
def test_the_room_to_a_limit_is_used_without_chatter(lag: float) -> None:
    guard, plant = Guard(limits_of(), PERIOD), arm(HOME, lag)
    guard.start(plant.positions)
    positions, commands = run(guard, plant, [(3.0, 3.0)] * 600)
    np.testing.assert_allclose(positions[-1], [1.95, 0.45], atol=2e-3)
    slowing = np.diff(commands[300:], axis=0)
    assert (slowing <= 1e-9).all()


def test_nothing_moves_before_start() -> None:
    guard, plant = Guard(limits_of(), PERIOD), arm(HOME)
    _, commands = run(guard, plant, [(1.0, 1.0)] * 10)
    assert not commands.any()
    assert guard.state is GuardState.HOLDING
    assert guard.reason == "not started"


def test_a_trip_needs_rearm_and_start() -> None:
    guard, plant = Guard(limits_of(), PERIOD), arm(HOME)
    guard.start(plant.positions)
    guard.trip("button")
    guard.trip("a consequence")
    assert guard.reason == "button"
    guard.hold()
    with pytest.raises(SafetyError, match="button"):
        guard.start(plant.positions)
    guard.rearm()
    assert not run(guard, plant, [(1.0, 1.0)] * 5)[1].any()
    guard.start(plant.positions)
    assert run(guard, plant, [(1.0, 1.0)] * 5)[1].all()


def test_starting_again_while_slowing_down_makes_no_step() -> None:
    limits, config = limits_of(), GuardConfig()
    guard, plant = Guard(limits, PERIOD, config), arm(HOME)
    guard.start(plant.positions)
    _, first = run(guard, plant, [(1.0, -1.0)] * 20)
    guard.hold()
    _, second = run(guard, plant, [(1.0, -1.0)] * 3)
    guard.start(plant.positions)
    _, third = run(guard, plant, [(-1.0, 1.0)] * 30)
    assert_within(limits, config, np.vstack([first, second, third]))


def test_an_arm_outside_the_margin_may_come_back() -> None:
    guard, plant = Guard(limits_of(), PERIOD), arm(np.array([1.99, -1.49]))
    guard.start(plant.positions)
    _, outwards = run(guard, plant, [(1.0, -1.0)] * 10)
    assert not outwards.any()
    positions, _ = run(guard, plant, [(-0.5, 0.5)] * 60)
    assert positions[-1][0] < 1.9
    assert positions[-1][1] > -1.4


@pytest.mark.parametrize(
    ("positions", "velocities", "reason"),
    [
        ([math.nan, 0.0], [0.0, 0.0], "position of shoulder is nan"),
        ([0.0, 0.7], [0.0, 0.0], "position of elbow is 0.7 rad"),
        ([0.11, -0.8], [0.0, 0.0], "shoulder jumped from 0 to 0.11 rad"),
        ([0.0, -0.8], [0.0, math.inf], "velocity of elbow is inf"),
        ([0.0, -0.8], [2.5, 0.0], "velocity of shoulder is 2.5 rad/s, over 2.4 rad/s"),
    ],
)
def test_impossible_measurements_trip(
    positions: list[float], velocities: list[float], reason: str
) -> None:
    guard = Guard(limits_of(), PERIOD)
    guard.start(HOME)
    command = guard.step(np.zeros(2), np.array(positions), np.array(velocities))
    assert guard.state is GuardState.TRIPPED
    assert reason in guard.reason
    assert not command.any()


def test_starting_from_an_impossible_posture_trips() -> None:
    guard = Guard(limits_of(), PERIOD)
    guard.start(np.array([0.0, math.nan]))
    assert guard.state is GuardState.TRIPPED


def test_an_arm_that_does_not_follow_trips() -> None:
    guard = Guard(limits_of(), PERIOD)
    guard.start(HOME)
    for _ in range(600):
        guard.step(np.array([1.4, 0.0]), HOME, np.zeros(2))
    assert guard.state is GuardState.TRIPPED
    assert "shoulder does not move" in guard.reason


def test_an_arm_that_follows_by_half_trips() -> None:
    guard, plant = Guard(limits_of(), PERIOD), VelocityArm(HOME, PERIOD, 0.05, gain=0.5)
    guard.start(HOME)
    for _ in range(160):
        plant.move(guard.step(np.array([1.5, 0.0]), plant.positions, plant.velocities))
    assert guard.state is GuardState.TRIPPED
    assert "rad behind its commands, over 0.3 rad" in guard.reason


def test_weak_and_biased_actuators_do_not_trip() -> None:
    guard, positions = Guard(limits_of(), PERIOD), HOME.copy()
    guard.start(positions)
    velocities = np.zeros(2)
    for step in range(600):
        wave = math.sin(2 * math.pi * step / 300)
        command = guard.step(np.array([1.4 * wave, 0.5 * wave]), positions, velocities)
        velocities = 0.8 * command + 0.1
        positions = positions + PERIOD * velocities
    assert guard.state is GuardState.ARMED, guard.reason


@pytest.mark.parametrize("speed", [0.3, 0.5, 1.0])
def test_a_joint_that_is_blocked_at_low_speed_trips(speed: float) -> None:
    guard = Guard(limits_of(), PERIOD)
    guard.start(HOME)
    for _ in range(240):
        guard.step(np.array([speed, 0.0]), HOME, np.zeros(2))
    assert guard.state is GuardState.TRIPPED
    assert "shoulder" in guard.reason


def test_a_driver_that_reports_no_velocities_trips() -> None:
    guard, plant = Guard(limits_of(), PERIOD), arm(HOME)
    guard.start(HOME)
    for _ in range(240):
        plant.move(guard.step(np.array([0.4, 0.0]), plant.positions, np.zeros(2)))
    assert guard.state is GuardState.TRIPPED
    assert "measurements of shoulder contradict each other" in guard.reason


@settings(max_examples=60)
@given(parts=segments, gain=st.floats(0.8, 1.1), bias=st.floats(-0.1, 0.1))
def test_no_weak_or_biased_arm_trips(
    parts: list[tuple[float, float, int]], gain: float, bias: float
) -> None:
    limits = limits_of()
    guard, plant = Guard(limits, PERIOD), VelocityArm(HOME, PERIOD, 0.05, gain, bias)
    guard.start(plant.positions)
    for target in expand(parts):
        command = guard.step(np.array(target), plant.positions, plant.velocities)
        plant.move(command)
        if "measured position" in guard.reason:
            return  # at rest, the bias carries it over its end
        assert guard.state is GuardState.ARMED, guard.reason


def test_a_reference_that_leaves_the_arm_behind_trips() -> None:
    guard, plant = Guard(limits_of(), PERIOD, limit_reference=True), arm(HOME)
    guard.start(HOME)
    for _ in range(1200):
        # The arm creeps, as fast as its commands let pass in velocity mode.
        command = guard.step(np.array([0.15, 0.0]), plant.positions, plant.velocities)
        plant.move(0.5 * command)
    assert guard.state is GuardState.TRIPPED
    assert "shoulder is 0.3" in guard.reason
    assert abs(guard.reference_positions[0] - plant.positions[0]) < 0.4


def test_a_refused_start_leaves_the_reference_where_the_arm_is() -> None:
    guard = Guard(limits_of(), PERIOD, limit_reference=True)
    where = np.array([0.5, 0.7])
    guard.start(where)
    assert guard.state is GuardState.TRIPPED
    np.testing.assert_array_equal(guard.reference_positions, where)


@pytest.mark.parametrize(("samples", "trips"), [(1, False), (5, False), (12, True)])
def test_efforts_that_stay_over_their_limit_trip(samples: int, trips: bool) -> None:
    guard = Guard(limits_of(), PERIOD)
    guard.start(HOME)
    for step in range(60):
        strained = 20 <= step < 20 + samples
        efforts = np.array([0.0, -12.5 if strained else -11.5])
        guard.step(np.zeros(2), HOME, np.zeros(2), efforts)
    assert (guard.state is GuardState.TRIPPED) == trips
    assert not trips or "measured effort of elbow is -12.5 N m, over 12 N m" in guard.reason


@settings(max_examples=100)
@given(
    parts=segments,
    pauses=st.lists(st.tuples(st.integers(30, 120), st.integers(1, 40)), max_size=8),
    acceleration=st.sampled_from([1.0, 10.0, 20.0]),
    jerk=st.sampled_from([50.0, 500.0, 10000.0]),
    lag=st.sampled_from([0.0, 0.05]),
)
def test_position_limits_hold_while_joint_states_are_lost(
    parts: list[tuple[float, float, int]],
    pauses: list[tuple[int, int]],
    acceleration: float,
    jerk: float,
    lag: float,
) -> None:
    """Commands stay in force for three more periods, then braking needs no joint states."""
    limits, config = limits_of(acceleration, jerk), GuardConfig(jump=10.0)
    guard, plant = Guard(limits, PERIOD, config), arm(HOME, lag)
    guard.start(plant.positions)
    present = [length for pause in pauses for length in pause]
    heard = [bool(i % 2 == 0) for i, length in enumerate(present) for _ in range(length)]
    command, missing = np.zeros(2), 0
    for step, target in enumerate(expand(parts)):
        missing = 0 if step >= len(heard) or heard[step] else missing + 1
        if missing == 0:
            command = guard.step(np.array(target), plant.positions, plant.velocities)
        elif missing > 3:
            command = guard.brake()
        plant.move(command)
        assert (plant.positions <= limits.upper - config.position_margin + 1e-6).all()
        assert (plant.positions >= limits.lower + config.position_margin - 1e-6).all()


def test_a_margin_that_leaves_no_room_is_refused() -> None:
    limits = limits_of()
    narrow = JointLimits(
        limits.names,
        np.array([-2.0, 0.0]),
        np.array([2.0, 0.09]),
        limits.velocity,
        limits.acceleration,
        limits.jerk,
        limits.effort,
    )
    with pytest.raises(ParameterError, match="elbow"):
        Guard(narrow, PERIOD)


@pytest.mark.parametrize("period", [0.0, -0.01, math.nan])
def test_a_period_that_is_not_positive_is_refused(period: float) -> None:
    with pytest.raises(ParameterError, match="period"):
        Guard(limits_of(), period)
