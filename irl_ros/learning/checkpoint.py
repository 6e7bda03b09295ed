# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of learning: one safetensors file, written atomically, resumed exactly."""

import json
import math
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import to_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.background import Background
from irl_ros.learning.controller_search import SearchProgress
from irl_ros.learning.controller_update import ControllerUpdate
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.experience import Experience
from irl_ros.learning.gcl import GuidedCostLearning
from irl_ros.learning.problem import fingerprint

_FORMAT = 2
_UPDATE = ("dual", "kl", "kl_limit", "previous_objective", "predicted_objective")


def save_checkpoint(learner: GuidedCostLearning, path: Path) -> None:
    """Write everything that learning needs to go on exactly where it is."""
    progress, background = learner.progress, learner.background
    experience = progress.experience
    tensors: dict[str, Tensor] = {f"cost.{k}": v for k, v in learner.cost.state_dict().items()}
    for index, state in learner.optimiser.state_dict()["state"].items():
        tensors.update({f"adam.{index}.{name}": value for name, value in state.items()})
    tensors["log_partition"] = learner.log_partition
    tensors["generator"] = learner.generator.get_state()
    for index, controller in enumerate((*experience.controllers, progress.controller)):
        tensors[f"controller.{index}.gains"] = controller.gains
        tensors[f"controller.{index}.offsets"] = controller.offsets
        tensors[f"controller.{index}.covariances"] = controller.covariances
    if experience.samples is not None:
        tensors["samples.states"] = experience.samples.states
        tensors["samples.actions"] = experience.samples.actions
    tensors["log_q"] = background.log_q
    tensors["demonstration_log_q"] = background.demonstration_log_q
    update = progress.update
    facts = {
        "format": _FORMAT,
        "problem": fingerprint(learner.problem),
        "seed": learner.seed,
        "config": to_mapping(learner.config),
        "iteration": progress.iteration,
        "counts": list(experience.counts),
        "multiplier": progress.multiplier,
        "update": None if update is None else {name: getattr(update, name) for name in _UPDATE},
        "history": [diagnostics.as_mapping() for diagnostics in learner.history],
    }
    whole = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    metadata = {"progress": json.dumps(facts)}
    write_atomically(path, safetensors.torch.save(whole, metadata))


def restore_checkpoint(learner: GuidedCostLearning, path: Path) -> None:
    """Bring a freshly made learner to the state of a checkpoint.

    Raises:
        DataError: If the file cannot be read or was written with another configuration or seed.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            facts = json.loads(file.metadata()["progress"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"checkpoint {path} cannot be read: {error}; train afresh") from error
    _check_same(learner, facts)
    learner.cost.load_state_dict(_part(tensors, "cost."))
    optimiser = learner.optimiser.state_dict()
    optimiser["state"] = {
        index: _part(tensors, f"adam.{index}.")
        for index in range(len(list(learner.cost.parameters())) + 1)
        if f"adam.{index}.step" in tensors
    }
    learner.optimiser.load_state_dict(optimiser)
    learner.log_partition.data.copy_(tensors["log_partition"])
    learner.generator.set_state(tensors["generator"])
    controllers = tuple(
        LinearGaussianController(**_part(tensors, f"controller.{index}."))
        for index in range(len(facts["counts"]) + 1)
    )
    samples = None
    if "samples.states" in tensors:
        samples = Trajectories(tensors["samples.states"], tensors["samples.actions"])
    experience = Experience(samples, controllers[:-1], tuple(facts["counts"]))
    learner.background = Background(experience, tensors["log_q"], tensors["demonstration_log_q"])
    update = facts["update"]
    learner.search.progress = SearchProgress(
        controllers[-1],
        facts["iteration"],
        experience,
        facts["multiplier"],
        None if update is None else ControllerUpdate(controllers[-1], **update),
    )
    learner.history = tuple(Diagnostics(**entry) for entry in facts["history"])


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _check_same(learner: GuidedCostLearning, facts: dict[str, Any]) -> None:
    """Refuse to continue something else; only the number of iterations may differ.

    The schedules of step sizes span all iterations, so a run that is made longer does not end
    where one that was long from the beginning would.
    """
    if facts.get("format") != _FORMAT:
        raise DataError(
            f"the checkpoint has format {facts.get('format')}, this version reads {_FORMAT}; "
            "train afresh"
        )
    ours = {**to_mapping(learner.config), "seed": learner.seed}
    theirs = {**facts["config"], "seed": facts["seed"]}
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
    if facts["problem"] != fingerprint(learner.problem):
        raise DataError(
            "the checkpoint was written with other demonstrations or another target; resume with "
            "the same ones or choose another output folder"
        )


def finite_or_none(values: dict[str, float]) -> dict[str, float | None]:
    """Replace numbers that JSON cannot hold by None."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
