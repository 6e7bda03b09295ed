# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A DDS domain of one's own, so that demonstrations and tests on one machine do not meet."""

import fcntl
import os
import random
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import final

from irl_ros.core.errors import IrlRosError

_DOMAINS = range(1, 102)  # domains whose ports lie below the ephemeral ones on Linux


@final
class DomainReservation:
    """Reserves a random domain among all programs of this machine that do the same.

    The reservation is a file lock: it ends with the process, however that ends. All users of the
    machine share the files.

    Args:
        folder: Folder of the lock files, common to all who share the machine.

    Attributes:
        number: The domain, for ROS_DOMAIN_ID.

    Raises:
        IrlRosError: If all domains are reserved or the lock files cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(tempfile.gettempdir()) / "irl_ros_domains"
        _share_folder(folder)
        numbers = list(_DOMAINS)
        random.SystemRandom().shuffle(numbers)
        problem: OSError | None = None
        for number in numbers:
            try:
                handle = _open_shared(folder / f"{number}.lock")
            except OSError as error:
                problem = error
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            self.number = number
            self._handle: int | None = handle
            return
        if problem is not None:
            raise IrlRosError(
                f"no DDS domain can be reserved: {problem.filename}: {problem.strerror}; let the "
                f"owner of {folder} delete it"
            )
        raise IrlRosError(
            f"all {len(numbers)} DDS domains are reserved by other programs on this machine; "
            "end one of them"
        )

    def release(self) -> None:
        """Give the domain back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> "DomainReservation":
        """Keep the reservation for a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the domain back."""
        self.release()


def _share_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
        # Like the folder for temporary files: all may add files, nobody may remove another's.
        # chmod, because mkdir heeds the umask.
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(stat.S_ISVTX | 0o777)
    except OSError as error:
        raise IrlRosError(f"{folder} cannot be used: {error.strerror}; remove it") from error


def _open_shared(path: Path) -> int:
    """Open a lock file, made if missing, for reading: that is enough to lock it."""
    try:
        # Without O_CREAT, with which Linux refuses another user's file in such a folder.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        os.fchmod(handle, 0o666)  # the umask may have kept others out
        return handle
