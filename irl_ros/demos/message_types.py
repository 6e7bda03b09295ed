# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The definitions of the recorded ROS message types and their decoding, without ROS."""

import struct
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample, match_joints
from irl_ros.core.pose import Pose

JOINT_STATE = "sensor_msgs/msg/JointState"
POSE_STAMPED = "geometry_msgs/msg/PoseStamped"

_NS_PER_S = 1_000_000_000


@cache
def _typestore() -> Typestore:
    return get_typestore(Stores.ROS2_JAZZY)


@dataclass(frozen=True)
class MessageType:
    """A ROS message type as a bag describes it.

    Attributes:
        name: Such as ``sensor_msgs/msg/JointState``.
        definition: Its text and that of the types in it.
        digest: Hash of the type, as DDS uses it.
    """

    name: str
    definition: str
    digest: str


@cache
def message_type(name: str) -> MessageType:
    """Return the definition of a message type of ROS 2 Jazzy."""
    definition, _ = _typestore().generate_msgdef(name, ros_version=2)
    return MessageType(name, definition, _typestore().hash_rihs01(name))


@dataclass(frozen=True, eq=False)
class Target:
    """Where the task is to be done: pose of the tool when it is done.

    Attributes:
        pose: Pose of the tool.
        frame: Frame in which it is given, the arm's base link.
    """

    pose: Pose
    frame: str

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same target, number by number."""
        return isinstance(other, Target) and self._key() == other._key()

    def __hash__(self) -> int:
        """Return the same number for equal targets."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.frame, *self.pose.position.tolist(), *self.pose.quaternion.tolist())


def stamp_of(cdr: bytes) -> int:
    """Return the stamp of a serialized message that begins with a header, ns.

    This works also where the rest of the message cannot be used.

    Raises:
        DataError: If there are too few bytes.
    """
    if len(cdr) < 12:
        raise DataError(f"{len(cdr)} bytes hold no stamp; at least 12 are needed")
    order = "<" if cdr[1] & 1 else ">"
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", cdr, 4)
    return int(seconds) * _NS_PER_S + int(nanoseconds)


def decode_joint_state(
    cdr: bytes, joint_names: tuple[str, ...], *, ignore_extra: bool = False
) -> JointSample:
    """Decode a serialized sensor_msgs/JointState, joints matched by name.

    Raises:
        DataError: If it cannot be decoded or its joints are not the arm's.
    """
    message = _decode(cdr, JOINT_STATE)
    return match_joints(
        _stamp_ns(message),
        message.name,
        message.position,
        message.velocity,
        message.effort,
        joint_names,
        ignore_extra=ignore_extra,
    )


def decode_pose_stamped(cdr: bytes) -> Target:
    """Decode a serialized geometry_msgs/PoseStamped.

    Raises:
        DataError: If it cannot be decoded or is not a pose.
    """
    message = _decode(cdr, POSE_STAMPED)
    position, turn = message.pose.position, message.pose.orientation
    return Target(
        Pose(
            position=_array(position.x, position.y, position.z),
            quaternion=_array(turn.x, turn.y, turn.z, turn.w),
        ),
        str(message.header.frame_id),
    )


def encode_joint_state(sample: JointSample, joint_names: tuple[str, ...]) -> bytes:
    """Serialize a measurement as a sensor_msgs/JointState."""
    types = _typestore().types
    message = types[JOINT_STATE](
        header=_header(sample.stamp_ns, ""),
        name=list(joint_names),
        position=sample.joint_positions,
        velocity=sample.joint_velocities,
        effort=_array() if sample.joint_efforts is None else sample.joint_efforts,
    )
    return bytes(_typestore().serialize_cdr(message, JOINT_STATE))


def encode_pose_stamped(target: Target, stamp_ns: int) -> bytes:
    """Serialize a target as a geometry_msgs/PoseStamped."""
    types = _typestore().types
    point = types["geometry_msgs/msg/Point"](*map(float, target.pose.position))
    turn = types["geometry_msgs/msg/Quaternion"](*map(float, target.pose.quaternion))
    message = types[POSE_STAMPED](
        header=_header(stamp_ns, target.frame),
        pose=types["geometry_msgs/msg/Pose"](position=point, orientation=turn),
    )
    return bytes(_typestore().serialize_cdr(message, POSE_STAMPED))


def _header(stamp_ns: int, frame: str) -> Any:
    types = _typestore().types
    seconds, nanoseconds = divmod(stamp_ns, _NS_PER_S)
    stamp = types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds)
    return types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)


def _decode(cdr: bytes, name: str) -> Any:
    # Some serializers leave padding behind the last field, which this decoder does not accept.
    for padding in (0, 4, 8):
        try:
            return _typestore().deserialize_cdr(cdr[: len(cdr) - padding], name)
        except Exception as error:
            # The decoder is generated code: garbage makes it raise anything from struct.error to
            # MemoryError.
            reason = type(error).__name__
    raise DataError(f"{len(cdr)} bytes are no {name} ({reason}); the recording is damaged")


def _stamp_ns(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * _NS_PER_S + int(stamp.nanosec)


def _array(*values: float) -> Any:
    return np.array(values, dtype=np.float64)
