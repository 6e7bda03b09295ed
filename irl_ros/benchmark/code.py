# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which state of the code produced a result."""

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def code_digest(*layers: str) -> str:
    """Return a sum over the sources of some layers, which changes with any of their letters.

    Args:
        *layers: Names of folders, or paths of single modules, in the package.
    """
    sums = hashlib.sha256()
    for layer in layers:
        path = _PACKAGE / layer
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            sums.update(str(file.relative_to(_PACKAGE)).encode())
            sums.update(file.read_bytes())
    return sums.hexdigest()[:12]


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return a short sum of plain values, the same whatever their order."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]
