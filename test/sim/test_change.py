# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Free changes: of commands, start, rack and plate, on top of a named condition."""

import math

import numpy as np
import pybullet
import pytest
import torch

from irl_ros.core.errors import ParameterError
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.sim.change import ChangeConfig
from irl_ros.sim.config import CONDITIONS, SimulationConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.world import World

pytestmark = pytest.mark.sim


@pytest.mark.parametrize("condition", CONDITIONS)
def test_nothing_changes_by_default(condition: str) -> None:
    config = SimulationConfig(condition=condition)
    named = CONDITIONS[condition]
    np.testing.assert_array_equal(config.mismatch.gain, named.mismatch.gain)
    np.testing.assert_array_equal(config.mismatch.bias, named.mismatch.bias)
    assert config.start_shift == named.start_shift
    assert config.change.task() == DishTask()


def test_changes_add_to_the_condition() -> None:
    change = ChangeConfig(gain=(0.5,) * 7, bias=(0.01,) * 7, start_shift=(0.0, 0.0, 0.02))
    config = SimulationConfig(condition="mismatched", change=change)
    named = CONDITIONS["mismatched"].mismatch
    np.testing.assert_allclose(config.mismatch.gain, 0.4)
    np.testing.assert_allclose(config.mismatch.bias, named.bias + 0.01)
    shifted = SimulationConfig(condition="shifted", change=change)
    assert shifted.start_shift == pytest.approx((-0.05, 0.25, -0.03))


@pytest.mark.parametrize(
    "values", [{"gain": (1.0,)}, {"start_shift": (0.0,)}, {"plate_mass": 0.0}, {"friction": -1.0}]
)
def test_bad_changes_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        ChangeConfig(**values)  # type: ignore[arg-type]


def test_a_moved_rack_takes_target_and_judge_along() -> None:
    change = ChangeConfig(rack_shift=(0.03, -0.05), rack_yaw=0.4)
    with DishSimulator(SimulationConfig(change=change)) as simulator:
        task = simulator.task
        plain = DishTask().target_pose(4)
        turn = np.array([[math.cos(0.4), -math.sin(0.4)], [math.sin(0.4), math.cos(0.4)]])
        old = plain.position[:2] - [0.5, 0.0]
        np.testing.assert_allclose(
            simulator.target.position[:2], np.array([0.53, -0.05]) + turn @ old
        )
        rests = Pose(simulator.target.position, simulator.target.quaternion)
        still = np.zeros(3)
        assert task.judge(4, rests, still, still, 0.0).success
        assert not task.judge(4, plain, still, still, 0.0).success


def test_a_longer_rack_keeps_the_slots_it_had() -> None:
    longer = ChangeConfig(more_slots=2).task()
    for slot in range(10):
        np.testing.assert_allclose(
            longer.target_pose(slot).position, DishTask().target_pose(slot).position
        )
    beyond = longer.target_pose(-2).position - longer.target_pose(0).position
    np.testing.assert_allclose(beyond, [0.0, -2 * longer.rack.pitch, 0.0], atol=1e-12)
    assert longer.take_slots == DishTask().take_slots
    with pytest.raises(ParameterError, match="-2 to 11"):
        longer.target_pose(12)
    with pytest.raises(ParameterError, match="0 to 9"):
        DishTask().target_pose(10)


def test_the_arm_does_not_know_that_the_plate_is_heavier() -> None:
    def drop(mass: float) -> float:
        config = SimulationConfig(change=ChangeConfig(plate_mass=mass))
        with DishSimulator(config) as simulator:
            simulator.set_velocity_command(np.zeros(7))
            before = simulator.plate_motion()[0].position[2]
            simulator.step(240)
            return float(before - simulator.plate_motion()[0].position[2])

    assert abs(drop(0.35)) < 1e-4
    assert drop(0.2) < -1e-3 < 1e-3 < drop(0.5)


def test_the_arms_model_keeps_the_plate_it_was_described_with(panda_world: World) -> None:
    torques = panda_world.inverse_dynamics([0.0] * 7, [0.0] * 7, [0.0] * 7)
    with DishSimulator(SimulationConfig(change=ChangeConfig(plate_mass=1.0))) as heavy:
        again = heavy._world.inverse_dynamics([0.0] * 7, [0.0] * 7, [0.0] * 7)
    assert again == pytest.approx(torques, abs=1e-12)


@pytest.fixture
def panda_world():
    with DishSimulator() as simulator:
        yield simulator._world


def test_friction_slows_a_sliding_plate() -> None:
    def slid(friction: float) -> float:
        change = ChangeConfig(friction=friction, more_slots=0)
        with DishSimulator(SimulationConfig(change=change)) as simulator:
            world = simulator._world
            world.release_plate()
            flat = Pose(
                np.array([0.2, 0.5, 0.008]), np.array([0.0, math.sqrt(0.5), 0.0, math.sqrt(0.5)])
            )
            plate = world._free_plate
            pybullet.resetBasePositionAndOrientation(
                plate, flat.position, flat.quaternion, physicsClientId=world.client
            )
            pybullet.resetBaseVelocity(plate, (0.3, 0, 0), (0, 0, 0), physicsClientId=world.client)
            hold = [0.0] * 7
            for _ in range(120):
                world.step(hold)
            return float(world.plate_motion()[0].position[0]) - 0.2

    assert slid(0.05) > 2 * slid(0.8)


def test_a_changed_simulation_repeats() -> None:
    change = ChangeConfig(rack_yaw=0.2, plate_mass=0.5, friction=0.3, bias=(0.05,) * 7)

    def run() -> torch.Tensor:
        with DishSimulator(SimulationConfig(change=change)) as simulator:
            simulator.reset(3, 4)
            simulator.set_velocity_command(np.full(7, 0.1))
            simulator.step(240)
            return torch.tensor(simulator.joint_state().positions)

    assert torch.equal(run(), run())
