# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The mean of several learned costs, which is a cost of the same form."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from irl_ros.core.errors import DataError
from irl_ros.learning.cost import Cost


@torch.no_grad()
def average_cost(members: Sequence[Cost]) -> Cost:
    """Return 1/E sum_e c_e as one network: layers side by side, the last scaled by E^(-1/2).

    What one run of learning makes of places that it hardly saw is chance, and chance averages
    out; every member falls towards the target.

    Args:
        members: Costs of the same inputs and with the same weight of the action.

    Raises:
        DataError: If there is none, or they differ in form, scales or weight of the action.
    """
    if not members:
        raise DataError("0 costs; give at least 1 to be averaged")
    first = members[0]
    for member in members[1:]:
        if member.config != first.config or not torch.equal(member.input_scale, first.input_scale):
            raise DataError(
                "costs of different form or input scale cannot be averaged; take such that were "
                "learned from the same demonstrations with the same configuration"
            )
    count = len(members)
    config = first.config
    if config.kind == "affine":
        raise DataError("an affine cost has no room for several; average neural ones")
    wide = replace(
        config,
        hidden=tuple(count * width for width in config.hidden),
        features=count * config.features,
    )
    mean = Cost(wide, first.input_scale, torch.Generator().manual_seed(0))
    for index, layer in enumerate(mean.layers):
        parts = [member.layers[index] for member in members]
        join = torch.cat if index == 0 else _block_diagonal
        _set(layer, parts, join(_weights(parts)))
    transforms: list[nn.Module] = [member.transform for member in members]
    _set(mean.transform, transforms, _block_diagonal(_weights(transforms)))
    for value in mean.transform.parameters():
        value.mul_(count**-0.5)
    return mean


def _weights(parts: Sequence[nn.Module]) -> list[torch.Tensor]:
    return [part.weight for part in parts if isinstance(part, nn.Linear)]


def _block_diagonal(weights: Sequence[torch.Tensor]) -> torch.Tensor:
    whole: torch.Tensor = torch.block_diag(*weights)  # type: ignore[no-untyped-call]
    return whole


def _set(layer: nn.Module, parts: Sequence[nn.Module], weight: torch.Tensor) -> None:
    assert isinstance(layer, nn.Linear)
    layer.weight.copy_(weight)
    layer.bias.copy_(torch.cat([part.bias for part in parts if isinstance(part, nn.Linear)]))
