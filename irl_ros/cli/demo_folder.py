# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of one demonstration: what is where, and which stages are finished."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from irl_ros.cli.options import DemoOptions
from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.files import write_atomically
from irl_ros.core.lock import Lock
from irl_ros.core.parameters import from_mapping, to_mapping

STAGES = ("record", "train", "execute")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep the folder of a demonstration, made if missing, for this program during a block.

    The system drops the lock with the process, however that ends.

    Raises:
        DataError: If another program has it or it cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = Lock(path)
    except BlockingIOError as error:
        raise DataError(
            f"another demonstration is running in {path}; wait for it, end it, or choose "
            "another --output"
        ) from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be used ({error.strerror}); choose another --output"
        ) from error
    with closing(lock):
        yield


@final
class DemoFolder:
    """Paths and progress of one demonstration.

    Args:
        path: The folder; it is made if missing.
        options: What is demonstrated; None takes what an existing folder says.
        fresh: Forget everything that an existing demonstration holds, also a damaged one.

    Attributes:
        options: What is demonstrated.

    Raises:
        DataError: If the folder belongs to a demonstration with other options, is damaged, holds
            other files, or, without options, belongs to no demonstration at all.
    """

    def __init__(
        self, path: Path, options: DemoOptions | None = None, *, fresh: bool = False
    ) -> None:
        self.path = path.absolute()
        known = self._state.exists()
        state = None if fresh else self._read_state()
        if options is None:
            if state is None:
                raise DataError(
                    f"{self.path} is not the folder of a demonstration (no demo.json in it); give "
                    "one that `irl-ros demo` has written"
                )
            self.options = state.options
        else:
            self.options = options
        self.wall_seconds: dict[str, float] = {}
        self._spent: dict[str, float] = {}  # on stages that were interrupted, s
        if state is not None:
            self._check_same(state.options)
            self.wall_seconds, self._spent = state.wall_seconds, state.spent
        elif known:
            self._clear()
        elif self.path.exists() and any(self.path.iterdir()):
            raise DataError(
                f"{self.path} holds files but no demonstration; choose another --output"
            )
        if options is not None:
            self.path.mkdir(parents=True, exist_ok=True)
            self._write_state()

    @property
    def dataset(self) -> Path:
        """The recorded demonstrations."""
        return self.path / "dataset"

    @property
    def training(self) -> Path:
        """The training run: cost, policy, diagnostics."""
        return self.path / "training"

    @property
    def executions(self) -> Path:
        """One file for each execution of the learned policy."""
        return self.path / "executions"

    @property
    def logs(self) -> Path:
        """Output of every process, by stage."""
        return self.path / "logs"

    @property
    def report(self) -> Path:
        """The report."""
        return self.path / "report.html"

    @property
    def summary(self) -> Path:
        """The result in numbers."""
        return self.path / "summary.json"

    def is_finished(self, stage: str) -> bool:
        """Return whether a stage was completed before."""
        return stage in self.wall_seconds

    def finish(self, stage: str, seconds: float) -> None:
        """Note that a stage is complete and how long its last part took, s."""
        self.wall_seconds[stage] = round(self._spent.pop(stage, 0.0) + seconds, 3)
        self._write_state()

    def interrupt(self, stage: str, seconds: float) -> None:
        """Note that a stage was interrupted after some time, s; it counts if it is continued."""
        self._spent[stage] = round(self._spent.get(stage, 0.0) + seconds, 3)
        self._write_state()

    def prepare(self, stage: str) -> None:
        """Remove what an interrupted attempt at a stage left that cannot be continued.

        Training continues from its checkpoint and executions one by one; recording starts anew,
        because the teacher's takes follow from its seed in order.
        """
        for later in STAGES[STAGES.index(stage) + 1 :]:
            self.wall_seconds.pop(later, None)
            self._spent.pop(later, None)
            _remove(self._folder(later))
        if stage == "record":
            self._spent.pop(stage, None)
            _remove(self.dataset)
        self._write_state()

    def write_summary(self, values: Mapping[str, Any]) -> None:
        """Write ``summary.json``."""
        _write_json(self.summary, values)

    def _folder(self, stage: str) -> Path:
        return {"record": self.dataset, "train": self.training, "execute": self.executions}[stage]

    def _clear(self) -> None:
        # Only what this class names is removed; the folder may hold other things of a person.
        for path in (self.dataset, self.training, self.executions, self.logs):
            _remove(path)
        for path in (self.report, self.summary, self._state):
            path.unlink(missing_ok=True)

    @property
    def _state(self) -> Path:
        return self.path / "demo.json"

    def _read_state(self) -> "_State | None":
        try:
            values = json.loads(self._state.read_text("utf-8"))
            # What an older version did not know yet had its default then.
            return _State(
                from_mapping(DemoOptions, values["options"]),
                _seconds(values["wall_seconds"]),
                _seconds(values.get("spent", {})),
            )
        except FileNotFoundError:
            return None
        except (AttributeError, LookupError, ParameterError, TypeError, ValueError) as error:
            raise DataError(
                f"{self._state} is damaged ({type(error).__name__}: {error}); start anew with "
                "--fresh"
            ) from error

    def _write_state(self) -> None:
        state = {
            "options": to_mapping(self.options),
            "wall_seconds": self.wall_seconds,
            "spent": self._spent,
        }
        _write_json(self._state, state)

    def _check_same(self, theirs: DemoOptions) -> None:
        then = to_mapping(theirs)
        differing = [
            f"{name} = {then[name]!r} then, {value!r} now"
            for name, value in to_mapping(self.options).items()
            if then[name] != value
        ]
        if differing:
            raise DataError(
                f"{self.path} holds a demonstration with other options ({'; '.join(differing)}); "
                "start anew with --fresh or choose another --output"
            )


@dataclass(frozen=True)
class _State:
    """What ``demo.json`` says."""

    options: DemoOptions
    wall_seconds: dict[str, float]
    spent: dict[str, float]


def _seconds(values: Mapping[str, Any]) -> dict[str, float]:
    unknown = [name for name in values if name not in STAGES]
    if unknown:
        raise ValueError(f"unknown stage {unknown[0]!r}")
    return {name: float(seconds) for name, seconds in values.items()}


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(values, indent=2, allow_nan=False) + "\n")
