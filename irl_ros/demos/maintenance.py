# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a person does with a dataset afterwards: look, verify, set aside, restore, export."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.demos.dataset import DatasetConfig, load_recording
from irl_ros.demos.manifest import Label, Manifest, Take, load_manifest
from irl_ros.demos.quality import QualityConfig
from irl_ros.demos.recording import motion_of
from irl_ros.demos.salvage import Salvage, salvage
from irl_ros.demos.store import PARTIAL, TAKES, DatasetStore, take_number


@dataclass(frozen=True)
class Problem:
    """Something wrong with a dataset.

    Attributes:
        take_id: Take that it concerns, 0 if none in particular.
        message: What is wrong and what can be done.
    """

    take_id: int
    message: str


def list_takes(folder: Path, *, every: bool = False) -> tuple[Take, ...]:
    """Return the takes of a dataset.

    Args:
        folder: Folder of the dataset.
        every: Also those that were set aside.

    Raises:
        DataError: If there is no dataset or its manifest is damaged.
    """
    manifest = load_manifest(folder)
    return manifest.takes if every else manifest.kept


def verify(folder: Path) -> tuple[Problem, ...]:
    """Read every file of a dataset and return what is wrong; empty if all is well.

    Raises:
        DataError: If there is no dataset or its manifest is damaged.
    """
    manifest = load_manifest(folder)
    problems = []
    for take in manifest.takes:
        try:
            recording = load_recording(folder, manifest, take)
            if take.status == "kept":
                motion_of(recording)
        except DataError as error:
            problems.append(Problem(take.id, f"take {take.id} ({take.file}): {error}"))
    known = {take.id for take in manifest.takes}
    for parent in (TAKES, PARTIAL):
        for path in sorted((folder / parent).glob("take_*")):
            if take_number(path) not in known:
                number = take_number(path)
                problems.append(
                    Problem(number, f"take {number} ({path}) is not listed; recover the dataset")
                )
    return tuple(problems)


def set_aside(folder: Path, take_id: int) -> Take:
    """Take a kept take out of the dataset without deleting it, and return it.

    Raises:
        DataError: If it is not there, not kept, or the dataset is open elsewhere.
    """
    with DatasetStore(folder) as store:
        take = store.manifest.find(take_id)
        if take.status != "kept":
            raise DataError(f"take {take_id} is {take.status} already; restore takes it back")
        return store.update(dataclasses.replace(take, status="undone"))


def restore(folder: Path, take_id: int) -> Take:
    """Make a take that was set aside, refused or interrupted part of the dataset again.

    Raises:
        DataError: If it is not there, not set aside, damaged, or the dataset is open elsewhere.
    """
    with DatasetStore(folder) as store:
        take = store.manifest.find(take_id)
        if take.status == "kept":
            raise DataError(f"take {take_id} is part of the dataset already")
        load_recording(folder, store.manifest, take)
        return store.update(dataclasses.replace(take, status="kept"))


def relabel(folder: Path, take_id: int, label: Label, grade: float | None = None) -> Take:
    """Change what is said about a take, and return it.

    Args:
        folder: Folder of the dataset.
        take_id: Number of the take.
        label: New label.
        grade: How good it is, 0 to 1; None leaves it as it is.

    Raises:
        DataError: If it is not there, the grade is out of range, or the dataset is open elsewhere.
    """
    with DatasetStore(folder) as store:
        take = store.manifest.find(take_id)
        changed = take.grade if grade is None else grade
        return store.update(dataclasses.replace(take, label=label, grade=changed))


def recover(folder: Path, config: QualityConfig | None = None) -> tuple[Salvage, ...]:
    """Bring back what a crash left behind, and return what became of it.

    Raises:
        DataError: If there is no dataset or it is open elsewhere.
    """
    with DatasetStore(folder) as store:
        return salvage(store, QualityConfig() if config is None else config)


def export_csv(folder: Path, take_id: int, path: Path) -> int:
    """Write the joint states of a take as a table, and return the number of rows.

    Columns are the time since the first joint state (s), every joint's position (rad) and every
    joint's velocity (rad/s).

    Raises:
        DataError: If the take is not there or cannot be used.
    """
    manifest: Manifest = load_manifest(folder)
    take = manifest.find(take_id)
    motion = motion_of(load_recording(folder, manifest, take, DatasetConfig()))
    names = manifest.joint_names
    header = [
        "time",
        *(f"{name}.position" for name in names),
        *(f"{name}.velocity" for name in names),
    ]
    lines = [",".join(header)]
    for time, positions, velocities in zip(
        motion.times, motion.joint_positions, motion.joint_velocities, strict=True
    ):
        lines.append(",".join(f"{value:.9g}" for value in [time, *positions, *velocities]))
    write_atomically(path, "\n".join(lines) + "\n")
    return len(motion.times)
