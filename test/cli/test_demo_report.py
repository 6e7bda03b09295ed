# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small but real demonstration becomes a report and a summary."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from demo_double import make_demo

from irl_ros.cli.demo_folder import DemoFolder
from irl_ros.cli.demo_report import _command, write_report
from irl_ros.cli.options import DemoOptions
from irl_ros.report.proportion import wilson_interval

pytestmark = pytest.mark.sim


def test_report_of_a_small_demonstration(tmp_path: Path) -> None:
    folder = make_demo(tmp_path / "demo", slots=(2, 3, 5, 6), iterations=2, executions=3)
    report = write_report(folder)
    summary = json.loads(folder.summary.read_text())
    expected = {
        "seed": 0,
        "arm": "panda",
        "condition": "matched",
        "held_out_slot": 4,
        "demonstrations": 4,
        "training_rollouts": 8,
        "evaluations": 3,
        "wall_seconds": {"record": 1.0, "train": 1.0, "execute": 1.0},
    }
    assert {name: summary[name] for name in expected} == expected
    interval = wilson_interval(summary["successes"], 3)
    assert summary["wilson_95"] == pytest.approx(interval, abs=1e-4)
    assert {"irl_ros", "torch", "numpy", "pybullet"} <= summary["versions"].keys()
    html = report.read_text()
    assert html.count("<svg ") == 4
    assert "data:image/png" in html
    assert ".venv/bin/irl-ros demo --seed 0 --evaluations 3</" in html
    assert re.search(r"learned from|never demonstrated", html)
    # Written again from the folder alone, it is the same.
    assert write_report(folder).read_text() == html


def test_the_command_says_everything_that_was_chosen(tmp_path: Path) -> None:
    def command(name: str, **options: Any) -> str:
        return _command(DemoFolder(tmp_path / name, DemoOptions(**options)))

    assert command("a", seed=2, arm="iiwa14") == "make demo SEED=2 ARM=iiwa14"
    assert command("b", preset="paper", iterations=3, speed=2.0, slots=(2, 3)) == (
        ".venv/bin/irl-ros demo --seed 0 --preset paper --iterations 3 --speed 2.0 --slot 2 "
        "--slot 3"
    )
