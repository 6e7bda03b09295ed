# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a status tells of an attempt is what was put into it."""

import pytest

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Outcome
from irl_ros.ros.conversions import Status, status, status_message
from irl_ros.ros.task_report import TaskReport, report_status, task_report

SUCCESS = Outcome(True, "", False, 12.5, 0.0083, -0.001, 0.02)
WATCHED = Outcome(True, "", False, 12.5, 0.0083, -0.001, 0.02, 0.031, -0.002, 0.01)
FAILURE = Outcome(False, "broken: 65 N, over 60 N", True, 65.25, 0.0, 0.0, 0.5)


@pytest.mark.parametrize(
    ("outcome", "level"), [(None, "stale"), (SUCCESS, "ok"), (WATCHED, "ok"), (FAILURE, "error")]
)
def test_a_report_survives_the_message(outcome: Outcome | None, level: str) -> None:
    report = TaskReport(attempt=3, slot=4, seed=7, outcome=outcome)
    message = status_message(report_status(report))
    assert status(message).level == level
    assert task_report(status(message)) == report


@pytest.mark.parametrize("values", [{}, {"attempt": "x", "slot": "1", "seed": "2"}])
def test_something_else_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(DataError, match="malformed"):
        task_report(Status("task", "stale", "", values))
    with pytest.raises(DataError, match="malformed"):
        task_report(
            Status("task", "ok", "", {"attempt": 1, "slot": 1, "seed": 1, "success": "yes"})
        )
