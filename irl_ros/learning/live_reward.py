# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learned reward of a moving arm, control period by control period."""

from collections.abc import Sequence
from typing import final

import numpy as np
import torch

from irl_ros.core.action import CONTROL_PERIOD
from irl_ros.core.features import AffineFeatures
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.motion_actions import MotionActions, VelocityActions
from irl_ros.core.pose import Pose
from irl_ros.core.task import relative_features
from irl_ros.learning.cost import Cost

_NS_PER_S = 1e9
_SLACK = 0.02  # part of a control period by which a joint state may come early


@final
class LiveReward:
    """Computes -c(x_t, u_t) from joint states alone, whoever moves the arm.

    The action is the one that would have led from one state to the next, a control period later,
    so a motion has the same reward whether a person guides the arm or a policy runs. It is known
    when the control period is over, one period after x_t. (Position increments are taken to begin
    where the arm is, because nobody knows the reference of a guided arm.)
    """

    def __init__(self, kinematics: Kinematics, period: float = CONTROL_PERIOD) -> None:
        """Begin without cost and target; the control period is in s."""
        self._kinematics = kinematics
        self._period_ns = period * _NS_PER_S
        self._cost: Cost | None = None
        self._actions: MotionActions = VelocityActions()
        self._scale = torch.ones((), dtype=torch.float64)
        self._features: AffineFeatures | None = None
        self._begin: JointSample | None = None

    @property
    def ready(self) -> bool:
        """Whether both cost and target are known."""
        return self._cost is not None and self._features is not None

    def set_cost(
        self, cost: Cost, actions: MotionActions | None = None, scale: Sequence[float] = ()
    ) -> None:
        """Use a cost from the next control period on.

        Args:
            cost: The cost.
            actions: Tells its actions; by default velocities.
            scale: What an action of 1 means for each joint; empty: 1.
        """
        self._cost = cost
        self._actions = actions or VelocityActions()
        self._scale = torch.tensor(scale or 1.0, dtype=torch.float64)

    def set_target(self, target: Pose) -> None:
        """Use a target from the next control period on."""
        self._features = relative_features(target)

    def on_state(self, sample: JointSample) -> float | None:
        """Take a joint state; return the reward of a control period that it completes, or None."""
        begin = self._begin
        elapsed_ns = 0.0 if begin is None else sample.stamp_ns - begin.stamp_ns
        if begin is None or elapsed_ns < 0 or elapsed_ns > 1.5 * self._period_ns:
            self._begin = sample
            return None
        if elapsed_ns < (1.0 - _SLACK) * self._period_ns:
            return None
        self._begin = sample
        if self._cost is None or self._features is None:
            return None
        positions = torch.from_numpy(np.stack([begin.joint_positions, sample.joint_positions]))
        velocities = torch.from_numpy(np.stack([begin.joint_velocities, sample.joint_velocities]))
        action = self._actions(positions, velocities, elapsed_ns / _NS_PER_S)[0] / self._scale
        state = self._kinematics.arm_state(positions[0], velocities[0])
        with torch.inference_mode():
            return -float(self._cost.evaluate(self._features(state), action))
