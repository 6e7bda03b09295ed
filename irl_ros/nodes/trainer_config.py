# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the trainer can be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.parameters import parameter
from irl_ros.demos.dataset import DatasetConfig
from irl_ros.learning.algorithms import ALGORITHMS, AlgorithmConfig
from irl_ros.learning.presets import preset
from irl_ros.learning.reoptimisation import ReoptimisationConfig
from irl_ros.sim.config import SimulationConfig

OPTIMISE = "optimise"
"""The algorithm that learns no cost and optimises a saved one."""


@dataclass(frozen=True)
class TrainerConfig(AlgorithmConfig):
    """What is learned, from what, and where it goes."""

    algorithm: str = parameter(
        "gcl", choices=(*ALGORITHMS, OPTIMISE), doc="what learns; optimise learns no cost"
    )
    cost: str = parameter(
        "",
        doc="run folder, or file of the cost, that algorithm optimise lowers; no other reads it",
    )
    optimise: ReoptimisationConfig = field(default_factory=ReoptimisationConfig)
    dataset: str = parameter(
        "",
        doc="folder of the demonstrations; algorithm optimise only begins with them, if they are "
        "of the same arm, and with none or those of another arm by standing still",
    )
    output: str = parameter("", doc="run folder that is written")
    resume: bool = parameter(False, doc="continue the run in the output folder")
    preset: str = parameter(
        "default", choices=("default", "paper"), doc="named configuration of Guided Cost Learning"
    )
    seed: int = parameter(0, low=0, high=2**31 - 1, doc="all randomness follows from it")
    slot: int = parameter(-1, low=-1, high=9, doc="slot to learn; -1 is the held-out one")
    workers: int = parameter(2, low=0, high=64, doc="processes that run rollouts")
    baseline_rollouts: int = parameter(
        20, low=0, high=1000, doc="attempts before learning that show what imitation alone does"
    )
    linger: float = parameter(
        2.0,
        low=0.0,
        high=86400.0,
        unit="s",
        doc="how long the node stays after the end, so that late readers get its last word",
    )
    demonstrations: DatasetConfig = field(default_factory=DatasetConfig)
    skip_bad: bool = parameter(False, doc="leave out takes that cannot be used")
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    guard: GuardConfig = field(default_factory=GuardConfig)


def from_preset(given: Mapping[str, Any]) -> TrainerConfig:
    """Return the configuration that holds where nothing else was given.

    Args:
        given: What was given; ``preset`` among it chooses.
    """
    return TrainerConfig(gcl=preset(given.get("preset", "default")))
