# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole loop with the real nodes, smaller than life; and what happens when a part fails."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from irl_ros.cli.demo import run_demo
from irl_ros.cli.demo_folder import DemoFolder, locked
from irl_ros.cli.environment import executable
from irl_ros.cli.options import DemoOptions
from irl_ros.core.errors import DataError, IrlRosError
from irl_ros.ros.spin import Stop

pytestmark = [pytest.mark.ros, pytest.mark.sim]

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 240.0  # s


@pytest.fixture(autouse=True)
def installed() -> None:
    """The orchestrator starts installed executables; a bare source tree has none."""
    try:
        executable("sim_arm")
    except IrlRosError as error:
        pytest.skip(str(error))


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    program = "import sys; from irl_ros.cli.main import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", program, "demo", "--output", str(folder), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(demo: subprocess.Popen[str]) -> str:
    try:
        return demo.communicate(timeout=TIMEOUT)[0]
    finally:
        demo.kill()
        demo.wait()


def processes_of(folder: Path) -> list[int]:
    """Return the processes that have a parameter file of this demonstration."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"{folder}/logs/" in command:
                found.append(int(entry.name))
    return found


def wait_for(condition: Callable[[], object], demo: subprocess.Popen[str], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert demo.poll() is None, f"ended before: {what}"
        assert time.monotonic() < deadline, f"not within {TIMEOUT:g} s: {what}"
        threading.Event().wait(0.05)


def test_small_demonstration_from_teaching_to_report(tmp_path: Path) -> None:
    path = tmp_path / "demo"
    # Written beforehand, so that four takes are enough: the command line has no option for it.
    options = DemoOptions(slots=(2, 3, 5, 6), iterations=1, evaluations=1)
    folder = DemoFolder(path, options)
    output = finish(start_with(options, path))
    assert "report: " in output, output
    summary = json.loads(folder.summary.read_text())
    assert summary["demonstrations"] == 4
    assert summary["training_rollouts"] == 5
    assert summary["evaluations"] == 1
    assert set(summary["wall_seconds"]) == {"record", "train", "execute"}
    html = folder.report.read_text()
    assert "execution 1" in html or summary["successes"] == 0
    assert processes_of(path) == []
    # Once more: nothing is repeated but the report.
    again = finish(start_with(options, path))
    assert again.count("finished before") == 3, again


def start_with(options: DemoOptions, path: Path) -> subprocess.Popen[str]:
    program = (
        "import sys; from pathlib import Path\n"
        "from irl_ros.cli.demo import run_demo\n"
        "from irl_ros.cli.options import DemoOptions\n"
        f"sys.exit(run_demo({options!r}, Path({str(path)!r})))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_dying_node_fails_the_stage_and_takes_the_others_along(tmp_path: Path) -> None:
    demo = start(tmp_path / "demo")
    arm_log = tmp_path / "demo/logs/record/sim_arm.log"
    wait_for(lambda: arm_log.exists() and "real time" in arm_log.read_text(), demo, "sim_arm")
    victims = [
        pid
        for pid in processes_of(tmp_path / "demo")
        if "sim_arm" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    output = finish(demo)
    assert demo.returncode == 1
    assert "record failed" in output
    assert "sim_arm ended with signal SIGKILL" in output
    assert str(arm_log) in output.replace("\n", "")
    assert processes_of(tmp_path / "demo") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demonstration_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    demo = start(tmp_path / "demo")
    log = tmp_path / "demo/logs/record/teacher.log"
    wait_for(log.exists, demo, "teacher")
    demo.send_signal(number)
    output = finish(demo)
    assert demo.returncode == 130
    assert "goes on from here" in output
    assert processes_of(tmp_path / "demo") == []


def test_a_full_disk_names_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("irl_ros.cli.stages.record", fail)
    monkeypatch.setattr("irl_ros.cli.demo._heed_signals", Stop)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert run_demo(DemoOptions(), tmp_path / "demo") == 1
    output = capsys.readouterr().out
    assert "record failed: " in output
    assert "No space left on device" in output


def test_a_demonstration_that_runs_is_left_alone(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(DataError, match="another demonstration is running"):
        run_demo(DemoOptions(), tmp_path, fresh=True)
