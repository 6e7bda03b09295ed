# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What learning delivers, as safetensors: policy and cost, each with its conditions."""

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, neural_policy
from irl_ros.core.parameters import from_mapping, to_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.cost import Cost, CostConfig

POLICY_FILE = "policy.safetensors"
COST_FILE = "cost.safetensors"
_LINEAR, _NEURAL = "linear_gaussian_controller", "neural_policy"
_FORMAT = "1"

StoredPolicy = LinearGaussianController | NeuralPolicy
"""The kinds of policies that a file can hold."""


def delivered_files(
    policy: StoredPolicy, cost: Cost | None, metadata: Mapping[str, str]
) -> dict[str, bytes]:
    """Return policy and cost as the files of a run folder, by name.

    Args:
        policy: What was learned.
        cost: The cost, None where there is none.
        metadata: Conditions under which both were learned, see `ExecutionContract.to_metadata`.
    """
    files = {POLICY_FILE: policy_to_bytes(policy, metadata)}
    if cost is not None:
        files[COST_FILE] = cost_to_bytes(cost, metadata)
    return files


def policy_to_bytes(policy: StoredPolicy, metadata: Mapping[str, str]) -> bytes:
    """Return a policy and its metadata as one safetensors file.

    Args:
        policy: What to store.
        metadata: Conditions under which it was learned, see `ExecutionContract.to_metadata`.
    """
    if isinstance(policy, LinearGaussianController):
        return pack(policy.content, _LINEAR, metadata)
    own = {
        "policy_config": json.dumps(to_mapping(policy.config)),
        "horizon": json.dumps(policy.horizon),
    }
    return pack(policy.content, _NEURAL, {**metadata, **own})


def policy_from_bytes(data: bytes) -> tuple[StoredPolicy, dict[str, str]]:
    """Return the policy and the metadata of `policy_to_bytes`.

    Raises:
        DataError: If the bytes are not such a file.
    """
    tensors, metadata = unpack(data, _LINEAR, _NEURAL)
    try:
        if metadata["kind"] == _NEURAL:
            config = from_mapping(NeuralPolicyConfig, json.loads(metadata["policy_config"]))
            return neural_policy(config, int(json.loads(metadata["horizon"])), tensors), metadata
        controller = LinearGaussianController(
            tensors["gains"], tensors["offsets"], tensors["covariances"]
        )
    except (KeyError, ParameterError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"the policy is incomplete: {error}; train it again") from error
    return controller, metadata


def cost_to_bytes(cost: Cost, metadata: Mapping[str, str]) -> bytes:
    """Return a cost and its metadata as one safetensors file."""
    own = {"cost_config": json.dumps(to_mapping(cost.config))}
    return pack(cost.state_dict(), "cost", {**metadata, **own})


def cost_from_bytes(data: bytes) -> tuple[Cost, dict[str, str]]:
    """Return the cost and the metadata of `cost_to_bytes`.

    Raises:
        DataError: If the bytes are not such a file.
    """
    tensors, metadata = unpack(data, "cost")
    try:
        values = json.loads(metadata["cost_config"])
        if not isinstance(values, dict):
            raise DataError(f"cost_config is {values!r}, not an object")
        cost = Cost(from_mapping(CostConfig, values), tensors["input_scale"], torch.Generator())
        cost.load_state_dict(tensors)
    except (DataError, KeyError, ParameterError, RuntimeError, ValueError) as error:
        raise DataError(f"the cost is incomplete: {error}; train it again") from error
    return cost, metadata


def load_policy(path: Path) -> tuple[StoredPolicy, dict[str, str]]:
    """Read a policy from a run folder or a policy file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    return policy_from_bytes(read_file(path, POLICY_FILE))


def load_cost(path: Path) -> tuple[Cost, dict[str, str]]:
    """Read a cost from a run folder or a cost file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    return cost_from_bytes(read_file(path, COST_FILE))


def read_file(path: Path, name: str) -> bytes:
    """Return the content of a file, or of the one of that name in a run folder.

    Raises:
        DataError: If it cannot be read.
    """
    file = path / name if path.is_dir() else path
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(
            f"{file} cannot be read ({error.strerror}); give a run folder that training has "
            f"finished, or a {name}"
        ) from error


def pack(tensors: Mapping[str, Tensor], kind: str, metadata: Mapping[str, str]) -> bytes:
    """Return tensors and metadata as one safetensors file that says what it holds.

    Args:
        tensors: The content.
        kind: What they are together.
        metadata: What belongs to them.
    """
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    return safetensors.torch.save(whole, {**metadata, "kind": kind, "format": _FORMAT})


def unpack(data: bytes, *kinds: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the metadata of `pack`.

    Args:
        data: A file.
        kinds: What it may hold.

    Raises:
        DataError: If it is not such a file, holds something else or has another format.
    """
    wanted = " or ".join(kinds)
    try:
        tensors = safetensors.torch.load(data)
        # The file starts with the length of its JSON header, a little-endian 64-bit integer.
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        metadata = dict(header["__metadata__"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise DataError(
            f"not a {wanted} of irl_ros: {error}; give a file it has written"
        ) from error
    if metadata.get("kind") not in kinds:
        raise DataError(
            f"this file holds a {metadata.get('kind')}; give one that holds a {wanted}"
        )
    if metadata.get("format") != _FORMAT:
        raise DataError(
            f"the file has format {metadata.get('format')}, this version reads {_FORMAT}; "
            "use the version that wrote it"
        )
    return tensors, metadata
