# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The peg fits into the hole and nowhere else, and its rollouts are reproducible."""

import numpy as np
import pytest
import torch

from irl_ros.core.errors import RolloutError
from irl_ros.core.kinematics import Kinematics, inverse_kinematics
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.pose import Pose, quaternion_from_rotation
from irl_ros.core.rollout import RolloutSource
from irl_ros.sim.peg import PegRollouts, peg
from irl_ros.sim.peg_world import HOLE_DEPTH, PEG_REACH, TARGET_HEIGHT, PegWorld

pytestmark = pytest.mark.sim

HOLE = np.array([0.47, 0.02])


def posture(world: PegWorld, tip: tuple[float, float, float]) -> np.ndarray:
    """Return joint positions that put the upright peg's tip at a place, m."""
    kinematics = Kinematics(world.arm)
    rotation, _ = kinematics.tool_pose(torch.from_numpy(world.arm.home.copy()))
    middle = np.array(tip) + np.array([0, 0, PEG_REACH])
    pose = Pose(middle, quaternion_from_rotation(rotation.numpy()))
    return inverse_kinematics(kinematics, pose, world.arm.home.copy())


@pytest.fixture(scope="module")
def world():
    world = PegWorld()
    yield world
    world.close()
    world.close()


def at(world: PegWorld, tip: tuple[float, float, float]) -> float:
    """Return the contact force after the arm has tried to stand still at a place."""
    world.reset(posture(world, tip), HOLE)
    world.follow(np.zeros(7), 4)
    return world.contact_force()


def test_the_target_is_free_and_the_block_is_not(world):
    x, y = HOLE
    assert at(world, (x, y, TARGET_HEIGHT)) == 0
    assert at(world, (x, y, TARGET_HEIGHT + HOLE_DEPTH + 0.01)) == 0
    assert at(world, (x + 0.04, y, TARGET_HEIGHT + HOLE_DEPTH + 0.002)) == 0
    assert at(world, (x + 0.04, y, TARGET_HEIGHT + HOLE_DEPTH - 0.005)) > 0
    assert at(world, (x, y, TARGET_HEIGHT - 0.008)) > 0


def test_velocities_are_followed(world):
    world.reset(world.arm.home.copy(), HOLE)
    wanted = np.array([0.1, -0.2, 0.1, 0.1, -0.1, 0.2, 0.3])
    world.follow(wanted, 72)
    np.testing.assert_allclose(world.joint_state()[1], wanted, atol=5e-3)


@pytest.fixture(scope="module")
def source():
    source = PegRollouts(torch.from_numpy(HOLE))
    yield source
    source.close()


@pytest.fixture(scope="module")
def inserting(world):
    """Go over the hole, then down, by feedback on the joint positions."""
    x, y = HOLE
    above = posture(world, (x, y, TARGET_HEIGHT + HOLE_DEPTH + 0.03))
    inside = posture(world, (x, y, TARGET_HEIGHT))
    gains = torch.zeros(100, 7, 26, dtype=torch.float64)
    gains[:, :, :7] = -3.0 * torch.eye(7, dtype=torch.float64)
    share = torch.linspace(-1.0, 1.5, 100, dtype=torch.float64).clamp(0.0, 1.0).unsqueeze(1)
    goals = torch.from_numpy(above) + share * torch.from_numpy(inside - above)
    variance = 1e-4 * torch.eye(7, dtype=torch.float64)
    return LinearGaussianController(gains, 3.0 * goals, variance.repeat(100, 1, 1))


def test_the_peg_can_be_inserted(source, inserting):
    checked: RolloutSource = source
    rollouts = checked.sample(inserting, 2, seed=0)
    assert rollouts.successes == 2
    assert max(each.slot_offset for each in rollouts.outcomes) < 0.02
    tip = rollouts.trajectories.states[:, -1, 14:17]
    expected = torch.tensor([*HOLE, TARGET_HEIGHT]).double().expand(2, 3)
    torch.testing.assert_close(tip, expected, atol=0.02, rtol=0)


def test_rollouts_depend_on_seed_and_number_alone(source, inserting):
    one = source.sample(inserting, 1, seed=3).trajectories
    two = source.sample(inserting, 2, seed=3).trajectories
    assert torch.equal(one.states, two.states[:1])
    assert not torch.equal(two.actions[0], two.actions[1])


def test_bad_arguments_are_refused(inserting):
    source = PegRollouts(torch.from_numpy(HOLE))
    with pytest.raises(RolloutError, match="at least 1"):
        source.sample(inserting, 0, 0)
    source.close()
    with pytest.raises(RolloutError, match="closed"):
        source.sample(inserting, 1, 0)


def test_the_experiment_is_that_of_the_paper():
    experiment = peg()
    assert experiment.shown.shape == (16, 2)
    assert experiment.demonstrations == 20
    assert (experiment.network.hidden, experiment.network.features) == ((52, 52), 100)
    holes = torch.cat([experiment.shown, experiment.tested])
    assert float((holes.amax(0) - holes.amin(0)).max()) <= 0.1
    # A rollout's state is what the cost expects: all inputs vanish at the target but the joints'.
    features = experiment.features(torch.from_numpy(HOLE))
    state = torch.zeros(26, dtype=torch.float64)
    state[14:20] = torch.tensor([*HOLE, TARGET_HEIGHT, *HOLE, TARGET_HEIGHT + PEG_REACH])
    assert float(features(state)[14:].abs().max()) < 1e-12
