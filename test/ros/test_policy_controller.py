# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The policy controller as a process: it moves an arm smoothly or not at all."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from driver_double import PERIOD, DriverDouble
from geometry_msgs.msg import PoseStamped
from harness import NodeProcess, RosHarness
from policy_double import ARM, contract, controller, neural_policy, wave
from std_msgs.msg import Float64MultiArray, UInt8MultiArray

from irl_ros.core.task import DishTask
from irl_ros.learning.artifacts import policy_to_bytes
from irl_ros.ros import conversions, qos

pytestmark = pytest.mark.ros

LONG = np.full((200, 7), 0.2) * np.sin(np.arange(200) / 8)[:, None]


class Scene:
    """A controller, the driver of its arm, and a person at the buttons."""

    def __init__(
        self,
        ros: RosHarness,
        actions: np.ndarray | None = None,
        *,
        positions: np.ndarray = ARM.home,
        names: tuple[str, ...] = ARM.joint_names,
        **parameters: object,
    ) -> None:
        self.ros = ros
        file = ros.folder / "policy.safetensors"
        file.write_bytes(policy_bytes(wave() if actions is None else actions))
        self.statuses = ros.collect(DiagnosticStatus, "policy_controller/status", qos.latched())
        settings = {"policy": str(file), "execution.state_timeout": 2.0, **parameters}
        self.process = self.start(settings)
        self.driver = DriverDouble(ros, positions, names)

    def start(self, settings: dict[str, object]) -> NodeProcess:
        return self.ros.start("irl_ros.nodes.policy_controller", settings)

    @property
    def status(self) -> conversions.Status:
        return conversions.status(self.statuses[-1])

    @property
    def phases(self) -> list[str]:
        return [str(conversions.status(each).values["phase"]) for each in self.statuses]

    def wait_for(self, phase: str) -> conversions.Status:
        self.ros.wait_until(lambda: self.statuses and self.phases[-1] == phase, phase)
        return self.status

    def press(self, button: str) -> tuple[bool, str]:
        return conversions.answered(self.ros.call(f"policy_controller/{button}"))

    def execute(self) -> None:
        """Press the button until the joint states have come for long enough."""
        answers: list[str] = []

        def accepted() -> bool:
            success, message = self.press("execute")
            answers.append(message)
            assert success or "joint states" in message, message
            return success

        self.ros.wait_until(accepted, f"an execution: {answers}")


def policy_bytes(actions: np.ndarray, **changes: object) -> bytes:
    return policy_to_bytes(controller(actions), contract(**changes).to_metadata())


def test_it_ramps_from_where_the_arm_is_executes_and_holds(ros: RosHarness) -> None:
    offsets = np.array([0.2, -0.1, 0.1, 0.15, -0.1, 0.1, 0.2])
    scene = Scene(ros, positions=ARM.home + offsets)
    scene.wait_for("idle")
    scene.execute()
    scene.wait_for("executing")
    np.testing.assert_allclose(scene.driver.plant.positions, ARM.home, atol=0.02)
    status = scene.wait_for("holding")
    assert status.values["completed"] == "true"
    assert status.level == "ok"
    assert scene.phases == ["idle", "ramping", "executing", "holding"]
    assert np.abs(scene.driver.commands[0]).max() < 0.01, "the first command must not jump"
    scene.driver.assert_smooth()
    scene.driver.run(30)
    assert not scene.driver.commands[-1].any()
    count = len(scene.driver.commands)
    scene.driver.run(60)
    assert len(scene.driver.commands) == count, "an arm at rest is left to others"
    assert scene.process.interrupt() == 0


def test_a_neural_policy_is_executed_like_any_other(ros: RosHarness) -> None:
    """Every algorithm leaves a linear-Gaussian controller, which others test here, or this."""
    file = ros.folder / "neural.safetensors"
    file.write_bytes(policy_to_bytes(neural_policy(), contract().to_metadata()))
    scene = Scene(ros, policy=str(file))
    scene.wait_for("idle")
    scene.execute()
    assert scene.wait_for("holding").values["completed"] == "true"
    # An untrained one moves all joints at about 0.1 rad/s for one second.
    moved = scene.driver.plant.positions - ARM.home
    assert np.abs(moved).min() > 0.04
    assert np.abs(moved).max() < 0.15
    scene.driver.assert_smooth()
    assert scene.process.interrupt() == 0


def test_stop_is_latched_until_rearmed(ros: RosHarness) -> None:
    scene = Scene(ros, LONG)
    scene.execute()
    scene.wait_for("executing")
    scene.driver.run(60)
    assert scene.press("stop")[0]
    status = scene.wait_for("tripped")
    assert status.level == "error"
    assert status.message == "stopped on request"
    scene.driver.run(60)
    assert not scene.driver.commands[-1].any()
    scene.driver.assert_smooth()
    success, message = scene.press("execute")
    assert not success
    assert "rearm first" in message
    assert scene.press("rearm")[0]
    scene.wait_for("holding")
    scene.execute()
    scene.wait_for("executing")


def test_without_joint_states_it_holds(ros: RosHarness) -> None:
    scene = Scene(ros, LONG, **{"execution.state_timeout": 0.3})
    scene.execute()
    scene.wait_for("executing")
    scene.driver.run(60)
    scene.driver.running = False
    status = scene.wait_for("holding")
    assert status.level == "warn"
    silence = re.match(r"no joint states for (\d+\.\d+) s", status.message)
    assert silence is not None, status.message
    assert float(silence[1]) >= 0.3
    ros.wait_until(lambda: not scene.driver.commands[-1].any(), "the last command is zero")
    scene.driver.assert_smooth()
    success, message = scene.press("execute")
    assert not success
    assert "no joint states for" in message


@pytest.mark.parametrize("how", ["terminate", "interrupt", "hang_up"])
def test_the_end_of_the_process_brings_the_arm_to_rest(ros: RosHarness, how: str) -> None:
    scene = Scene(ros, LONG)
    scene.execute()
    scene.wait_for("executing")
    scene.driver.run(60)
    count = len(scene.driver.commands)
    assert getattr(scene.process, how)() == 0
    ros.wait_until(
        lambda: len(scene.driver.commands) > count and not scene.driver.commands[-1].any(),
        "a last command of zero",
    )
    scene.driver.assert_smooth()


def test_wrong_joint_names_are_refused(ros: RosHarness) -> None:
    scene = Scene(ros, names=("a", "b", "c", "d", "e", "f", "g"))
    ros.wait_for_output(scene.process, "missing ['panda_joint1'")
    success, message = scene.press("execute")
    assert not success
    assert "no usable joint states yet: got 7 joints, expected the 7 of the arm" in message


def test_a_published_policy_does_not_replace_the_configured_one(ros: RosHarness) -> None:
    scene = Scene(ros)
    scene.wait_for("idle")
    publisher = ros.node.create_publisher(UInt8MultiArray, "policy", qos.latched())
    publisher.publish(conversions.payload_message(policy_bytes(LONG), "policy"))
    scene.execute()
    assert publisher.get_subscription_count() == 0
    assert "policy.safetensors" in scene.status.values["policy"]


def test_the_end_of_the_process_damps_an_arm_that_is_driven_by_torques(ros: RosHarness) -> None:
    scene = Scene(ros)
    file = ros.folder / "torques.safetensors"
    file.write_bytes(policy_bytes(np.full((200, 7), 2.0), action_space="torque"))
    scene.process.terminate()  # as it starts: SIGINT may be ignored before it listens
    scene.statuses.clear()
    scene.process = scene.start({"policy": str(file), "execution.state_timeout": 2.0})
    efforts = ros.collect(Float64MultiArray, "effort_controller/commands", qos.event(1000))
    scene.execute()
    scene.wait_for("executing")
    ros.wait_until(lambda: len(efforts) > 20, "torques")
    assert not scene.driver.commands[-1].any(), "velocities ended where torques began"
    # The arm of the driver does not feel torques; it slows down by itself.
    scene.driver.plant.velocities = np.full(7, 0.3)
    scene.driver.plant.lag = 0.5
    scene.process.expected_to_end = True
    scene.process.popen.terminate()
    assert ros.wait_for_end(scene.process) == 0

    def values() -> np.ndarray:
        return np.array([conversions.float_array(message, 7) for message in efforts])

    ros.wait_until(lambda: not values()[-1].any(), "a last command of zero")
    assert values().min() < -1.0, "the arm is damped"


def test_the_names_of_a_driver_can_be_told(ros: RosHarness) -> None:
    names = [f"fr3_joint{index}" for index in range(1, 8)]
    scene = Scene(ros, names=tuple(names), joint_names=names)
    scene.execute()
    scene.wait_for("holding")


def test_streamed_trajectories_lead_where_the_velocities_do(ros: RosHarness) -> None:
    scene = Scene(ros, command_interface="trajectory")
    scene.execute()
    assert scene.wait_for("holding").values["completed"] == "true"
    scene.driver.run(60)
    assert not scene.driver.commands
    points = scene.driver.points
    # Longer than joint states may be missing before the arm is slowed down, then a stop.
    np.testing.assert_allclose([p.times_from_start[0] for p in points], 4 * PERIOD, atol=1e-6)
    assert max(len(p.times_from_start) for p in points) > 2
    for point in points:
        assert (np.diff(point.times_from_start) > 0.99 * PERIOD).all()
        ends = np.abs(np.diff(point.joint_positions[-2:], axis=0))
        assert (ends <= 0.5 * ARM.limits.acceleration * (2 * PERIOD) ** 2).all(), "no stop"
    assert points[-1].joint_positions.shape == (1, 7), "the arm is at rest"
    steps = np.diff([point.joint_positions[0] for point in points], axis=0)
    assert np.abs(steps).max() < 0.02
    np.testing.assert_allclose(
        points[-1].joint_positions[0], scene.driver.plant.positions, atol=0.02
    )


def test_policies_are_taken_from_the_topic_if_they_suit(ros: RosHarness) -> None:
    scene = Scene(ros, policy="")
    scene.wait_for("idle")
    success, message = scene.press("execute")
    assert not success
    assert message.startswith("no policy")
    publisher = ros.publisher(UInt8MultiArray, "policy", qos.latched())

    def publish(content: bytes) -> None:
        publisher.publish(conversions.payload_message(content, "policy"))

    publish(b"nonsense")
    ros.wait_for_output(scene.process, "not a linear_gaussian_controller")
    publish(policy_bytes(wave(), arm="iiwa14"))
    ros.wait_for_output(scene.process, "learned for the arm iiwa14")
    broken = controller(wave())
    broken.offsets[3, 3] = math.nan
    publish(policy_to_bytes(broken, contract().to_metadata()))
    ros.wait_for_output(scene.process, "not finite")
    publish(policy_bytes(wave()))
    ros.wait_until(
        lambda: scene.status.values["policy"] == "the published policy", "the good policy"
    )
    earlier = scene.status.values["fingerprint"]
    publish(policy_bytes(0.5 * wave()))
    ros.wait_until(
        lambda: scene.status.values["fingerprint"] != earlier, "another one of the same name"
    )
    target = ros.publisher(PoseStamped, "target_pose", qos.latched())
    target.publish(conversions.pose_message(DishTask().target_pose(7), "panda_link0", 0))
    ros.wait_until(lambda: "129 mm" in scene.press("execute")[1], "the target is noticed")
    target.publish(conversions.pose_message(DishTask().target_pose(4), "panda_link0", 0))
    ros.wait_until(lambda: scene.press("execute")[0], "the execution")
    scene.wait_for("holding")


def test_a_missing_policy_file_ends_the_process_with_a_clear_line(ros: RosHarness) -> None:
    process = ros.start(
        "irl_ros.nodes.policy_controller", {"policy": str(Path("nowhere") / "run")}
    )
    assert ros.wait_for_end(process) == 1
    assert "give a run folder" in process.output
    assert "Traceback" not in process.output
