# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A person who guides the arm once, knowing no more of it than its joint states."""

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.pose import Pose, quaternion_from_rotation
from irl_ros.sim.hand import Hand, HandConfig


def hand_generator(seed: int) -> np.random.Generator:
    """Return the source of a take's variation; it is independent of the arm's start posture."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))


@final
class Guidance:
    """One take: takes the plate where it is, leads it to the target, lets go, waits a moment."""

    def __init__(
        self,
        kinematics: Kinematics,
        target: Pose,
        seed: int,
        config: HandConfig | None = None,
        rest: float = 0.5,
    ) -> None:
        """Prepare a take.

        Args:
            kinematics: Of the arm.
            target: Pose of the tool at the end, base frame.
            seed: The take's variation follows from it.
            config: The person.
            rest: How long the arm is left alone in the end, s.
        """
        self._kinematics = kinematics
        self._target = target
        self._generator = hand_generator(seed)
        self._config = config
        self._rest = rest
        self._hand: Hand | None = None
        self._begin_ns = 0
        self._end_ns = 0
        self.done = False

    def on_state(self, sample: JointSample) -> tuple[Float[ndarray, " 3"], Float[ndarray, " 3"]]:
        """Return force (N) at the plate's centre and torque (N m), base frame.

        Args:
            sample: Measured joints; the first ones tell where the hand takes hold.
        """
        positions = torch.from_numpy(sample.joint_positions)
        rotation, position = (part.numpy() for part in self._kinematics.tool_pose(positions))
        if self._hand is None:
            start = Pose(position, quaternion_from_rotation(rotation))
            self._hand = Hand(start, self._target, self._generator, self._config)
            self._begin_ns = sample.stamp_ns
            self._end_ns = sample.stamp_ns + round(1e9 * (self._hand.duration + self._rest))
        self.done = sample.stamp_ns >= self._end_ns
        twist = self._kinematics.jacobian(positions) @ torch.from_numpy(sample.joint_velocities)
        time = 1e-9 * (sample.stamp_ns - self._begin_ns)
        return self._hand.wrench(time, rotation, position, twist[:3].numpy(), twist[3:].numpy())
