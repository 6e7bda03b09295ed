# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Takes whose motion is known in closed form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from irl_ros.core.arm import load_arm
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.pose import Pose
from irl_ros.demos.manifest import Take
from irl_ros.demos.message_types import Target, encode_joint_state, encode_pose_stamped
from irl_ros.demos.open_recorder import open_recorder
from irl_ros.demos.recorder import Recorder
from irl_ros.demos.recorder_config import RecorderConfig

ARM = load_arm("panda")
NAMES = ARM.joint_names
START_NS = 1_700_000_000_000_000_000
TARGET = Target(Pose(np.array([0.5, -0.02, 0.15]), np.array([0.0, 0.0, 0.0, 1.0])), ARM.base_link)
SPAN = np.array([0.4, 0.3, -0.2, 0.5, 0.1, -0.3, 0.2])  # rad, how far each joint moves


def reach(time: float, begin: float = 0.5, duration: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and velocities of a minimum-jerk reach that starts and ends at rest."""
    s = np.clip((time - begin) / duration, 0.0, 1.0)
    share = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
    rate = 30.0 * s**2 * (1.0 - s) ** 2 / duration
    return ARM.home + SPAN * share, SPAN * rate


def samples(
    duration: float = 4.5,
    rate: float = 120.0,
    motion: Callable[[float], tuple[np.ndarray, np.ndarray]] = reach,
    start_ns: int = START_NS,
) -> list[JointSample]:
    """Return the joint states of a take."""
    stamps = [round(k * 1e9 / rate) for k in range(round(duration * rate) + 1)]
    return [JointSample(start_ns + ns, *motion(ns * 1e-9)) for ns in stamps]


def make_recorder(folder: Path, **values: object) -> Recorder:
    """Return a recorder on a dataset; values are settings."""
    return open_recorder(
        RecorderConfig(dataset=str(folder), **values),  # type: ignore[arg-type]
        "/joint_states",
        "/target_pose",
    )[0]


def feed(recorder: Recorder, measured: list[JointSample]) -> None:
    """Let joint states arrive, each at its stamp."""
    for sample in measured:
        cdr = encode_joint_state(sample, NAMES)
        recorder.add_joint_state(sample.stamp_ns, sample.stamp_ns, cdr, sample)


def ready(recorder: Recorder, target: Target | None = TARGET, now_ns: int = START_NS) -> None:
    """Let a resting arm and a target be known, so that a take can begin at the time given."""
    if target is not None:
        recorder.add_target(encode_pose_stamped(target, 0), target)
    earlier = now_ns - round(1e9)
    feed(recorder, samples(0.99, motion=lambda _: reach(0.0), start_ns=earlier))


def record(
    recorder: Recorder, measured: list[JointSample] | None = None, target: Target = TARGET
) -> Take:
    """Record a whole take and return it."""
    measured = samples() if measured is None else measured
    begin = measured[0].stamp_ns
    ready(recorder, target, begin)
    recorder.start(begin)
    feed(recorder, measured)
    return recorder.stop(measured[-1].stamp_ns)
