# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rotation formulas agree with each other and with SciPy-free definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irl_ros.core.errors import DataError
from irl_ros.core.pose import (
    Pose,
    quaternion_from_rotation,
    rotation_from_quaternion,
    rotation_from_vector,
    rotation_vector,
)

vectors = st.tuples(*[st.floats(-1.8, 1.8)] * 3).map(np.array)


@given(vectors)
def test_rotation_vector_round_trip(vector):
    rotation = rotation_from_vector(vector)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    # Half a turn is the same in both directions; below it the vector comes back.
    if np.linalg.norm(vector) < np.pi - 1e-3:
        np.testing.assert_allclose(rotation_vector(rotation), vector, atol=1e-9)


@given(vectors)
def test_quaternion_round_trip(vector):
    rotation = rotation_from_vector(vector)
    quaternion = quaternion_from_rotation(rotation)
    assert quaternion[3] >= 0
    np.testing.assert_allclose(rotation_from_quaternion(quaternion), rotation, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_turns(axis):
    rotation = -np.eye(3)
    rotation[axis, axis] = 1.0
    np.testing.assert_allclose(
        rotation_from_quaternion(quaternion_from_rotation(rotation)), rotation, atol=1e-12
    )


def test_quarter_turn_about_z_takes_x_to_y():
    rotation = rotation_from_vector(np.array([0.0, 0.0, np.pi / 2]))
    np.testing.assert_allclose(rotation[:, 0], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("position", "quaternion"),
    [
        (np.zeros(3), np.zeros(4)),
        (np.array([0, np.nan, 0]), np.array([0, 0, 0, 1.0])),
        (np.zeros(3), np.array([0, 0, 0, 1.1])),
    ],
)
def test_bad_poses_are_refused(position, quaternion):
    with pytest.raises(DataError):
        Pose(position, quaternion)
