# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The processes of one stage: started together, watched, and ended together whatever happens."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import final

from irl_ros.core.errors import IrlRosError

_TAIL_LINES = 15
_POLL = 0.01  # s


class ProcessError(IrlRosError):
    """A process ended that should not have, or did not start."""


@dataclass(frozen=True)
class _Process:
    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    may_end: bool

    def poll(self) -> int | None:
        """Return the exit code, None while it runs; workers it left behind end with it."""
        if self.popen.returncode is None:
            peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, self.popen.pid, peek) is not None:
                # Before the leader is reaped: afterwards its number may be somebody else's.
                _send(self.popen.pid, signal.SIGKILL, os.killpg)
                self.popen.wait()
        return self.popen.returncode

    def wait(self, deadline: float) -> None:
        """Wait until it has ended, at most until a time of the steady clock, s."""
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_POLL)


@final
class ProcessGroup:
    """Processes that belong together; leaving the ``with`` block ends all of them.

    Each process leads a process group of its own, so that a Ctrl-C at the terminal reaches only
    this program, which then ends its processes in order. Should this program itself be killed,
    the kernel tells them to end (where ``setpriv`` exists).

    Args:
        log_folder: Gets one file of output for each process.
        environment: Variables of the processes beside those of this one.
        grace: Time given to a process after SIGINT, and again after SIGTERM, s.
    """

    def __init__(
        self, log_folder: Path, environment: Mapping[str, str] | None = None, grace: float = 5.0
    ) -> None:
        self._log_folder = log_folder
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self._grace = grace
        self._processes: list[_Process] = []

    def __enter__(self) -> "ProcessGroup":
        """Make the folder of the logs."""
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything."""
        self.stop()

    def start(self, name: str, command: Sequence[str], *, may_end: bool = False) -> None:
        """Start a process; its output goes to ``<name>.log``.

        Args:
            name: What to call it.
            command: Program and arguments.
            may_end: Whether it ends by itself when its work is done. Any other process that ends
                has failed, whatever its exit code.

        Raises:
            ProcessError: If there is no such program.
        """
        log = self._log_folder / f"{name}.log"
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
        if shutil.which(command[0]) is None:
            raise ProcessError(f"{command[0]} is not an executable file; install irl_ros again")
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [*guard, *command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(_Process(name, popen, log, may_end))

    def check(self) -> None:
        """Make sure that no process failed.

        Raises:
            ProcessError: If one did, with the end of its output.
        """
        for process in self._processes:
            code = process.poll()
            if code is not None and not (code == 0 and process.may_end):
                raise ProcessError(self._story(process, f"ended with {_meaning(code)}"))

    def has_ended(self, name: str) -> bool:
        """Return whether a process has ended well.

        Raises:
            ProcessError: If it failed.
        """
        self.check()
        return self._find(name).poll() is not None

    def story(self, name: str, problem: str) -> str:
        """Return a problem with a process, together with the end of its output."""
        return self._story(self._find(name), problem)

    def stop(self) -> None:
        """End every process: SIGINT, then SIGTERM, then SIGKILL; later ones first."""
        running = [p for p in reversed(self._processes) if p.poll() is None]
        for number in (signal.SIGINT, signal.SIGTERM):
            for process in running:
                _send(process.popen.pid, number)
            deadline = time.monotonic() + self._grace
            for process in running:
                process.wait(deadline)
            running = [p for p in running if p.poll() is None]
            if not running:
                break
        for process in running:
            _send(process.popen.pid, signal.SIGKILL, os.killpg)
            process.popen.wait()
        self._processes.clear()

    def _find(self, name: str) -> _Process:
        return next(process for process in self._processes if process.name == name)

    def _story(self, process: _Process, problem: str) -> str:
        lines = process.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        tail = "\n".join(f"    {line}" for line in lines) or "    (no output)"
        return f"{process.name} {problem}; the end of {process.log}:\n{tail}"


def _meaning(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _send(
    pid: int, number: signal.Signals, how: Callable[[int, signal.Signals], None] = os.kill
) -> None:
    try:
        how(pid, number)
    except (ProcessLookupError, PermissionError):
        return
