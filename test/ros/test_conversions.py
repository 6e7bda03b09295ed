# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages and records: what goes through a conversion and back is unchanged."""

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped, WrenchStamped
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, UInt8MultiArray
from trajectory_msgs.msg import JointTrajectory

from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.pose import Pose
from irl_ros.demos import message_types
from irl_ros.ros import conversions

pytestmark = pytest.mark.ros

NAMES = ("a", "b", "c", "d", "e", "f", "g")
stamps = st.integers(0, 2**31 * 10**9 - 1)
numbers = st.lists(st.floats(-1e6, 1e6), min_size=7, max_size=7)


def sample_of(stamp: int, values: list[float]) -> JointSample:
    array = np.array(values)
    return JointSample(stamp, array, -array, 2.0 * array if abs(array).max() < 5e5 else None)


def assert_same(one: JointSample, other: JointSample) -> None:
    assert one.stamp_ns == other.stamp_ns
    np.testing.assert_array_equal(one.joint_positions, other.joint_positions)
    np.testing.assert_array_equal(one.joint_velocities, other.joint_velocities)
    assert (one.joint_efforts is None) == (other.joint_efforts is None)
    if one.joint_efforts is not None and other.joint_efforts is not None:
        np.testing.assert_array_equal(one.joint_efforts, other.joint_efforts)


@given(stamp=stamps)
def test_stamps(stamp: int) -> None:
    assert conversions.time_ns(conversions.time_message(stamp)) == stamp
    assert conversions.time_ns(conversions.clock_message(stamp).clock) == stamp


@given(stamp=stamps, values=numbers)
def test_joint_states_with_and_without_ros_are_the_same(stamp: int, values: list[float]) -> None:
    sample = sample_of(stamp, values)
    message = conversions.joint_state_message(sample, NAMES)
    assert_same(conversions.joint_sample(message, NAMES), sample)
    cdr = serialize_message(message)
    assert_same(message_types.decode_joint_state(cdr, NAMES), sample)
    assert message_types.stamp_of(cdr) == stamp
    own = message_types.encode_joint_state(sample, NAMES)
    assert_same(conversions.joint_sample(deserialize_message(own, JointState), NAMES), sample)


def test_joint_states_are_matched_by_name() -> None:
    message = conversions.joint_state_message(sample_of(0, [float(i) for i in range(7)]), NAMES)
    turned = conversions.joint_sample(message, tuple(reversed(NAMES)))
    np.testing.assert_array_equal(turned.joint_positions, np.arange(7.0)[::-1])
    with pytest.raises(DataError, match="got 7 joints, expected the 2"):
        conversions.joint_sample(message, NAMES[:2])
    assert (
        len(conversions.joint_sample(message, NAMES[:2], ignore_extra=True).joint_positions) == 2
    )


@given(
    position=st.tuples(*[st.floats(-10, 10)] * 3),
    turn=st.floats(-3, 3),
    stamp=stamps,
    frame=st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=20),
)
def test_poses_with_and_without_ros_are_the_same(
    position: tuple[float, float, float], turn: float, stamp: int, frame: str
) -> None:
    pose = Pose(np.array(position), np.array([0.0, np.sin(turn), 0.0, np.cos(turn)]))
    message = conversions.pose_message(pose, frame, stamp)
    back = conversions.stamped_pose(message)
    assert (back.frame, back.stamp_ns) == (frame, stamp)
    np.testing.assert_array_equal(back.pose.position, pose.position)
    np.testing.assert_allclose(back.pose.quaternion, pose.quaternion, atol=1e-15)
    target = message_types.decode_pose_stamped(serialize_message(message))
    assert target.frame == frame
    np.testing.assert_array_equal(target.pose.position, pose.position)
    cdr = message_types.encode_pose_stamped(target, stamp)
    assert conversions.stamped_pose(deserialize_message(cdr, PoseStamped)).frame == frame


def test_a_quaternion_of_length_zero_is_refused() -> None:
    message = PoseStamped()
    message.pose.orientation.w = 0.0
    with pytest.raises(DataError, match="quaternion"):
        conversions.stamped_pose(message)


@given(content=st.binary(max_size=1000), label=st.sampled_from(["policy", "cost"]))
def test_payloads(content: bytes, label: str) -> None:
    message = conversions.payload_message(content, label)
    sent = deserialize_message(serialize_message(message), UInt8MultiArray)
    assert conversions.payload(sent) == content


def test_float_arrays() -> None:
    values = np.array([1.0, float("nan"), 3.0])
    message = conversions.float_array_message(values)
    sent = deserialize_message(serialize_message(message), Float64MultiArray)
    np.testing.assert_array_equal(conversions.float_array(sent, 3), values)
    with pytest.raises(DataError, match="got 3 numbers, expected 7"):
        conversions.float_array(message, 7)
    assert conversions.float_value(conversions.float_message(-2.5)) == -2.5


def test_wrenches() -> None:
    value = conversions.Wrench(np.arange(3.0), -np.arange(3.0), "base", 5)
    message = conversions.wrench_message(value)
    back = conversions.wrench(deserialize_message(serialize_message(message), WrenchStamped))
    np.testing.assert_array_equal(back.force, value.force)
    np.testing.assert_array_equal(back.torque, value.torque)
    assert (back.frame, back.stamp_ns) == ("base", 5)
    message.wrench.torque.y = float("inf")
    with pytest.raises(DataError, match="not finite"):
        conversions.wrench(message)


@pytest.mark.parametrize("with_velocities", [True, False])
def test_trajectories_are_matched_by_name(with_velocities: bool) -> None:
    positions = np.arange(14.0).reshape(2, 7)
    message = conversions.joint_trajectory_message(
        NAMES, positions, -positions if with_velocities else None, [0.05, 1.75]
    )
    sent = deserialize_message(serialize_message(message), JointTrajectory)
    back = conversions.joint_trajectory(sent, tuple(reversed(NAMES)))
    np.testing.assert_array_equal(back.joint_positions, positions[:, ::-1])
    np.testing.assert_allclose(back.times_from_start, [0.05, 1.75])
    if with_velocities:
        np.testing.assert_array_equal(back.joint_velocities, -positions[:, ::-1])  # type: ignore[arg-type]
    else:
        assert back.joint_velocities is None


def test_trajectories_that_do_not_fit_are_refused() -> None:
    positions = np.zeros((1, 7))
    message = conversions.joint_trajectory_message(NAMES, positions, None, [0.1])
    with pytest.raises(DataError, match="send these joints"):
        conversions.joint_trajectory(message, NAMES[:6])
    message.points[0].positions = [0.0] * 6
    with pytest.raises(DataError, match=r"a point has \[6\] values, expected 7"):
        conversions.joint_trajectory(message, NAMES)
    empty = conversions.joint_trajectory(JointTrajectory(joint_names=list(NAMES)), NAMES)
    assert empty.joint_positions.shape == (0, 7)


@pytest.mark.parametrize("level", ["ok", "warn", "error", "stale"])
def test_statuses(level: conversions.Level) -> None:
    value = conversions.Status(
        "node", level, "all is well", {"a": 0.1 + 0.2, "b": True, "c": 3, "d": "text"}
    )
    back = conversions.status(conversions.status_message(value))
    assert (back.name, back.level, back.message) == ("node", level, "all is well")
    assert back.values == {"a": "0.3", "b": "true", "c": "3", "d": "text"}
    stamp, several = conversions.statuses(conversions.status_array_message([value, value], 9))
    assert (stamp, several) == (9, [back, back])
