# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a dataset's folder to demonstrations."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import torch

from irl_ros.core.action import VELOCITY_TIME_CONSTANT
from irl_ros.core.arm import Arm
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import DataError
from irl_ros.core.files import sha256
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.motion_actions import MotionActions, VelocityActions
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.pose import Pose
from irl_ros.core.trajectory import Trajectories
from irl_ros.demos.bag import read_bag
from irl_ros.demos.manifest import Label, Manifest, Take, load_manifest
from irl_ros.demos.recording import Recording, decode_recording, motion_of
from irl_ros.demos.resample import ResampleConfig, Steps, resample


@dataclass(frozen=True)
class DatasetConfig(Parameters):
    """Which takes are used, and how."""

    labels: tuple[str, ...] = parameter(
        ("success", "unlabelled"),
        doc="Labels of the takes that are used",
        choices=get_args(Label),
    )
    minimum_grade: float = parameter(0.0, doc="Takes graded lower are left out", low=0.0, high=1.0)
    ignore_extra_joints: bool = parameter(
        False, doc="Leave out joints that are not the arm's, such as fingers, instead of failing"
    )
    check_sums: bool = parameter(
        True, doc="Compare every file with the sum noted when it was recorded"
    )
    time_constant: float = parameter(
        VELOCITY_TIME_CONSTANT,
        doc="Time constant with which the arm follows a velocity command",
        unit="s",
        low=1e-4,
        high=10.0,
    )
    resample: ResampleConfig = field(default_factory=ResampleConfig)


@dataclass(frozen=True)
class SkippedTake:
    """A take that could not be used.

    Attributes:
        take_id: Its number.
        reason: What is wrong and what can be done.
    """

    take_id: int
    reason: str


@dataclass(frozen=True)
class LoadedDataset:
    """What a dataset gave.

    Attributes:
        demonstrations: The demonstrations, in the order of the takes.
        skipped: Takes that could not be used.
    """

    demonstrations: Demonstrations
    skipped: tuple[SkippedTake, ...]


def load_demonstrations(
    folder: Path,
    arm: Arm,
    config: DatasetConfig | None = None,
    *,
    skip_bad: bool = False,
    motion_actions: MotionActions | None = None,
) -> LoadedDataset:
    """Load the kept takes of a dataset as demonstrations.

    States are made with the arm's kinematics, actions are those that would have produced the
    motion.

    Args:
        folder: Folder of the dataset.
        arm: The arm it was recorded with.
        config: Which takes are used, and how.
        skip_bad: Leave takes out that cannot be used, instead of failing.
        motion_actions: Tells the actions; by default velocities.

    Raises:
        DataError: If the dataset is for another arm, no take is left, or a take cannot be used;
            the message names the take.
    """
    config = DatasetConfig() if config is None else config
    manifest = load_manifest(folder)
    if manifest.arm != arm.name:
        raise DataError(
            f"{folder} was recorded with the arm {manifest.arm!r}, not {arm.name!r}; choose that "
            "arm or another dataset"
        )
    kinematics = Kinematics(arm)
    motion_actions = motion_actions or VelocityActions(config.time_constant)
    states, actions, targets, used = [], [], [], []
    skipped = []
    for take in manifest.kept:
        if take.label not in config.labels or _grade(take) < config.minimum_grade:
            continue
        try:
            target = _target(take, arm)
            steps = load_steps(folder, manifest, take, config)
        except DataError as error:
            problem = f"take {take.id} ({take.file}): {error}"
            if not skip_bad:
                raise DataError(
                    f"{problem}; undo this take, or load the others with skip_bad"
                ) from error
            skipped.append(SkippedTake(take.id, problem))
            continue
        positions = torch.from_numpy(steps.joint_positions)
        velocities = torch.from_numpy(steps.joint_velocities)
        states.append(kinematics.arm_state(positions[:-1], velocities[:-1]))
        actions.append(motion_actions(positions, velocities, config.resample.period))
        targets.append(target)
        used.append(take)
    if not used:
        raise DataError(_nothing_left(folder, manifest, config, skipped))
    return LoadedDataset(
        Demonstrations(
            trajectories=Trajectories(torch.stack(states), torch.stack(actions)),
            targets=tuple(targets),
            weights=torch.tensor([_weight(take) for take in used], dtype=torch.float64),
            take_ids=tuple(take.id for take in used),
            control_period=config.resample.period,
            arm=arm.name,
            task=manifest.task,
            action_space=motion_actions.space,
        ),
        tuple(skipped),
    )


def load_recording(
    folder: Path, manifest: Manifest, take: Take, config: DatasetConfig | None = None
) -> Recording:
    """Read what was measured in a take.

    Raises:
        DataError: If the file is missing, changed or damaged.
    """
    config = DatasetConfig() if config is None else config
    path = folder / take.file
    bag = read_bag(path)
    if not bag.complete:
        raise DataError(
            f"the file is damaged after {len(bag.messages)} messages; restore it from a copy"
        )
    if config.check_sums and sha256(path) != take.sha256:
        raise DataError(
            "the file is not the one that was recorded (its SHA-256 sum differs); restore it from "
            "a copy, or set check_sums to false"
        )
    return decode_recording(
        bag,
        manifest.joint_names,
        ignore_extra=config.ignore_extra_joints or bag.notes.get("ignore_extra_joints") == "true",
    )


def load_steps(
    folder: Path, manifest: Manifest, take: Take, config: DatasetConfig | None = None
) -> Steps:
    """Read a take and resample it.

    Raises:
        DataError: If the file is missing, changed or damaged, or its motion cannot be used.
    """
    config = DatasetConfig() if config is None else config
    recording = load_recording(folder, manifest, take, config)
    return resample(motion_of(recording), config.resample)


def _grade(take: Take) -> float:
    return 1.0 if take.grade is None else take.grade


def _weight(take: Take) -> float:
    # A grade of 0 still counts a little; to leave such takes out is what minimum_grade is for.
    return max(_grade(take), 0.01)


def _target(take: Take, arm: Arm) -> Pose:
    if take.target is None:
        raise DataError("it has no target pose; publish target_pose while recording")
    if take.target.frame not in {"", arm.base_link}:
        raise DataError(
            f"its target is given in {take.target.frame!r}, not in the arm's base "
            f"{arm.base_link!r}"
        )
    return take.target.pose


def _nothing_left(
    folder: Path, manifest: Manifest, config: DatasetConfig, skipped: list[SkippedTake]
) -> str:
    counts = f"{len(manifest.takes)} takes, {len(manifest.kept)} kept"
    if skipped:
        return f"no take of {folder} can be used ({counts}); first: {skipped[0].reason}"
    return (
        f"no take of {folder} is left ({counts}) with a label among {', '.join(config.labels)} "
        f"and a grade of at least {config.minimum_grade:g}; record or label more"
    )
