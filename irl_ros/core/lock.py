# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one program at a time may write to."""

import fcntl
import os
import weakref
from pathlib import Path
from typing import final


@final
class Lock:
    """Keeps a folder or a file for its holder, until it is closed.

    The system drops it with the process, however that ends. Whoever only reads needs none.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock or fail at once.

        Args:
            path: A folder, or else a file, which is made if missing. On a network disk a file
                keeps out programs of other machines, too.

        Raises:
            BlockingIOError: If someone else holds it, in this process or another.
            OSError: If the disk refuses it.
        """
        flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
        descriptor = os.open(path, flags, 0o666)
        self._release = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let others have it; once more does no harm."""
        self._release()
