# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learned reward of a moving arm, control period by control period."""

from typing import final

import torch

from irl_ros.core.action import CONTROL_PERIOD, kinesthetic_actions
from irl_ros.core.features import AffineFeatures
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.pose import Pose
from irl_ros.core.task import relative_features
from irl_ros.learning.cost import Cost

_NS_PER_S = 1e9
_SLACK = 0.02  # part of a control period by which a joint state may come early


@final
class LiveReward:
    """Computes -c(x_t, u_t) from joint states alone, whoever moves the arm.

    The action is the kinesthetic one between two states that are a control period apart, so a
    motion has the same reward whether a person guides the arm or a policy runs. It is known when
    the control period is over, one period after x_t.
    """

    def __init__(self, kinematics: Kinematics, period: float = CONTROL_PERIOD) -> None:
        """Begin without cost and target; the control period is in s."""
        self._kinematics = kinematics
        self._period_ns = period * _NS_PER_S
        self._cost: Cost | None = None
        self._features: AffineFeatures | None = None
        self._begin: JointSample | None = None

    @property
    def ready(self) -> bool:
        """Whether both cost and target are known."""
        return self._cost is not None and self._features is not None

    def set_cost(self, cost: Cost) -> None:
        """Use a cost from the next control period on."""
        self._cost = cost

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
        velocities = torch.from_numpy(begin.joint_velocities)
        action = kinesthetic_actions(
            torch.stack([velocities, torch.from_numpy(sample.joint_velocities)]),
            elapsed_ns / _NS_PER_S,
        )[0]
        state = self._kinematics.arm_state(torch.from_numpy(begin.joint_positions), velocities)
        with torch.inference_mode():
            return -float(self._cost.evaluate(self._features(state), action))
