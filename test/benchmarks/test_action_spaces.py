# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The comparison of action spaces runs and prints its table."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sim

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/action_spaces.py"


def test_a_row_is_printed_for_every_cell() -> None:
    asked = ["--spaces", "torque", "--evaluations", "1", "--iterations", "1"]
    command = [sys.executable, str(SCRIPT), *asked]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert result.returncode == 0, result.stderr
    rows = [line for line in result.stdout.splitlines() if line.startswith("| torque")]
    assert len(rows) == 1
    assert rows[0].startswith("| torque | matched | 0 | ")
