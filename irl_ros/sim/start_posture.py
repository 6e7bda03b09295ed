# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The posture in which attempts start."""

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import Arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.kinematics import Kinematics, inverse_kinematics
from irl_ros.core.pose import Pose, quaternion_from_rotation


def start_posture(
    arm: Arm, kinematics: Kinematics, shift: tuple[float, float, float]
) -> Float[ndarray, " joints"]:
    """Return the arm's home posture, or the one near it whose plate is displaced, rad.

    Args:
        arm: The arm with its limits.
        kinematics: Its geometry.
        shift: Displacement of the plate in the base frame, m.

    Raises:
        ParameterError: If the arm cannot reach it, or may not by its limits.
    """
    posture = arm.home
    if any(shift):
        rotation, position = kinematics.tool_pose(torch.from_numpy(posture.copy()))
        pose = Pose(position.numpy() + np.array(shift), quaternion_from_rotation(rotation.numpy()))
        posture = inverse_kinematics(kinematics, pose, posture)
    limits = arm.limits
    for name, position, low, high in zip(
        limits.names, posture, limits.lower, limits.upper, strict=True
    ):
        if not low <= position <= high:
            raise ParameterError(
                f"attempts start with {name} at {position:.4g} rad, outside its limits {low:.4g} "
                f"to {high:.4g} rad; widen limits.lower or limits.upper"
            )
    return posture
