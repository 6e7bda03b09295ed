# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated arm is the arm of the kinematics, and its physics is what it should be."""

import numpy as np
import pytest
import torch

from irl_ros.core.arm import ARM_NAMES, load_arm
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.task import DishTask
from irl_ros.sim.world import PHYSICS_RATE_HZ, World

pytestmark = pytest.mark.sim


@pytest.fixture(params=ARM_NAMES)
def arm(request):
    return load_arm(request.param)


@pytest.fixture
def world(arm):
    world = World(arm, DishTask())
    yield world
    world.close()


def test_kinematics_agree_with_pybullet(arm, world):
    kinematics = Kinematics(arm)
    generator = np.random.default_rng(0)
    for _ in range(20):
        q = generator.uniform(arm.limits.lower, arm.limits.upper)
        world.reset(q)
        pose, _, _ = world.plate_motion()
        rotation, position = kinematics.tool_pose(torch.from_numpy(q))
        np.testing.assert_allclose(pose.position, position.numpy(), atol=1e-6)
        np.testing.assert_allclose(pose.rotation, rotation.numpy(), atol=1e-6)


def test_inertia_agrees_with_pybullet(arm, world):
    kinematics = Kinematics(arm)
    generator = np.random.default_rng(1)
    for _ in range(20):
        q = generator.uniform(arm.limits.lower, arm.limits.upper)
        world.reset(q)
        still = [0.0] * 7
        gravity = np.array(world.inverse_dynamics(q.tolist(), still, still))
        columns = [
            world.inverse_dynamics(q.tolist(), still, unit) - gravity
            for unit in np.eye(7).tolist()
        ]
        inertia = kinematics.joint_inertia(torch.from_numpy(q)).numpy()
        np.testing.assert_allclose(np.array(columns).T, inertia, atol=1e-9)


def test_plate_velocity_agrees_with_the_jacobian(arm, world):
    kinematics = Kinematics(arm)
    world.reset(arm.home)
    positions, velocities = world.joint_state()
    for _ in range(20):
        wanted = np.linspace(-8.0, 8.0, 7).tolist()
        world.step(world.inverse_dynamics(positions, velocities, wanted))
        positions, velocities = world.joint_state()
    _, linear, angular = world.plate_motion()
    _, _, expected, turning = kinematics.tool_motion(
        torch.tensor(positions).double(), torch.tensor(velocities).double()
    )
    assert np.linalg.norm(expected) > 0.1
    np.testing.assert_allclose(linear, expected, atol=1e-6)
    np.testing.assert_allclose(angular, turning, atol=1e-6)


def test_inverse_dynamics_produce_the_wanted_acceleration(arm, world):
    world.reset(arm.home)
    positions, velocities = world.joint_state()
    wanted = [0.5, -1.0, 0.8, 1.0, -2.0, 1.5, 3.0]
    world.step(world.inverse_dynamics(positions, velocities, wanted))
    _, after = world.joint_state()
    np.testing.assert_allclose(np.array(after) * PHYSICS_RATE_HZ, wanted, rtol=1e-6)


def test_a_push_on_the_plate_acts_through_the_jacobian(arm, world):
    """J^T w, added as joint torques, cancels the hand's wrench: the arm stays where it is."""
    world.reset(arm.home)
    positions, velocities = world.joint_state()
    force, torque = np.array([4.0, -3.0, 5.0]), np.array([0.3, -0.2, 0.4])
    jacobian = Kinematics(arm).jacobian(torch.from_numpy(arm.home.copy())).numpy()
    cancelling = jacobian.T @ np.concatenate([force, torque])
    gravity = np.array(world.inverse_dynamics(positions, velocities, [0.0] * 7))
    world.push_plate(force.tolist(), torque.tolist())
    world.step((gravity - cancelling).tolist())
    np.testing.assert_allclose(world.joint_state()[1], 0.0, atol=1e-9)


def test_a_released_plate_falls_freely_and_leaves_the_arm_alone(arm, world):
    world.reset(arm.home)
    before, _, _ = world.plate_motion()
    world.release_plate()
    steps = 24
    for _ in range(steps):
        positions, velocities = world.joint_state()
        world.step(world.inverse_dynamics(positions, velocities, [0.0] * 7))
    after, linear, _ = world.plate_motion()
    duration = steps / PHYSICS_RATE_HZ
    assert linear[2] == pytest.approx(-9.81 * duration, rel=1e-3)
    fall = 9.81 * duration**2 / 2
    # The integrator is of first order: half a step of the final speed may be missing.
    error = 9.81 * duration / PHYSICS_RATE_HZ
    assert before.position[2] - after.position[2] == pytest.approx(fall, abs=error)
    np.testing.assert_allclose(world.joint_state()[0], arm.home, atol=1e-9)


def test_a_released_plate_keeps_the_velocity_of_the_gripper(arm, world):
    world.reset(arm.home)
    positions, velocities = world.joint_state()
    for _ in range(12):
        world.step(world.inverse_dynamics(positions, velocities, [4.0, 0, 0, 0, 0, 0, 0]))
        positions, velocities = world.joint_state()
    held = world.plate_motion()
    world.release_plate()
    free = world.plate_motion()
    assert np.linalg.norm(held[1]) > 0.05
    for one, other in zip(held[1:], free[1:], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    np.testing.assert_allclose(held[0].position, free[0].position, atol=1e-9)
