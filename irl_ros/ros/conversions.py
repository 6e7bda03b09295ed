# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between ROS messages and the core's records; no other module touches message fields."""

import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, WrenchStamped
from jaxtyping import Float
from numpy import ndarray
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64, Float64MultiArray, MultiArrayDimension, UInt8MultiArray
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample, match_joints
from irl_ros.core.pose import Pose

Level = Literal["ok", "warn", "error", "stale"]

_LEVELS: dict[Level, bytes] = {
    "ok": DiagnosticStatus.OK,
    "warn": DiagnosticStatus.WARN,
    "error": DiagnosticStatus.ERROR,
    "stale": DiagnosticStatus.STALE,
}
_NS_PER_S = 1_000_000_000


def time_ns(message: Time) -> int:
    """Return a ROS time in ns."""
    return int(message.sec) * _NS_PER_S + int(message.nanosec)


def time_message(stamp_ns: int) -> Time:
    """Return the ROS time of a stamp in ns."""
    seconds, nanoseconds = divmod(stamp_ns, _NS_PER_S)
    return Time(sec=seconds, nanosec=nanoseconds)


def duration_message(seconds: float) -> Duration:
    """Return the ROS duration of a time span in s."""
    whole, nanoseconds = divmod(round(seconds * _NS_PER_S), _NS_PER_S)
    return Duration(sec=whole, nanosec=nanoseconds)


def clock_message(stamp_ns: int) -> Clock:
    """Return the /clock message of a stamp in ns."""
    return Clock(clock=time_message(stamp_ns))


def joint_sample(
    message: JointState, joint_names: Sequence[str], *, ignore_extra: bool = False
) -> JointSample:
    """Return the arm's joints of a message, matched by name.

    Args:
        message: Joint state in any joint order.
        joint_names: The arm's joints in the order wanted.
        ignore_extra: Leave out joints that are not the arm's, such as fingers.

    Raises:
        DataError: If the joints are not the arm's or a value is missing or not finite.
    """
    return match_joints(
        time_ns(message.header.stamp),
        message.name,
        message.position,
        message.velocity,
        message.effort,
        joint_names,
        ignore_extra=ignore_extra,
    )


def joint_state_message(sample: JointSample, joint_names: Sequence[str]) -> JointState:
    """Return the joint state message of a measurement; efforts are left out if unknown."""
    message = JointState()
    message.header.stamp = time_message(sample.stamp_ns)
    message.name = list(joint_names)
    message.position = _doubles(sample.joint_positions)
    message.velocity = _doubles(sample.joint_velocities)
    if sample.joint_efforts is not None:
        message.effort = _doubles(sample.joint_efforts)
    return message


@dataclass(frozen=True)
class StampedPose:
    """A pose with the frame it is expressed in and its time.

    Attributes:
        pose: Position, m, and orientation.
        frame: Name of the frame.
        stamp_ns: ns.
    """

    pose: Pose
    frame: str
    stamp_ns: int


def stamped_pose(message: PoseStamped) -> StampedPose:
    """Return the pose of a message.

    Raises:
        DataError: If a value is not finite or the quaternion is not of unit length.
    """
    position, orientation = message.pose.position, message.pose.orientation
    pose = Pose(
        position=np.array([position.x, position.y, position.z]),
        quaternion=np.array([orientation.x, orientation.y, orientation.z, orientation.w]),
    )
    return StampedPose(pose, message.header.frame_id, time_ns(message.header.stamp))


def pose_message(pose: Pose, frame: str, stamp_ns: int) -> PoseStamped:
    """Return the message of a pose expressed in a frame."""
    message = PoseStamped()
    message.header.stamp = time_message(stamp_ns)
    message.header.frame_id = frame
    place, turn = message.pose.position, message.pose.orientation
    place.x, place.y, place.z = (float(value) for value in pose.position)
    turn.x, turn.y, turn.z, turn.w = (float(value) for value in pose.quaternion)
    return message


@dataclass(frozen=True)
class Wrench:
    """Force and torque on the tool at one instant.

    Attributes:
        force: N.
        torque: N m.
        frame: Name of the frame both are expressed in.
        stamp_ns: ns.
    """

    force: Float[ndarray, "3"]
    torque: Float[ndarray, "3"]
    frame: str
    stamp_ns: int


def wrench(message: WrenchStamped) -> Wrench:
    """Return the wrench of a message.

    Raises:
        DataError: If a value is not finite.
    """
    force, torque = message.wrench.force, message.wrench.torque
    values = np.array([force.x, force.y, force.z, torque.x, torque.y, torque.z])
    if not np.isfinite(values).all():
        raise DataError(f"wrench {values.tolist()} is not finite; publish finite numbers")
    stamp_ns = time_ns(message.header.stamp)
    return Wrench(values[:3], values[3:], message.header.frame_id, stamp_ns)


def wrench_message(value: Wrench) -> WrenchStamped:
    """Return the message of a wrench."""
    message = WrenchStamped()
    message.header.stamp = time_message(value.stamp_ns)
    message.header.frame_id = value.frame
    force, torque = message.wrench.force, message.wrench.torque
    force.x, force.y, force.z = (float(component) for component in value.force)
    torque.x, torque.y, torque.z = (float(component) for component in value.torque)
    return message


def float_value(message: Float64) -> float:
    """Return the number of a message."""
    return float(message.data)


def float_message(value: float) -> Float64:
    """Return the message of a number."""
    return Float64(data=float(value))


def float_array(message: Float64MultiArray, size: int) -> Float[ndarray, " size"]:
    """Return the numbers of a message.

    Non-finite numbers are passed on: whoever moves an arm has to refuse them by its own rules.

    Raises:
        DataError: If there are not as many numbers as expected.
    """
    if len(message.data) != size:
        raise DataError(f"got {len(message.data)} numbers, expected {size}; send one per joint")
    return np.array(message.data, dtype=np.float64)


def float_array_message(values: Float[ndarray, " size"]) -> Float64MultiArray:
    """Return the message of an array of numbers."""
    return Float64MultiArray(data=_doubles(values))


def payload(message: UInt8MultiArray) -> bytes:
    """Return the bytes that a message carries."""
    return bytes(message.data)


def payload_message(content: bytes, label: str = "") -> UInt8MultiArray:
    """Return the message that carries bytes, with a label that says what they are."""
    message = UInt8MultiArray(data=array.array("B", content))
    message.layout.dim = [MultiArrayDimension(label=label, size=len(content), stride=len(content))]
    return message


def joint_trajectory_message(
    joint_names: Sequence[str],
    joint_positions: Float[ndarray, "points joints"],
    joint_velocities: Float[ndarray, "points joints"] | None,
    times_from_start: Sequence[float],
) -> JointTrajectory:
    """Return a trajectory that starts as soon as it is received.

    Args:
        joint_names: Joints in the order of the columns.
        joint_positions: rad.
        joint_velocities: rad/s, None to leave them to the controller.
        times_from_start: When each point is to be reached, s; greater than zero.
    """
    message = JointTrajectory(joint_names=list(joint_names))
    for index, seconds in enumerate(times_from_start):
        point = JointTrajectoryPoint(
            positions=_doubles(joint_positions[index]), time_from_start=duration_message(seconds)
        )
        if joint_velocities is not None:
            point.velocities = _doubles(joint_velocities[index])
        message.points.append(point)
    return message


@dataclass(frozen=True)
class Trajectory:
    """Points of a joint trajectory, in the arm's joint order.

    Attributes:
        joint_positions: rad.
        joint_velocities: rad/s, None if the message has none.
        times_from_start: s.
    """

    joint_positions: Float[ndarray, "points joints"]
    joint_velocities: Float[ndarray, "points joints"] | None
    times_from_start: Float[ndarray, " points"]


def joint_trajectory(message: JointTrajectory, joint_names: Sequence[str]) -> Trajectory:
    """Return the points of a trajectory, matched by joint name.

    Raises:
        DataError: If the joints are not the arm's or a point lacks a value.
    """
    names = list(message.joint_names)
    if sorted(names) != sorted(joint_names):
        raise DataError(f"trajectory for {names}, expected {list(joint_names)}; send these joints")
    order = [names.index(name) for name in joint_names]
    width = len(order)
    lengths = {len(p.positions) for p in message.points} | {
        len(p.velocities) for p in message.points if len(p.velocities)
    }
    if lengths - {width}:
        raise DataError(
            f"a point has {sorted(lengths)} values, expected {width}; send one per joint"
        )
    with_velocities = bool(message.points) and all(len(p.velocities) for p in message.points)
    return Trajectory(
        np.array([list(p.positions) for p in message.points]).reshape(-1, width)[:, order],
        np.array([list(p.velocities) for p in message.points])[:, order]
        if with_velocities
        else None,
        np.array(
            [p.time_from_start.sec + p.time_from_start.nanosec * 1e-9 for p in message.points],
            dtype=np.float64,
        ),
    )


@dataclass(frozen=True)
class Status:
    """What a component says about itself.

    Attributes:
        name: Who says it.
        level: How bad it is.
        message: One line for a person.
        values: Named details; numbers are written with nine significant digits.
    """

    name: str
    level: Level
    message: str
    values: Mapping[str, str | float | int | bool] = field(default_factory=dict)


def status(message: DiagnosticStatus) -> Status:
    """Return the status of a message; all values are strings."""
    levels = {value: key for key, value in _LEVELS.items()}
    level = message.level if isinstance(message.level, bytes) else bytes([message.level])
    values = {pair.key: pair.value for pair in message.values}
    return Status(message.name, levels.get(level, "error"), message.message, values)


def status_message(value: Status, hardware_id: str = "") -> DiagnosticStatus:
    """Return the message of a status."""
    return DiagnosticStatus(
        level=_LEVELS[value.level],
        name=value.name,
        message=value.message,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=_text(item)) for key, item in value.values.items()],
    )


def status_array_message(statuses: Sequence[Status], stamp_ns: int) -> DiagnosticArray:
    """Return several statuses as one stamped message."""
    message = DiagnosticArray(status=[status_message(value) for value in statuses])
    message.header.stamp = time_message(stamp_ns)
    return message


def statuses(message: DiagnosticArray) -> tuple[int, list[Status]]:
    """Return the stamp in ns and the statuses of a message."""
    return time_ns(message.header.stamp), [status(value) for value in message.status]


def answer(
    response: Trigger.Response | SetBool.Response, success: bool, message: str
) -> Trigger.Response | SetBool.Response:
    """Fill in the response of a Trigger or SetBool service and return it."""
    response.success = success
    response.message = message
    return response


def answered(response: Trigger.Response | SetBool.Response) -> tuple[bool, str]:
    """Return success and message of a Trigger or SetBool response."""
    return bool(response.success), str(response.message)


def requested(request: SetBool.Request) -> bool:
    """Return what a SetBool request asks for."""
    return bool(request.data)


def set_bool_request(data: bool) -> SetBool.Request:
    """Return the request to switch something on or off."""
    return SetBool.Request(data=data)


def _doubles(values: Float[ndarray, " n"]) -> "array.array[float]":
    # The message fields are array.array; handing one over avoids a check of every element.
    return array.array("d", np.asarray(values, dtype=np.float64).tobytes())


def _text(value: str | float | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
