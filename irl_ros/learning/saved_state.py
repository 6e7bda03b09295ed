# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a learner needs to go on exactly where it was: tensors and plain facts, in one file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import Parameters, to_mapping
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adam import Adam

_FORMAT = 1


@dataclass(frozen=True)
class SavedState:
    """State of a learner between two iterations.

    Attributes:
        tensors: By dotted name.
        facts: What JSON can hold.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors below a prefix, which is taken off their names."""
        return {
            name.removeprefix(f"{prefix}."): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(f"{prefix}.")
        }


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with a prefix before their names; `SavedState.part` takes it off."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def write_state(state: SavedState, path: Path) -> None:
    """Write a state as one safetensors file, atomically."""
    whole = {name: tensor.detach().clone().contiguous() for name, tensor in state.tensors.items()}
    facts = json.dumps({**state.facts, "format": _FORMAT})
    write_atomically(path, safetensors.torch.save(whole, {"facts": facts}))


def read_state(path: Path) -> SavedState:
    """Read what `write_state` wrote.

    Raises:
        DataError: If the file cannot be read or has another format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            facts = json.loads(file.metadata()["facts"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"checkpoint {path} cannot be read: {error}; train afresh") from error
    if facts.get("format") != _FORMAT:
        raise DataError(
            f"the checkpoint has format {facts.get('format')}, this version reads {_FORMAT}; "
            "train afresh"
        )
    return SavedState(tensors, facts)


@dataclass(frozen=True)
class Part:
    """One part of a problem, as a state remembers it.

    Attributes:
        name: Of the fact that stands for it.
        digest: Sum over its content.
        other: What a state with another sum was written with, such as "another target".
    """

    name: str
    digest: str
    other: str


@dataclass(frozen=True)
class Identity:
    """What tells one run from another.

    Attributes:
        config: All switches.
        facts: What else must be as it was, by name, such as the seed.
        problem: What is learned from, part by part.
    """

    config: Parameters
    facts: Mapping[str, Any]
    problem: tuple[Part, ...]

    def to_facts(self) -> dict[str, Any]:
        """Return what a state keeps of it."""
        return {
            "config": to_mapping(self.config),
            **self.facts,
            **{part.name: part.digest for part in self.problem},
        }

    def check(self, state: SavedState) -> None:
        """Refuse to continue something else; only the number of iterations may differ.

        Args:
            state: What was saved.

        Raises:
            DataError: If it was saved with other settings, another seed or another problem.
        """
        ours = {**to_mapping(self.config), **self.facts}
        theirs = {**state.facts.get("config", {})}
        theirs |= {name: state.facts.get(name) for name in self.facts}
        differing = [
            f"{name}: {theirs.get(name)!r} then, {value!r} now"
            for name, value in ours.items()
            if name != "iterations" and theirs.get(name) != value
        ]
        if differing:
            raise DataError(
                f"the checkpoint was written with other settings ({'; '.join(differing)}); "
                "resume with the same ones or choose another output folder"
            )
        others = [part.other for part in self.problem if state.facts.get(part.name) != part.digest]
        if others:
            raise DataError(
                f"the checkpoint was written with {' and '.join(others)}; resume with the same "
                "ones or choose another output folder"
            )


def batch_tensors(batches: Sequence[Trajectories]) -> dict[str, Tensor]:
    """Return batches of trajectories as tensors; `batches_from` takes them back."""
    tensors = {}
    for index, batch in enumerate(batches):
        tensors[f"{index}.states"], tensors[f"{index}.actions"] = batch.states, batch.actions
    return tensors


def batches_from(tensors: Mapping[str, Tensor]) -> list[Trajectories]:
    """Return the batches of `batch_tensors`."""
    return [
        Trajectories(tensors[f"{index}.states"], tensors[f"{index}.actions"])
        for index in range(len(tensors) // 2)
    ]


def optimiser_tensors(optimiser: torch.optim.Optimizer | Adam) -> dict[str, Tensor]:
    """Return the moments that an optimiser has gathered, by number of the parameter."""
    return {
        f"{index}.{name}": value
        for index, moments in optimiser.state_dict()["state"].items()
        for name, value in moments.items()
    }


def restore_optimiser(
    optimiser: torch.optim.Optimizer | Adam, tensors: Mapping[str, Tensor]
) -> None:
    """Give an optimiser back what `optimiser_tensors` returned."""
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        moments.setdefault(int(index), {})[name] = value
    whole = optimiser.state_dict()
    whole["state"] = moments
    optimiser.load_state_dict(whole)
