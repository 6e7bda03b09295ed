# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are either old or new but never half written, also after a crash or power cut."""

import hashlib
import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace a file in one step; text is written as UTF-8.

    Raises:
        OSError: If the disk refuses it; the old file is untouched then.
    """
    temporary = path.with_name(f".{path.name}.new")
    write_synced(temporary, content)
    temporary.replace(path)
    sync_folder(path.parent)


def write_synced(path: Path, content: str | bytes) -> None:
    """Write a file through to the disk; text is written as UTF-8."""
    with path.open("wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Write the entries of a folder through to the disk, such as a rename in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """Return the SHA-256 sum of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
