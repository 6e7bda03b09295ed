# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What learning delivers, as safetensors: controller and cost, each with its conditions."""

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.parameters import from_mapping, to_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.cost import Cost, CostConfig

POLICY_FILE = "policy.safetensors"
COST_FILE = "cost.safetensors"
_FORMAT = "1"


def policy_to_bytes(controller: LinearGaussianController, metadata: Mapping[str, str]) -> bytes:
    """Return a controller and its metadata as one safetensors file.

    Args:
        controller: What to store.
        metadata: Conditions under which it was learned, see `ExecutionContract.to_metadata`.
    """
    tensors = {
        "gains": controller.gains,
        "offsets": controller.offsets,
        "covariances": controller.covariances,
    }
    return _pack(tensors, "linear_gaussian_controller", metadata)


def policy_from_bytes(data: bytes) -> tuple[LinearGaussianController, dict[str, str]]:
    """Return the controller and the metadata of `policy_to_bytes`.

    Raises:
        DataError: If the bytes are not such a file.
    """
    tensors, metadata = _unpack(data, "linear_gaussian_controller")
    try:
        controller = LinearGaussianController(
            tensors["gains"], tensors["offsets"], tensors["covariances"]
        )
    except KeyError as error:
        raise DataError(f"the policy lacks {error}; train it again") from error
    return controller, metadata


def cost_to_bytes(cost: Cost, metadata: Mapping[str, str]) -> bytes:
    """Return a cost and its metadata as one safetensors file."""
    own = {"cost_config": json.dumps(to_mapping(cost.config))}
    return _pack(cost.state_dict(), "cost", {**metadata, **own})


def cost_from_bytes(data: bytes) -> tuple[Cost, dict[str, str]]:
    """Return the cost and the metadata of `cost_to_bytes`.

    Raises:
        DataError: If the bytes are not such a file.
    """
    tensors, metadata = _unpack(data, "cost")
    try:
        values = json.loads(metadata["cost_config"])
        if not isinstance(values, dict):
            raise DataError(f"cost_config is {values!r}, not an object")
        cost = Cost(from_mapping(CostConfig, values), tensors["input_scale"], torch.Generator())
        cost.load_state_dict(tensors)
    except (DataError, KeyError, ParameterError, RuntimeError, ValueError) as error:
        raise DataError(f"the cost is incomplete: {error}; train it again") from error
    return cost, metadata


def load_policy(path: Path) -> tuple[LinearGaussianController, dict[str, str]]:
    """Read a controller from a run folder or a policy file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    return policy_from_bytes(_read(path, POLICY_FILE))


def load_cost(path: Path) -> tuple[Cost, dict[str, str]]:
    """Read a cost from a run folder or a cost file.

    Raises:
        DataError: If there is none or it cannot be read.
    """
    return cost_from_bytes(_read(path, COST_FILE))


def _read(path: Path, name: str) -> bytes:
    file = path / name if path.is_dir() else path
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(
            f"{file} cannot be read ({error.strerror}); give a run folder that training has "
            f"finished, or a {name}"
        ) from error


def _pack(tensors: Mapping[str, Tensor], kind: str, metadata: Mapping[str, str]) -> bytes:
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    return safetensors.torch.save(whole, {**metadata, "kind": kind, "format": _FORMAT})


def _unpack(data: bytes, kind: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        tensors = safetensors.torch.load(data)
        # The file starts with the length of its JSON header, a little-endian 64-bit integer.
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        metadata = dict(header["__metadata__"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"not a {kind} of irl_ros: {error}; give a file it has written") from error
    if metadata.get("kind") != kind:
        raise DataError(f"this file holds a {metadata.get('kind')}; give one that holds a {kind}")
    if metadata.get("format") != _FORMAT:
        raise DataError(
            f"the file has format {metadata.get('format')}, this version reads {_FORMAT}; "
            "use the version that wrote it"
        )
    return tensors, metadata
