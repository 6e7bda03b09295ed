# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line answers at once, says what is wrong in one line, and explains itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from irl_ros import __version__

ROOT = Path(__file__).resolve().parents[2]


def irl_ros(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "irl_ros.cli.main", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['irl-ros', '--help']\n"
        "from irl_ros.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'rclpy', 'pybullet', 'matplotlib', 'numpy', 'rich.progress'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "LOADED []" in result.stdout, result.stdout + result.stderr
    assert "demo" in result.stdout
    assert "dataset" in result.stdout


def test_version() -> None:
    assert irl_ros("--version").stdout.strip() == f"irl_ros {__version__}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("demo", "--seed", "-1"), "seed = -1 is below its minimum 0"),
        (("demo", "--condition", "windy"), "choose one of matched"),
        (("dataset", "list", "/nowhere"), "/nowhere/dataset.json does not exist"),
        (("report", "."), "demo.json"),
    ],
)
def test_errors_are_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = irl_ros(*arguments)
    assert result.returncode == 1
    assert message in result.stderr
    assert result.stderr.startswith("irl-ros: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_option_is_a_usage_error() -> None:
    result = irl_ros("demo", "--sed", "1")
    assert result.returncode == 2
    assert "--seed" in result.stderr


@pytest.mark.ros
def test_doctor_finds_everything_here() -> None:
    pytest.importorskip("rclpy")
    result = irl_ros("doctor")
    assert "irl_ros" in result.stdout
    assert "rclpy" in result.stdout
    assert result.returncode in {0, 1}
    if result.returncode == 1:
        assert "Something is missing." in result.stdout
