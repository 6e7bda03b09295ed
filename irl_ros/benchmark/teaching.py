# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demonstrations of a seed, taught in the simulator and kept in a folder."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from irl_ros.benchmark.code import code_digest, fingerprint
from irl_ros.core.action import CONTROL_PERIOD
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import ParameterError
from irl_ros.core.files import write_synced
from irl_ros.core.parameters import to_mapping
from irl_ros.core.pose import Pose
from irl_ros.core.trajectory import Trajectories
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import teach
from irl_ros.sim.dish import DishSimulator


def taught(
    config: SimulationConfig, seed: int, slots: Sequence[int], folder: Path
) -> Demonstrations:
    """Return the demonstrations of a seed, made by hand.

    They are taught once and read from the folder afterwards; a change of the simulator's code
    teaches them again.

    Args:
        config: The arm and its rack.
        seed: All variation follows from it.
        slots: Slot of every demonstration.
        folder: Where they are kept.
    """
    code = code_digest("core", "sim")
    how = fingerprint({"config": to_mapping(config), "slots": list(slots), "code": code})
    file = folder / f"{config.arm}-{seed}-{how}.safetensors"
    if not file.exists():
        with DishSimulator(config) as simulator:
            shown = teach(simulator, seed, slots).demonstrations()
        folder.mkdir(parents=True, exist_ok=True)
        # Another process may be teaching the same: whoever is last wins, with the same bytes.
        own = folder / f".{file.name}.{os.getpid()}"
        write_synced(own, _to_bytes(shown))
        own.replace(file)
    return _from_bytes(file.read_bytes(), config.arm)


def chosen(shown: Demonstrations, count: int) -> Demonstrations:
    """Return some of the demonstrations, spread evenly over the slots.

    A density needs two demonstrations; a single one is therefore given twice.

    Args:
        shown: All, in the order of their slots.
        count: How many; 0 for all.

    Raises:
        ParameterError: If there are fewer.
    """
    total = len(shown)
    if count == 0:
        return shown
    if not 1 <= count <= total:
        raise ParameterError(f"{count} demonstrations of {total}; give 1 to {total}")
    places = [int((index + 0.5) * total / count) for index in range(count)]
    places = places * 2 if count == 1 else places
    return replace(
        shown,
        trajectories=shown.trajectories[places],
        targets=tuple(shown.targets[place] for place in places),
        weights=shown.weights[places],
        take_ids=tuple(range(len(places))),
    )


def _to_bytes(shown: Demonstrations) -> bytes:
    tensors = {
        "states": shown.trajectories.states.contiguous(),
        "actions": shown.trajectories.actions.contiguous(),
        "positions": torch.tensor(np.stack([target.position for target in shown.targets])),
        "quaternions": torch.tensor(np.stack([target.quaternion for target in shown.targets])),
        "take_ids": torch.tensor(shown.take_ids),
    }
    return safetensors.torch.save(tensors)


def _from_bytes(data: bytes, arm: str) -> Demonstrations:
    tensors = safetensors.torch.load(data)
    targets = zip(tensors["positions"], tensors["quaternions"], strict=True)
    return Demonstrations(
        trajectories=Trajectories(tensors["states"], tensors["actions"]),
        targets=tuple(Pose(place.numpy(), turn.numpy()) for place, turn in targets),
        weights=torch.ones(len(tensors["states"]), dtype=torch.float64),
        take_ids=tuple(tensors["take_ids"].tolist()),
        control_period=CONTROL_PERIOD,
        arm=arm,
        task="dish",
    )
