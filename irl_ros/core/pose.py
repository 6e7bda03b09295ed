# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rigid pose and the few rotation formulas that poses need."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import DataError


@dataclass(frozen=True)
class Pose:
    """Position and orientation of one frame in another.

    Attributes:
        position: Origin of the frame, m.
        quaternion: Orientation, unit quaternion (x, y, z, w).

    Raises:
        DataError: If a value is not finite or the quaternion's norm is not 1.
    """

    position: Float[ndarray, " 3"]
    quaternion: Float[ndarray, " 4"]

    def __post_init__(self) -> None:
        """Check the values and store own copies that nobody can change."""
        position = np.array(self.position, dtype=np.float64)
        quaternion = np.array(self.quaternion, dtype=np.float64)
        if position.shape != (3,) or quaternion.shape != (4,):
            raise DataError(
                f"position {position.shape} and quaternion {quaternion.shape} must have 3 and 4 "
                "values"
            )
        if not (np.isfinite(position).all() and np.isfinite(quaternion).all()):
            raise DataError(f"pose {position}, {quaternion} is not finite; give finite numbers")
        norm = float(np.linalg.norm(quaternion))
        if abs(norm - 1.0) > 1e-3:
            raise DataError(f"quaternion {quaternion} has norm {norm:.4g}; give a unit quaternion")
        quaternion = quaternion / norm
        position.setflags(write=False)
        quaternion.setflags(write=False)
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "quaternion", quaternion)

    @property
    def rotation(self) -> Float[ndarray, "3 3"]:
        """Orientation as a rotation matrix; its columns are the frame's axes."""
        return rotation_from_quaternion(self.quaternion)


def rotation_from_quaternion(quaternion: Float[ndarray, " 4"]) -> Float[ndarray, "3 3"]:
    """Return the rotation matrix of a unit quaternion (x, y, z, w)."""
    x, y, z, w = (float(value) for value in quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_rotation(rotation: Float[ndarray, "3 3"]) -> Float[ndarray, " 4"]:
    """Return the unit quaternion (x, y, z, w), w >= 0, of a rotation matrix.

    The largest of the four components is computed first, so no division is by a small number
    (Shepperd 1978).
    """
    r = rotation
    trace = r[0, 0] + r[1, 1] + r[2, 2]
    squares = np.array([r[0, 0], r[1, 1], r[2, 2], trace])
    largest = int(np.argmax(squares))
    q = np.empty(4)
    if largest == 3:
        q[3] = 1.0 + trace
        q[:3] = r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        q[i] = 1.0 + r[i, i] - r[j, j] - r[k, k]
        q[j] = r[j, i] + r[i, j]
        q[k] = r[k, i] + r[i, k]
        q[3] = r[k, j] - r[j, k]
    q /= np.linalg.norm(q)
    return -q if q[3] < 0 else q


def rotation_vector(rotation: Float[ndarray, "3 3"]) -> Float[ndarray, " 3"]:
    """Return the rotation vector (axis times angle, rad) of a rotation matrix."""
    x, y, z, w = quaternion_from_rotation(rotation)
    length = math.sqrt(x * x + y * y + z * z)
    # sin(angle / 2) ~ angle / 2 for small angles, where the quotient below would be 0 / 0.
    scale = 2.0 if length < 1e-9 else 2.0 * math.atan2(length, w) / length
    return scale * np.array([x, y, z])


def rotation_from_vector(vector: Float[ndarray, " 3"]) -> Float[ndarray, "3 3"]:
    """Return the rotation matrix of a rotation vector (axis times angle, rad)."""
    angle = float(np.linalg.norm(vector))
    scale = 0.5 if angle < 1e-9 else math.sin(angle / 2) / angle
    quaternion = np.append(scale * np.asarray(vector), math.cos(angle / 2))
    return rotation_from_quaternion(quaternion / np.linalg.norm(quaternion))
