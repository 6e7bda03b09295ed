# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated hand: a smooth path, limited forces, a new variation for every take."""

import numpy as np
import pytest

from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.sim.hand import Hand, HandConfig, minimum_jerk

TARGET = DishTask().target_pose(2)
START = Pose(np.array([0.40, 0.0, 0.42]), TARGET.quaternion)


def hand(seed=0, **changes):
    return Hand(START, TARGET, np.random.default_rng(seed), HandConfig(**changes))


def test_minimum_jerk_starts_and_ends_at_rest():
    assert minimum_jerk(0.0) == (0.0, 0.0)
    assert minimum_jerk(1.0) == (1.0, 0.0)
    assert minimum_jerk(0.5) == pytest.approx((0.5, 1.875))
    assert minimum_jerk(-1.0) == (0.0, 0.0)
    assert minimum_jerk(2.0) == (1.0, 0.0)


def test_the_path_leads_from_start_to_target_by_way_of_a_place_above():
    person = hand()
    position, velocity, rotation, _ = person.wanted(0.0)
    np.testing.assert_allclose(position, START.position)
    np.testing.assert_allclose(velocity, 0.0, atol=1e-12)
    np.testing.assert_allclose(rotation, START.rotation, atol=1e-12)
    position, velocity, rotation, _ = person.wanted(person.duration)
    np.testing.assert_allclose(position, TARGET.position)
    np.testing.assert_allclose(velocity, 0.0, atol=1e-12)
    np.testing.assert_allclose(rotation, TARGET.rotation, atol=1e-12)
    path = np.array([person.wanted(time)[0] for time in np.linspace(0, person.duration, 400)])
    # Wherever the rim is below the tines' tips, the plate is over its slot already.
    tips = TARGET.position[2] + HandConfig().entry_depth
    low = path[:, 2] < tips
    assert low.any()
    np.testing.assert_allclose(path[low, 1], TARGET.position[1], atol=1e-9)


def test_velocity_is_the_derivative_of_position():
    person = hand()
    for time in np.linspace(0.1, person.duration - 0.2, 25):
        step = 1e-5
        ahead, behind = person.wanted(time + step)[0], person.wanted(time - step)[0]
        np.testing.assert_allclose(
            (ahead - behind) / (2 * step), person.wanted(time)[1], atol=1e-6
        )


def test_the_spring_pulls_towards_the_wanted_pose():
    person = hand(tremor=0.0, turn_tremor=0.0, shake=0.0, stiffness_spread=0.0)
    wanted, velocity, rotation, turning = person.wanted(1.0)
    offset = np.array([0.01, 0.0, -0.02])
    force, torque = person.wrench(1.0, rotation, wanted + offset, velocity, turning)
    np.testing.assert_allclose(force, -500.0 * offset, atol=1e-9)
    np.testing.assert_allclose(torque, 0.0, atol=1e-9)
    force, _ = person.wrench(1.0, rotation, wanted, velocity + offset, turning)
    np.testing.assert_allclose(force, -60.0 * offset, atol=1e-9)


def test_forces_are_limited_and_end():
    person = hand()
    far = START.position + np.array([1.0, -2.0, 1.0])
    upside_down = START.rotation @ np.diag([1.0, -1.0, -1.0])
    force, torque = person.wrench(0.5, upside_down, far, np.zeros(3), np.zeros(3))
    assert np.linalg.norm(force) == pytest.approx(45.0)
    assert np.linalg.norm(torque) == pytest.approx(6.0)
    fading, _ = person.wrench(person.duration - 0.05, upside_down, far, np.zeros(3), np.zeros(3))
    assert np.linalg.norm(fading) == pytest.approx(15.0)
    force, torque = person.wrench(person.duration, upside_down, far, np.zeros(3), np.zeros(3))
    assert not force.any()
    assert not torque.any()


def test_takes_differ_and_repeat_with_their_seed():
    durations = [hand(seed).duration for seed in range(40)]
    assert len(set(durations)) == 40
    assert max(durations) < 5.0
    assert 0.1 < np.std(durations) < 0.8
    middles = np.array([hand(seed).wanted(1.0)[0] for seed in range(40)])
    assert (middles.std(axis=0) > 0.003).all()
    np.testing.assert_array_equal(hand(3).wanted(1.0)[0], hand(3).wanted(1.0)[0])


def test_tremor_has_the_configured_size():
    sizes = []
    for seed in range(30):
        person = hand(seed, shake=0.0, stiffness_spread=0.0, press=0.0)
        for time in np.arange(1.0, person.duration - 0.2, 0.35):
            wanted, velocity, rotation, turning = person.wanted(time)
            force, _ = person.wrench(time, rotation, wanted, velocity, turning)
            sizes.append(force / 500.0)
    np.testing.assert_allclose(np.std(sizes, axis=0), 0.003, rtol=0.15)
