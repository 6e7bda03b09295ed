# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of neural policies runs, judges, writes as it goes and does nothing twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sim

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/neural_policy.py"


def test_a_run_is_judged_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    few = ["--seeds", "0", "--iterations", "1", "--rollouts", "2", "--trials", "1"]
    command = [sys.executable, str(SCRIPT), "--methods", "gcl", "--conditions", "biased", *few]
    command += ["--output", str(file), "--set", "cloning.iterations=1", "cost_update.steps=2"]
    first = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert first.returncode == 0, first.stderr
    assert "| gcl | biased | 0 |" in first.stdout
    (cell,) = json.loads(file.read_text())["cells"]
    assert [point["rollouts"] for point in cell["curve"]] == [0, 2]
    assert cell["finished"]
    again = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert json.loads(file.read_text())["cells"] == [cell]
    assert "successes" not in again.stdout
