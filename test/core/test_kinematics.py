# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Forward kinematics against published numbers and finite differences."""

import numpy as np
import pytest
import torch

from irl_ros.core.arm import ARM_NAMES, load_arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.kinematics import POINT_DISTANCE, Kinematics, inverse_kinematics
from irl_ros.core.pose import Pose, quaternion_from_rotation

# Distance from flange to plate centre: hand frame to plate.
PLATE = 0.185


@pytest.fixture(params=ARM_NAMES)
def arm(request):
    return load_arm(request.param)


@pytest.fixture
def postures(arm):
    generator = np.random.default_rng(3)
    limits = arm.limits
    return torch.from_numpy(generator.uniform(limits.lower, limits.upper, (6, 7)))


def test_panda_agrees_with_its_denavit_hartenberg_parameters(postures):
    """Craig's convention: Rot_x(alpha) Trans_x(a) Rot_z(q) Trans_z(d), joint by joint."""
    arm = load_arm("panda")
    a = [0, 0, 0, 0.0825, -0.0825, 0, 0.088]
    d = [0.333, 0, 0.316, 0, 0.384, 0, 0]
    alpha = np.array([0, -1, 1, 1, -1, 1, 1]) * np.pi / 2
    for q in postures.numpy():
        pose = np.eye(4)
        for i in range(7):
            ca, sa, cq, sq = np.cos(alpha[i]), np.sin(alpha[i]), np.cos(q[i]), np.sin(q[i])
            pose = pose @ np.array(
                [
                    [cq, -sq, 0, a[i]],
                    [sq * ca, cq * ca, -sa, -d[i] * sa],
                    [sq * sa, cq * sa, ca, d[i] * ca],
                    [0, 0, 0, 1],
                ]
            )
        rotation, position = Kinematics(arm).tool_pose(torch.from_numpy(q))
        flange_to_plate = pose[:3, :3] @ np.array([0, 0, 0.107 + PLATE]) + pose[:3, 3]
        np.testing.assert_allclose(position.numpy(), flange_to_plate, atol=1e-12)
        np.testing.assert_allclose(rotation[:, 2].numpy(), pose[:3, 2], atol=1e-12)


def test_iiwa_stands_upright_at_zero():
    rotation, position = Kinematics(load_arm("iiwa14")).tool_pose(torch.zeros(7).double())
    height = 0.360 + 0.420 + 0.400 + 0.126 + PLATE
    np.testing.assert_allclose(position.numpy(), [0, 0, height], atol=1e-12)
    np.testing.assert_allclose(rotation[:, 2].numpy(), [0, 0, 1], atol=1e-12)


def test_iiwa_agrees_with_a_planar_arm():
    q = torch.zeros(7, dtype=torch.float64)
    q[1], q[3], q[5] = 0.4, -0.9, 0.7
    _, position = Kinematics(load_arm("iiwa14")).tool_pose(q)
    # A2 and A6 turn about +y, A4 about -y: angles from the vertical add up with these signs.
    first, second, third = 0.4, 0.4 + 0.9, 0.4 + 0.9 + 0.7
    lengths = np.array([0.42, 0.40, 0.126 + PLATE])
    angles = np.array([first, second, third])
    expected = [lengths @ np.sin(angles), 0.0, 0.36 + lengths @ np.cos(angles)]
    np.testing.assert_allclose(position.numpy(), expected, atol=1e-12)


def test_tool_points_belong_to_the_tool_pose(arm, postures):
    kinematics = Kinematics(arm)
    rotation, position = kinematics.tool_pose(postures)
    points = kinematics.tool_points(postures)
    torch.testing.assert_close(points[:, 0], position)
    torch.testing.assert_close(points[:, 1] - position, POINT_DISTANCE * rotation[..., 2])
    torch.testing.assert_close(points[:, 2] - position, POINT_DISTANCE * rotation[..., 0])


def test_jacobian_is_the_derivative_of_the_pose(arm, postures):
    kinematics = Kinematics(arm)
    for q in postures:
        jacobian = kinematics.jacobian(q)
        linear = torch.autograd.functional.jacobian(lambda p: kinematics.tool_pose(p)[1], q)
        torch.testing.assert_close(jacobian[:3], linear)
        rotation, _ = kinematics.tool_pose(q)
        turning = torch.autograd.functional.jacobian(lambda p: kinematics.tool_pose(p)[0], q)
        for joint in range(7):
            # dR R^T is the cross product matrix of the angular velocity.
            skew = turning[..., joint] @ rotation.T
            angular = torch.stack([skew[2, 1], skew[0, 2], skew[1, 0]])
            torch.testing.assert_close(jacobian[3:, joint], angular)


def test_state_velocities_are_finite_differences_of_the_points(arm, postures):
    kinematics = Kinematics(arm)
    rates = torch.from_numpy(np.random.default_rng(4).normal(size=postures.shape))
    step = 1e-6
    state = kinematics.arm_state(postures, rates)
    ahead = kinematics.tool_points(postures + step * rates)
    behind = kinematics.tool_points(postures - step * rates)
    difference = ((ahead - behind) / (2 * step)).flatten(start_dim=1)
    torch.testing.assert_close(state[:, :7], postures)
    torch.testing.assert_close(state[:, 7:14], rates)
    torch.testing.assert_close(
        state[:, 14:23], kinematics.tool_points(postures).flatten(start_dim=1)
    )
    torch.testing.assert_close(state[:, 23:], difference, atol=1e-8, rtol=1e-6)


def test_a_batch_is_the_same_as_its_members(arm, postures):
    kinematics = Kinematics(arm)
    batch = kinematics.arm_state(postures.reshape(2, 3, 7), postures.reshape(2, 3, 7))
    for index in range(6):
        single = kinematics.arm_state(postures[index], postures[index])
        torch.testing.assert_close(batch.reshape(6, 32)[index], single)


def test_a_measured_state_is_a_state(arm, postures):
    kinematics = Kinematics(arm)
    rates = torch.from_numpy(np.random.default_rng(4).normal(size=(6, 7)))
    for q, qd in zip(postures, rates, strict=True):
        torch.testing.assert_close(
            kinematics.measured_state(q.numpy(), qd.numpy()),
            kinematics.arm_state(q, qd),
            rtol=0.0,
            atol=1e-14,
        )


def test_tool_motion_is_pose_and_twist(arm, postures):
    kinematics = Kinematics(arm)
    rotation, position, linear, angular = kinematics.tool_motion(postures[0], postures[1])
    state = kinematics.arm_state(postures[0], postures[1]).numpy()
    np.testing.assert_allclose(position, state[14:17])
    np.testing.assert_allclose(linear, state[23:26])
    arm_of_force = POINT_DISTANCE * rotation[:, 2]
    np.testing.assert_allclose(linear + np.cross(angular, arm_of_force), state[26:29])


def test_inverse_kinematics_reaches_a_pose(arm):
    kinematics = Kinematics(arm)
    rotation, position = kinematics.tool_pose(torch.from_numpy(arm.home.copy()))
    wanted = Pose(
        position.numpy() + np.array([0.05, -0.15, -0.1]),
        quaternion_from_rotation(rotation.numpy()),
    )
    q = inverse_kinematics(kinematics, wanted, arm.home)
    reached_rotation, reached = kinematics.tool_pose(torch.from_numpy(q))
    np.testing.assert_allclose(reached.numpy(), wanted.position, atol=1e-7)
    np.testing.assert_allclose(reached_rotation.numpy(), wanted.rotation, atol=1e-7)
    assert (q > arm.limits.lower).all()
    assert (q < arm.limits.upper).all()


def test_inverse_kinematics_refuses_what_is_out_of_reach(arm):
    far = Pose(np.array([2.0, 0.0, 0.5]), np.array([1.0, 0.0, 0.0, 0.0]))
    with pytest.raises(ParameterError, match="inside the arm's reach"):
        inverse_kinematics(Kinematics(arm), far, arm.home)


@pytest.mark.parametrize("name", ["panda", "iiwa14"])
def test_the_derivative_of_the_state_agrees_with_finite_differences(name: str) -> None:
    arm = load_arm(name)
    kinematics = Kinematics(arm)
    generator = torch.Generator().manual_seed(0)
    home = torch.cat([torch.tensor(arm.home), torch.zeros(7, dtype=torch.float64)])
    leading = home + 0.5 * torch.randn(2, 3, 14, generator=generator, dtype=torch.float64)

    def state(z: torch.Tensor) -> torch.Tensor:
        return kinematics.arm_state(z[..., :7], z[..., 7:])

    jacobian = kinematics.state_jacobian(leading[..., :7], leading[..., 7:])
    for index in range(14):
        nudge = torch.zeros(14, dtype=torch.float64)
        nudge[index] = 1e-6
        change = (state(leading + nudge) - state(leading - nudge)) / 2e-6
        torch.testing.assert_close(jacobian[..., index], change, atol=1e-8, rtol=1e-6)


def test_inertia_gives_the_kinetic_energy_of_the_links(arm, postures):
    """Link by link from its pseudo-inertia, velocities by finite differences."""
    kinematics = Kinematics(arm)
    step = 1e-6
    rates = torch.from_numpy(np.random.default_rng(5).normal(size=postures.shape))
    for q, qd in zip(postures, rates, strict=True):
        ahead, behind = kinematics._frames(q + step * qd), kinematics._frames(q - step * qd)
        energy = 0.0
        for joint, after, before in zip(arm.chain.joints, ahead, behind, strict=True):
            values, vectors = np.linalg.eigh(joint.pseudo_inertia)
            velocities = ((after - before) / (2 * step)).numpy() @ vectors
            energy += 0.5 * float((values * velocities**2).sum())
        by_matrix = 0.5 * qd @ kinematics.joint_inertia(q) @ qd
        assert float(by_matrix) == pytest.approx(energy, rel=1e-7)
