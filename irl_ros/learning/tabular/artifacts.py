# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What learning on a finite problem delivers, as safetensors: the tables of reward and policy."""

from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.artifacts import POLICY_FILE, pack, read_file, unpack

REWARD_FILE = "reward.safetensors"
_REWARD, _POLICY = "tabular_reward", "tabular_policy"


def table_files(reward: Float[Tensor, "S A"], policy: Float[Tensor, "T S A"]) -> dict[str, bytes]:
    """Return both tables as the files of a run folder, by name.

    Args:
        reward: r(s, a).
        policy: pi_t(a | s).
    """
    return {
        POLICY_FILE: pack({"table": policy}, _POLICY, {}),
        REWARD_FILE: pack({"table": reward}, _REWARD, {}),
    }


def load_reward(path: Path) -> Float[Tensor, "S A"]:
    """Read r(s, a) from a run folder or a reward file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    return _table(read_file(path, REWARD_FILE), _REWARD, axes=2)


def load_policy(path: Path) -> Float[Tensor, "T S A"]:
    """Read pi_t(a | s) from a run folder or a policy file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    return _table(read_file(path, POLICY_FILE), _POLICY, axes=3)


def _table(data: bytes, kind: str, axes: int) -> Tensor:
    tensors, _ = unpack(data, kind)
    table = tensors.get("table")
    if table is None or table.dim() != axes:
        raise DataError(f"the {kind} is not one table of {axes} axes; train it again")
    return table
