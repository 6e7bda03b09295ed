# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `irl-ros compare-costs`."""

from pathlib import Path

import torch

from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.task import relative_features
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.learning.artifacts import load_cost
from irl_ros.learning.reward_tools.compare import compare_learned_costs


def comparison(first: Path, second: Path, dataset: Path, seed: int) -> str:
    """Return what two saved costs have in common, in words.

    Args:
        first: A run folder or a cost file.
        second: Another one.
        dataset: Demonstrations on which they are compared.
        seed: Decides which transitions are drawn.

    Raises:
        DataError: If a file or the dataset cannot be used, or the costs have other inputs.
    """
    one, metadata = load_cost(first)
    other, _ = load_cost(second)
    arm = load_arm(ExecutionContract.from_metadata(metadata).arm)
    shown = load_demonstrations(dataset, arm).demonstrations
    inputs = torch.stack(
        [
            relative_features(target)(states)
            for target, states in zip(shown.targets, shown.trajectories.states, strict=True)
        ]
    )
    generator = torch.Generator().manual_seed(seed)
    found = compare_learned_costs(one, other, inputs, shown.trajectories.actions, generator)
    return (
        f"correlation of the costs of single steps: {found.correlation:.3f}\n"
        f"EPIC distance (0: same up to shaping and scale, 1: opposite): {found.epic:.3f}\n"
        f"on {found.transitions} transitions of {len(shown)} demonstrations"
    )
