# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the topic `task_outcome` says about an attempt at the task."""

from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Outcome
from irl_ros.ros.conversions import Status


@dataclass(frozen=True)
class TaskReport:
    """An attempt at the task.

    Attributes:
        attempt: Number of the attempt; every reset of the arm begins a new one.
        slot: Where the plate is to be put.
        seed: From which the start posture followed.
        outcome: What became of it; None while it is under way.
    """

    attempt: int
    slot: int
    seed: int
    outcome: Outcome | None


def report_status(report: TaskReport) -> Status:
    """Return the status that tells a report: stale while the attempt is under way."""
    values: dict[str, str | float | int | bool] = {
        "attempt": report.attempt,
        "slot": report.slot,
        "seed": report.seed,
    }
    if report.outcome is None:
        return Status("task", "stale", "under way", values)
    message = report.outcome.reason or "success"
    level = "ok" if report.outcome.success else "error"
    values |= {name: value for name, value in asdict(report.outcome).items() if value is not None}
    return Status("task", level, message, values)  # type: ignore[arg-type]


def task_report(status: Status) -> TaskReport:
    """Return the report that a status tells.

    Raises:
        DataError: If something is missing or malformed.
    """
    texts = {name: str(value) for name, value in status.values.items()}
    try:
        outcome = None
        if status.level != "stale":
            values: dict[str, Any] = {
                field.name: _read(texts[field.name], field.type)
                for field in fields(Outcome)
                if field.name in texts or field.default is MISSING
            }
            outcome = Outcome(**values)
        return TaskReport(int(texts["attempt"]), int(texts["slot"]), int(texts["seed"]), outcome)
    except (KeyError, ValueError) as error:
        raise DataError(f"task_outcome is malformed: {error!r}; is another node on it?") from error


def _read(text: str, kind: object) -> bool | float | str:
    if kind is bool:
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"
    return text if kind is str else float(text)
