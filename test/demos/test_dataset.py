# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a recorded folder to demonstrations, and every way a folder can be bad."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from takes import ARM, NAMES, START_NS, TARGET, feed, make_recorder, reach, ready, record, samples

from irl_ros.core.action import kinesthetic_actions
from irl_ros.core.arm import load_arm
from irl_ros.core.errors import DataError
from irl_ros.core.files import sha256
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import from_mapping
from irl_ros.core.pose import Pose
from irl_ros.demos.bag import RawMessage, TakeWriter, Topic, bag_file
from irl_ros.demos.dataset import DatasetConfig, load_demonstrations
from irl_ros.demos.maintenance import list_takes, relabel, restore, set_aside
from irl_ros.demos.message_types import JOINT_STATE, Target, encode_joint_state
from irl_ros.demos.recorder import Recorder


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with closing(make_recorder(tmp_path)) as opened:
        yield opened


def target(index: int) -> Target:
    return Target(
        Pose(TARGET.pose.position + 0.043 * index * np.eye(3)[1], TARGET.pose.quaternion),
        TARGET.frame,
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of three takes, each with its own target."""
    folder = tmp_path_factory.mktemp("template") / "dataset"
    with closing(make_recorder(folder)) as recorder:
        for index in range(3):
            record(recorder, samples(start_ns=START_NS + index * 10**11), target(index))
    return folder


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    """A copy of that dataset to be spoilt."""
    return Path(shutil.copytree(template, tmp_path / "dataset"))


def test_states_actions_and_targets(folder: Path) -> None:
    loaded = load_demonstrations(folder, ARM)
    demonstrations = loaded.demonstrations
    assert loaded.skipped == ()
    assert demonstrations.take_ids == (1, 2, 3)
    assert (demonstrations.arm, demonstrations.task) == ("panda", "dish_rack")
    assert demonstrations.control_period == 0.05
    assert demonstrations.trajectories.states.shape == (3, 100, 32)
    assert demonstrations.trajectories.actions.shape == (3, 100, 7)
    for index, pose in enumerate(demonstrations.targets):
        np.testing.assert_allclose(pose.position, target(index).pose.position)
    np.testing.assert_array_equal(demonstrations.weights, np.ones(3))
    states = demonstrations.trajectories.states[0]
    begin = 0.5  # of the motion; the onset is found a little later
    times = [t for t in np.arange(0.0, 0.3, 1 / 120) if np.abs(reach(begin + t)[1]).max() > 0.02]
    first = round((begin + times[0]) * 120) / 120 - 0.05
    truth = [reach(first + 0.05 * step) for step in range(101)]
    positions = torch.tensor(np.array([q for q, _ in truth]))
    velocities = torch.tensor(np.array([v for _, v in truth]))
    torch.testing.assert_close(states[:, :7], positions[:-1], atol=1e-6, rtol=0.0)
    torch.testing.assert_close(states[:, 7:14], velocities[:-1], atol=1e-3, rtol=0.0)
    torch.testing.assert_close(
        demonstrations.trajectories.actions[0],
        kinesthetic_actions(velocities),
        atol=3e-3,
        rtol=0.0,
    )
    kinematics = Kinematics(ARM)
    torch.testing.assert_close(states, kinematics.arm_state(states[:, :7], states[:, 7:14]))


def test_labels_and_grades_choose_and_weigh(folder: Path) -> None:
    relabel(folder, 1, "success", 0.5)
    relabel(folder, 2, "failure", 1.0)
    chosen = load_demonstrations(folder, ARM).demonstrations
    assert chosen.take_ids == (1, 3)
    assert chosen.weights.tolist() == [0.5, 1.0]
    config = from_mapping(DatasetConfig, {"labels": ["failure"]})
    assert load_demonstrations(folder, ARM, config).demonstrations.take_ids == (2,)
    config = from_mapping(DatasetConfig, {"minimum_grade": 0.6})
    assert load_demonstrations(folder, ARM, config).demonstrations.take_ids == (3,)


def test_takes_set_aside_are_left_out_and_come_back(folder: Path) -> None:
    set_aside(folder, 2)
    assert load_demonstrations(folder, ARM).demonstrations.take_ids == (1, 3)
    restore(folder, 2)
    assert load_demonstrations(folder, ARM).demonstrations.take_ids == (1, 2, 3)


def path_of(folder: Path, take_id: int) -> Path:
    return folder / list_takes(folder, every=True)[take_id - 1].file


def truncate(folder: Path) -> None:
    path = path_of(folder, 2)
    path.write_bytes(path.read_bytes()[:-3000])


def flip(folder: Path) -> None:
    path = path_of(folder, 2)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(folder: Path) -> None:
    path_of(folder, 2).write_bytes(path_of(folder, 1).read_bytes())


def delete(folder: Path) -> None:
    path_of(folder, 2).unlink()


def blank(folder: Path) -> None:
    path_of(folder, 2).write_bytes(b"")


def rewrite(folder: Path, measured: list[JointSample], names: tuple[str, ...] = NAMES) -> None:
    """Replace take 2 by other joint states, with the sum of the new file."""
    path = path_of(folder, 2)
    writer = TakeWriter(folder / "new" / "take_0002", [Topic("/joint_states", JOINT_STATE)])
    for sample in measured:
        cdr = encode_joint_state(sample, names)
        writer.write(RawMessage("/joint_states", sample.stamp_ns, cdr))
    writer.finish(folder / "done" / "take_0002")
    bag_file(folder / "done" / "take_0002").rename(path)
    document = json.loads((folder / "dataset.json").read_text())
    document["takes"][1]["sha256"] = sha256(path)
    (folder / "dataset.json").write_text(json.dumps(document))


def with_nan(folder: Path) -> None:
    measured = samples()
    bad = JointSample(measured[50].stamp_ns, np.full(7, np.nan), np.zeros(7))
    rewrite(folder, [*measured[:50], bad, *measured[51:]])


def renamed(folder: Path) -> None:
    rewrite(folder, samples(), tuple(f"fr3_joint{i}" for i in range(1, 8)))


def six(folder: Path) -> None:
    measured = [
        JointSample(s.stamp_ns, s.joint_positions[:6], s.joint_velocities[:6]) for s in samples()
    ]
    rewrite(folder, measured, NAMES[:6])


def backwards(folder: Path) -> None:
    measured = samples()
    rewrite(folder, [*measured[:100], measured[20], *measured[100:]])


def still(folder: Path) -> None:
    rewrite(folder, samples(motion=lambda _: reach(0.0)))


def untargeted(folder: Path) -> None:
    document = json.loads((folder / "dataset.json").read_text())
    document["takes"][1]["target"] = None
    (folder / "dataset.json").write_text(json.dumps(document))


def misframed(folder: Path) -> None:
    document = json.loads((folder / "dataset.json").read_text())
    document["takes"][1]["target"]["frame"] = "camera"
    (folder / "dataset.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (truncate, r"damaged after \d+ messages"),
        (flip, "damaged after"),
        (swap, "not the one that was recorded"),
        (delete, "cannot be read"),
        (blank, "no MCAP file"),
        (with_nan, "1 unusable joint states, first: position of panda_joint1 is nan"),
        (renamed, "missing .*panda_joint1.* unknown .*fr3_joint1"),
        (six, "got 6 joints, expected the 7"),
        (backwards, "stamps go backwards"),
        (still, "never moved"),
        (untargeted, "no target pose"),
        (misframed, "'camera', not in the arm's base 'panda_link0'"),
    ],
)
def test_a_bad_take_is_named_and_the_rest_stays_usable(
    folder: Path, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(folder)
    with pytest.raises(DataError, match=f"take 2 .*{told}.*skip_bad"):
        load_demonstrations(folder, ARM)
    loaded = load_demonstrations(folder, ARM, skip_bad=True)
    assert loaded.demonstrations.take_ids == (1, 3)
    assert [skipped.take_id for skipped in loaded.skipped] == [2]


def test_a_dataset_of_another_arm_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="recorded with the arm 'panda', not 'iiwa14'"):
        load_demonstrations(folder, load_arm("iiwa14"))


def test_a_dataset_without_a_usable_take_is_refused(folder: Path, tmp_path: Path) -> None:
    config = from_mapping(DatasetConfig, {"labels": ["failure"]})
    with pytest.raises(DataError, match=r"no take of .* is left .3 takes, 3 kept. with a label"):
        load_demonstrations(folder, ARM, config)
    for take_id in (1, 2, 3):
        path_of(folder, take_id).unlink()
    with pytest.raises(DataError, match=r"no take of .* can be used .*first: take 1"):
        load_demonstrations(folder, ARM, skip_bad=True)


def test_renamed_joints_of_a_real_driver(tmp_path: Path) -> None:
    names = tuple(f"fr3_joint{i}" for i in range(1, 8))
    with closing(make_recorder(tmp_path / "fr3", joint_names=names)) as recorder:
        ready(recorder)
        recorder.start(START_NS)
        for sample in samples():
            cdr = encode_joint_state(sample, names)
            recorder.add_joint_state(sample.stamp_ns, sample.stamp_ns, cdr, sample)
        assert recorder.stop(samples()[-1].stamp_ns).status == "kept"
    assert len(load_demonstrations(tmp_path / "fr3", ARM).demonstrations) == 1


def test_extra_joints_are_left_out_where_the_recorder_was_told_to(tmp_path: Path) -> None:
    with closing(make_recorder(tmp_path / "d", ignore_extra_joints=True)) as recorder:
        ready(recorder)
        recorder.start(START_NS)
        for sample in samples():
            longer = JointSample(
                sample.stamp_ns,
                np.append(0.04, sample.joint_positions),
                np.append(0.0, sample.joint_velocities),
            )
            cdr = encode_joint_state(longer, ("finger", *NAMES))
            recorder.add_joint_state(sample.stamp_ns, sample.stamp_ns, cdr, sample)
        recorder.stop(samples()[-1].stamp_ns)
    states = load_demonstrations(tmp_path / "d", ARM).demonstrations.trajectories.states
    assert states.shape == (1, 100, 32)


def test_interrupted_and_discarded_takes_are_not_demonstrations(recorder: Recorder) -> None:
    record(recorder)
    ready(recorder, now_ns=START_NS + 10**11)
    recorder.start(START_NS + 10**11)
    feed(recorder, samples(start_ns=START_NS + 10**11))
    recorder.discard()
    assert load_demonstrations(recorder._store.folder, ARM).demonstrations.take_ids == (1,)
