# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of one training run: configuration, diagnostics, checkpoint, what is delivered."""

import functools
import json
import math
import platform
import time
from collections.abc import Callable, Mapping
from importlib import metadata as packages
from pathlib import Path
from typing import Any, TypeVar

from torch.utils.tensorboard import SummaryWriter

from irl_ros import __version__
from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.core.lock import Lock
from irl_ros.core.parameters import to_mapping
from irl_ros.learning.learner import Report, Resumable
from irl_ros.learning.saved_state import read_state, write_state

CONFIG_FILE = "config.json"
RUN_FILE = "run.json"
DIAGNOSTICS_FILE = "diagnostics.jsonl"
_IDENTITY = ("arm", "condition", "slot", "preset", "algorithm")
# Parameters of what rollouts met: the world and the guard. Learners know their own.
_MET = ("simulation.", "guard.")
_LIBRARIES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "clarabel",
    "gymnasium",
    "stable-baselines3",
    "pybullet",
    "ruckig",
    "safetensors",
)
_OWN_FACTS = ("seed", "iterations_done", "rollouts", "finished", "versions")
CHECKPOINT_FILE = "checkpoint.safetensors"

R = TypeVar("R", bound=Report)


@functools.cache
def versions() -> Mapping[str, str]:
    """Return the versions of what a result depends on; nothing is imported for it."""
    found = {"irl_ros": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = packages.version(name)
        except packages.PackageNotFoundError:
            continue
    return found


class RunFolder:
    """Writer of one run; every file is replaced atomically, so a crash loses one iteration.

    The folder is locked for other writers until it is closed; everyone may read it meanwhile.

    Args:
        path: The folder; it is made if missing.
        learner: What runs.
        files: What it delivers as it is now, by the names of files.
        facts: Further facts for ``run.json``, such as the dataset and the condition.
        resume: Continue a run that is there instead of refusing to overwrite it.

    Raises:
        DataError: If the folder holds a run and ``resume`` is off, or one that cannot be resumed,
            or another training is writing to it.
    """

    def __init__(
        self,
        path: Path,
        learner: Resumable,
        files: Callable[[], Mapping[str, bytes]],
        facts: Mapping[str, Any],
        *,
        resume: bool,
    ) -> None:
        self.path = path
        self._learner = learner
        self._files = files
        self._facts = dict(facts)
        self._lock = _lock(path)
        try:
            self.resumed = self._begin(resume)
        except BaseException:
            self._lock.close()
            raise
        self._board = SummaryWriter(str(path / "tensorboard"), purge_step=len(learner.history) + 1)

    def _begin(self, resume: bool) -> bool:
        """Take up the run that is there, if any; return whether there was one."""
        checkpoint = self.path / CHECKPOINT_FILE
        resumed = checkpoint.exists()
        if resumed:
            if not resume:
                raise DataError(
                    f"{self.path} already holds a run; continue it with resume:=true or choose "
                    "another output folder"
                )
            self._learner.restore(read_state(checkpoint))
            self._take_up(self.path / RUN_FILE)
        self._write_json(CONFIG_FILE, to_mapping(self._learner.config))
        self._write_facts()
        return resumed

    @property
    def iterations(self) -> int:
        """How many iterations the run will have, at most."""
        return self._learner.iterations

    @property
    def finished(self) -> bool:
        """Whether the run has all its iterations."""
        return self._learner.finished

    def record(self, diagnostics: Report, *, seconds: float = math.nan) -> None:
        """Save one iteration: diagnostics, what is delivered and, last, the checkpoint.

        Args:
            diagnostics: Of the iteration.
            seconds: Wall time that it took.
        """
        history = self._learner.history
        lines = (json.dumps(_finite_or_none(entry.as_mapping())) for entry in history)
        write_atomically(self.path / DIAGNOSTICS_FILE, "\n".join(lines) + "\n")
        for name, value in diagnostics.as_mapping().items():
            self._board.add_scalar(name, value, diagnostics.iteration)
        self._board.add_scalar("seconds", seconds, diagnostics.iteration)
        self._board.flush()
        for name, content in self.files().items():
            write_atomically(self.path / name, content)
        write_state(self._learner.state(), self.path / CHECKPOINT_FILE)
        self._write_facts()

    def files(self) -> Mapping[str, bytes]:
        """Return what the learner delivers as it is now, by the names of files."""
        return self._files()

    def complete(
        self, step: Callable[[], R], after_iteration: Callable[[R, "RunFolder"], None]
    ) -> None:
        """Do all remaining iterations and save each.

        Args:
            step: Does one iteration of the learner.
            after_iteration: Called when an iteration has been saved; it may raise to stop.
        """
        while not self._learner.finished:
            began = time.monotonic()
            report = step()
            self.record(report, seconds=time.monotonic() - began)
            after_iteration(report, self)

    def note(self, name: str, value: Any) -> None:
        """Add a fact to the run's record."""
        self._facts[name] = value
        self._write_facts()

    def close(self) -> None:
        """Close the TensorBoard files and let others write to the folder."""
        self._board.close()
        self._lock.close()

    def _take_up(self, record: Path) -> None:
        """Keep what was noted earlier; what was told then must be what is told now.

        Raises:
            DataError: If it was another arm, condition, slot, world or guard, or the record is
                damaged.
        """
        try:
            noted = json.loads(record.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{record} cannot be read ({error}); train afresh") from error
        theirs = _identity(noted)
        differing = [
            f"{name}: {theirs.get(name)!r} then, {value!r} now"
            for name, value in _identity(self._facts).items()
            if theirs.get(name) != value
        ]
        if differing:
            raise DataError(
                f"{record.parent} holds a run of something else ({'; '.join(differing)}); choose "
                "another output folder"
            )
        kept = {name: value for name, value in noted.items() if name not in _OWN_FACTS}
        self._facts = {**kept, **self._facts}

    def _rollouts(self) -> int:
        history = self._learner.history
        return int(history[-1].as_mapping().get("rollouts", 0)) if history else 0

    def _write_facts(self) -> None:
        facts = {
            **self._facts,
            "seed": self._learner.seed,
            "iterations_done": len(self._learner.history),
            "rollouts": self._rollouts(),
            "finished": self._learner.finished,
            "versions": versions(),
        }
        self._write_json(RUN_FILE, facts)

    def _write_json(self, name: str, values: Mapping[str, Any]) -> None:
        text = json.dumps(values, indent=2, sort_keys=True, allow_nan=False)
        write_atomically(self.path / name, f"{text}\n")


def _lock(path: Path) -> Lock:
    """Keep a run folder, made if missing, for this training."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        return Lock(path / ".lock")
    except BlockingIOError as error:
        raise DataError(
            f"another training is writing to {path}; wait for it, end it, or choose another "
            "output folder"
        ) from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror}); choose another output folder"
        ) from error


def _identity(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be the same for a run to go on."""
    met = {
        name: value for name, value in facts.get("parameters", {}).items() if name.startswith(_MET)
    }
    return {**met, **{name: facts[name] for name in _IDENTITY if name in facts}}


def _finite_or_none(values: Mapping[str, float]) -> dict[str, float | None]:
    """Replace numbers that JSON cannot hold by None."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
