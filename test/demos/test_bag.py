# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags: what goes in comes out, also after damage, and other tools read it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader
from takes import NAMES, samples

from irl_ros.core.errors import DataError
from irl_ros.demos.bag import RawMessage, TakeWriter, Topic, bag_file, read_bag
from irl_ros.demos.message_types import JOINT_STATE, POSE_STAMPED, encode_joint_state, message_type

TOPICS = (Topic("/joint_states", JOINT_STATE), Topic("/left/target_pose", POSE_STAMPED))

raw_messages = st.lists(
    st.builds(
        RawMessage,
        topic=st.sampled_from([topic.name for topic in TOPICS]),
        stamp_ns=st.integers(0, 2**63 - 1),
        cdr=st.binary(max_size=200),
    ),
    max_size=30,
)


@pytest.fixture(scope="module", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Hundreds of files written through to a disk would take minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def write(folder: Path, messages: list[RawMessage], name: str = "take_0001") -> Path:
    """Write a finished bag and return its data file."""
    writer = TakeWriter(folder / ".partial" / name, TOPICS, {"arm": "panda"})
    for message in messages:
        writer.write(message)
    writer.finish(folder / name)
    return bag_file(folder / name)


def states(duration: float = 1.0) -> list[RawMessage]:
    """Return a second of joint states."""
    return [
        RawMessage("/joint_states", sample.stamp_ns, encode_joint_state(sample, NAMES))
        for sample in samples(duration)
    ]


@given(messages=raw_messages, flushes=st.sets(st.integers(0, 29)))
def test_any_messages_round_trip_in_the_order_of_arrival(
    messages: list[RawMessage], flushes: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder, ".partial", "take_0001")
        writer = TakeWriter(partial, TOPICS, {"arm": "panda"})
        for index, message in enumerate(messages):
            writer.write(message)
            if index in flushes:
                writer.flush()
        writer.notes["status"] = "kept"
        writer.finish(Path(folder, "take_0001"))
        assert not partial.exists()
        bag = read_bag(bag_file(Path(folder, "take_0001")))
    assert bag.complete
    assert list(bag.messages) == messages
    assert bag.notes == {"arm": "panda", "status": "kept"}
    if messages:
        assert bag.types == {topic.name: topic.type for topic in TOPICS}


def test_the_folder_is_a_rosbag2_that_other_tools_read(tmp_path: Path) -> None:
    messages = states()
    path = write(tmp_path, messages)
    information = yaml.safe_load((path.parent / "metadata.yaml").read_text())
    information = information["rosbag2_bagfile_information"]
    assert information["message_count"] == len(messages)
    assert information["starting_time"]["nanoseconds_since_epoch"] == messages[0].stamp_ns
    assert information["duration"]["nanoseconds"] == 10**9
    assert information["relative_file_paths"] == [path.name]
    with AnyReader([path.parent]) as reader:
        assert reader.message_count == len(messages)
        assert reader.duration == 10**9 + 1
        connection = next(c for c in reader.connections if c.topic == "/joint_states")
        assert connection.digest == message_type(JOINT_STATE).digest
        assert [(s, bytes(raw)) for _, s, raw in reader.messages()] == [
            (message.stamp_ns, message.cdr) for message in messages
        ]
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        assert len(list(reader.iter_messages())) == len(messages)
        assert {m.name for m in reader.iter_metadata()} == {"irl_ros.take", "rosbag2"}


def test_an_empty_take_is_a_readable_bag(tmp_path: Path) -> None:
    path = write(tmp_path, [])
    bag = read_bag(path)
    assert bag.complete
    assert bag.messages == ()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[RawMessage]]:
    folder = tmp_path_factory.mktemp("whole")
    messages = states(0.3)
    writer = TakeWriter(folder / ".partial" / "take_0001", TOPICS)
    for index, message in enumerate(messages):
        writer.write(message)
        if index % 5 == 4:
            writer.flush()
    writer.finish(folder / "take_0001")
    return bag_file(folder / "take_0001").read_bytes(), messages


@settings(max_examples=150)
@given(data=st.data())
def test_a_truncated_bag_gives_what_is_whole(
    whole: tuple[bytes, list[RawMessage]], data: st.DataObject
) -> None:
    content, messages = whole
    length = data.draw(st.integers(8, len(content) - 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cut.mcap")
        path.write_bytes(content[:length])
        bag = read_bag(path)
    assert not bag.complete
    assert list(bag.messages) == messages[: len(bag.messages)]


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_bag_never_gives_a_wrong_message_as_complete(
    whole: tuple[bytes, list[RawMessage]], data: st.DataObject
) -> None:
    content, messages = whole
    place = data.draw(st.integers(8, len(content) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda v: v != content[place]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bent.mcap")
        path.write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
        bag = read_bag(path)
    if bag.complete:
        assert list(bag.messages) == messages
    else:
        assert [m.cdr for m in bag.messages] == [m.cdr for m in messages[: len(bag.messages)]]


def test_what_is_no_bag_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_bag(tmp_path / "missing.mcap")
    (tmp_path / "text.mcap").write_text("no bag")
    with pytest.raises(DataError, match="no MCAP file"):
        read_bag(tmp_path / "text.mcap")


def test_an_abandoned_take_keeps_what_was_flushed(tmp_path: Path) -> None:
    messages = states()
    writer = TakeWriter(tmp_path / "take_0001", TOPICS)
    for message in messages[:60]:
        writer.write(message)
    writer.flush()
    for message in messages[60:]:
        writer.write(message)
    writer.abandon()
    bag = read_bag(bag_file(tmp_path / "take_0001"))
    assert not bag.complete
    assert list(bag.messages) == messages[:60]


def test_a_take_never_overwrites_another(tmp_path: Path) -> None:
    write(tmp_path, states(0.1))
    before = bag_file(tmp_path / "take_0001").read_bytes()
    writer = TakeWriter(tmp_path / ".partial" / "take_0001", TOPICS)
    with pytest.raises(OSError, match="take_0001"):
        writer.finish(tmp_path / "take_0001")
    assert bag_file(tmp_path / "take_0001").read_bytes() == before


def test_a_take_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    rename = Path.rename

    def note_sync(descriptor: int) -> None:
        events.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    def note_rename(path: Path, target: Path) -> Path:
        events.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    write(tmp_path, states(0.1))
    assert events == [
        "take_0001_0.mcap",
        "metadata.yaml",
        "take_0001",
        "rename",
        tmp_path.name,
    ]
