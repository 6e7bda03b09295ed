# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record a small dataset with plain functions, list its takes, and read it as demonstrations.

    python examples/02_read_a_dataset.py [DATASET]

The node `demo_recorder` does the recording part with what comes in on ROS topics; reading is what
`gcl_trainer` does. Takes are ordinary rosbag2 folders, so `ros2 bag info` opens them, too.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from irl_ros.core.arm import load_arm
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.task import DishTask
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.demos.maintenance import list_takes
from irl_ros.demos.message_types import Target, encode_joint_state, encode_pose_stamped
from irl_ros.demos.open_recorder import open_recorder
from irl_ros.demos.recorder_config import RecorderConfig

RATE = 120  # joint states per second
START_NS = 1_700_000_000_000_000_000
ARM = load_arm("panda")


def guided_motion(time: float, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and velocities of an arm that is led aside smoothly from 2 s to 5 s."""
    share = np.clip((time - 2.0) / 3.0, 0.0, 1.0)
    direction = np.array([0.4, 0.3, -0.2, 0.5, 0.1, -0.3, 0.2]) * reach
    way = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    rate = 30.0 * share**2 * (1.0 - share) ** 2 / 3.0
    return ARM.home + direction * way, direction * rate


def record(dataset: Path, takes: int) -> None:
    recorder, _ = open_recorder(
        RecorderConfig(dataset=str(dataset)), "/joint_states", "/target_pose"
    )
    # Where the task is to be done, in the frame of the arm's base. The recorder insists on it.
    target = Target(DishTask().target_pose(slot=3), ARM.base_link)
    recorder.add_target(encode_pose_stamped(target, START_NS), target)
    for take in range(takes):
        begin = START_NS + take * 10_000_000_000
        for step in range(6 * RATE):
            now = begin + round(step * 1e9 / RATE)
            sample = JointSample(now, *guided_motion(step / RATE, 1.0 - 0.2 * take))
            # What is written is the message exactly as it came in.
            content = encode_joint_state(sample, ARM.joint_names)
            recorder.add_joint_state(now, now, content, sample)
            if step == int(1.5 * RATE):  # it wants to have seen a second of joint states before
                recorder.start(now)
        recorder.stop(now)
        recorder.label("success" if take else "failure")
    recorder.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        dataset = Path(sys.argv[1] if len(sys.argv) > 1 else f"{temporary}/dataset")
        if not dataset.exists():
            record(dataset, takes=3)

        for take in list_takes(dataset):
            figures = take.report.figures
            print(
                f"take {take.id}: {take.label}, {figures.duration:.1f} s at {figures.rate:.0f} Hz"
                f", the movement {figures.movement:.1f} s, quality {take.report.verdict}"
            )

        # Failures are left out; the others are cut into steps of equal length.
        shown = load_demonstrations(dataset, ARM).demonstrations
        trajectories = shown.trajectories
        print(
            f"{len(shown)} demonstrations, {trajectories.horizon} steps of "
            f"{shown.control_period:g} s, {trajectories.state_dim} numbers in a state and "
            f"{trajectories.action_dim} in an action"
        )


if __name__ == "__main__":
    main()
