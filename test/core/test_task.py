# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rack's geometry, the rules of success and the cost input."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from irl_ros.core.arm import ARM_NAMES, load_arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.kinematics import Kinematics, inverse_kinematics
from irl_ros.core.pose import Pose, quaternion_from_rotation, rotation_from_vector
from irl_ros.core.task import DishRack, DishTask, relative_features

TASK = DishTask()
STILL = np.zeros(3)


def moved(slot, offset=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0)):
    target = TASK.target_pose(slot)
    rotation = rotation_from_vector(np.array(turn)) @ target.rotation
    return Pose(target.position + np.array(offset), quaternion_from_rotation(rotation))


def judge(plate, slot=4, linear=STILL, angular=STILL, force=10.0):
    return TASK.judge(slot, plate, linear, angular, force)


def test_ten_slots_span_43_centimetres():
    assert TASK.rack.length == pytest.approx(0.43)
    along = [TASK.target_pose(slot).position[1] for slot in range(10)]
    np.testing.assert_allclose(np.diff(along), 0.043)
    assert np.mean(along) == pytest.approx(0.0)


def test_the_resting_plate_touches_both_rails():
    rack, plate = TASK.rack, TASK.plate
    centre = TASK.resting_height - rack.rail_height
    assert math.hypot(centre, rack.rail_offset) == pytest.approx(plate.radius + rack.rail_radius)


def test_the_plate_enters_from_above_with_its_normal_along_the_rack():
    rotation = TASK.target_pose(0).rotation
    np.testing.assert_allclose(rotation[:, 2], [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(np.abs(rotation[:, 0]), [0, 1, 0], atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_twenty_takes_over_nine_slots_leave_the_held_out_slot_out():
    takes = dict(TASK.taught_takes)
    assert sum(takes.values()) == len(TASK.take_slots) == 20
    assert len(takes) == 9
    assert TASK.held_out_slot not in takes
    assert takes[0] == takes[9] == 3


def test_a_turned_rack_turns_its_slots():
    rack = DishRack(position=(0.4, 0.1, 0.02), yaw=0.3)
    task = DishTask(rack=rack)
    pose = task.target_pose(9)
    offset = pose.position - np.array(rack.position)
    np.testing.assert_allclose(
        offset[:2], 4.5 * 0.043 * np.array([-math.sin(0.3), math.cos(0.3)]), atol=1e-12
    )
    assert task.judge(9, pose, STILL, STILL, 0.0).success


def test_missing_slots_are_refused():
    with pytest.raises(ParameterError, match="slots 0 to 9"):
        TASK.target_pose(10)
    with pytest.raises(ParameterError, match="slots 0 to 9"):
        DishTask(held_out_slot=-1)


@pytest.mark.parametrize("name", ARM_NAMES)
def test_every_slot_is_in_reach(name):
    arm = load_arm(name)
    kinematics = Kinematics(arm)
    for slot in range(10):
        q = inverse_kinematics(kinematics, TASK.target_pose(slot), arm.home)
        room = np.minimum(q - arm.limits.lower, arm.limits.upper - q)
        assert room.min() > 0.25
        assert np.linalg.cond(kinematics.jacobian(torch.from_numpy(q)).numpy()) < 20


def test_a_plate_at_its_target_is_a_success():
    outcome = judge(moved(4))
    assert outcome.success
    assert outcome.reason == ""
    assert outcome.slot_offset == pytest.approx(0.0)


def test_a_plate_may_be_turned_about_its_normal_or_be_back_to_front():
    assert judge(moved(4, turn=(0, 1.3, 0))).success
    assert judge(moved(4, turn=(0, 0, math.pi))).success


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"force": 60.5}, "broken"),
        ({"force": math.nan}, "broken"),
        ({"plate": moved(4, (0, 0, 0.021))}, "not resting on the rails"),
        ({"plate": moved(4, (0, 0, -0.021))}, "not resting on the rails"),
        ({"plate": moved(4, (0.031, 0, 0))}, "not in the rack's middle"),
        ({"plate": moved(4, (0, 0.017, 0))}, "not in slot 4"),
        ({"plate": moved(5)}, "not in slot 4"),
        ({"plate": moved(4, turn=(math.radians(21), 0, 0))}, "not upright"),
        ({"plate": moved(4, turn=(0, 0, math.radians(21)))}, "not upright"),
        ({"linear": np.array([0.0, 0.06, 0.0])}, "not still"),
        ({"angular": np.array([0.6, 0.0, 0.0])}, "not still"),
    ],
)
def test_every_rule_can_fail(change, reason):
    arguments = {"plate": moved(4), **change}
    outcome = judge(**arguments)
    assert not outcome.success
    assert outcome.reason.startswith(reason)
    assert outcome.broken == (reason == "broken")


@pytest.mark.parametrize(
    "change",
    [
        {"force": 59.5},
        {"plate": moved(4, (0, 0, 0.019))},
        {"plate": moved(4, (-0.029, 0, 0))},
        {"plate": moved(4, (0, -0.016, 0))},
        {"plate": moved(4, turn=(math.radians(19), 0, 0))},
    ],
)
def test_every_rule_has_its_tolerance(change):
    assert judge(**{"plate": moved(4), **change}).success


def test_a_fall_is_kept_and_not_judged():
    released = moved(4, (0.01, 0.002, 0.06), turn=(math.radians(5), 0, 0))
    outcome = TASK.judge(4, moved(4), STILL, STILL, 10.0, released)
    assert outcome.success
    assert outcome.release_height == pytest.approx(0.06)
    assert outcome.release_offset == pytest.approx(0.002)
    assert outcome.release_tilt == pytest.approx(math.radians(5))
    assert judge(moved(4)).release_height is None


def test_rules_are_fixed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TASK.force_limit = 1e9


@pytest.mark.parametrize("name", ARM_NAMES)
def test_features_vanish_at_rest_at_the_target_and_follow_the_plate(name):
    arm = load_arm(name)
    kinematics = Kinematics(arm)
    target = TASK.target_pose(7)
    features = relative_features(target)
    q = torch.from_numpy(inverse_kinematics(kinematics, target, arm.home))
    still = kinematics.arm_state(q, torch.zeros(7).double())
    torch.testing.assert_close(features(still), torch.zeros(18).double(), atol=1e-7, rtol=0)
    rates = torch.linspace(-0.5, 0.5, 7, dtype=torch.float64)
    moving = features(kinematics.arm_state(q, rates))
    velocity = kinematics.jacobian(q)[:3] @ rates
    expected = torch.from_numpy(target.rotation.T.copy()) @ velocity
    torch.testing.assert_close(moving[9:12], expected, atol=1e-7, rtol=0)


def test_features_of_a_shift_are_the_shift_in_the_target_frame():
    target = TASK.target_pose(2)
    features = relative_features(target)
    state = torch.zeros(32, dtype=torch.float64)
    shifted = state.clone()
    shifted[14:23] += torch.tensor([0.0, 0.0, 0.1] * 3, dtype=torch.float64)
    change = features(shifted) - features(state)
    # Up in the base frame is against the approach, the target's z axis.
    expected = torch.tensor([0.0, 0.0, -0.1] * 3 + [0.0] * 9, dtype=torch.float64)
    torch.testing.assert_close(change, expected)
