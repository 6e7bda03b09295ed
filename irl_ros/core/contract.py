# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a policy and an arm must agree on before one runs on the other."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from irl_ros.core.action import ActionSpace
from irl_ros.core.errors import DataError
from irl_ros.core.pose import Pose


@dataclass(frozen=True)
class ExecutionContract:
    """The conditions under which a policy was learned; it travels inside the policy's file.

    Attributes:
        arm: Name of the arm.
        joint_names: Joints in the order of the policy's states and actions.
        action_space: Meaning of the actions, a value of `ActionSpace`.
        control_period: Time between two actions, s.
        start: Joint positions from which the policy starts, rad.
        target: Pose of the tool in the arm's base when the task is done.
        action_scale: What an action of 1 means for each joint, rad/s, N m or rad; empty: 1.
    """

    arm: str
    joint_names: tuple[str, ...]
    action_space: str
    control_period: float
    start: tuple[float, ...]
    target: Pose
    action_scale: tuple[float, ...] = ()

    def check_actions(self, joints: int) -> None:
        """Check that actions are of a known kind and their scale is one for an arm.

        Args:
            joints: Number of the arm's joints.

        Raises:
            DataError: If they are not.
        """
        scale = self.action_scale
        if scale and not (len(scale) == joints and all(0.0 < each < math.inf for each in scale)):
            raise DataError(
                f"the action scale is {scale}; it needs a number greater than 0 for each of "
                f"{joints} joints"
            )
        known = [space.value for space in ActionSpace]
        if self.action_space not in known:
            raise DataError(
                f"the actions are of the kind {self.action_space!r}; known are {', '.join(known)}"
            )

    def to_metadata(self) -> dict[str, str]:
        """Return the contract as the string map that a weight file carries."""
        values = {
            "arm": self.arm,
            "joint_names": list(self.joint_names),
            "action_space": self.action_space,
            "control_period": self.control_period,
            "start": list(self.start),
            "target_position": self.target.position.tolist(),
            "target_quaternion": self.target.quaternion.tolist(),
            "action_scale": list(self.action_scale),
        }
        return {name: json.dumps(value) for name, value in values.items()}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str]) -> "ExecutionContract":
        """Read the contract from the metadata of a weight file.

        Raises:
            DataError: If an entry is missing or malformed.
        """
        try:
            values = {name: json.loads(metadata[name]) for name in _ENTRIES}
            # Not in files of the first version, whose actions have scale 1.
            scale = json.loads(metadata.get("action_scale", "[]"))
            return ExecutionContract(
                arm=str(values["arm"]),
                joint_names=tuple(str(name) for name in values["joint_names"]),
                action_space=str(values["action_space"]),
                control_period=float(values["control_period"]),
                start=tuple(float(value) for value in values["start"]),
                target=Pose(
                    np.array(values["target_position"], dtype=np.float64),
                    np.array(values["target_quaternion"], dtype=np.float64),
                ),
                action_scale=tuple(float(value) for value in scale),
            )
        except KeyError as error:
            raise DataError(
                f"the policy's metadata lacks {error}; train it again with this version"
            ) from error
        except (TypeError, ValueError) as error:
            raise DataError(f"the policy's metadata is malformed: {error}") from error


_ENTRIES = (
    "arm",
    "joint_names",
    "action_space",
    "control_period",
    "start",
    "target_position",
    "target_quaternion",
)
