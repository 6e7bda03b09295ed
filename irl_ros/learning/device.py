# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Doing a fit on a GPU that is there and asked for; everything else stays on the processor."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from irl_ros.core.errors import ParameterError
from irl_ros.learning.adam import Adam

Record = TypeVar("Record")


def check_device(name: str) -> None:
    """Refuse a GPU that PyTorch cannot use here.

    Args:
        name: ``cpu`` or ``cuda``.

    Raises:
        ParameterError: If there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ParameterError(
            "cost_update.device = 'cuda', but PyTorch finds no GPU here; install a PyTorch with "
            "CUDA on a machine that has one, or leave it at 'cpu'"
        )


@contextmanager
def fitted_on(
    name: str, module: nn.Module, extra: nn.Parameter, optimiser: torch.optim.Optimizer | Adam
) -> Iterator[None]:
    """Keep a module, one more parameter and their optimiser on a device for as long as it takes.

    Args:
        name: Of the device.
        module: What is fitted.
        extra: A parameter that belongs to no module.
        optimiser: Of both.
    """
    _move(torch.device(name), module, extra, optimiser)
    try:
        yield
    finally:
        _move(torch.device("cpu"), module, extra, optimiser)


def placed(record: Record, name: str) -> Record:
    """Return a frozen dataclass with all its tensors, nested ones too, on a device.

    Args:
        record: Holds tensors, numbers, other dataclasses.
        name: Of the device.
    """
    moved: Record = _placed(record, torch.device(name))
    return moved


def _placed(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = {
        field.name: _placed(getattr(value, field.name), device)
        for field in dataclasses.fields(value)
    }
    return dataclasses.replace(value, **fields)


def _move(
    device: torch.device,
    module: nn.Module,
    extra: nn.Parameter,
    optimiser: torch.optim.Optimizer | Adam,
) -> None:
    module.to(device)
    extra.data = extra.data.to(device)
    for parameter in (*module.parameters(), extra):
        parameter.grad = None
    for kept in optimiser.state.values():
        for name, value in kept.items():
            if isinstance(value, Tensor):
                kept[name] = value.to(device)
