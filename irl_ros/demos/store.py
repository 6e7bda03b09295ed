# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A dataset's folder while it is being changed: locked, every change in one step, crash-proof.

Layout: ``dataset.json`` lists the takes; ``takes/take_0001/`` is a rosbag2 folder, complete once
it has this name; ``.partial/`` holds the take in progress, or what a crash left of it.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.files import sha256
from irl_ros.core.lock import Lock
from irl_ros.demos.bag import TakeWriter, Topic, bag_file
from irl_ros.demos.manifest import (
    MANIFEST,
    Label,
    Manifest,
    Take,
    TakeStatus,
    load_manifest,
    save_manifest,
    take_name,
)
from irl_ros.demos.message_types import Target
from irl_ros.demos.quality import QualityReport

TAKES = "takes"
PARTIAL = ".partial"


@final
class DatasetStore:
    """A dataset opened for changes; only one program at a time can have it open."""

    def __init__(self, folder: Path, manifest: Manifest | None = None) -> None:
        """Open a dataset, or make a new one.

        Args:
            folder: Folder of the dataset.
            manifest: What a new dataset is to be about; an existing one must agree with it. None
                opens an existing one only.

        Raises:
            DataError: If it is open elsewhere, damaged, or missing without a manifest.
            ParameterError: If the existing dataset is about something else.
        """
        if manifest is None:
            load_manifest(folder)  # says what is wrong before anything is created
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(folder)
        except OSError as error:
            raise DataError(
                f"{folder} cannot be written ({error.strerror}); choose another folder"
            ) from error
        self.folder = folder
        try:
            if (folder / MANIFEST).exists() or manifest is None:
                self.manifest = load_manifest(folder)
                if manifest is not None:
                    _compare(folder, self.manifest, manifest)
            else:
                self.manifest = manifest
                save_manifest(folder, manifest)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "DatasetStore":
        """Return the open dataset."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Let others open the dataset."""
        self.close()

    def close(self) -> None:
        """Let others open the dataset."""
        self._lock.close()

    @property
    def free_bytes(self) -> int:
        """Free space on the dataset's disk, bytes."""
        return shutil.disk_usage(self.folder).free

    @property
    def next_id(self) -> int:
        """Number of the next take; no folder of that number exists yet."""
        found = [*(self.folder / TAKES).glob("take_*"), *(self.folder / PARTIAL).glob("take_*")]
        return max([self.manifest.next_id, *(take_number(path) + 1 for path in found)])

    def new_take(self, topics: Sequence[Topic], notes: Mapping[str, str]) -> TakeWriter:
        """Begin a take in the hidden folder.

        Raises:
            OSError: If the disk refuses it.
        """
        return TakeWriter(self.folder / PARTIAL / take_name(self.next_id), topics, notes)

    def finish(
        self,
        writer: TakeWriter,
        status: TakeStatus,
        report: QualityReport,
        *,
        label: Label = "unlabelled",
        grade: float | None = None,
        start_ns: int = 0,
        target: Target | None = None,
    ) -> Take:
        """Complete a take, write it through to the disk and list it.

        Raises:
            OSError: If the disk refuses it; what was flushed can be salvaged later.
        """
        folder = self.folder / TAKES / writer.folder.name
        # Also in the bag, for the case that this program ends before the list is written.
        writer.notes.update(status=status, label=label, grade="" if grade is None else repr(grade))
        writer.finish(folder)
        path = bag_file(folder)
        take = Take(
            id=take_number(folder),
            status=status,
            label=label,
            grade=grade,
            start_ns=start_ns,
            file=str(path.relative_to(self.folder)),
            size=path.stat().st_size,
            sha256=sha256(path),
            target=target,
            report=report,
        )
        return self.update(take)

    def update(self, take: Take) -> Take:
        """List a take, or change its entry, and return it.

        Raises:
            OSError: If the disk refuses it; the old list is untouched then.
        """
        manifest = self.manifest.with_take(take)
        save_manifest(self.folder, manifest)
        self.manifest = manifest
        return take


def take_number(folder: Path) -> int:
    """Return the number of the take that a folder is named after, 0 if it is not one."""
    digits = folder.name.removeprefix("take_")
    return int(digits) if digits.isdecimal() else 0


def _lock(folder: Path) -> Lock:
    try:
        return Lock(folder / ".lock")
    except BlockingIOError as error:
        raise DataError(
            f"{folder} is open in another program; end that recorder or choose another folder"
        ) from error


def _compare(folder: Path, found: Manifest, wanted: Manifest) -> None:
    for name in ("arm", "joint_names", "task"):
        there, here = getattr(found, name), getattr(wanted, name)
        if there != here:
            raise ParameterError(
                f"{folder} was recorded with {name} = {there!r}, not {here!r}; choose another "
                "folder for this one"
            )
