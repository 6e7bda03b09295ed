# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations that missed their slot, and grades that say so."""

import pytest
import torch

from irl_ros.benchmark.misplaced import EVERY, GRADE, MISS, misplaced
from irl_ros.core.arm import load_arm
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.arm_problem import arm_problem


def _demonstrations(offset: float) -> Demonstrations:
    """Return the same motions, for targets moved along the rack by an offset in every fourth."""
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(8, 5, STATE_DIM, generator=generator, dtype=torch.float64)
    actions = torch.randn(8, 5, 7, generator=generator, dtype=torch.float64)
    targets = []
    for index in range(8):
        pose = DishTask().target_pose(index)
        moved = pose.position.copy()
        if index % EVERY == EVERY - 1:
            moved[1] += offset
        targets.append(Pose(moved, pose.quaternion))
    return Demonstrations(
        Trajectories(states, actions),
        tuple(targets),
        torch.ones(8, dtype=torch.float64),
        tuple(range(8)),
        0.05,
        "panda",
        "dish",
    )


@pytest.mark.parametrize("graded", [True, False])
def test_a_miss_is_what_another_target_of_the_same_motion_looks_like(*, graded: bool) -> None:
    target, arm = DishTask().target_pose(4), load_arm("panda")
    found = misplaced(arm_problem(_demonstrations(0.0), target, arm), graded=graded)
    expected = arm_problem(_demonstrations(-MISS), target, arm)
    torch.testing.assert_close(found.inputs, expected.inputs)
    torch.testing.assert_close(found.contexts, expected.contexts)
    bad = found.weights < 1
    assert bad.tolist() == [graded and index % EVERY == EVERY - 1 for index in range(8)]
    if graded:
        assert found.weights[bad].tolist() == [GRADE] * 2
