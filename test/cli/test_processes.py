# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes of a stage start, are watched and leave nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from irl_ros.cli.processes import ProcessError, ProcessGroup

TIMEOUT = 120.0  # s; only how long a failure takes


def script(text: str) -> list[str]:
    return [sys.executable, "-S", "-u", "-c", text]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"not within {TIMEOUT:g} s: {what}"
        threading.Event().wait(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie waits to be collected by its parent and does no more.
    return not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].strip().startswith("Z")


def logged(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text()


NAP = "import time; print('up'); time.sleep(60)"


def test_output_goes_to_a_log_and_success_is_no_failure(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path) as group:
        group.start("hello", script("print('hello')"), may_end=True)
        wait_for(lambda: group.has_ended("hello"), "end")
        group.check()
    assert logged(tmp_path, "hello") == "hello\n"


def test_failure_names_the_process_the_code_and_the_last_lines(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path) as group:
        group.start("nap", script(NAP))
        group.start("bad", script("[print('line', i) for i in range(40)]; raise SystemExit(3)"))
        with pytest.raises(ProcessError) as caught:
            wait_for(lambda: group.check() is not None, "failure")
    message = str(caught.value)
    assert "bad ended with exit code 3" in message
    assert str(tmp_path / "bad.log") in message
    assert "line 39" in message
    assert "line 20" not in message


def test_a_process_that_should_stay_may_not_even_end_well(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path) as group:
        group.start("service", script("pass"))
        with pytest.raises(ProcessError, match="service ended with exit code 0"):
            wait_for(lambda: group.check() is not None, "failure")


def test_a_killed_process_is_reported_by_its_signal(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path) as group:
        group.start("victim", script("import os; os.kill(os.getpid(), 9)"))
        with pytest.raises(ProcessError, match="victim ended with signal SIGKILL"):
            wait_for(lambda: group.check() is not None, "failure")


def test_an_unknown_program_is_refused(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path) as group, pytest.raises(ProcessError, match="no_such_program"):
        group.start("x", ["/no_such_program"])


def test_stop_asks_politely_first(tmp_path: Path) -> None:
    text = """
import signal, sys
def end(*_):
    print('clean'); sys.exit(0)
signal.signal(signal.SIGINT, end)
print('up'); signal.pause()
"""
    with ProcessGroup(tmp_path) as group:
        group.start("polite", script(text))
        wait_for(lambda: "up" in logged(tmp_path, "polite"), "start")
    assert logged(tmp_path, "polite") == "up\nclean\n"


def test_stop_ends_a_stubborn_process_and_its_children(tmp_path: Path) -> None:
    text = f"""
import signal, subprocess, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", {NAP!r}], stdout=subprocess.DEVNULL)
print(child.pid); signal.pause()
"""
    with ProcessGroup(tmp_path, grace=0.1) as group:
        group.start("stubborn", script(text))
        wait_for(lambda: logged(tmp_path, "stubborn").endswith("\n"), "start")
        child = int(logged(tmp_path, "stubborn"))
        assert is_alive(child)
    wait_for(lambda: not is_alive(child), "end of the child")


def test_an_exception_ends_everything(tmp_path: Path) -> None:
    text = f"import os; print(os.getpid()); {NAP}"

    def fail() -> None:
        with ProcessGroup(tmp_path) as group:
            group.start("nap", script(text))
            wait_for(lambda: "up" in logged(tmp_path, "nap"), "start")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not is_alive(int(logged(tmp_path, "nap").split()[0]))


@pytest.mark.skipif(not Path("/usr/bin/setpriv").exists(), reason="needs setpriv")
def test_processes_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    nap = script(f"import os; print(os.getpid()); {NAP}")
    owner = f"""
import signal, sys
from pathlib import Path
from irl_ros.cli.processes import ProcessGroup
with ProcessGroup(Path({str(tmp_path)!r})) as group:
    group.start("orphan", {nap!r})
    print("started", flush=True)
    signal.pause()
"""
    popen = subprocess.Popen([sys.executable, "-c", owner], cwd=Path(__file__).parents[2])
    try:
        log = tmp_path / "orphan.log"
        wait_for(lambda: log.exists() and "up" in log.read_text(), "start")
        pid = int(log.read_text().split()[0])
        popen.send_signal(signal.SIGKILL)
        popen.wait(TIMEOUT)
        wait_for(lambda: not is_alive(pid), "end of the orphan")
    finally:
        popen.kill()
        popen.wait()
