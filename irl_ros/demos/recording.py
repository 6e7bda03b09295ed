# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The content of a take: joint states and target, decoded from its bag."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64
from numpy import ndarray

from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample
from irl_ros.demos.bag import Bag
from irl_ros.demos.message_types import (
    JOINT_STATE,
    POSE_STAMPED,
    Target,
    decode_joint_state,
    decode_pose_stamped,
)
from irl_ros.demos.monitor import QualityMonitor
from irl_ros.demos.quality import QualityConfig, QualityReport


@dataclass(frozen=True)
class Recording:
    """What was measured in a take, in the order of arrival.

    Attributes:
        samples: Usable joint states.
        errors: Why other messages could not be used.
        target: Where the task was to be done, as said last; None if nobody said.
    """

    samples: tuple[JointSample, ...]
    errors: tuple[str, ...]
    target: Target | None

    def report(
        self,
        config: QualityConfig,
        joint_names: tuple[str, ...],
        velocity_limits: Float[ndarray, " joints"],
    ) -> QualityReport:
        """Judge the take as the recorder would have."""
        monitor = QualityMonitor(config, joint_names, velocity_limits)
        for sample in self.samples:
            monitor.add(sample)
        for error in self.errors:
            monitor.add_bad(error)
        return monitor.report()


@dataclass(frozen=True)
class Motion:
    """A motion of the joints, with stamps that increase.

    Attributes:
        times: Time since the first measurement, s.
        joint_positions: rad.
        joint_velocities: rad/s.
    """

    times: Float[ndarray, " samples"]
    joint_positions: Float[ndarray, "samples joints"]
    joint_velocities: Float[ndarray, "samples joints"]


def decode_recording(
    bag: Bag, joint_names: tuple[str, ...], *, ignore_extra: bool = False
) -> Recording:
    """Decode the joint states and the target of a take.

    Args:
        bag: What the take's file holds.
        joint_names: Joints in the order wanted, matched by name.
        ignore_extra: Leave out joints that are not the arm's, such as fingers.

    Raises:
        DataError: If there is not exactly one topic of joint states.
    """
    topics = [name for name, kind in bag.types.items() if kind == JOINT_STATE]
    if len(topics) != 1:
        raise DataError(
            f"{len(topics)} topics of {JOINT_STATE} ({', '.join(topics)}); a take has exactly 1"
        )
    samples: list[JointSample] = []
    errors: list[str] = []
    target: Target | None = None
    for message in bag.messages:
        if message.topic == topics[0]:
            try:
                sample = decode_joint_state(message.cdr, joint_names, ignore_extra=ignore_extra)
            except DataError as error:
                errors.append(str(error))
            else:
                samples.append(sample)
        elif bag.types[message.topic] == POSE_STAMPED:
            try:
                target = decode_pose_stamped(message.cdr)
            except DataError as error:
                errors.append(f"target: {error}")
    return Recording(tuple(samples), tuple(errors), target)


def motion_of(recording: Recording) -> Motion:
    """Return the motion of a take that has no fault; repeated stamps are left out.

    Raises:
        DataError: If a joint state was unusable, a stamp goes backwards, or there are fewer than
            two joint states.
    """
    if recording.errors:
        raise DataError(
            f"{len(recording.errors)} unusable joint states, first: {recording.errors[0]}"
        )
    stamps: Int64[ndarray, " samples"] = np.array(
        [sample.stamp_ns for sample in recording.samples], dtype=np.int64
    )
    if len(stamps) < 2:
        raise DataError(f"{len(stamps)} joint states; at least 2 are needed")
    steps = np.diff(stamps)
    if (steps < 0).any():
        place = int(np.argmax(steps < 0))
        raise DataError(
            f"stamps go backwards by {-steps[place] * 1e-9:.4f} s after "
            f"{(stamps[place] - stamps[0]) * 1e-9:.3f} s"
        )
    fresh = np.concatenate([[True], steps > 0])
    if fresh.sum() < 2:
        raise DataError(f"all {len(stamps)} joint states have the same stamp")
    positions = np.stack([sample.joint_positions for sample in recording.samples])
    velocities = np.stack([sample.joint_velocities for sample in recording.samples])
    times = (stamps[fresh] - stamps[0]) * 1e-9
    return Motion(times, positions[fresh], velocities[fresh])
