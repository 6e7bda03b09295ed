# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark runs and measures everything it promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sim

SPEED = Path(__file__).resolve().parents[2] / "benchmarks/speed.py"


def test_everything_is_measured() -> None:
    command = [sys.executable, str(SPEED), "--rounds", "1", "--rollouts", "2", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert result.returncode == 0, result.stderr
    seconds = json.loads(result.stdout)["seconds"]
    assert next(iter(seconds)) == "reset and bare physics of one rollout"
    assert {f"one rollout, worker processes: {count}" for count in (0, 1, 2)} <= set(seconds)
    assert {"one update of the cost", "one fit of the dynamics"} <= set(seconds)
    assert "one step of the controller" in seconds
    assert all(value > 0 for values in seconds.values() for value in values)
