# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Attempts count what the policy did and repeat what the machine spoilt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")

from irl_ros.cli.attempts import Attempts, run_attempts
from irl_ros.cli.executions import load_executions
from irl_ros.cli.link import Link, LinkError
from irl_ros.core.arm import load_arm
from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Outcome
from irl_ros.ros.conversions import Level, Status, status_message
from irl_ros.ros.task_report import TaskReport, report_status

pytestmark = pytest.mark.ros

PLACED = Outcome(
    success=True,
    reason="",
    broken=False,
    peak_force=5.0,
    slot_offset=0.0,
    height_offset=0.0,
    tilt=0.0,
)
GIVEN_UP = ("holding", "false", "no joint states for 0.3 s")
DONE = ("holding", "true", "finished")
TRIPPED = ("tripped", "false", "joint 2 is too fast")


class ScriptedLink(Link):
    """A link to nodes that do what a script says, at once."""

    def __init__(self, script: list[tuple[str, str, str]]) -> None:
        self.script = list(script)
        self.callbacks: dict[str, Callable[[Any], None]] = {}
        self.pressed: list[str] = []
        self.seeds: list[int] = []
        self.executions = 0
        self.policy = "0a1b"
        self.learned: list[str] = []  # published in turn, each during one execution

    def listen(
        self, kind: type, topic: str, profile: Any, callback: Callable[[Any], None]
    ) -> None:
        self.callbacks[topic] = callback
        if topic == "policy_controller/status":
            self._controller("idle", "false", "ready")

    def beat(self) -> None:
        pass

    def wait_until(self, condition: Callable[[], bool], what: str, patience: float = 1.0) -> None:
        if not condition():
            raise LinkError(f"waited for {what}")

    def set_parameters(self, node: str, values: Any) -> None:
        self.seeds.append(values["seed"])

    def press(self, service: str, patience: float = 1.0) -> str:
        self.pressed.append(service)
        if service == "sim_arm/reset":
            self._task(None)
        elif service == "sim_arm/release":
            self._task(PLACED)
        return "done"

    def press_until_accepted(self, service: str, patience: float = 1.0) -> str:
        phase, completed, message = self.script.pop(0)
        self.executions += 1
        executed = self.policy
        if self.learned:
            self.policy = self.learned.pop(0)
        self._controller(phase, completed, message, executed)
        return "executing"

    def _controller(self, phase: str, completed: str, message: str, executed: str = "") -> None:
        values = {
            "phase": phase,
            "completed": completed,
            "execution": str(self.executions),
            "fingerprint": self.policy,
            "executed": executed,
        }
        level: Level = "ok" if completed == "true" else "warn"
        message_out = status_message(Status("policy_controller", level, message, values))
        self.callbacks["policy_controller/status"](message_out)

    def _task(self, outcome: Outcome | None) -> None:
        report = TaskReport(attempt=len(self.seeds), slot=4, seed=self.seeds[-1], outcome=outcome)
        self.callbacks["task_outcome"](status_message(report_status(report)))


def attempts(*script: tuple[str, str, str]) -> tuple[Attempts, ScriptedLink]:
    link = ScriptedLink(list(script))
    return Attempts(link, load_arm("panda")), link


def test_a_completed_execution_is_judged_by_the_task() -> None:
    tried, link = attempts(DONE)
    execution = tried.run(1, seed=11)
    assert execution.outcome == PLACED
    assert (execution.number, execution.seed, execution.repeated) == (1, 11, 0)
    assert link.pressed == ["sim_arm/reset", "sim_arm/release"]


def test_an_execution_that_was_given_up_is_repeated_with_the_same_seed() -> None:
    tried, link = attempts(GIVEN_UP, GIVEN_UP, DONE)
    execution = tried.run(3, seed=13)
    assert execution.outcome.success
    assert execution.repeated == 2
    assert link.seeds == [13, 13, 13]


def test_giving_up_again_and_again_is_an_error() -> None:
    tried, _ = attempts(GIVEN_UP, GIVEN_UP, GIVEN_UP)
    with pytest.raises(LinkError, match=r"given up 3 times, last: no joint states for 0\.3 s"):
        tried.run(1, seed=11)


def test_a_trip_of_the_guard_is_a_failure_wherever_the_plate_is() -> None:
    tried, link = attempts(TRIPPED)
    execution = tried.run(1, seed=11)
    assert not execution.outcome.success
    assert execution.outcome.reason == "stopped by the guard: joint 2 is too fast"
    assert link.pressed[-1] == "policy_controller/rearm"


def test_executions_of_another_policy_or_seed_are_not_passed_off(tmp_path: Path) -> None:
    first, link = attempts(DONE)
    run_attempts(first, tmp_path, 1, 0, lambda *_: None)
    second, _ = attempts()
    with pytest.raises(DataError, match="another seed"):
        run_attempts(second, tmp_path, 1, 1, lambda *_: None)
    link.policy = "2c3d"
    link._controller("idle", "false", "another policy")
    with pytest.raises(DataError, match=r"execution_001\.json is of another policy \(0a1b"):
        run_attempts(first, tmp_path, 1, 0, lambda *_: None)


def test_an_execution_is_that_of_the_policy_that_ran_and_others_are_not_mixed_in(
    tmp_path: Path,
) -> None:
    tried, link = attempts(DONE, DONE, DONE)
    link.learned = ["2c3d"]  # while the first one runs
    with pytest.raises(
        DataError, match=r"execution 2 ran another policy \(2c3d\) than announced \(0a1b\)"
    ):
        run_attempts(tried, tmp_path, 3, 0, lambda *_: None)
    assert [execution.policy for execution in load_executions(tmp_path)] == ["0a1b"]
    link.policy = "0a1b"
    link._controller("idle", "false", "the first policy again")
    run_attempts(tried, tmp_path, 2, 0, lambda *_: None)
    assert len(load_executions(tmp_path)) == 2


def test_executions_that_are_there_are_not_repeated(tmp_path: Path) -> None:
    shown: list[tuple[int, str]] = []
    first, _ = attempts(DONE)
    run_attempts(first, tmp_path, 1, 0, lambda number, note: shown.append((number, note)))
    second, link = attempts(TRIPPED)
    done = run_attempts(second, tmp_path, 2, 0, lambda number, note: shown.append((number, note)))
    assert [execution.outcome.success for execution in done] == [True, False]
    assert len(link.seeds) == 1
    assert done[0].seed != done[1].seed
    assert [note for _, note in shown] == [
        "1 of 1 succeeded",
        "1 of 1 succeeded",
        "1 of 2 succeeded; last: stopped by the guard: joint 2 is too fast",
    ]
