# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder's states: what each request does, what it refuses, what stays on the disk."""

import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from takes import NAMES, START_NS, TARGET, feed, make_recorder, ready, record, samples

from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.pose import Pose
from irl_ros.demos.bag import read_bag
from irl_ros.demos.manifest import load_manifest
from irl_ros.demos.message_types import Target, encode_joint_state, encode_pose_stamped
from irl_ros.demos.recorder import Recorder, RecorderError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


@pytest.fixture
def recorder(folder: Path) -> Iterator[Recorder]:
    with closing(make_recorder(folder)) as opened:
        yield opened


def test_a_take_is_recorded_and_listed(recorder: Recorder, folder: Path) -> None:
    assert recorder.phase == "idle"
    ready(recorder)
    assert recorder.start(START_NS) == "take 1 is being recorded"
    assert recorder.phase == "recording"
    measured = samples()
    feed(recorder, measured)
    take = recorder.stop(measured[-1].stamp_ns)
    assert recorder.phase == "saved"
    assert (take.id, take.status, take.report.verdict) == (1, "kept", "good"), take.report
    assert take.start_ns == START_NS
    assert take.report.figures.rate == pytest.approx(120.0, rel=1e-6)
    assert take.report.figures.duration == pytest.approx(4.5)
    assert load_manifest(folder).kept[0].target is not None
    bag = read_bag(folder / take.file)
    assert bag.complete
    states = [m for m in bag.messages if m.topic == "/joint_states"]
    assert [m.stamp_ns for m in states] == [s.stamp_ns for s in measured]
    assert [m.cdr for m in states] == [encode_joint_state(s, NAMES) for s in measured]
    assert bag.messages[0].topic == "/target_pose"
    assert not list((folder / ".partial").glob("*"))


def test_joint_states_outside_a_take_are_not_recorded(recorder: Recorder, folder: Path) -> None:
    take = record(recorder)
    feed(recorder, samples(1.0, start_ns=START_NS + 10**10))
    assert load_manifest(folder).takes == (take,)


@pytest.mark.parametrize(
    ("silence", "wanted"), [(0.4, None), (0.6, "the last joint state"), (60.0, "60.0. s ago")]
)
def test_start_needs_fresh_joint_states(
    recorder: Recorder, silence: float, wanted: str | None
) -> None:
    ready(recorder)
    now = START_NS + round(silence * 1e9)
    if wanted is None:
        recorder.start(now)
    else:
        with pytest.raises(RecorderError, match=wanted):
            recorder.start(now)


def test_start_needs_joint_states_at_all(recorder: Recorder) -> None:
    with pytest.raises(RecorderError, match="no joint state on /joint_states yet"):
        recorder.start(START_NS)


def test_start_needs_a_target_unless_told_otherwise(recorder: Recorder, tmp_path: Path) -> None:
    ready(recorder, target=None)
    with pytest.raises(RecorderError, match="no target pose on /target_pose"):
        recorder.start(START_NS)
    with closing(make_recorder(tmp_path / "other", require_target=False)) as other:
        ready(other, target=None)
        other.start(START_NS)


@pytest.mark.parametrize("rate", [10.0, 30.0, 49.0])
def test_start_refuses_a_slow_driver(recorder: Recorder, rate: float) -> None:
    recorder.add_target(encode_pose_stamped(TARGET, 0), TARGET)
    feed(recorder, samples(1.0, rate, start_ns=START_NS - 10**9))
    with pytest.raises(RecorderError, match=f"{rate:.1f} Hz of joint states .* at least 50 Hz"):
        recorder.start(START_NS)


def test_start_tells_what_is_wrong_with_the_joint_states(recorder: Recorder) -> None:
    ready(recorder)
    recorder.add_joint_state(START_NS, START_NS, b"", DataError("got 6 joints"))
    with pytest.raises(RecorderError, match=r"cannot be used: got 6 joints"):
        recorder.start(START_NS)


def test_start_refuses_stamps_that_stand_still_or_go_back(recorder: Recorder) -> None:
    recorder.add_target(encode_pose_stamped(TARGET, 0), TARGET)
    for k in range(100):
        recorder.add_joint_state(START_NS + k * 10**7, 0, b"", samples(0.0)[0])
    with pytest.raises(RecorderError, match="stand still"):
        recorder.start(START_NS + 10**9)
    recorder.add_joint_state(START_NS + 10**9, START_NS, b"", samples(0.0)[0])
    recorder.add_joint_state(START_NS + 10**9, START_NS - 1, b"", samples(0.0)[0])
    with pytest.raises(RecorderError, match="go backwards"):
        recorder.start(START_NS + 10**9)


def test_start_refuses_a_full_disk(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(recorder)
    monkeypatch.setattr(type(recorder._store), "free_bytes", 5_000_000)
    with pytest.raises(RecorderError, match="5 MB free on the disk, 100 MB wanted"):
        recorder.start(START_NS)


def test_one_take_at_a_time(recorder: Recorder) -> None:
    ready(recorder)
    recorder.start(START_NS)
    with pytest.raises(RecorderError, match="take 1 is being recorded"):
        recorder.start(START_NS)
    with pytest.raises(RecorderError, match="discard it instead"):
        recorder.undo()


def test_requests_without_a_take(recorder: Recorder) -> None:
    for request in (lambda: recorder.stop(START_NS), recorder.discard, recorder.undo):
        with pytest.raises(RecorderError, match="no take"):
            request()
    with pytest.raises(RecorderError, match="no take to label"):
        recorder.label("success")
    with pytest.raises(RecorderError, match="no take to grade"):
        recorder.grade(0.5)


def test_discard_sets_aside_and_numbers_go_on(recorder: Recorder, folder: Path) -> None:
    ready(recorder)
    recorder.start(START_NS)
    feed(recorder, samples(1.0))
    assert recorder.discard().status == "discarded"
    assert recorder.phase == "idle"
    assert record(recorder, samples(start_ns=START_NS + 10**11)).id == 2
    manifest = load_manifest(folder)
    assert [take.id for take in manifest.kept] == [2]
    assert (folder / manifest.takes[0].file).is_file()


def test_undo_takes_back_one_after_the_other(recorder: Recorder, folder: Path) -> None:
    for k in range(3):
        record(recorder, samples(start_ns=START_NS + k * 10**11))
    assert [recorder.undo().id, recorder.undo().id] == [3, 2]
    assert [take.status for take in load_manifest(folder).takes] == ["kept", "undone", "undone"]
    with pytest.raises(RecorderError, match="no take to label"):
        recorder.label("success")
    assert record(recorder, samples(start_ns=START_NS + 10**12)).id == 4


def test_labels_and_grades_go_to_the_take_at_hand(recorder: Recorder, folder: Path) -> None:
    ready(recorder)
    recorder.start(START_NS)
    assert recorder.label("failure") == 1
    assert recorder.grade(0.25) == 1
    feed(recorder, samples())
    recorder.stop(START_NS + 4_500_000_000)
    take = load_manifest(folder).takes[0]
    assert (take.label, take.grade) == ("failure", 0.25)
    recorder.label("success")
    recorder.grade(1.0)
    take = load_manifest(folder).takes[0]
    assert (take.label, take.grade) == ("success", 1.0)
    for grade in (-0.1, 1.1, float("nan")):
        with pytest.raises(RecorderError, match="give 0 to 1"):
            recorder.grade(grade)


def test_bad_joint_states_are_recorded_told_and_refused(recorder: Recorder, folder: Path) -> None:
    ready(recorder)
    recorder.start(START_NS)
    measured = samples()
    feed(recorder, measured[:100])
    bad = encode_joint_state(measured[100], tuple(f"other_{i}" for i in range(7)))
    stamp = measured[100].stamp_ns
    told = recorder.add_joint_state(stamp, stamp, bad, DataError("unknown joints"))
    assert [finding.kind for finding in told] == ["bad_message"]
    assert recorder.add_joint_state(stamp, stamp, bad, DataError("unknown joints")) == ()
    feed(recorder, measured[100:])
    take = recorder.stop(measured[-1].stamp_ns)
    assert take.status == "refused"
    assert "2 unusable joint states, first: unknown joints" in take.report.summary
    bag = read_bag(folder / take.file)
    assert len([m for m in bag.messages if m.topic == "/joint_states"]) == len(measured) + 2
    assert recorder.phase == "idle"


def test_backward_stamps_refuse_the_take(recorder: Recorder) -> None:
    ready(recorder)
    recorder.start(START_NS)
    measured = samples()
    feed(recorder, [*measured[:300], measured[250], *measured[300:]])
    take = recorder.stop(measured[-1].stamp_ns)
    assert take.status == "refused"
    assert take.report.figures.backwards == 1


def test_a_driver_that_dies_during_a_take_is_told_and_refused(recorder: Recorder) -> None:
    ready(recorder)
    recorder.start(START_NS)
    measured = samples(2.0)
    feed(recorder, measured)
    end = measured[-1].stamp_ns
    assert recorder.check(end + 400_000_000) == ()
    assert [f.kind for f in recorder.check(end + 600_000_000)] == ["silence"]
    assert recorder.check(end + 700_000_000) == ()
    take = recorder.stop(end + 3 * 10**9)
    assert take.status == "refused"
    assert "no joint state for the last 3.00 s" in take.report.summary


def test_a_take_without_any_joint_state_is_refused(recorder: Recorder) -> None:
    ready(recorder)
    recorder.start(START_NS)
    take = recorder.stop(START_NS)
    assert take.status == "refused"
    assert "no usable joint state" in take.report.summary


def test_targets_are_checked_and_the_last_one_counts(recorder: Recorder) -> None:
    stray = Target(TARGET.pose, "camera")
    assert "camera" in recorder.add_target(b"", stray)[0].message
    assert "nan" in recorder.add_target(b"", DataError("nan"))[0].message
    ready(recorder)
    recorder.start(START_NS)
    measured = samples()
    feed(recorder, measured[:200])
    moved = Target(Pose(TARGET.pose.position + 0.1, TARGET.pose.quaternion), TARGET.frame)
    assert recorder.add_target(encode_pose_stamped(moved, 0), moved) == ()
    feed(recorder, measured[200:])
    take = recorder.stop(measured[-1].stamp_ns)
    assert take.report.verdict == "warned"
    assert "target moved" in take.report.summary
    assert take.target is not None
    np.testing.assert_array_equal(take.target.pose.position, moved.pose.position)


def test_close_sets_the_take_in_progress_aside(recorder: Recorder, folder: Path) -> None:
    ready(recorder)
    recorder.start(START_NS)
    feed(recorder, samples(2.0))
    take = recorder.close()
    assert take is not None
    assert take.status == "interrupted"
    assert load_manifest(folder).takes == (take,)
    assert make_recorder(folder).close() is None


def test_status_follows(recorder: Recorder) -> None:
    status = recorder.status(START_NS)
    assert (status.phase, status.values["ready"]) == ("idle", False)
    assert "no joint state" in status.remark
    ready(recorder)
    status = recorder.status(START_NS)
    assert status.values["ready"] is True
    assert status.rate == pytest.approx(120.0, rel=0.01)
    assert status.remark == ""
    recorder.start(START_NS)
    measured = samples(2.0)
    feed(recorder, measured[:100] + measured[110:])
    status = recorder.status(measured[-1].stamp_ns)
    assert (status.phase, status.take_id, status.kept) == ("recording", 1, 0)
    assert status.figures.gaps == 1
    assert "no joint state for" in status.remark


def test_two_recorders_cannot_share_a_dataset(recorder: Recorder, folder: Path) -> None:
    with pytest.raises(DataError, match="open in another program"):
        make_recorder(folder)
    recorder.close()
    make_recorder(folder).close()


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"arm": "iiwa14"}, "arm = 'panda', not 'iiwa14'"),
        ({"task": "pouring"}, "task = 'dish_rack', not 'pouring'"),
        ({"joint_names": tuple("abcdefg")}, "joint_names"),
        ({"joint_names": ("a", "b")}, "give 7 different names"),
        ({"arm": "ur5"}, "choose one of panda, iiwa14"),
    ],
)
def test_a_dataset_is_for_one_arm_and_task(
    recorder: Recorder, folder: Path, values: dict[str, object], wanted: str
) -> None:
    recorder.close()
    with pytest.raises(ParameterError, match=wanted):
        make_recorder(folder, **values)


def test_a_disk_that_fails_ends_the_take_only(
    recorder: Recorder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = record(recorder)
    ready(recorder, now_ns=START_NS + 10**11)
    recorder.start(START_NS + 10**11)
    measured = samples(3.0, start_ns=START_NS + 10**11)
    feed(recorder, measured[:200])
    assert recorder._open is not None

    def full(_: object = None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recorder._open.writer, "flush", full)
    with pytest.raises(RecorderError, match=r"take 2 was given up: .*No space left"):
        feed(recorder, measured[200:])
    assert recorder.phase == "idle"
    assert recorder.status(START_NS + 10**11).last_finding.startswith("take 2 was given up: ")
    with pytest.raises(RecorderError, match="no take to label: none was saved just now"):
        recorder.label("failure")
    with pytest.raises(RecorderError, match="no take to grade: none was saved just now"):
        recorder.grade(0.0)
    assert load_manifest(folder).kept == (first,)
    recorder.close()
    again = make_recorder(folder)
    rescued = load_manifest(folder).find(2)
    assert rescued.status == "interrupted"
    assert rescued.report.figures.messages >= 120
    again.close()


def test_negative_stamps_do_not_stop_the_recorder(recorder: Recorder) -> None:
    ready(recorder)
    recorder.start(START_NS)
    sample = samples(0.0)[0]
    old = JointSample(-5, sample.joint_positions, sample.joint_velocities)
    recorder.add_joint_state(START_NS, -5, encode_joint_state(old, NAMES), old)
    assert recorder.stop(START_NS).status == "refused"
