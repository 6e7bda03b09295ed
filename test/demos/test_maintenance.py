# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""After a crash and afterwards: rescue, verify, set aside, restore, export."""

import errno
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from takes import NAMES, START_NS, TARGET, feed, make_recorder, ready, record, samples

from irl_ros.core.errors import DataError
from irl_ros.core.files import sha256
from irl_ros.demos.maintenance import (
    export_csv,
    list_takes,
    recover,
    relabel,
    restore,
    set_aside,
    verify,
)
from irl_ros.demos.manifest import load_manifest, save_manifest
from irl_ros.demos.open_recorder import open_recorder
from irl_ros.demos.recorder import Recorder
from irl_ros.demos.recorder_config import RecorderConfig
from irl_ros.demos.salvage import Salvage


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with closing(make_recorder(tmp_path)) as opened:
        yield opened


def crash(recorder: Recorder) -> None:
    """Stop as a killed process does: nothing more is written, the lock is gone."""
    assert recorder._open is not None
    recorder._open.writer._stream.raw.close()
    recorder._open = None
    recorder.close()


def crashed_take(recorder: Recorder, duration: float) -> None:
    ready(recorder, now_ns=START_NS + 10**11)
    recorder.start(START_NS + 10**11)
    feed(recorder, samples(duration, start_ns=START_NS + 10**11))
    crash(recorder)


def reopen(folder: Path) -> tuple[Recorder, tuple[Salvage, ...]]:
    return open_recorder(RecorderConfig(dataset=str(folder)), "/joint_states", "/target_pose")


def test_an_interrupted_take_is_rescued_up_to_the_last_flush(
    recorder: Recorder, tmp_path: Path
) -> None:
    first = record(recorder)
    crashed_take(recorder, 3.7)
    assert [problem.take_id for problem in verify(tmp_path)] == [2]
    again, found = reopen(tmp_path)
    with closing(again):
        assert [(s.take_id, s.take.status if s.take else None) for s in found] == [
            (2, "interrupted")
        ]
        assert "restore take 2 to use it" in found[0].message
    rescued = load_manifest(tmp_path).find(2)
    assert 3.7 - 0.5 <= rescued.report.figures.duration <= 3.7
    assert rescued.target == TARGET
    assert load_manifest(tmp_path).find(1) == first
    assert verify(tmp_path) == ()
    assert not list((tmp_path / ".partial").iterdir())
    restore(tmp_path, 2)
    assert [take.id for take in list_takes(tmp_path)] == [1, 2]


def test_a_take_killed_before_the_first_flush_is_said_to_be_lost(
    recorder: Recorder, tmp_path: Path
) -> None:
    crashed_take(recorder, 0.3)
    again, found = reopen(tmp_path)
    with closing(again):
        assert found[0].take is None
        assert "take 1 was interrupted and is lost" in found[0].message
        assert record(again).id == 1
    assert verify(tmp_path) == ()


@pytest.mark.parametrize("where", ["open", "read"])
def test_a_take_that_cannot_be_read_for_now_is_rescued_later(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    crashed_take(recorder, 2.0)
    folder = tmp_path / ".partial" / "take_0001"

    class Broken(io.FileIO):
        """A file whose disk fails after the first block."""

        def readinto(self, buffer: Any) -> int | None:
            if self.tell():
                raise OSError(errno.EIO, "Input/output error")
            return super().readinto(buffer)

    usual = Path.open

    def refuse(path: Path, *args: Any, **values: Any) -> Any:
        if path.suffix != ".mcap":
            return usual(path, *args, **values)
        if where == "read":
            return io.BufferedReader(Broken(path))
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        (found,) = recover(tmp_path)
    assert found.take is None
    assert f"take 1 was interrupted and stays in {folder}" in found.message
    assert list(folder.iterdir())
    (found,) = recover(tmp_path)
    assert found.take is not None
    assert found.take.report.figures.duration >= 1.5


def test_what_is_no_recording_at_all_is_left_to_the_person(
    recorder: Recorder, tmp_path: Path
) -> None:
    crashed_take(recorder, 2.0)
    file = tmp_path / ".partial" / "take_0001" / "take_0001_0.mcap"
    content = file.read_bytes()
    file.write_bytes(b"\0" * 100 + content)
    (found,) = recover(tmp_path)
    assert found.take is None
    assert "is no MCAP file" in found.message
    assert file.read_bytes() == b"\0" * 100 + content
    file.write_bytes(b"")
    (found,) = recover(tmp_path)
    assert "take 1 was interrupted and is lost: it holds no message" in found.message
    assert not file.parent.exists()


def test_a_crash_between_the_file_and_the_list_loses_nothing(
    recorder: Recorder, tmp_path: Path
) -> None:
    before = recorder._store.manifest
    kept = record(recorder)
    recorder.close()
    save_manifest(tmp_path, before)
    assert [take.id for take in list_takes(tmp_path)] == []
    (found,) = recover(tmp_path)
    assert found.take is not None
    assert (found.take.status, found.take.sha256) == ("kept", kept.sha256)
    assert found.take.report.figures == kept.report.figures
    assert found.take.target == TARGET


def test_a_lost_list_is_rebuilt_with_what_each_take_was(
    recorder: Recorder, tmp_path: Path
) -> None:
    record(recorder)
    for index, label in enumerate(("success", "failure")):
        begin = START_NS + (index + 1) * 10**12
        ready(recorder, now_ns=begin)
        recorder.start(begin)
        recorder.label(label)  # type: ignore[arg-type]
        recorder.grade(0.25 + 0.5 * index)
        feed(recorder, samples(start_ns=begin))
        if label == "success":
            recorder.stop(begin + 4_500_000_000)
        else:
            recorder.discard()
    recorder.close()
    before = load_manifest(tmp_path)
    (tmp_path / "dataset.json").unlink()
    again, found = reopen(tmp_path)
    again.close()
    assert len(found) == 3
    assert load_manifest(tmp_path) == before


def test_a_rescue_that_was_itself_interrupted_is_finished(
    recorder: Recorder, tmp_path: Path
) -> None:
    crashed_take(recorder, 2.0)
    partial = tmp_path / ".partial" / "take_0001"
    copy = tmp_path / "copy"
    shutil.copytree(partial, copy)
    recover(tmp_path)
    taken = load_manifest(tmp_path)
    shutil.copytree(copy, partial)  # as if the process had died before cleaning up
    save_manifest(tmp_path, type(taken)(taken.arm, taken.joint_names, taken.task))
    (found,) = recover(tmp_path)
    assert found.take is not None
    assert found.take.status == "interrupted"
    assert not partial.exists()
    assert verify(tmp_path) == ()


def test_an_unlisted_and_damaged_take_is_told_and_left_alone(
    recorder: Recorder, tmp_path: Path
) -> None:
    before = recorder._store.manifest
    take = record(recorder)
    recorder.close()
    save_manifest(tmp_path, before)
    path = tmp_path / take.file
    path.write_bytes(path.read_bytes()[:-100])
    (found,) = recover(tmp_path)
    assert found.take is None
    assert "take 1 is not listed and cannot be" in found.message
    assert path.exists()
    with closing(make_recorder(tmp_path)) as again:
        assert record(again).id == 2


def test_verify_finds_every_damage(recorder: Recorder, tmp_path: Path) -> None:
    for index in range(3):
        record(recorder, samples(start_ns=START_NS + index * 10**11))
    recorder.close()
    assert verify(tmp_path) == ()
    one, two, _ = (tmp_path / take.file for take in list_takes(tmp_path))
    one.unlink()
    two.write_bytes(two.read_bytes() + b" ")
    problems = verify(tmp_path)
    assert [problem.take_id for problem in problems] == [1, 2]
    with pytest.raises(DataError, match="does not exist"):
        verify(tmp_path / "nowhere")


def test_set_aside_restore_and_their_refusals(recorder: Recorder, tmp_path: Path) -> None:
    record(recorder)
    with pytest.raises(DataError, match="open in another program"):
        set_aside(tmp_path, 1)
    recorder.close()
    with pytest.raises(DataError, match="no take 7; there are: 1"):
        set_aside(tmp_path, 7)
    with pytest.raises(DataError, match="part of the dataset already"):
        restore(tmp_path, 1)
    assert set_aside(tmp_path, 1).status == "undone"
    assert list_takes(tmp_path) == ()
    assert len(list_takes(tmp_path, every=True)) == 1
    with pytest.raises(DataError, match="undone already"):
        set_aside(tmp_path, 1)
    path = tmp_path / list_takes(tmp_path, every=True)[0].file
    content = path.read_bytes()
    path.write_bytes(content[:-50])
    with pytest.raises(DataError, match="damaged"):
        restore(tmp_path, 1)
    path.write_bytes(content)
    assert restore(tmp_path, 1).status == "kept"


def test_relabel(recorder: Recorder, tmp_path: Path) -> None:
    record(recorder)
    recorder.close()
    assert relabel(tmp_path, 1, "failure").grade is None
    assert relabel(tmp_path, 1, "success", 0.5).grade == 0.5
    assert relabel(tmp_path, 1, "unlabelled").grade == 0.5
    with pytest.raises(DataError, match="give 0 to 1"):
        relabel(tmp_path, 1, "success", 1.5)


def test_nothing_is_made_where_no_dataset_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        recover(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_export_to_a_table(recorder: Recorder, tmp_path: Path) -> None:
    measured = samples()
    record(recorder, measured)
    recorder.close()
    path = tmp_path / "take.csv"
    assert export_csv(tmp_path, 1, path) == len(measured)
    lines = path.read_text().splitlines()
    assert lines[0].split(",")[:2] == ["time", f"{NAMES[0]}.position"]
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    np.testing.assert_allclose(table[:, 0], np.arange(len(measured)) / 120, atol=1e-8)
    np.testing.assert_allclose(
        table[:, 1:8], [sample.joint_positions for sample in measured], rtol=1e-8, atol=1e-12
    )


def test_the_manifest_says_what_a_stranger_needs(recorder: Recorder, tmp_path: Path) -> None:
    take = record(recorder)
    document = json.loads((tmp_path / "dataset.json").read_text())
    assert document["arm"] == "panda"
    assert document["joint_names"] == list(NAMES)
    assert document["units"]["velocity"] == "rad/s"
    entry = document["takes"][0]
    assert entry["verdict"] == "good"
    assert entry["target"]["frame"] == "panda_link0"
    assert entry["sha256"] == sha256(tmp_path / take.file)
    assert entry["size"] == (tmp_path / take.file).stat().st_size
