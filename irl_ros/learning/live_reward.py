# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learned reward of a moving arm, control period by control period."""

from collections.abc import Sequence
from typing import final

import numpy as np
import torch

from irl_ros.core.action import CONTROL_PERIOD, ActionSpace
from irl_ros.core.features import AffineFeatures
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.motion_actions import MotionActions, VelocityActions
from irl_ros.core.pose import Pose
from irl_ros.core.task import relative_features
from irl_ros.learning.cost import Cost

_NS_PER_S = 1e9
_LONGEST = 2.0  # control periods between two joint states that still have a reward
_STANDING = 20  # joint states in a row with one stamp that are no accident


@final
class LiveReward:
    """Computes -c(x_t, u_t) from joint states alone, whoever moves the arm.

    The action is the one that would have led from one state to the next, a control period later,
    so a motion has the same reward whether a person guides the arm or a policy runs. It is known
    when the control period is over, with the joint state that comes nearest to its end; the action
    is that of the time till then. (Position increments are taken to begin where the arm is,
    because nobody knows the reference of a guided arm.)
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
        self._last_ns = 0
        self._standing = 0  # joint states with the newest stamp, after the first
        self._gaps: list[float] = []  # too long ones since the last control period, ns

    @property
    def problem(self) -> str:
        """Why joint states have no reward, empty while they have, or after a single gap."""
        if self._standing >= _STANDING:
            return (
                "no reward: stamps of joint states stand still; the driver must stamp each of them"
            )
        if len(self._gaps) < 2:
            return ""
        longest = _LONGEST * self._period_ns
        return (
            f"no reward: joint states come {self._gaps[-1] / _NS_PER_S:.3g} s apart, at most "
            f"{longest / _NS_PER_S:g} s is allowed; let the driver publish at least "
            f"{_NS_PER_S / self._period_ns:g} of them in a second"
        )

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
        begin, since_last_ns = self._begin, sample.stamp_ns - self._last_ns
        self._last_ns = sample.stamp_ns
        self._standing = self._standing + 1 if since_last_ns == 0 else 0
        elapsed_ns = 0.0 if begin is None else sample.stamp_ns - begin.stamp_ns
        if begin is None or elapsed_ns < 0 or elapsed_ns > _LONGEST * self._period_ns:
            self._gaps = [*self._gaps[-1:], elapsed_ns] if elapsed_ns > 0 else []
            self._begin = sample
            return None
        # The next one is expected as long after this one as this one came after the last.
        if elapsed_ns + since_last_ns / 2 < self._period_ns:
            return None
        self._begin = sample
        self._gaps = []
        if self._cost is None or self._features is None:
            return None
        positions = torch.from_numpy(np.stack([begin.joint_positions, sample.joint_positions]))
        velocities = torch.from_numpy(np.stack([begin.joint_velocities, sample.joint_velocities]))
        action = self._actions(positions, velocities, elapsed_ns / _NS_PER_S)[0] / self._scale
        if self._actions.space is ActionSpace.POSITION_INCREMENT:
            action = action * self._period_ns / elapsed_ns  # others are rates
        state = self._kinematics.arm_state(positions[0], velocities[0])
        with torch.inference_mode():
            return -float(self._cost.evaluate(self._features(state), action))
