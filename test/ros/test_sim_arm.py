# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated arm as a process: it behaves like an arm with a ros2_control driver."""

import math

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped, WrenchStamped
from harness import RosHarness
from policy_double import ARM, contract, controller
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from irl_ros.core.joint_sample import JointSample
from irl_ros.core.task import DishTask
from irl_ros.learning.artifacts import policy_to_bytes
from irl_ros.ros import conversions, qos
from irl_ros.ros.task_report import TaskReport, task_report

pytestmark = [pytest.mark.ros, pytest.mark.sim]

VELOCITIES = "velocity_controller/commands"
GENTLE = np.full(7, 0.1)


class Scene:
    """A simulated arm and everything it says."""

    def __init__(self, ros: RosHarness, **parameters: object) -> None:
        self.ros = ros
        self.states = ros.collect(JointState, "joint_states", qos.every_state(1000))
        self.targets = ros.collect(PoseStamped, "target_pose", qos.latched())
        self.outcomes = ros.collect(DiagnosticStatus, "task_outcome", qos.latched())
        self.process = ros.start("irl_ros.nodes.sim_arm", parameters)
        ros.wait_until(lambda: self.states and self.targets and self.outcomes, "the arm")

    @property
    def sample(self) -> JointSample:
        return conversions.joint_sample(self.states[-1], ARM.joint_names)

    @property
    def report(self) -> TaskReport:
        return task_report(conversions.status(self.outcomes[-1]))

    def run(self, states: int) -> None:
        count = len(self.states) + states
        self.ros.wait_until(lambda: len(self.states) >= count, f"{states} joint states")

    def press(self, button: str) -> tuple[bool, str]:
        return conversions.answered(self.ros.call(f"sim_arm/{button}"))

    def set(self, name: str, value: int) -> tuple[bool, str]:
        number = ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
        request = SetParameters.Request(parameters=[ParameterMessage(name=name, value=number)])
        result = self.ros.call("sim_arm/set_parameters", request, SetParameters).results[0]
        return result.successful, result.reason

    def wait_for_rest(self) -> None:
        self.ros.wait_until(
            lambda: np.abs(self.sample.joint_velocities).max() < 1e-3, "the arm at rest"
        )


def test_joint_states_come_with_steady_stamps_and_the_clock(ros: RosHarness) -> None:
    clocks = ros.collect(Clock, "/clock", qos.clock())
    scene = Scene(ros)
    scene.run(240)
    samples = [conversions.joint_sample(state, ARM.joint_names) for state in scene.states]
    steps = np.diff([sample.stamp_ns for sample in samples])
    np.testing.assert_allclose(steps, 1e9 / 120, atol=1)
    assert samples[-1].joint_efforts is not None
    assert np.abs(samples[-1].joint_efforts).max() > 1.0
    ros.wait_until(lambda: clocks, "the clock")
    assert conversions.time_ns(clocks[-1].clock) in {sample.stamp_ns for sample in samples}
    assert scene.process.interrupt() == 0


def test_velocities_are_obeyed_and_the_arm_holds_without_them(ros: RosHarness) -> None:
    scene = Scene(ros)
    publisher = ros.publisher(Float64MultiArray, VELOCITIES, qos.command())

    def moving() -> bool:
        publisher.publish(conversions.float_array_message(GENTLE))
        return bool(np.allclose(scene.sample.joint_velocities, GENTLE, atol=0.01))

    ros.wait_until(moving, "the arm to move")
    ros.wait_for_output(scene.process, "no command for 0.1 s; the arm holds")
    scene.wait_for_rest()


def test_bad_commands_are_refused_with_a_clear_line(ros: RosHarness) -> None:
    scene = Scene(ros)
    velocities = ros.publisher(Float64MultiArray, VELOCITIES, qos.event())
    efforts = ros.publisher(Float64MultiArray, "effort_controller/commands", qos.event())
    way = ros.publisher(
        JointTrajectory, "joint_trajectory_controller/joint_trajectory", qos.event()
    )
    before = scene.sample.joint_positions

    def refused(publish: object, text: str) -> None:
        assert callable(publish)

        def told() -> bool:
            publish()
            return text in scene.process.output

        ros.wait_until(told, text)

    for values, text in (
        (np.full(7, math.nan), "velocity of panda_joint1 is nan"),
        (np.full(7, 3.0), "velocity of panda_joint1 is 3 rad/s, at most 2.175 rad/s"),
        (np.zeros(6), "got 6 numbers, expected 7"),
    ):
        message = conversions.float_array_message(values)
        refused(lambda m=message: velocities.publish(m), text)
    message = conversions.float_array_message(np.full(7, 1000.0))
    refused(lambda: efforts.publish(message), "torque of panda_joint1 is 1000 N m")
    names = [f"other_{name}" for name in ARM.joint_names]
    other = conversions.joint_trajectory_message(names, before[None], None, [1.0])
    refused(lambda: way.publish(other), "trajectory for ['other_panda_joint1'")
    np.testing.assert_allclose(scene.sample.joint_positions, before, atol=1e-3)


def test_a_hand_moves_the_arm_only_when_it_may_and_commands_wait(ros: RosHarness) -> None:
    scene = Scene(ros)
    hand = ros.publisher(WrenchStamped, "hand_wrench", qos.command())
    commands = ros.publisher(Float64MultiArray, VELOCITIES, qos.command())
    push = conversions.Wrench(np.array([0.0, 15.0, 0.0]), np.zeros(3), "panda_link0", 0)

    def pushed() -> bool:
        hand.publish(conversions.wrench_message(push))
        return bool(np.abs(scene.sample.joint_velocities).max() > 0.1)

    assert ros.switch("sim_arm/hand_guiding", True).success
    ros.wait_until(pushed, "the arm to yield")

    def refused() -> bool:
        commands.publish(conversions.float_array_message(GENTLE))
        return "end hand guiding first" in scene.process.output

    ros.wait_until(refused, "the command to be refused")
    assert ros.switch("sim_arm/hand_guiding", False).success
    scene.wait_for_rest()


def test_attempts_follow_slot_and_seed_and_are_judged(ros: RosHarness) -> None:
    scene = Scene(ros, slot=2, seed=7)
    first = scene.sample.joint_positions
    assert scene.report == TaskReport(1, 2, 7, None)
    target = conversions.stamped_pose(scene.targets[-1])
    np.testing.assert_allclose(target.pose.position, DishTask().target_pose(2).position)
    assert target.frame == "panda_link0"
    assert scene.set("slot", 8) == (True, "")
    assert scene.set("seed", 8) == (True, "")
    success, reason = scene.set("slot", 10)
    assert not success
    assert "at most 9" in reason or "out of range" in reason
    assert scene.press("reset") == (True, "attempt 2: slot 8, seed 8")
    ros.wait_until(lambda: scene.report == TaskReport(2, 8, 8, None), "the second attempt")
    ros.wait_until(lambda: len(scene.targets) == 2, "the second target")
    scene.run(2)
    assert np.abs(scene.sample.joint_positions - first).max() > 1e-4
    assert scene.press("release")[0]
    success, message = scene.press("release")
    assert not success
    assert "reset the simulator first" in message
    ros.wait_until(lambda: scene.report.outcome is not None, "the judgement")
    outcome = scene.report.outcome
    assert outcome is not None
    assert not outcome.success
    assert outcome.reason
    assert abs(outcome.slot_offset) > 0.02
    assert scene.press("reset")[0]
    ros.wait_until(lambda: scene.report == TaskReport(3, 8, 8, None), "the third attempt")


def test_the_same_seed_gives_the_same_start(ros: RosHarness) -> None:
    scene = Scene(ros, seed=3)
    first = scene.sample.joint_positions
    assert scene.press("reset")[0]
    scene.run(3)
    np.testing.assert_allclose(scene.sample.joint_positions, first, atol=1e-5)


def test_the_other_arm_is_simulated_too(ros: RosHarness) -> None:
    states = ros.collect(JointState, "joint_states", qos.every_state())
    ros.start("irl_ros.nodes.sim_arm", {"arm": "iiwa14", "real_time_factor": 2})
    ros.wait_until(lambda: states, "a joint state")
    assert list(states[0].name) == [f"lbr_A{index}" for index in range(1, 8)]


def test_a_policy_is_executed_by_trajectories(ros: RosHarness) -> None:
    scene = Scene(ros)
    file = ros.folder / "policy.safetensors"
    actions = np.full((100, 7), 0.15) * np.sin(np.arange(100) / 8)[:, None]
    file.write_bytes(policy_to_bytes(controller(actions), contract().to_metadata()))
    settings = {
        "policy": str(file),
        "command_interface": "trajectory",
        "execution.state_timeout": 2.0,
    }
    process = ros.start("irl_ros.nodes.policy_controller", settings)
    ros.wait_until(
        lambda: conversions.answered(ros.call("policy_controller/execute"))[0], "an execution"
    )
    ros.wait_for_output(process, "holding: ")
    assert "holding: finished" in process.output, process.output
    assert "driver-side command timeout" not in process.output
    assert "refused" not in scene.process.output
    scene.wait_for_rest()
    moved = scene.sample.joint_positions - ARM.home
    np.testing.assert_allclose(moved, 0.05 * actions[:, 0].sum(), atol=0.03)


@pytest.mark.parametrize(("rate", "command_rate"), [(60, 60.0), (240, 120.0)])
def test_a_policy_is_executed_at_other_rates_of_joint_states(
    ros: RosHarness, rate: int, command_rate: float
) -> None:
    scene = Scene(ros, state_rate_hz=rate)
    scene.run(20)
    stamps = [conversions.joint_sample(state, ARM.joint_names).stamp_ns for state in scene.states]
    np.testing.assert_allclose(np.diff(stamps), 1e9 / rate, atol=1)
    file = ros.folder / "policy.safetensors"
    actions = np.full((40, 7), 0.15) * np.sin(np.arange(40) / 8)[:, None]
    file.write_bytes(policy_to_bytes(controller(actions), contract().to_metadata()))
    settings = {
        "policy": str(file),
        "execution.command_rate_hz": command_rate,
        "execution.state_timeout": 2.0,
    }
    process = ros.start("irl_ros.nodes.policy_controller", settings)
    ros.wait_until(
        lambda: conversions.answered(ros.call("policy_controller/execute"))[0], "an execution"
    )
    ros.wait_for_output(process, "holding: finished")
    scene.wait_for_rest()
    moved = scene.sample.joint_positions - ARM.home
    np.testing.assert_allclose(moved, 0.05 * actions[:, 0].sum(), atol=0.03)


def test_a_controller_that_is_killed_leaves_an_arm_that_holds(ros: RosHarness) -> None:
    scene = Scene(ros)
    file = ros.folder / "policy.safetensors"
    actions = np.full((200, 7), 0.2) * np.sin(np.arange(200) / 8)[:, None]
    file.write_bytes(policy_to_bytes(controller(actions), contract().to_metadata()))
    settings = {"policy": str(file), "execution.state_timeout": 2.0}
    process = ros.start("irl_ros.nodes.policy_controller", settings)
    ros.wait_until(
        lambda: conversions.answered(ros.call("policy_controller/execute"))[0], "an execution"
    )
    ros.wait_for_output(process, "executing: ")
    ros.wait_until(
        lambda: np.abs(scene.sample.joint_velocities).max() > 0.1, "the arm to move fast"
    )
    process.kill()
    ros.wait_for_output(scene.process, "no command for 0.1 s; the arm holds")
    scene.wait_for_rest()
    assert scene.process.terminate() == 0


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"arm": "toaster"}, "choose one of panda, iiwa14"),
        ({"sloth": 3}, "did you mean 'slot'?"),
        ({"real_time_factor": 0}, "give at least 0.01"),
        ({"state_rate_hz": 100}, "choose one of 60, 80, 120, 240"),
    ],
)
def test_bad_parameters_end_the_process_with_a_clear_line(
    ros: RosHarness, parameters: dict[str, object], text: str
) -> None:
    process = ros.start("irl_ros.nodes.sim_arm", parameters)
    assert ros.wait_for_end(process) == 1
    assert text in process.output
    assert "Traceback" not in process.output
