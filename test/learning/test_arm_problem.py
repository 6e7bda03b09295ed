# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an arm's learning problem says about the arm and about its target."""

import torch

from irl_ros.core.arm import load_arm
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.pose import Pose, quaternion_from_rotation
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.arm_problem import arm_problem

ARM = load_arm("panda")
KINEMATICS = Kinematics(ARM)


def still(count: int = 3, steps: int = 4) -> Demonstrations:
    """Return demonstrations that stand still, each at its own target."""
    home = torch.tensor(ARM.home)
    postures = [home + 0.05 * index for index in range(count)]
    states = torch.stack([KINEMATICS.arm_state(q, torch.zeros_like(q)) for q in postures])
    targets = []
    for q in postures:
        rotation, position = KINEMATICS.tool_pose(q)
        targets.append(Pose(position.numpy(), quaternion_from_rotation(rotation.numpy())))
    return Demonstrations(
        Trajectories(
            states.unsqueeze(1).repeat(1, steps, 1),
            torch.zeros(count, steps, 7, dtype=torch.float64),
        ),
        tuple(targets),
        torch.ones(count, dtype=torch.float64),
        tuple(range(count)),
        0.05,
        ARM.name,
        "dish",
    )


def test_cost_inputs_vanish_at_the_own_target() -> None:
    shown = still()
    problem = arm_problem(shown, shown.targets[1], ARM)
    torch.testing.assert_close(problem.inputs, torch.zeros(3, 4, 18).double(), atol=1e-9, rtol=0)
    there = problem.features(shown.trajectories.states[1])
    torch.testing.assert_close(there, torch.zeros(4, 18).double(), atol=1e-9, rtol=0)


def test_the_state_is_known_to_follow_from_the_joints() -> None:
    shown = still()
    coordinates = arm_problem(shown, shown.targets[0], ARM).coordinates
    assert coordinates is not None
    assert coordinates.count == 14
    states = shown.trajectories.states[:, 0]
    expected = KINEMATICS.state_jacobian(states[:, :7], states[:, 7:14])
    torch.testing.assert_close(coordinates.jacobian(states), expected)
