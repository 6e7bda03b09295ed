# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the recorder."""

from dataclasses import dataclass, field

from irl_ros.core.arm_driver import ArmDriverConfig, LimitsConfig
from irl_ros.core.parameters import parameter
from irl_ros.demos.quality import QualityConfig


@dataclass(frozen=True)
class RecorderConfig(ArmDriverConfig):
    """What the recorder is told when it starts."""

    dataset: str = parameter("dataset", doc="Folder of the dataset, made if it does not exist")
    task: str = parameter("dish_rack", doc="Name of the task that is demonstrated")
    require_target: bool = parameter(
        True, doc="Refuse to record while the target pose of the task is unknown"
    )
    queue: int = parameter(
        1000, doc="Joint states kept while the recorder is busy", low=100, high=100000
    )
    flush_period: float = parameter(
        0.5, doc="At most this much of a take is lost by a crash", unit="s", low=0.01, high=10.0
    )
    status_period: float = parameter(
        0.5, doc="Time between two status messages", unit="s", low=0.05, high=10.0
    )
    preflight_window: float = parameter(
        1.0, doc="Time looked back before a take begins", unit="s", low=0.1, high=10.0
    )
    maximum_silence: float = parameter(
        0.5, doc="Longest time without any joint state", unit="s", low=0.01, high=10.0
    )
    minimum_free: int = parameter(
        100, doc="Free space on the disk below which no take begins", unit="MB", low=1
    )
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    quality: QualityConfig = field(default_factory=QualityConfig)
