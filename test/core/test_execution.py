# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Executions start smoothly, follow the policy, and stop on every doubt."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from arm_double import VelocityArm
from policy_double import ARM, contract, neural_policy, policy, wave

from irl_ros.core.arm import load_arm
from irl_ros.core.drive import ArmCommand
from irl_ros.core.errors import SafetyError
from irl_ros.core.executable import ExecutablePolicy
from irl_ros.core.execution import Execution, ExecutionConfig, Phase
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import from_mapping
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask

PERIOD = 1 / 120
KINEMATICS = Kinematics(ARM)


class Setup:
    """An execution in a closed loop with an arm; both keep the same clock."""

    def __init__(
        self, positions: np.ndarray = ARM.home, lag: float = 0.05, **parameters: float
    ) -> None:
        config = from_mapping(ExecutionConfig, parameters)
        self.execution = Execution(ARM, KINEMATICS, config)
        self.plant = VelocityArm(positions, PERIOD, lag)
        self.time_ns = 1_000_000_000
        self.commands: list[np.ndarray | None] = []
        self.phases: list[Phase] = []

    @property
    def now(self) -> float:
        return 1e-9 * self.time_ns

    def sample(self, **changes: Any) -> JointSample:
        usual = JointSample(self.time_ns, self.plant.positions, self.plant.velocities)
        return dataclasses.replace(usual, **changes)

    def tick(self, sample: JointSample | None = None) -> ArmCommand | None:
        command = self.execution.on_state(self.sample() if sample is None else sample, self.now)
        self.apply(command)
        return command

    def apply(self, command: ArmCommand | None) -> None:
        velocities = None if command is None else command.joint_velocities
        self.commands.append(velocities)
        self.phases.append(self.execution.phase)
        self.plant.move(np.zeros(7) if velocities is None else velocities)
        self.time_ns += round(1e9 * PERIOD)

    def run(self, until: Phase, limit: int = 3000) -> None:
        for _ in range(limit):
            self.tick()
            if self.execution.phase is until:
                return
        raise AssertionError(f"never {until}: {self.execution.phase}, {self.execution.message}")

    def begin(self, chosen: ExecutablePolicy | None = None) -> None:
        self.execution.load(chosen or policy())
        for _ in range(20):
            self.tick()
        self.execution.execute(self.now)


def test_a_policy_runs_from_wherever_the_arm_is() -> None:
    offsets = np.array([0.3, -0.2, 0.1, 0.3, -0.2, 0.1, 0.2])
    setup = Setup(ARM.home + offsets)
    setup.begin()
    setup.run(Phase.EXECUTING)
    np.testing.assert_allclose(setup.plant.positions, ARM.home, atol=0.005)
    begun = setup.phases.index(Phase.EXECUTING)
    setup.run(Phase.HOLDING)
    assert setup.execution.completed
    assert setup.execution.message == "finished test policy"
    sent = np.array(setup.commands[20:-1])
    assert np.abs(sent[0]).max() < 1e-3, "the first command must not jump"
    change = np.abs(np.diff(sent, axis=0)) / PERIOD
    assert (change <= ARM.limits.acceleration).all()
    during = np.array(setup.commands[begun:-1])
    assert len(during) == 20 * 6
    for step, action in enumerate(wave()):
        np.testing.assert_allclose(during[6 * step + 5], action, atol=1e-6)


def test_a_neural_policy_is_executed_too() -> None:
    state = torch.zeros(32, dtype=torch.float64)
    chosen = neural_policy()
    setup = Setup()
    setup.begin(ExecutablePolicy(chosen, contract(), "a neural policy"))
    setup.run(Phase.EXECUTING)
    begun = len(setup.commands) - 1
    setup.run(Phase.HOLDING)
    assert setup.execution.message == "finished a neural policy"
    during = np.array(setup.commands[begun:-1])
    assert len(during) == 6 * chosen.horizon
    # What it does hardly depends on the state, so the state at the end may stand for all.
    state[:14] = torch.from_numpy(np.concatenate([setup.plant.positions, setup.plant.velocities]))
    expected = chosen.action_mean(chosen.horizon - 1, state).numpy()
    np.testing.assert_allclose(during[-1], expected, atol=0.01)


def test_after_the_end_the_arm_rests_and_the_commands_cease() -> None:
    setup = Setup()
    setup.begin(policy(np.full((3, 7), 0.2)))
    setup.run(Phase.HOLDING)
    for _ in range(60):
        setup.tick()
    assert setup.commands[-1] is None
    last = [command for command in setup.commands if command is not None][-3:]
    np.testing.assert_array_equal(last, np.zeros((3, 7)))
    setup.execution.execute(setup.now)
    assert setup.execution.count == 2
    assert not setup.execution.completed


def test_positions_integrate_the_velocities() -> None:
    setup = Setup()
    setup.begin()
    reference = setup.plant.positions.copy()
    for _ in range(100):
        command = setup.tick()
        assert command is not None
        assert command.joint_positions is not None
        assert command.joint_velocities is not None
        step = np.abs(command.joint_positions - reference)
        assert (step <= PERIOD * np.abs(command.joint_velocities) + 2e-3).all()
        reference = command.joint_positions
    np.testing.assert_allclose(reference, setup.plant.positions, atol=0.05)


def test_states_faster_than_the_commands_are_thinned_out() -> None:
    setup = Setup(command_rate_hz=40.0)
    setup.begin()
    sent = [setup.tick() is not None for _ in range(62)]
    assert sent[2:] == [True, False, False] * 20


@pytest.mark.parametrize("phase", [Phase.RAMPING, Phase.EXECUTING])
def test_stop_lasts_until_rearmed(phase: Phase) -> None:
    setup = Setup(ARM.home + 0.1)
    setup.begin()
    setup.run(phase)
    for _ in range(30):
        setup.tick()
    setup.execution.stop()
    for _ in range(100):
        setup.tick()
    assert setup.execution.phase is Phase.TRIPPED
    assert setup.commands[-1] is None
    assert np.abs(setup.plant.velocities).max() < 1e-6
    with pytest.raises(SafetyError, match=r"stopped on request.*rearm"):
        setup.execution.execute(setup.now)
    setup.execution.rearm()
    setup.tick()
    setup.execution.execute(setup.now)
    assert setup.execution.phase is Phase.RAMPING


def test_stop_while_idle_sends_nothing() -> None:
    setup = Setup()
    setup.execution.stop()
    assert setup.tick() is None
    assert setup.execution.phase is Phase.TRIPPED


def test_silence_brings_the_arm_to_rest() -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.2)))
    setup.run(Phase.EXECUTING)
    for _ in range(60):
        setup.tick()
    start = setup.now
    moving = setup.commands[-1]
    assert moving is not None
    for _ in range(2):
        assert setup.execution.on_silence(setup.now) is None
        setup.time_ns += round(1e9 * PERIOD)
    while setup.now < start + 0.19:
        setup.apply(setup.execution.on_silence(setup.now))
    assert setup.execution.phase is Phase.EXECUTING
    assert setup.commands[-1] is not None
    assert np.abs(setup.commands[-1]).max() < 1e-9 < np.abs(moving).max()
    while setup.now < start + 0.6:
        setup.apply(setup.execution.on_silence(setup.now))
    assert setup.execution.phase is Phase.HOLDING
    assert "no joint states for 0.2" in setup.execution.message
    assert not setup.execution.completed
    assert setup.commands[-1] is None
    with pytest.raises(SafetyError, match="no joint states for"):
        setup.execution.execute(setup.now)


@pytest.mark.parametrize(
    ("shift_ns", "message"), [(10**9, "no joint states for 1"), (-(10**9), "before the one")]
)
def test_stamps_must_advance_steadily(shift_ns: int, message: str) -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.2)))
    setup.run(Phase.EXECUTING)
    setup.tick(setup.sample(stamp_ns=setup.time_ns + shift_ns))
    assert setup.execution.phase is Phase.HOLDING
    assert message in setup.execution.message


def test_actions_that_are_no_numbers_trip() -> None:
    setup = Setup()
    weird = policy()
    weird.controller.offsets[5, 2] = math.nan
    setup.begin(weird)
    setup.run(Phase.TRIPPED)
    assert "commanded velocity of panda_joint3 is nan" in setup.execution.message
    assert all(np.isfinite(c).all() for c in setup.commands if c is not None)


def test_a_jump_of_the_arm_trips() -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.2)))
    setup.run(Phase.EXECUTING)
    setup.tick(setup.sample(joint_positions=setup.plant.positions + 0.3))
    assert setup.execution.phase is Phase.TRIPPED
    assert "jumped" in setup.execution.message


def test_last_commands_brake_to_rest() -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.3)))
    setup.run(Phase.EXECUTING)
    for _ in range(60):
        setup.tick()
    moving = setup.commands[-1]
    assert moving is not None
    brakes = []
    while (command := setup.execution.last_command()) is not None:
        brakes.append(command.joint_velocities)
    np.testing.assert_array_equal(brakes[-1], np.zeros(7))
    change = np.abs(np.diff([moving, *brakes], axis=0)) / PERIOD
    assert (change <= ARM.limits.acceleration).all()


def test_an_idle_controller_leaves_without_a_command() -> None:
    assert Setup().execution.last_command() is None


def test_position_increments_move_the_arm_by_their_sum() -> None:
    setup = Setup()
    increments = np.full((20, 7), 0.005)
    setup.begin(policy(increments, action_space="position_increment"))
    setup.run(Phase.EXECUTING)
    before = setup.plant.positions.copy()
    setup.run(Phase.HOLDING)
    np.testing.assert_allclose(setup.plant.positions - before, 0.1, atol=0.01)


def test_torques_pass_the_guard_of_torques() -> None:
    setup = Setup()
    setup.begin(policy(np.full((20, 7), 5.0), action_space="torque"))
    setup.run(Phase.EXECUTING)
    command = setup.execution.on_state(setup.sample(), setup.now)
    assert command is not None
    assert command.joint_velocities is None
    assert command.joint_efforts is not None
    np.testing.assert_allclose(command.joint_efforts, 5.0)
    setup.time_ns += round(1e9 * PERIOD)
    setup.execution.stop()
    fast = setup.sample(joint_velocities=np.full(7, 0.1))
    command = setup.execution.on_state(fast, setup.now)
    assert command is not None
    assert command.joint_efforts is not None
    assert (command.joint_efforts < 5.0).all()


def test_velocities_end_with_zero_where_torques_take_over() -> None:
    """A driver that forwards velocities would keep the last one until they are used again."""
    setup = Setup(ARM.home + 0.1)
    setup.plant.bias = 0.01  # the ramp stands against it, so its last command is not zero
    setup.begin(policy(np.full((20, 7), 5.0), action_space="torque"))
    commands = []
    while not commands or commands[-1].joint_efforts is None:
        command = setup.tick()
        assert command is not None
        commands.append(command)
    assert np.abs(setup.commands[-2]).max() > 0.005
    np.testing.assert_array_equal(setup.commands[-1], np.zeros(7))
    command = setup.tick()
    assert command is not None
    assert command.joint_velocities is None
    assert command.joint_efforts is not None


def test_a_short_silence_slows_the_arm_down_and_is_forgiven() -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.2)))
    setup.run(Phase.EXECUTING)
    for _ in range(30):
        setup.tick()
    for _ in range(8):
        setup.apply(setup.execution.on_silence(setup.now))
    for _ in range(30):
        setup.tick()
    assert setup.execution.phase is Phase.EXECUTING
    np.testing.assert_allclose(setup.commands[-1], 0.2, atol=1e-6)


def test_states_of_a_slow_simulation_are_not_late() -> None:
    setup = Setup()
    setup.execution.load(policy(np.full((100, 7), 0.2)))
    now = 0.0
    for _ in range(60):
        for share in range(5):
            assert setup.execution.on_silence(now + 0.01 * share) is None
        now += 0.05
        setup.apply(setup.execution.on_state(setup.sample(), now))
        if setup.execution.phase is Phase.IDLE and len(setup.commands) > 20:
            setup.execution.execute(now)


def test_repeated_states_are_ignored_and_are_no_sign_of_life() -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.2)))
    setup.run(Phase.EXECUTING)
    last = setup.sample()
    setup.tick(last)
    assert setup.execution.repeats(last)
    for _ in range(40):
        assert setup.execution.on_state(last, setup.now) is None
        setup.apply(setup.execution.on_silence(setup.now))
    assert setup.execution.phase is Phase.HOLDING
    with pytest.raises(SafetyError, match="stamps do not advance"):
        setup.execution.execute(setup.now)


def test_states_of_no_use_are_not_called_missing() -> None:
    setup = Setup()
    setup.execution.load(policy())
    setup.execution.refuse_state("0 velocity values for 7 joints")
    with pytest.raises(SafetyError, match="no usable joint states yet: 0 velocity values"):
        setup.execution.execute(setup.now)


def test_a_refused_start_says_nothing() -> None:
    beyond = ARM.home.copy()
    beyond[0] = ARM.limits.upper[0] + 0.2
    setup = Setup(beyond, **{"ramp.max_distance": 7.0})
    with pytest.raises(SafetyError, match="measured position"):
        setup.begin()
    for _ in range(10):
        assert setup.tick() is None


def test_strained_joints_trip() -> None:
    setup = Setup()
    setup.begin(policy(np.full((100, 7), 0.2)))
    setup.run(Phase.EXECUTING)
    for _ in range(12):
        setup.tick(setup.sample(joint_efforts=1.1 * ARM.limits.effort))
    assert setup.execution.phase is Phase.TRIPPED
    assert "measured effort of panda_joint1" in setup.execution.message


def torque_setup() -> Setup:
    setup = Setup()
    setup.begin(policy(np.full((20, 7), 5.0), action_space="torque"))
    setup.run(Phase.EXECUTING)
    for _ in range(3):
        setup.tick()
    return setup


@pytest.mark.parametrize("silent", [False, True])
def test_torques_end_with_zero_torques_and_nothing_else(silent: bool) -> None:
    setup = torque_setup()
    setup.execution.stop()
    assert setup.execution.damping
    sent = []
    for _ in range(60):
        if silent:
            sent.append(setup.execution.last_command())
        else:
            moving = np.full(7, 0.1 if len(sent) < 20 else 0.0)
            sent.append(setup.execution.on_state(setup.sample(joint_velocities=moving), setup.now))
            setup.time_ns += round(1e9 * PERIOD)
    assert sent[-1] is None
    assert setup.execution.damping is silent  # measurements may come back, and it moves
    commands = [command for command in sent if command is not None]
    assert all(command.joint_velocities is None for command in commands)
    efforts = np.array([command.joint_efforts for command in commands])
    np.testing.assert_array_equal(efforts[-3:], np.zeros((3, 7)))
    assert np.abs(np.diff(efforts, axis=0)).max() <= 500.0 * PERIOD + 1e-9


def test_an_arm_that_coasted_is_braked_once_measurements_are_back() -> None:
    setup = torque_setup()
    for _ in range(60):
        setup.time_ns += round(1e9 * PERIOD)
        setup.execution.on_silence(setup.now)
    assert setup.execution.phase is Phase.HOLDING
    commands = [setup.tick(setup.sample(joint_velocities=np.full(7, 0.3))) for _ in range(30)]
    assert setup.execution.damping
    assert commands[-1] is not None
    assert commands[-1].joint_efforts is not None
    assert commands[-1].joint_efforts @ np.full(7, 0.3) < 0
    while (command := setup.tick()) is not None:
        last = command
    np.testing.assert_array_equal(last.joint_efforts, np.zeros(7))
    assert setup.tick(setup.sample(joint_velocities=np.full(7, 0.3))) is None


def test_no_execution_begins_while_torques_damp_the_arm() -> None:
    setup = torque_setup()
    setup.execution.hold("test")
    for _ in range(10):
        command = setup.tick(setup.sample(joint_velocities=np.full(7, 0.04)))
    assert command is not None
    assert command.joint_efforts is not None
    assert command.joint_efforts.any()
    with pytest.raises(SafetyError, match="torques still bring the arm to rest"):
        setup.execution.execute(setup.now)
    while (command := setup.tick()) is not None:
        efforts = command.joint_efforts
    np.testing.assert_array_equal(efforts, np.zeros(7))
    setup.execution.execute(setup.now)
    assert setup.execution.phase is Phase.RAMPING


def test_an_arm_that_is_pushed_after_its_torques_ended_is_left_alone() -> None:
    setup = torque_setup()
    setup.execution.stop()
    for _ in range(30):
        setup.tick()
    assert setup.tick(setup.sample(joint_velocities=np.full(7, 0.3))) is None


def test_torques_and_trajectories_do_not_go_together() -> None:
    execution = Execution(ARM, KINEMATICS, streams_positions=True)
    with pytest.raises(SafetyError, match="set command_interface to velocity"):
        execution.load(policy(np.zeros((3, 7)), action_space="torque"))


@pytest.mark.parametrize(
    ("link", "mass"), [("panda_link3", "0"), ("panda_link7", "-4"), ("panda_link5", "heavy")]
)
def test_torques_need_the_inertia_that_brakes_them(link: str, mass: str, tmp_path: Path) -> None:
    described = ARM.urdf_path.read_text()
    begin = described.index(f'<link name="{link}">')
    massless = re.sub('mass value="[0-9.]+"', f'mass value="{mass}"', described[begin:], count=1)
    path = tmp_path / "massless.urdf"
    path.write_text(described[:begin] + massless)
    arm = load_arm(path)
    execution = Execution(arm, Kinematics(arm))
    execution.load(policy(np.zeros((3, 7))))
    with pytest.raises(SafetyError, match=rf"links behind {link.replace('link', 'joint')} have"):
        execution.load(policy(np.zeros((3, 7)), action_space="torque"))


def test_what_speaks_against_an_execution_is_said() -> None:
    setup = Setup(ARM.home + 0.2)
    execution = setup.execution

    def refusal() -> str:
        with pytest.raises(SafetyError) as caught:
            execution.execute(setup.now)
        return str(caught.value)

    assert "no policy" in refusal()
    execution.load(policy())
    assert "no joint states yet" in refusal()
    setup.tick()
    assert "only 1 joint states" in refusal()
    for _ in range(20):
        setup.tick()
    setup.tick(setup.sample(joint_velocities=np.full(7, 0.1)))
    assert "moves at 0.1 rad/s" in refusal()
    setup.tick()
    execution.set_target(DishTask().target_pose(5))
    assert "43 mm" in refusal()
    turned = DishTask().target_pose(4)
    execution.set_target(Pose(turned.position, np.array([0.0, 0.0, 0.0, 1.0])))
    assert "rad away" in refusal()
    execution.set_target(DishTask().target_pose(4))
    execution.execute(setup.now)
    assert "already ramping" in refusal()


def test_slow_joint_states_are_refused() -> None:
    setup = Setup(command_rate_hz=480.0)
    with pytest.raises(SafetyError, match=r"120 Hz.*480 Hz"):
        setup.begin()


def test_a_far_arm_is_refused_and_may_be_brought_nearer() -> None:
    setup = Setup(ARM.home + np.array([1.2, 0, 0, 0, 0, 0, 0]))
    with pytest.raises(SafetyError, match="by hand"):
        setup.begin()
    assert setup.execution.phase is Phase.IDLE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arm": "iiwa14"}, "learned for the arm iiwa14"),
        ({"joint_names": tuple("abcdefg")}, "learned for the joints a, b"),
        ({"action_space": "voltage"}, "'voltage'; known are velocity"),
        ({"start": (9.0, 0, 0, 0, 0, 0, 0)}, "starts with panda_joint1 at 9 rad"),
        ({"start": (0.0,)}, "start posture of test policy has 1 values"),
        ({"control_period": 0.0501}, "not a multiple"),
        ({"control_period": 0.001}, "not a multiple"),
    ],
)
def test_a_policy_for_something_else_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SafetyError, match=message):
        Setup().execution.load(policy(**changes))


def test_a_policy_with_other_actions_is_refused() -> None:
    with pytest.raises(SafetyError, match="action of test policy has 6 values"):
        Setup().execution.load(policy(np.zeros((3, 6))))


def test_an_execution_names_the_policy_that_it_runs_not_the_next_one() -> None:
    first, second = policy(), policy(0.5 * wave())
    setup = Setup()
    setup.execution.load(first)
    assert setup.execution.values["executed"] == ""
    setup.begin(first)
    setup.run(Phase.EXECUTING)
    setup.execution.load(second)
    setup.run(Phase.HOLDING)
    values = setup.execution.values
    assert (values["executed"], values["fingerprint"]) == (first.fingerprint, second.fingerprint)
    for _ in range(60):  # until the arm is at rest
        setup.tick()
    setup.execution.execute(setup.now)
    assert setup.execution.values["executed"] == second.fingerprint


def test_a_new_policy_waits_for_the_next_execution() -> None:
    setup = Setup()
    setup.begin(policy(np.full((4, 7), 0.1)))
    setup.run(Phase.EXECUTING)
    setup.execution.load(policy(np.full((4, 7), -0.1)))
    setup.run(Phase.HOLDING)
    assert all((c >= -1e-3).all() for c in setup.commands if c is not None)
