# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Joint values are matched by name, and everything else is refused."""

import itertools

import numpy as np
import pytest

from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import match_joints

WANTED = ("a", "b", "c")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_values_follow_their_names(order: tuple[int, ...]) -> None:
    names = [WANTED[i] for i in order]
    sample = match_joints(
        7, names, [float(i) for i in order], [10.0 + i for i in order], [], WANTED
    )
    assert sample.stamp_ns == 7
    np.testing.assert_array_equal(sample.joint_positions, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(sample.joint_velocities, [10.0, 11.0, 12.0])
    assert sample.joint_efforts is None


def test_extra_joints_may_be_left_out() -> None:
    values = [0.0, 1.0, 2.0, 3.0]
    sample = match_joints(
        0, ["a", "f", "b", "c"], values, values, values, WANTED, ignore_extra=True
    )
    np.testing.assert_array_equal(sample.joint_positions, [0.0, 2.0, 3.0])
    np.testing.assert_array_equal(sample.joint_efforts, [0.0, 2.0, 3.0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "positions", "velocities", "efforts", "told"),
    [
        (["a", "b"], [0.0] * 2, [0.0] * 2, [], r"got 2 joints, expected the 3.*missing \['c'\]"),
        (["a", "b", "c", "d"], [0.0] * 4, [0.0] * 4, [], r"unknown \['d'\]"),
        (["a", "b", "x"], [0.0] * 3, [0.0] * 3, [], r"missing \['c'\]; unknown \['x'\]"),
        (["a", "b", "b"], [0.0] * 3, [0.0] * 3, [], r"\['b'\] occur more than once"),
        (["a", "b", "c"], [0.0] * 2, [0.0] * 3, [], "2 position values for 3 joints"),
        (["a", "b", "c"], [0.0] * 3, [], [], "0 velocity values for 3 joints"),
        (["a", "b", "c"], [0.0] * 3, [0.0] * 3, [0.0], "1 effort values for 3 joints"),
        (["c", "b", "a"], [float("nan"), 0.0, 0.0], [0.0] * 3, [], "position of c is nan"),
        (["a", "b", "c"], [0.0] * 3, [0.0, float("inf"), 0.0], [], "velocity of b is inf"),
        (["a", "b", "c"], [0.0] * 3, [0.0] * 3, [0.0, 0.0, 1e7], r"effort of c is 1e?\+?0*7?"),
        ([], [], [], [], "got 0 joints"),
    ],
)
def test_what_is_not_the_arm_is_refused(
    names: list[str],
    positions: list[float],
    velocities: list[float],
    efforts: list[float],
    told: str,
) -> None:
    with pytest.raises(DataError, match=told):
        match_joints(0, names, positions, velocities, efforts, WANTED)
