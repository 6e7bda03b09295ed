# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One take as a rosbag2 folder (MCAP): written so that a crash loses little, read with checks.

While it is recorded a take lies in a folder of its own and what has been flushed survives the end
of the process. Only a finished take, written through to the disk, is renamed to its final place,
so whatever has a final name is complete.
"""

import contextlib
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

import yaml
from mcap.exceptions import McapError
from mcap.records import Channel, Footer, Message, Metadata, Schema
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, Writer

from irl_ros.core.errors import DataError
from irl_ros.core.files import sync_folder, write_synced
from irl_ros.demos.message_types import message_type

METADATA_NAME = "irl_ros.take"
_BAG_VERSION = 9  # of rosbag2's metadata.yaml, that of ROS 2 Jazzy
# What reading a damaged file may raise besides the reader's own errors.
_DAMAGE = (McapError, ValueError, LookupError, EOFError, OverflowError, MemoryError, struct.error)
_RECORD_LIMIT = 2**26  # bytes; a damaged length must not ask for the machine's memory


@dataclass(frozen=True)
class Topic:
    """A topic of a bag.

    Attributes:
        name: Resolved name, such as ``/joint_states``.
        type: Message type, such as ``sensor_msgs/msg/JointState``.
    """

    name: str
    type: str


@dataclass(frozen=True)
class RawMessage:
    """A message as it was received.

    Attributes:
        topic: Name of its topic.
        stamp_ns: Its place on the take's time axis, ns.
        cdr: Its serialized content.
    """

    topic: str
    stamp_ns: int
    cdr: bytes


@dataclass(frozen=True)
class Bag:
    """What a bag file holds, in the order of arrival.

    Attributes:
        messages: All messages that could be read.
        types: Message type of each topic.
        notes: What the recorder noted about the take.
        complete: Whether the file was finished; False after a crash.
    """

    messages: tuple[RawMessage, ...]
    types: Mapping[str, str]
    notes: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


def bag_file(folder: Path) -> Path:
    """Return the data file of a rosbag2 folder, named as rosbag2 does."""
    return folder / f"{folder.name}_0.mcap"


class TakeWriter:
    """Writes one take; create, write, then finish."""

    def __init__(
        self, folder: Path, topics: Sequence[Topic], notes: Mapping[str, str] | None = None
    ) -> None:
        """Open a new bag.

        Args:
            folder: Folder to be created, named like the final one.
            topics: All topics that will be written.
            notes: What to note about the take in the file itself.

        Raises:
            OSError: If the folder exists or cannot be written.
        """
        folder.mkdir(parents=True)
        self.folder = folder
        self.notes = dict(notes or {})
        self._topics = tuple(topics)
        self._stream = bag_file(folder).open("xb")
        self._writer: Any = Writer(
            self._stream,
            compression=CompressionType.NONE,
            enable_data_crcs=True,
        )
        self._writer.start(profile="ros2", library="irl_ros")
        self._writer.add_metadata(METADATA_NAME, self.notes)
        self._channels = {topic.name: self._register(topic) for topic in topics}
        self._counts = {topic.name: 0 for topic in topics}
        self._sequence = 0
        self._first_ns: int | None = None
        self._last_ns = 0
        self._stream.flush()

    def _register(self, topic: Topic) -> int:
        kind = message_type(topic.type)
        schema = self._writer.register_schema(topic.type, "ros2msg", kind.definition.encode())
        details = {"offered_qos_profiles": "", "topic_type_hash": kind.digest}
        return int(self._writer.register_channel(topic.name, "cdr", schema, details))

    @property
    def count(self) -> int:
        """Number of messages written."""
        return self._sequence

    def write(self, message: RawMessage) -> None:
        """Append a message.

        Raises:
            OSError: If the disk refuses it.
        """
        self._writer.add_message(
            channel_id=self._channels[message.topic],
            log_time=message.stamp_ns,
            data=message.cdr,
            publish_time=message.stamp_ns,
            sequence=self._sequence,
        )
        self._sequence += 1
        self._counts[message.topic] += 1
        first = message.stamp_ns if self._first_ns is None else self._first_ns
        self._first_ns = min(first, message.stamp_ns)
        self._last_ns = max(self._last_ns, message.stamp_ns)

    def flush(self) -> None:
        """Hand everything to the operating system, from where the end of the process loses none.

        Raises:
            OSError: If the disk refuses it.
        """
        self._writer.flush()

    def finish(self, destination: Path) -> None:
        """Complete the bag, write it through to the disk and move it to its final place.

        Args:
            destination: Final folder, named like the present one.

        Raises:
            OSError: If the disk refuses it; what was flushed stays where it is.
        """
        self._writer.add_metadata(METADATA_NAME, self.notes)  # the reader takes the last one
        information = self._information()
        self._writer.add_metadata(
            "rosbag2", {"serialized_metadata": yaml.safe_dump(information, sort_keys=False)}
        )
        self._writer.finish()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        write_synced(
            self.folder / "metadata.yaml",
            yaml.safe_dump({"rosbag2_bagfile_information": information}, sort_keys=False),
        )
        sync_folder(self.folder)
        destination.parent.mkdir(parents=True, exist_ok=True)
        self.folder.rename(destination)
        sync_folder(destination.parent)

    def abandon(self) -> None:
        """Close the file without completing it; what was flushed can still be recovered."""
        with contextlib.suppress(OSError):
            self._stream.close()

    def _information(self) -> dict[str, Any]:
        start = {"nanoseconds_since_epoch": self._first_ns or 0}
        duration = {"nanoseconds": self._last_ns - (self._first_ns or 0) if self.count else 0}
        path = bag_file(self.folder).name
        return {
            "version": _BAG_VERSION,
            "storage_identifier": "mcap",
            "relative_file_paths": [path],
            "duration": duration,
            "starting_time": start,
            "message_count": self.count,
            "topics_with_message_count": [
                {
                    "topic_metadata": {
                        "name": topic.name,
                        "type": topic.type,
                        "serialization_format": "cdr",
                        "offered_qos_profiles": [],
                        "type_description_hash": message_type(topic.type).digest,
                    },
                    "message_count": self._counts[topic.name],
                }
                for topic in self._topics
            ],
            "compression_format": "",
            "compression_mode": "",
            "files": [
                {
                    "path": path,
                    "starting_time": start,
                    "duration": duration,
                    "message_count": self.count,
                }
            ],
            "custom_data": self.notes,
            "ros_distro": "jazzy",
        }


def read_bag(path: Path) -> Bag:
    """Read a bag file as far as it can be read, in the order of arrival, checking its sums.

    A file that ends early or is damaged is read up to that place and marked incomplete.

    Raises:
        DataError: If the file is missing, the disk refuses it, or it is no MCAP file at all.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream, path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); restore the file from a copy or leave the "
            "take out"
        ) from error


def _read(stream: BufferedReader, path: Path) -> Bag:
    messages: list[RawMessage] = []
    channels: dict[int, Channel] = {}
    types: dict[str, str] = {}
    schemas: dict[int, str] = {}
    notes: dict[str, str] = {}
    complete = False
    if not stream.peek(8).startswith(b"\x89MCAP0\r\n"):
        raise DataError(f"{path} is no MCAP file; restore it from a copy or leave the take out")
    reader = StreamReader(stream, validate_crcs=True, record_size_limit=_RECORD_LIMIT)
    try:
        for record in reader.records:
            if isinstance(record, Message):
                topic = channels[record.channel_id].topic
                messages.append(RawMessage(topic, record.log_time, bytes(record.data)))
            elif isinstance(record, Channel):
                channels[record.id] = record
                types[record.topic] = schemas[record.schema_id]
            elif isinstance(record, Metadata) and record.name == METADATA_NAME:
                notes = dict(record.metadata)
            elif isinstance(record, Footer):
                complete = True
            elif isinstance(record, Schema):
                schemas[record.id] = record.name
    except _DAMAGE:
        complete = False
    return Bag(tuple(messages), types, notes, complete)
