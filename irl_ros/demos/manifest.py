# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The list of a dataset's takes: one small JSON file, replaced in one step at every change."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.core.pose import Pose
from irl_ros.demos.message_types import Target
from irl_ros.demos.quality import Finding, QualityFigures, QualityReport

SCHEMA_VERSION = 1
MANIFEST = "dataset.json"
UNITS = {"time": "s", "stamp": "ns", "position": "rad", "velocity": "rad/s", "effort": "N m"}

Label = Literal["unlabelled", "success", "failure"]
TakeStatus = Literal["kept", "undone", "discarded", "refused", "interrupted"]

_RESTORE = "restore it from a copy, the takes are not affected"
_LABELS: dict[str, Label] = {label: label for label in get_args(Label)}
_STATUSES: dict[str, TakeStatus] = {status: status for status in get_args(TakeStatus)}
C = TypeVar("C")


@dataclass(frozen=True)
class Take:
    """One take of a dataset.

    Attributes:
        id: Number of the take, never used twice.
        status: ``kept`` takes are the dataset; all others lie there only to be restored:
            ``undone`` and ``discarded`` by the person, ``refused`` for their quality,
            ``interrupted`` by the end of the recorder.
        label: What the person said about it.
        grade: How good the person found it, 0 to 1; None if not said.
        start_ns: Stamp of the first joint state, ns.
        file: Bag file, relative to the dataset's folder.
        size: Its size, bytes.
        sha256: Its SHA-256 sum.
        target: Where the task was to be done, None if nobody said.
        report: What the take is like.

    Raises:
        DataError: If the grade lies outside 0 to 1.
    """

    id: int
    status: TakeStatus
    label: Label
    grade: float | None
    start_ns: int
    file: str
    size: int
    sha256: str
    target: Target | None
    report: QualityReport

    def __post_init__(self) -> None:
        """Check the grade."""
        if self.grade is not None and not 0.0 <= self.grade <= 1.0:
            raise DataError(f"take {self.id}: grade = {self.grade}; give 0 to 1")

    @property
    def name(self) -> str:
        """Name of the take's folder."""
        return take_name(self.id)


@dataclass(frozen=True)
class Manifest:
    """What a dataset is about and which takes it has.

    Attributes:
        arm: Name of the arm.
        joint_names: Joints as the arm's driver names them, from the base outwards.
        task: Name of the task.
        rate_hz: Rate of the joint states that the recorder expected, 0 if it took any, Hz.
        takes: All takes, by number.
    """

    arm: str
    joint_names: tuple[str, ...]
    task: str
    rate_hz: float = 0.0
    takes: tuple[Take, ...] = ()

    @property
    def kept(self) -> tuple[Take, ...]:
        """The takes that are the dataset."""
        return tuple(take for take in self.takes if take.status == "kept")

    @property
    def next_id(self) -> int:
        """Number of the next take."""
        return max((take.id for take in self.takes), default=0) + 1

    def find(self, take_id: int) -> Take:
        """Return a take by its number.

        Raises:
            DataError: If there is none with this number.
        """
        for take in self.takes:
            if take.id == take_id:
                return take
        known = ", ".join(str(take.id) for take in self.takes) or "none"
        raise DataError(f"no take {take_id}; there are: {known}")

    def with_take(self, take: Take) -> "Manifest":
        """Return the manifest with a take added, or replaced if its number is known."""
        others = [other for other in self.takes if other.id != take.id]
        takes = tuple(sorted([*others, take], key=lambda entry: entry.id))
        return dataclasses.replace(self, takes=takes)


def take_name(take_id: int) -> str:
    """Return the name of a take's folder."""
    return f"take_{take_id:04d}"


def manifest_text(manifest: Manifest) -> str:
    """Return the content of a manifest's file."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "arm": manifest.arm,
        "joint_names": list(manifest.joint_names),
        "task": manifest.task,
        "rate_hz": manifest.rate_hz,
        "units": UNITS,
        "takes": [_take_document(take) for take in manifest.takes],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Read the content of a manifest's file.

    Raises:
        DataError: If it is damaged or newer than this program.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DataError(f"it is no JSON ({error}); {_RESTORE}") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise DataError("it has no schema_version; it is not the manifest of a dataset")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"it has schema version {version}, this program knows up to {SCHEMA_VERSION}; "
            "update irl_ros"
        )
    try:
        return Manifest(
            arm=_text(document["arm"]),
            joint_names=tuple(_text(name) for name in document["joint_names"]),
            task=_text(document["task"]),
            rate_hz=float(document["rate_hz"]),
            takes=tuple(_take(entry) for entry in document["takes"]),
        )
    except (LookupError, TypeError, ValueError, DataError) as error:
        raise DataError(f"it is damaged ({type(error).__name__}: {error}); {_RESTORE}") from error


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a dataset in one step.

    Raises:
        OSError: If the disk refuses it; the old manifest is untouched then.
    """
    write_atomically(folder / MANIFEST, manifest_text(manifest))


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of a dataset.

    Raises:
        DataError: If it is missing, damaged or newer than this program.
    """
    path = folder / MANIFEST
    try:
        return parse_manifest(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; give the folder of a recorded dataset") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); {_RESTORE}") from error
    except DataError as error:
        raise DataError(f"{path} cannot be used: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _take_document(take: Take) -> dict[str, Any]:
    target = take.target
    return {
        "id": take.id,
        "status": take.status,
        "label": take.label,
        "grade": take.grade,
        "start_ns": take.start_ns,
        "file": take.file,
        "size": take.size,
        "sha256": take.sha256,
        "target": None
        if target is None
        else {
            "frame": target.frame,
            "position": target.pose.position.tolist(),
            "quaternion_xyzw": target.pose.quaternion.tolist(),
        },
        "verdict": take.report.verdict,
        "figures": dataclasses.asdict(take.report.figures),
        "findings": [dataclasses.asdict(finding) for finding in take.report.findings],
    }


def _take(entry: Mapping[str, Any]) -> Take:
    return Take(
        id=int(entry["id"]),
        status=_choice(entry, "status", _STATUSES),
        label=_choice(entry, "label", _LABELS),
        grade=None if entry["grade"] is None else float(entry["grade"]),
        start_ns=int(entry["start_ns"]),
        file=_text(entry["file"]),
        size=int(entry["size"]),
        sha256=_text(entry["sha256"]),
        target=_target(entry["target"]),
        report=QualityReport(
            _figures(entry["figures"]),
            tuple(
                Finding(_text(found["kind"]), bool(found["refuses"]), _text(found["message"]))
                for found in entry["findings"]
            ),
        ),
    )


def _choice(entry: Mapping[str, Any], name: str, choices: Mapping[str, C]) -> C:
    if entry[name] not in choices:
        raise ValueError(f"{name} = {entry[name]!r}; give one of {', '.join(choices)}")
    return choices[entry[name]]


def _figures(entry: Mapping[str, Any]) -> QualityFigures:
    kinds = {field.name: field.type for field in dataclasses.fields(QualityFigures)}
    # Numbers this program does not know are left out, those it misses keep their default.
    known = {name: value for name, value in entry.items() if name in kinds}
    return QualityFigures(
        **{name: int(v) if kinds[name] is int else float(v) for name, v in known.items()}  # type: ignore[arg-type]
    )


def _target(entry: Mapping[str, Any] | None) -> Target | None:
    if entry is None:
        return None
    position = np.array([float(entry["position"][i]) for i in range(3)])
    quaternion = np.array([float(entry["quaternion_xyzw"][i]) for i in range(4)])
    return Target(Pose(position, quaternion), _text(entry["frame"]))
