# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of one training run: configuration, diagnostics, checkpoint, cost and policy."""

import functools
import json
import math
import platform
from collections.abc import Mapping
from importlib import metadata as packages
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from irl_ros import __version__
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import to_mapping
from irl_ros.learning.artifacts import COST_FILE, POLICY_FILE, cost_to_bytes, policy_to_bytes
from irl_ros.learning.learner import Learner, Report
from irl_ros.learning.saved_state import read_state, write_state

CONFIG_FILE = "config.json"
RUN_FILE = "run.json"
DIAGNOSTICS_FILE = "diagnostics.jsonl"
_IDENTITY = ("arm", "condition", "slot", "preset", "algorithm")
_OWN_FACTS = ("seed", "iterations_done", "rollouts", "finished", "versions")
CHECKPOINT_FILE = "checkpoint.safetensors"


@functools.cache
def versions() -> Mapping[str, str]:
    """Return the versions of what a result depends on."""
    found = {"irl_ros": __version__, "python": platform.python_version()}
    for name in ("torch", "numpy", "scipy", "scikit-learn", "pybullet", "ruckig", "safetensors"):
        try:
            found[name] = packages.version(name)
        except packages.PackageNotFoundError:
            continue
    return found


class RunFolder:
    """Writer of one run; every file is replaced atomically, so a crash loses one iteration.

    Args:
        path: The folder; it is made if missing.
        learner: What runs.
        contract: Conditions under which the policy may be executed.
        facts: Further facts for ``run.json``, such as the dataset and the condition.
        resume: Continue a run that is there instead of refusing to overwrite it.

    Raises:
        DataError: If the folder holds a run and ``resume`` is off, or one that cannot be resumed.
    """

    def __init__(
        self,
        path: Path,
        learner: Learner,
        contract: ExecutionContract,
        facts: Mapping[str, Any],
        *,
        resume: bool,
    ) -> None:
        self.path = path
        self._learner = learner
        self._contract = contract
        self._facts = dict(facts)
        checkpoint = path / CHECKPOINT_FILE
        self.resumed = checkpoint.exists()
        if self.resumed:
            if not resume:
                raise DataError(
                    f"{path} already holds a run; continue it with resume:=true or choose another "
                    "output folder"
                )
            learner.restore(read_state(checkpoint))
            self._take_up(path / RUN_FILE)
        path.mkdir(parents=True, exist_ok=True)
        self._write_json(CONFIG_FILE, to_mapping(learner.config))
        self._write_facts()
        self._board = SummaryWriter(str(path / "tensorboard"), purge_step=len(learner.history) + 1)

    @property
    def iterations(self) -> int:
        """How many iterations the run will have, at most."""
        return self._learner.iterations

    def record(self, diagnostics: Report, *, seconds: float = math.nan) -> None:
        """Save one iteration: diagnostics, cost, policy and, last, the checkpoint.

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
        write_atomically(self.path / POLICY_FILE, self.policy_bytes())
        cost = self.cost_bytes()
        if cost is not None:
            write_atomically(self.path / COST_FILE, cost)
        write_state(self._learner.state(), self.path / CHECKPOINT_FILE)
        self._write_facts()

    def policy_bytes(self) -> bytes:
        """Return the current policy with its contract."""
        return policy_to_bytes(self._learner.policy, self._contract.to_metadata())

    def cost_bytes(self) -> bytes | None:
        """Return the current cost with the contract of its arm; None where there is none."""
        cost = self._learner.learned_cost
        return None if cost is None else cost_to_bytes(cost, self._contract.to_metadata())

    def note(self, name: str, value: Any) -> None:
        """Add a fact to the run's record."""
        self._facts[name] = value
        self._write_facts()

    def close(self) -> None:
        """Close the TensorBoard files."""
        self._board.close()

    def _take_up(self, record: Path) -> None:
        """Keep what was noted earlier; what was told then must be what is told now.

        Raises:
            DataError: If it was another arm, condition or slot, or the record is damaged.
        """
        try:
            noted = json.loads(record.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{record} cannot be read ({error}); train afresh") from error
        differing = [
            f"{name}: {noted.get(name)!r} then, {value!r} now"
            for name, value in self._facts.items()
            if name in _IDENTITY and noted.get(name) != value
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


def _finite_or_none(values: Mapping[str, float]) -> dict[str, float | None]:
    """Replace numbers that JSON cannot hold by None."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
