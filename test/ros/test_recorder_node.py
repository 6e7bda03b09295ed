# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder as a process: recorded over DDS, killed, fed with nonsense."""

import hashlib
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticStatus
from harness import REPOSITORY, NodeProcess, RosHarness
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rcl_interfaces.srv import GetParameters
from rosbags.highlevel import AnyReader
from std_msgs.msg import Float64, String

from irl_ros.core.arm import load_arm
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.demos.maintenance import list_takes, restore, verify
from irl_ros.demos.manifest import Take
from irl_ros.ros import conversions, qos

pytestmark = pytest.mark.ros


class Scene:
    """An arm's driver, a recorder and their dataset."""

    def __init__(self, ros: RosHarness, fault: str = "none", rate: float = 120.0) -> None:
        self.ros = ros
        self.folder = ros.folder / "dataset"
        self.driver = ros.start("arm_publisher", {"fault": fault, "rate": rate})
        self.recorder = self.start_recorder()
        self.messages = ros.collect(DiagnosticStatus, "demo_recorder/status", qos.latched())
        self.fault_publisher = ros.publisher(String, "fault", qos.event())

    def start_recorder(self, **parameters: object) -> NodeProcess:
        # A machine under load may let joint states wait; their stamps are what is tested here.
        settings = {
            "dataset": str(self.folder),
            "status_period": 0.1,
            "maximum_silence": 3.0,
            **parameters,
        }
        return self.ros.start("irl_ros.nodes.demo_recorder", settings)

    @property
    def values(self) -> dict[str, str]:
        if not self.messages:
            return {}
        return {k: str(v) for k, v in conversions.status(self.messages[-1]).values.items()}

    @property
    def remark(self) -> str:
        return conversions.status(self.messages[-1]).message if self.messages else ""

    def wait_for(self, what: str, condition: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        self.ros.wait_until(lambda: self.values and condition(self.values), what)
        return self.values

    def wait_ready(self) -> None:
        self.wait_for("the recorder is ready", lambda v: v["ready"] == "true")

    def press(self, button: str) -> tuple[bool, str]:
        return conversions.answered(self.ros.call(f"demo_recorder/{button}"))

    def is_refused(self, told: str) -> bool:
        """Whether a take is refused for a reason, and not for another one just then."""
        if not re.search(told, self.remark):
            return False
        success, message = self.press("start")
        assert not success, message
        return bool(re.search(told, message))

    def begin(self, duration: float = 1.2) -> None:
        self.ros.wait_until(
            lambda: self.values.get("ready") == "true" and self.press("start")[0], "a take begins"
        )
        self.wait_for(
            f"{duration} s are recorded",
            lambda v: v["phase"] == "recording" and float(v["duration_s"]) >= duration,
        )

    def record(self, duration: float = 1.2) -> str:
        self.begin(duration)
        success, message = self.press("stop")
        assert success, message
        return message

    def set_fault(self, fault: str) -> None:
        self.fault_publisher.publish(String(data=fault))

    def takes(self) -> list[Take]:
        return list(list_takes(self.folder, every=True))


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_buttons_record_take_back_and_label(ros: RosHarness) -> None:
    scene = Scene(ros)
    assert re.match(r"take 1 saved: \d+\.\d+ s, \d+ joint states, \d+\.\d Hz", scene.record())
    assert scene.press("label_success")[0]
    ros.publisher(Float64, "demo_recorder/quality", qos.event()).publish(Float64(data=0.75))
    ros.wait_until(lambda: scene.takes()[0].grade == 0.75, "the grade is noted")
    scene.begin(0.2)
    assert scene.press("discard") == (True, "take 2 discarded; it can be restored")
    scene.record()
    assert scene.press("label_failure")[0]
    assert scene.press("undo") == (True, "take 3 undone; it can be restored")
    assert scene.press("stop")[0] is False
    assert scene.press("discard")[0] is False
    takes = scene.takes()
    assert [(t.status, t.label) for t in takes] == [
        ("kept", "success"),
        ("discarded", "unlabelled"),
        ("undone", "failure"),
    ]
    last = scene.wait_for("one take is left", lambda v: v["phase"] == "idle")
    assert last["takes_kept"] == "1"
    assert scene.recorder.interrupt() == 0
    assert verify(scene.folder) == ()
    assert restore(scene.folder, 3).status == "kept"


def test_takes_open_with_other_readers_and_keep_their_stamps(ros: RosHarness) -> None:
    scene = Scene(ros)
    scene.record(1.5)
    assert scene.recorder.interrupt() == 0
    take = scene.takes()[0]
    with AnyReader([(scene.folder / take.file).parent]) as reader:
        kinds = {connection.topic: connection.msgtype for connection in reader.connections}
        assert kinds == {
            "/joint_states": "sensor_msgs/msg/JointState",
            "/target_pose": "geometry_msgs/msg/PoseStamped",
        }
        states = []
        for connection, stamp, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            if connection.topic == "/joint_states":
                header = message.header.stamp
                assert stamp == header.sec * 10**9 + header.nanosec
                assert len(message.name) == len(message.position) == len(message.effort) == 7
                states.append(stamp)
        assert len(states) == take.report.figures.messages
        assert states[0] == take.start_ns
    steps = {later - earlier for earlier, later in itertools.pairwise(states)}
    assert steps == {round(1e9 / 120)}
    with (scene.folder / take.file).open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        decoded = [
            m.decoded_message for m in reader.iter_decoded_messages(topics=["/joint_states"])
        ]
        assert len(decoded) == len(states)
        assert list(decoded[0].name) == list(load_arm("panda").joint_names)
        assert reader.get_summary().statistics.message_count == len(states) + 1
    loaded = load_demonstrations(scene.folder, load_arm("panda"))
    assert len(loaded.demonstrations) == 1


def test_a_killed_recorder_loses_no_earlier_take(ros: RosHarness) -> None:
    scene = Scene(ros)
    scene.record()
    scene.press("label_success")
    scene.record()
    before = digest(scene.folder / "takes")
    manifest = (scene.folder / "dataset.json").read_bytes()
    scene.begin(1.5)
    assert scene.recorder.kill() == -9
    assert digest(scene.folder / "takes") == before
    assert (scene.folder / "dataset.json").read_bytes() == manifest
    assert [problem.take_id for problem in verify(scene.folder)] == [3]

    scene.messages.clear()
    scene.recorder = scene.start_recorder()
    ros.wait_for_output(scene.recorder, "take 3 was interrupted after")
    assert scene.record().startswith("take 4 saved")
    takes = scene.takes()
    assert [take.status for take in takes] == ["kept", "kept", "interrupted", "kept"]
    assert takes[2].report.figures.duration >= 0.9
    after = digest(scene.folder / "takes")
    assert {name: after[name] for name in before} == before
    assert scene.recorder.interrupt() == 0
    assert verify(scene.folder) == ()
    assert restore(scene.folder, 3).status == "kept"


BEFORE_A_TAKE = {
    "names": "missing .*panda_joint1.*unknown .*other_panda_joint1",
    "six": "got 6 joints, expected the 7 of the arm; missing .*panda_joint7",
    "not_a_number": "position of panda_joint4 is nan",
    "backwards": "go backwards",
    "still": "stand still",
    "silent": r"the last joint state on /joint_states came \d+\.\d+ s ago",
}


def test_a_faulty_driver_is_told_before_a_take(ros: RosHarness) -> None:
    scene = Scene(ros, fault="silent")
    scene.wait_for("the target is known", lambda v: v["target_known"] == "true")
    success, message = scene.press("start")
    assert not success
    assert "no joint state on /joint_states yet" in message
    for fault, told in BEFORE_A_TAKE.items():
        scene.set_fault("none")
        scene.wait_ready()
        scene.set_fault(fault)
        ros.wait_until(lambda told=told: scene.is_refused(told), f"{fault} is told")
    scene.set_fault("none")
    assert scene.record().startswith("take 1 saved")


def test_a_slow_driver_is_told_before_a_take(ros: RosHarness) -> None:
    scene = Scene(ros, rate=20.0)
    scene.wait_for("joint states come", lambda v: float(v["rate_hz"]) > 10.0)
    told = r"20\.\d Hz of joint states .* at least 50 Hz wanted"
    ros.wait_until(lambda: scene.is_refused(told), "the rate is refused")


DURING_A_TAKE = {
    "names": "unusable joint states, first: .*unknown",
    "six": "unusable joint states, first: got 6 joints",
    "not_a_number": "unusable joint states, first: position of panda_joint4 is nan",
    "backwards": "stamps go backwards",
    "silent": "no joint state for",
}


def test_a_fault_during_a_take_is_told_and_nothing_is_lost(ros: RosHarness) -> None:
    scene = Scene(ros)
    scene.record()
    for number, (fault, told) in enumerate(DURING_A_TAKE.items(), start=2):
        before = digest(scene.folder / "takes")
        scene.begin()
        scene.set_fault(fault)
        scene.wait_for(f"{fault} is told", lambda v: v["warning"] != "")
        scene.set_fault("none")
        success, message = scene.press("stop")
        assert not success
        wanted = f"take {number} refused: .*{told}.*can be restored"
        assert re.search(wanted, message), message
        take = scene.takes()[-1]
        assert take.status == "refused"
        with AnyReader([(scene.folder / take.file).parent]) as reader:
            counts = {connection.topic: connection.msgcount for connection in reader.connections}
        figures = take.report.figures
        seen = figures.messages + figures.bad_messages + figures.backwards + figures.repeated
        assert counts["/joint_states"] == seen
        after = digest(scene.folder / "takes")
        assert {name: after[name] for name in before} == before
    assert scene.record().startswith("take 7 saved")


def test_the_end_of_the_process_keeps_the_take_in_progress(ros: RosHarness) -> None:
    scene = Scene(ros)
    scene.begin()
    assert scene.recorder.terminate() == 0
    assert [take.status for take in scene.takes()] == ["interrupted"]
    assert "take 1 was interrupted; it can be restored" in scene.recorder.output


def test_wrong_settings_end_the_process_with_one_clear_line(ros: RosHarness) -> None:
    for settings, told in (
        ({"queue": 10}, "queue = 10 is below its minimum 100"),
        ({"quality.minimum_rat": 10.0}, "did you mean 'quality.minimum_rate'"),
        ({"arm": "ur5"}, "choose one of panda, iiwa14"),
    ):
        process = ros.start(
            "irl_ros.nodes.demo_recorder", {"dataset": str(ros.folder / "dataset"), **settings}
        )
        assert ros.wait_for_end(process) == 1
        assert told in process.output
        assert "Traceback" not in process.output


def test_two_recorders_do_not_share_a_dataset(ros: RosHarness) -> None:
    scene = Scene(ros)
    scene.wait_ready()
    second = scene.start_recorder()
    assert ros.wait_for_end(second) == 1
    assert "open in another program" in second.output


def test_the_configuration_file_is_read(ros: RosHarness) -> None:
    path = REPOSITORY / "config" / "recorder.yaml"
    (given,) = yaml.safe_load(path.read_text()).values()
    parameters = given["ros__parameters"]
    recorder = ros.start(
        "irl_ros.nodes.demo_recorder",
        {"dataset": str(ros.folder / "dataset")},
        params_file=path,
        namespace="/left",
    )
    request = GetParameters.Request(names=list(parameters))
    answer = ros.call("/left/demo_recorder/get_parameters", request, GetParameters)
    assert [value.double_value for value in answer.values] == list(parameters.values())
    assert recorder.interrupt() == 0
