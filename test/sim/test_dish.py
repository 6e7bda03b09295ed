# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated arm at the dish task: commands, modes, forces, every way to fail."""

import math

import numpy as np
import pytest
import torch

from irl_ros.core.arm import ARM_NAMES
from irl_ros.core.arm_driver import LimitsConfig
from irl_ros.core.effort_guard import EffortGuard
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.kinematics import inverse_kinematics
from irl_ros.core.pose import Pose, quaternion_from_rotation, rotation_from_vector
from irl_ros.sim.config import CONDITIONS, ArmMismatch, SimulationConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.joint_drive import ArmMode
from irl_ros.sim.phase import Phase
from irl_ros.sim.world import PHYSICS_RATE_HZ

pytestmark = pytest.mark.sim

COMMAND = np.array([0.5, -0.2, 0.3, 0.4, -0.5, 0.3, 1.0])


@pytest.fixture(params=ARM_NAMES)
def simulator(request):
    with DishSimulator(SimulationConfig(arm=request.param)) as simulator:
        yield simulator


@pytest.fixture
def panda():
    with DishSimulator() as simulator:
        yield simulator


@pytest.mark.parametrize("command_steps", [2, 4, 8])
def test_a_held_arm_comes_to_rest_from_torques(simulator, command_steps):
    """Through its physics and its guard, as `policy_controller` commands it."""
    period = command_steps / PHYSICS_RATE_HZ
    guard = EffortGuard(simulator.arm.limits, simulator.kinematics, period)
    inertia = simulator.kinematics.joint_inertia(torch.tensor(simulator.arm.home)).numpy()
    fling = inertia @ np.array([4.0, -2.0, 4.0, 4.0, -4.0, 4.0, 4.0])
    guard.start()
    speeds = []
    for time in np.arange(0.0, 0.8, period):
        if time >= 0.2:
            guard.hold()
        joints = simulator.joint_state()
        speeds.append(np.abs(joints.velocities).max())
        simulator.set_effort_command(guard.step(fling, joints.positions, joints.velocities))
        simulator.step(command_steps)
    assert max(speeds) > 0.5
    assert speeds[-1] < 0.02


@pytest.mark.parametrize("command_steps", [2, 8])
@pytest.mark.parametrize("way", [-1, 1])
def test_an_arm_that_is_pushed_for_long_does_not_reach_its_ends(simulator, command_steps, way):
    """Through its physics, friction included; the guard brakes or, at the latest, trips."""
    period, limits = command_steps / PHYSICS_RATE_HZ, simulator.arm.limits
    guard = EffortGuard(limits, simulator.kinematics, period)
    guard.start()
    # These joints turn the arm about axes on which it does not meet table and rack.
    push = way * np.array([1.5, 0.0, 0.0, 0.0, 0.6, 0.0, 0.3])
    room = []
    for _ in range(round(7.0 / period)):
        joints = simulator.joint_state()
        room.append(np.minimum(limits.upper - joints.positions, joints.positions - limits.lower))
        simulator.set_effort_command(guard.step(push, joints.positions, joints.velocities))
        simulator.step(command_steps)
    nearest = np.min(room, axis=0)
    assert nearest[[0, 4, 6]].min() < 0.2
    assert nearest.min() > 0.005


def go_to(simulator, pose, *, seconds=1.5):
    """Bring the plate to a pose with velocity commands, straight in joint space."""
    goal = inverse_kinematics(simulator.kinematics, pose, simulator.arm.home)
    for _ in range(round(seconds * 60)):
        error = goal - simulator.joint_state().positions
        simulator.set_velocity_command(np.clip(5.0 * error, -0.8, 0.8))
        simulator.step(4)


def put(simulator, slot, offset=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0)):
    """Bring the plate over a slot, then down to a pose that may be displaced and turned."""
    target = simulator.task.target_pose(slot)
    rotation = rotation_from_vector(np.array(turn, dtype=float)) @ target.rotation
    quaternion = quaternion_from_rotation(rotation)
    above = Pose(target.position + np.array([0, 0, 0.15]) + np.array(offset), quaternion)
    go_to(simulator, above)
    for height in np.linspace(0.15, 0.0, 12):
        lower = target.position + np.array([0, 0, height]) + np.array(offset)
        go_to(simulator, Pose(lower, quaternion), seconds=0.1)
    go_to(simulator, Pose(target.position + np.array(offset), quaternion), seconds=0.4)


def test_gravity_compensation_holds_the_arm(simulator):
    before = simulator.joint_state().positions
    simulator.set_hand_guiding(True)
    simulator.step(2 * PHYSICS_RATE_HZ)
    np.testing.assert_allclose(simulator.joint_state().positions, before, atol=1e-9)
    assert np.abs(simulator.joint_state().efforts).max() > 5.0


def test_velocity_follows_a_command_exponentially(simulator):
    simulator.set_velocity_command(COMMAND)
    for steps in range(12, 61, 12):
        simulator.step(12)
        expected = COMMAND * -math.expm1(-steps / PHYSICS_RATE_HZ / 0.05)
        np.testing.assert_allclose(simulator.joint_state().velocities, expected, atol=1e-6)


def test_holding_stops_the_arm(simulator):
    simulator.set_velocity_command(COMMAND)
    simulator.step(60)
    simulator.hold()
    simulator.step(240)
    np.testing.assert_allclose(simulator.joint_state().velocities, 0.0, atol=1e-6)


def test_an_effort_accelerates_its_joint_only_as_far_as_the_limit(simulator):
    simulator.set_effort_command(np.array([0.0, 0, 0, 0, 0, 0, 1.0]))
    simulator.step(24)
    assert simulator.joint_state().velocities[6] > 0.2
    simulator.set_effort_command(np.full(7, 1e6))
    simulator.step(1)
    np.testing.assert_array_equal(simulator.joint_state().efforts, simulator.arm.limits.effort)


def test_a_hand_moves_the_guided_arm_but_hardly_the_holding_one(simulator):
    force, nothing = np.array([0.0, 15.0, 0.0]), np.zeros(3)
    travelled = {}
    for mode in (ArmMode.GUIDING, ArmMode.HOLDING):
        simulator.reset(1, 4)
        simulator.set_hand_guiding(mode is ArmMode.GUIDING)
        start = simulator.plate_motion()[0].position
        simulator.apply_hand_wrench(force, nothing)
        simulator.step(120)
        travelled[mode] = simulator.plate_motion()[0].position - start
        simulator.apply_hand_wrench(nothing, nothing)
    assert travelled[ArmMode.GUIDING][1] > 0.10
    assert abs(travelled[ArmMode.HOLDING][1]) < 0.2 * travelled[ArmMode.GUIDING][1]


def test_a_guided_arm_comes_to_rest_when_let_go(simulator):
    simulator.set_hand_guiding(True)
    simulator.apply_hand_wrench(np.array([0.0, 10.0, 0.0]), np.zeros(3))
    simulator.step(60)
    moving = np.abs(simulator.joint_state().velocities).max()
    simulator.apply_hand_wrench(np.zeros(3), np.zeros(3))
    simulator.step(5 * PHYSICS_RATE_HZ)
    assert np.abs(simulator.joint_state().velocities).max() < 0.05 * moving


def test_start_posture_varies_with_the_seed_and_only_with_it(panda):
    postures = {}
    for seed in (1, 2, 1):
        panda.reset(seed, 4)
        posture = panda.joint_state().positions
        if seed in postures:
            np.testing.assert_array_equal(posture, postures[seed])
        postures[seed] = posture
    spread = [np.random.default_rng(seed).standard_normal(7) * 0.01 for seed in (1, 2)]
    np.testing.assert_allclose(postures[1] - panda.arm.home, spread[0], atol=1e-12)
    np.testing.assert_allclose(postures[2] - panda.arm.home, spread[1], atol=1e-12)


@pytest.mark.parametrize("condition", ["mismatched", "biased"])
def test_a_mismatched_arm_understands_commands_wrongly(condition):
    mismatch = CONDITIONS[condition].mismatch
    with DishSimulator(SimulationConfig(condition=condition)) as simulator:
        simulator.set_velocity_command(COMMAND)
        simulator.step(120)
        expected = mismatch.gain * COMMAND + mismatch.bias
        np.testing.assert_allclose(simulator.joint_state().velocities, expected, atol=1e-4)
        simulator.hold()
        simulator.step(240)
        np.testing.assert_allclose(simulator.joint_state().velocities, 0.0, atol=1e-6)


def test_conditions_are_as_announced():
    mismatched = CONDITIONS["mismatched"].mismatch
    np.testing.assert_array_equal(mismatched.gain, 0.8)
    assert np.abs(mismatched.bias).max() == pytest.approx(0.1)
    np.testing.assert_array_equal(
        CONDITIONS["biased"].mismatch.bias, [0.05, 0, 0.05, 0, 0.05, 0, 0.05]
    )
    with pytest.raises(ParameterError, match="finite"):
        ArmMismatch(np.full(7, np.nan), np.zeros(7))
    with pytest.raises(ParameterError, match="give 7 each"):
        ArmMismatch(np.ones(6), np.zeros(6))


@pytest.mark.parametrize("arm", ARM_NAMES)
def test_the_shifted_start_is_where_it_should_be(arm):
    config = SimulationConfig(arm=arm, condition="shifted", posture_spread=0.0)
    with DishSimulator(config) as simulator:
        home = simulator.kinematics.tool_pose(torch.from_numpy(simulator.arm.home.copy()))
        pose = simulator.plate_motion()[0]
        shift = pose.position - home[1].numpy()
        np.testing.assert_allclose(shift, [-0.05, 0.25, -0.05], atol=1e-6)
        np.testing.assert_allclose(pose.rotation, home[0].numpy(), atol=1e-6)


def test_limits_of_another_arm_replace_those_of_the_description():
    gentle = LimitsConfig(acceleration=(3.0,) * 7, effort=(12.0,) * 7)
    with DishSimulator(SimulationConfig(limits=gentle)) as simulator:
        np.testing.assert_array_equal(simulator.arm.limits.acceleration, 3.0)
        np.testing.assert_array_equal(simulator.arm.limits.velocity[0], 2.175)
        simulator.set_effort_command(np.full(7, 1e3))
        simulator.step()
        np.testing.assert_array_equal(simulator.joint_state().efforts, 12.0)


def test_limits_that_forbid_the_start_posture_are_refused():
    elbow_stretched = LimitsConfig(lower=(-2.0, -1.7, -2.0, -1.0, -2.0, 0.0, -2.0))
    with pytest.raises(ParameterError, match=r"panda_joint4 at -2\.116 rad, outside .* -1 to"):
        DishSimulator(SimulationConfig(limits=elbow_stretched))
    with pytest.raises(ParameterError, match=r"limits\.jerk has 2 values"):
        DishSimulator(SimulationConfig(limits=LimitsConfig(jerk=(1.0, 2.0))))


def test_a_plate_put_into_its_slot_succeeds(simulator):
    for slot in (0, 4, 9):
        simulator.reset(slot, slot)
        put(simulator, slot)
        outcome = simulator.release()
        assert outcome.success, outcome.reason
        assert simulator.phase is Phase.JUDGED
        assert simulator.outcome == outcome
        assert 0.0 < outcome.peak_force < 60.0


@pytest.mark.parametrize("height", [0.0, 0.03])
def test_where_the_gripper_opened_is_kept(panda, height):
    put(panda, 4, (0, 0, height))
    outcome = panda.release()
    assert outcome.release_height == pytest.approx(height, abs=0.003)
    assert outcome.release_offset == pytest.approx(0.0, abs=0.003)
    assert outcome.release_tilt == pytest.approx(0.0, abs=0.03)


def test_the_resting_force_is_the_plates_weight(panda):
    put(panda, 4)
    panda.release()
    # Two rails at +-60 mm carry the disc: their normals lean, so their sum exceeds the weight.
    reach = panda.task.plate.radius + panda.task.rack.rail_radius
    lean = math.sqrt(1 - (panda.task.rack.rail_offset / reach) ** 2)
    weight = panda.task.plate.mass * 9.81
    assert panda.contact_force == pytest.approx(weight / lean, rel=0.2)


@pytest.mark.parametrize(
    ("slot", "offset", "turn", "reason"),
    [
        (5, (0, 0, 0), (0, 0, 0), "not in slot 4"),
        (4, (0, 0, 0.10), (0, 0, math.radians(80)), "not upright"),
        (4, (-0.22, 0, 0.03), (0, 0, 0), "not"),
    ],
)
def test_misplaced_plates_fail(panda, slot, offset, turn, reason):
    put(panda, slot, offset, turn)
    outcome = panda.release()
    assert not outcome.success
    assert not outcome.broken
    assert outcome.reason.startswith(reason)


def test_a_plate_dropped_from_high_breaks_or_falls_over(panda):
    outcome = panda.release()
    assert not outcome.success


def test_a_plate_rammed_into_the_rack_is_broken(panda):
    target = panda.task.target_pose(4)
    # Half a pitch beside the slot: the rim meets the tines.
    offset = np.array([0.05, panda.task.rack.pitch / 2, 0.0])
    go_to(panda, Pose(target.position + offset + [0, 0, 0.16], target.quaternion))
    goal = inverse_kinematics(
        panda.kinematics,
        Pose(target.position + offset - [0, 0, 0.05], target.quaternion),
        panda.arm.home,
    )
    for _ in range(60):
        panda.set_velocity_command(
            np.clip(8.0 * (goal - panda.joint_state().positions), -1.5, 1.5)
        )
        panda.step(4)
    outcome = panda.release()
    assert outcome.broken
    assert outcome.peak_force > 60.0
    assert outcome.reason.startswith("broken")


def test_forces_are_averaged_over_the_window(panda, monkeypatch):
    """A spike of one step counts a third: the window of 12.5 ms has three steps."""
    forces = iter([0.0, 90.0, 0.0, 0.0, 0.0, 30.0, 60.0, 30.0, 0.0])
    monkeypatch.setattr(panda._world, "contact_force", lambda: next(forces))
    panda.step(5)
    assert panda.peak_force == pytest.approx(30.0)
    panda.step(4)
    assert panda.peak_force == pytest.approx(40.0)


def test_release_goes_on_step_by_step(panda):
    put(panda, 4)
    steps = panda.steps
    panda.begin_release()
    assert panda.phase is Phase.SETTLING
    panda.step(59)
    assert panda.phase is Phase.SETTLING
    panda.step(1)
    assert panda.phase is Phase.RELEASED
    assert panda.outcome is None
    panda.step(240)
    assert panda.phase is Phase.JUDGED
    assert panda.outcome is not None
    assert panda.steps - steps == 300


@pytest.mark.parametrize("bad", [np.full(7, np.nan), np.array([np.inf, 0, 0, 0, 0, 0, 0])])
def test_commands_that_are_not_finite_are_refused(panda, bad):
    with pytest.raises(ParameterError, match="7 finite values"):
        panda.set_velocity_command(bad)
    with pytest.raises(ParameterError, match="7 finite values"):
        panda.set_effort_command(bad)
    with pytest.raises(ParameterError, match="7 finite values"):
        panda.set_velocity_command(np.zeros(6))
    with pytest.raises(ParameterError, match="3 finite values"):
        panda.apply_hand_wrench(np.array([0.0, np.nan, 0.0]), np.zeros(3))
    assert panda.mode is ArmMode.HOLDING


def test_nothing_is_obeyed_after_the_release(panda):
    panda.begin_release()
    for refused in (
        lambda: panda.set_velocity_command(np.zeros(7)),
        lambda: panda.set_effort_command(np.zeros(7)),
        lambda: panda.set_hand_guiding(True),
        panda.release,
    ):
        with pytest.raises(SafetyError, match="reset the simulator first"):
            refused()
    panda.reset(0, 4)
    panda.set_velocity_command(np.zeros(7))


def test_bad_resets_are_refused(panda):
    with pytest.raises(ParameterError, match="slots 0 to 9"):
        panda.reset(0, 12)
    with pytest.raises(ParameterError, match="at least 0"):
        panda.reset(-1, 4)


def test_a_run_does_not_depend_on_the_runs_before(panda):
    def run():
        panda.reset(5, 4)
        put(panda, 4, offset=(0.0, 0.012, 0.0))
        outcome = panda.release()
        return panda.joint_state().positions, panda.plate_motion()[0].position, outcome

    first = run()
    panda.reset(6, 2)
    put(panda, 2)
    panda.release()
    second = run()
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert first[2] == second[2]


def test_pictures_show_a_scene():
    with DishSimulator(visuals=True) as simulator:
        picture = simulator.render()
        assert picture.shape == (640, 960, 3)
        assert picture.dtype == np.uint8
        # Many colours: arm, plate, rack, table and their shadows.
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100
        simulator.set_velocity_command(np.full(7, 0.5))
        simulator.step(120)
        assert (simulator.render() != picture).any()


def test_pictures_need_visuals(panda):
    with pytest.raises(ParameterError, match="visuals=True"):
        panda.render()
