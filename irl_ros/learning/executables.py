# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From what learning delivers to what an arm can execute."""

from pathlib import Path

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.executable import ExecutablePolicy
from irl_ros.learning.artifacts import load_policy, policy_from_bytes


def load_executable(path: Path) -> ExecutablePolicy:
    """Read a policy with its conditions from a run folder or a policy file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    controller, metadata = load_policy(path)
    return ExecutablePolicy(controller, ExecutionContract.from_metadata(metadata), str(path))


def executable_from_bytes(data: bytes, label: str) -> ExecutablePolicy:
    """Return a policy with its conditions from the content of a policy file.

    Args:
        data: The content.
        label: Where it came from, for people.

    Raises:
        DataError: If it is not that of a policy file.
    """
    controller, metadata = policy_from_bytes(data)
    return ExecutablePolicy(controller, ExecutionContract.from_metadata(metadata), label)
