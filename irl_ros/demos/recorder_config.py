# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the recorder."""

from dataclasses import dataclass, field

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.demos.quality import QualityConfig


@dataclass(frozen=True)
class RecorderConfig(Parameters):
    """What the recorder is told when it starts."""

    dataset: str = parameter("dataset", doc="folder of the dataset, made if it does not exist")
    arm: str = parameter("panda", doc="name of the arm or path of its URDF")
    joint_names: tuple[str, ...] = parameter(
        (), doc="joints as the driver names them, base to tool; empty: as in the arm's URDF"
    )
    task: str = parameter("dish_rack", doc="name of the task that is demonstrated")
    ignore_extra_joints: bool = parameter(
        False, doc="leave out joints that are not the arm's, such as fingers, instead of refusing"
    )
    require_target: bool = parameter(
        True, doc="refuse to record while the target pose of the task is unknown"
    )
    queue: int = parameter(
        200, doc="joint states kept while the disk is slow", low=100, high=100000
    )
    flush_period: float = parameter(
        0.5, doc="at most this much of a take is lost by a crash", unit="s", low=0.01, high=10.0
    )
    status_period: float = parameter(
        0.5, doc="time between two status messages", unit="s", low=0.05, high=10.0
    )
    preflight_window: float = parameter(
        1.0, doc="time looked back before a take begins", unit="s", low=0.1, high=10.0
    )
    maximum_silence: float = parameter(
        0.5, doc="longest time without any joint state", unit="s", low=0.01, high=10.0
    )
    minimum_free: int = parameter(
        100, doc="free space on the disk below which no take begins", unit="MB", low=1
    )
    quality: QualityConfig = field(default_factory=QualityConfig)
