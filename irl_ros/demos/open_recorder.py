# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recorder made from its settings: dataset opened, what a crash left behind brought back."""

from pathlib import Path

from irl_ros.core.arm import load_arm
from irl_ros.core.arm_driver import driver_names, with_limits
from irl_ros.demos.manifest import Manifest
from irl_ros.demos.recorder import Recorder
from irl_ros.demos.recorder_config import RecorderConfig
from irl_ros.demos.salvage import Salvage, salvage
from irl_ros.demos.store import DatasetStore


def open_recorder(
    config: RecorderConfig, joint_topic: str, target_topic: str
) -> tuple[Recorder, tuple[Salvage, ...]]:
    """Open the dataset and return its recorder, with what was brought back.

    Args:
        config: Settings.
        joint_topic: Resolved name of the topic of joint states.
        target_topic: Resolved name of the topic of target poses.

    Raises:
        ParameterError: If the arm is unknown, its joints are not all named, or the dataset is
            about something else.
        DataError: If the dataset is open elsewhere or damaged.
    """
    arm = with_limits(load_arm(config.arm), config.limits)
    names = driver_names(arm, config)
    wanted = Manifest(arm.name, names.joints, config.task, config.quality.expected_rate)
    store = DatasetStore(Path(config.dataset), wanted)
    found = salvage(store, config.quality)
    recorder = Recorder(
        store,
        config,
        arm.limits.velocity,
        joint_topic=joint_topic,
        target_topic=target_topic,
        base_frame=names.base_frame,
    )
    return recorder, found
