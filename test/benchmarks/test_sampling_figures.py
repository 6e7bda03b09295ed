# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of relative-entropy IRL and GAN-GCL are drawn, and show what their pages say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_figures_are_drawn_and_their_numbers_are_those_of_closed_forms(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/sampling_figures.py")]
    result = subprocess.run(
        [*command, "--images", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"relent.svg", "gan_gcl.svg"}
    for temperature in (1, 3, 10):
        told = re.search(rf"gan_gcl, temperature {temperature}: (.*)", result.stdout)
        assert told is not None
        found = [float(each) for each in told[1].split(", ")]
        spreads = (0.8, 1.1, 1.4, 1.7, 2.0)
        known = [(temperature / 0.64 + (1 - temperature) / each**2) ** -0.5 for each in spreads]
        assert found == pytest.approx(known, rel=0.01)
