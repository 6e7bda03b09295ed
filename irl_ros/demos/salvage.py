# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""After a crash: list what is complete, rescue what was interrupted."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from irl_ros.core.arm import load_arm
from irl_ros.core.errors import DataError
from irl_ros.core.files import sha256
from irl_ros.demos.bag import Bag, TakeWriter, Topic, bag_file, read_bag
from irl_ros.demos.manifest import Label, Take, TakeStatus
from irl_ros.demos.quality import QualityConfig
from irl_ros.demos.recording import decode_recording
from irl_ros.demos.store import PARTIAL, TAKES, DatasetStore, take_number

_STATUS: dict[str, TakeStatus] = {"kept": "kept", "discarded": "discarded", "refused": "refused"}
_LABEL: dict[str, Label] = {"success": "success", "failure": "failure"}


@dataclass(frozen=True)
class Salvage:
    """What was found of a take that is not in the dataset's list.

    Attributes:
        take_id: Number of the take.
        take: Its entry, None if nothing could be read.
        message: What happened and what can be done, one line.
    """

    take_id: int
    take: Take | None
    message: str


def salvage(store: DatasetStore, config: QualityConfig) -> tuple[Salvage, ...]:
    """List complete takes that a crash kept out of the list, and rescue interrupted ones.

    A complete take gets the status it was finished with. What can be read of an interrupted one
    becomes a take with the status ``interrupted``; it can be restored, but is not used by itself.
    One that cannot be read now is left alone; one that holds no message is removed.

    Raises:
        OSError: If the disk refuses a change; nothing is lost by it.
    """
    complete = tuple(
        _adopt(store, folder, config) for folder in _unlisted(store, store.folder / TAKES)
    )
    for folder in (store.folder / PARTIAL).glob("take_*"):
        if (store.folder / TAKES / folder.name).exists():
            shutil.rmtree(folder)  # left by a rescue that was itself interrupted
    interrupted = tuple(
        _rescue(store, folder, config) for folder in _unlisted(store, store.folder / PARTIAL)
    )
    return complete + interrupted


def _unlisted(store: DatasetStore, parent: Path) -> Iterator[Path]:
    known = {take.id for take in store.manifest.takes}
    for folder in sorted(parent.glob("take_*")):
        if take_number(folder) not in known:
            yield folder


def _adopt(store: DatasetStore, folder: Path, config: QualityConfig) -> Salvage:
    number, path = take_number(folder), bag_file(folder)
    try:
        bag = read_bag(path)
        if not bag.complete:
            raise DataError(f"{path} is damaged; restore it from a copy or delete its folder")
        status = _STATUS.get(bag.notes.get("status", ""), "interrupted")
        take = store.update(_entry(store, number, bag, path, config, status))
    except DataError as error:
        return Salvage(number, None, f"take {number} is not listed and cannot be: {error}")
    return Salvage(number, take, f"take {number} was complete but not listed; it is now")


def _rescue(store: DatasetStore, folder: Path, config: QualityConfig) -> Salvage:
    number, path = take_number(folder), bag_file(folder)
    try:
        bag = Bag((), {}) if _is_empty(path) else read_bag(path)
        if bag.messages:
            decode_recording(bag, store.manifest.joint_names)
    except DataError as error:
        # It may be the only copy, and the next start may be able to read it.
        return Salvage(
            number,
            None,
            f"take {number} was interrupted and stays in {folder}, to be rescued at the next "
            f"start: {error}",
        )
    if not bag.messages:
        shutil.rmtree(folder)
        return Salvage(
            number, None, f"take {number} was interrupted and is lost: it holds no message"
        )
    again = store.folder / PARTIAL / "rescue" / folder.name
    shutil.rmtree(again.parent, ignore_errors=True)
    topics = [Topic(name, kind) for name, kind in bag.types.items()]
    writer = TakeWriter(again, topics, {**bag.notes, "status": "interrupted"})
    for message in bag.messages:
        writer.write(message)
    final_folder = store.folder / TAKES / folder.name
    writer.finish(final_folder)
    finished = bag_file(final_folder)
    take = store.update(_entry(store, number, bag, finished, config, "interrupted"))
    shutil.rmtree(folder)
    again.parent.rmdir()
    return Salvage(
        number,
        take,
        f"take {number} was interrupted after {take.report.figures.duration:.2f} s; what was "
        f"recorded is kept aside, restore take {number} to use it",
    )


def _is_empty(path: Path) -> bool:
    """Whether a file is certain to hold nothing."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _entry(
    store: DatasetStore,
    number: int,
    bag: Bag,
    path: Path,
    config: QualityConfig,
    status: TakeStatus,
) -> Take:
    names = store.manifest.joint_names
    ignore_extra = bag.notes.get("ignore_extra_joints") == "true"
    recording = decode_recording(bag, names, ignore_extra=ignore_extra)
    velocity_limits = load_arm(store.manifest.arm).limits.velocity
    return Take(
        id=number,
        status=status,
        label=_LABEL.get(bag.notes.get("label", ""), "unlabelled"),
        grade=_grade(bag.notes.get("grade", "")),
        start_ns=recording.samples[0].stamp_ns if recording.samples else 0,
        file=str(path.relative_to(store.folder)),
        size=path.stat().st_size,
        sha256=sha256(path),
        target=recording.target,
        report=recording.report(config, names, velocity_limits),
    )


def _grade(note: str) -> float | None:
    try:
        grade = float(note)
    except ValueError:
        return None
    return grade if 0.0 <= grade <= 1.0 else None
