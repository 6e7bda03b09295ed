# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One holder at a time, whatever becomes of the one before."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from irl_ros.core.lock import Lock

HOLD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from irl_ros.core.lock import Lock\n"
    "lock = Lock(Path(sys.argv[1]))\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.mark.parametrize("place", [lambda folder: folder, lambda folder: folder / ".lock"])
def test_one_at_a_time_has_it(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    path = place(tmp_path)
    with closing(Lock(path)) as held:
        with pytest.raises(BlockingIOError):
            Lock(path)
        held.close()
        Lock(path).close()


def test_it_ends_with_its_holder(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    del lock
    Lock(tmp_path).close()


def test_it_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError):
            Lock(tmp_path)
        other.kill()
    Lock(tmp_path).close()


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "missing" / ".lock")
