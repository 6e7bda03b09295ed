# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hand-guided demonstrations succeed, stay inside the arm's limits and repeat with their seed."""

import numpy as np
import pytest
import torch

from irl_ros.core.arm import ARM_NAMES
from irl_ros.core.errors import RolloutError
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import demonstrate, teach
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.hand import HandConfig

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module", params=ARM_NAMES)
def taught(request):
    with DishSimulator(SimulationConfig(arm=request.param)) as simulator:
        yield simulator, teach(simulator, seed=0)


def test_twenty_demonstrations_of_nine_slots(taught):
    simulator, teaching = taught
    demonstrations = teaching.demonstrations()
    assert len(demonstrations) == 20
    assert demonstrations.trajectories.states.shape == (20, 100, 32)
    assert demonstrations.trajectories.actions.shape == (20, 100, 7)
    slots = [take.slot for take in teaching.kept]
    assert tuple(slots) == simulator.task.take_slots
    assert len(teaching.kept) / len(teaching.takes) >= 0.8
    assert all(take.outcome.success for take in teaching.kept)


def test_recorded_motion_stays_inside_the_limits(taught):
    simulator, teaching = taught
    limits = simulator.arm.limits
    states = teaching.demonstrations().trajectories.states.numpy()
    assert (np.abs(states[..., 7:14]) < 0.6 * limits.velocity).all()
    assert (states[..., :7] > limits.lower + 0.1).all()
    assert (states[..., :7] < limits.upper - 0.1).all()


def test_the_plate_ends_at_the_target(taught):
    _, teaching = taught
    for take in teaching.kept:
        end = take.trajectory.states[0, -1, 14:17].numpy()
        np.testing.assert_allclose(end, take.target.position, atol=0.02)


def test_actions_explain_the_recorded_velocities(taught):
    """Applied to the lag model of the arm, the actions give the recorded velocities back."""
    _, teaching = taught
    trajectories = teaching.demonstrations().trajectories
    velocities = trajectories.states[..., 7:14]
    share = -np.expm1(-1.0)
    predicted = velocities + share * (trajectories.actions - velocities)
    torch.testing.assert_close(predicted[:, :-1], velocities[:, 1:])


def test_a_take_repeats_with_its_seed(taught):
    simulator, teaching = taught
    take = teaching.takes[7]
    again = demonstrate(simulator, take.slot, take.seed)
    torch.testing.assert_close(again.trajectory.states, take.trajectory.states, rtol=0.0, atol=0.0)
    assert again.outcome == take.outcome


def test_a_hopeless_hand_gives_up():
    with DishSimulator() as simulator, pytest.raises(RolloutError, match="2 takes for slot 3"):
        # A hand too weak to move the arm drops the plate where it was.
        teach(
            simulator,
            0,
            slots=[3],
            hand=HandConfig(stiffness=1.0, damping=0.0),
            attempts_per_take=2,
        )
