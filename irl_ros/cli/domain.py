# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A DDS domain of one's own, so that demonstrations and tests on one machine do not meet."""

import fcntl
import random
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, final

from irl_ros.core.errors import IrlRosError

_DOMAINS = range(1, 102)  # domains whose ports lie below the ephemeral ones on Linux


@final
class DomainReservation:
    """Reserves a random domain among all programs of this machine that do the same.

    The reservation is a file lock: it ends with the process, however that ends.

    Args:
        folder: Folder of the lock files, common to all who share the machine.

    Attributes:
        number: The domain, for ROS_DOMAIN_ID.

    Raises:
        IrlRosError: If all domains are reserved.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(tempfile.gettempdir()) / "irl_ros_domains"
        folder.mkdir(exist_ok=True)
        numbers = list(_DOMAINS)
        random.SystemRandom().shuffle(numbers)
        for number in numbers:
            try:
                handle = (folder / f"{number}.lock").open("w")
            except OSError:  # another user's
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                handle.close()
                continue
            self.number = number
            self._handle: IO[str] = handle
            return
        raise IrlRosError(
            f"all {len(numbers)} DDS domains are reserved by other programs on this machine; "
            f"end one of them, or delete {folder} if none runs"
        )

    def release(self) -> None:
        """Give the domain back."""
        self._handle.close()

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
