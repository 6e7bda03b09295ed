# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder as a state machine: idle, recording, saved. It knows neither ROS nor a clock."""

import dataclasses
from typing import final

from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import DataError, IrlRosError
from irl_ros.core.joint_sample import JointSample
from irl_ros.demos.bag import Topic
from irl_ros.demos.manifest import Label, Take, TakeStatus
from irl_ros.demos.message_types import JOINT_STATE, POSE_STAMPED, Target
from irl_ros.demos.monitor import QualityMonitor
from irl_ros.demos.open_take import OpenTake
from irl_ros.demos.preflight import Preflight
from irl_ros.demos.quality import Finding, QualityFigures, QualityReport
from irl_ros.demos.recorder_config import RecorderConfig
from irl_ros.demos.recorder_status import Phase, RecorderStatus
from irl_ros.demos.store import DatasetStore, take_number


class RecorderError(IrlRosError):
    """The recorder cannot do what was asked now; nothing was lost by asking."""


@final
class Recorder:
    """Writes takes into a dataset as it is told to.

    Stamps are those of the messages. Arrival times are read from one steady clock by the caller.
    """

    def __init__(
        self,
        store: DatasetStore,
        config: RecorderConfig,
        velocity_limits: Float[ndarray, " joints"],
        *,
        joint_topic: str = "/joint_states",
        target_topic: str = "/target_pose",
        base_frame: str = "",
    ) -> None:
        """Begin idle.

        Args:
            store: The dataset.
            config: Settings.
            velocity_limits: Of the joints in the order of the dataset's joint names, rad/s.
            joint_topic: Resolved name of the topic of joint states.
            target_topic: Resolved name of the topic of target poses.
            base_frame: Frame in which targets have to be given, empty for any.
        """
        self.config = config
        self._store = store
        self._limits = velocity_limits
        self._joint_topic = joint_topic
        self._target_topic = target_topic
        self._base_frame = base_frame
        self._preflight = Preflight(
            config.preflight_window, config.maximum_silence, config.quality.minimum_rate
        )
        self._target: tuple[Target, bytes] | None = None
        self._open: OpenTake | None = None
        self._saved: Take | None = None
        self._last_finding = ""

    @property
    def phase(self) -> Phase:
        """Where the recorder is in its cycle."""
        if self._open is not None:
            return "recording"
        return "saved" if self._saved is not None else "idle"

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Joints as the driver names them, from the base outwards."""
        return self._store.manifest.joint_names

    @property
    def kept(self) -> int:
        """Number of takes in the dataset."""
        return len(self._store.manifest.kept)

    # --- What comes in

    def add_joint_state(
        self, arrival_ns: int, stamp_ns: int, cdr: bytes, reading: JointSample | DataError
    ) -> tuple[Finding, ...]:
        """Take in a joint state; return what is noteworthy about it and was not told just now.

        Args:
            arrival_ns: When it arrived, by the caller's steady clock, ns.
            stamp_ns: Its own stamp, ns.
            cdr: Its serialized content, which is recorded as it is.
            reading: What it says, or why that cannot be used.

        Raises:
            RecorderError: If the disk refuses it. The take has ended then.
        """
        error = str(reading) if isinstance(reading, DataError) else ""
        self._preflight.add(arrival_ns, stamp_ns, error)
        take = self._open
        if take is None:
            return ()
        try:
            if not take.started and self._target is not None:
                target, target_cdr = self._target
                take.add_target(self._target_topic, stamp_ns, target_cdr, target)
            what = error if isinstance(reading, DataError) else reading
            findings = take.add(self._joint_topic, stamp_ns, cdr, what)
        except OSError as problem:
            raise self._abandon(take, problem) from problem
        return self._tell(take, findings, arrival_ns)

    def add_target(self, cdr: bytes, reading: Target | DataError) -> tuple[Finding, ...]:
        """Take in where the task is to be done; return what is wrong with it.

        Raises:
            RecorderError: If the disk refuses it. The take has ended then.
        """
        if isinstance(reading, DataError):
            return (Finding("target", False, f"target ignored: {reading}"),)
        if self._base_frame and reading.frame != self._base_frame:
            return (
                Finding(
                    "target",
                    False,
                    f"target ignored: it is given in {reading.frame!r}; give it in the arm's base "
                    f"frame {self._base_frame!r}",
                ),
            )
        self._target = (reading, cdr)
        take = self._open
        if take is not None and take.started:
            try:
                take.add_target(self._target_topic, take.last_ns, cdr, reading)
            except OSError as problem:
                raise self._abandon(take, problem) from problem
        return ()

    def check(self, now_ns: int) -> tuple[Finding, ...]:
        """Return what is noteworthy about the time since the last joint state.

        To be called regularly, because a silent arm makes no other call.
        """
        if self._open is None:
            return ()
        return self._tell(self._open, self._silence(now_ns), now_ns)

    def _silence(self, now_ns: int) -> tuple[Finding, ...]:
        silence = self._preflight.silence(now_ns)
        if silence <= self.config.maximum_silence:
            return ()
        message = f"no joint state for the last {silence:.2f} s; check the arm's driver"
        return (Finding("silence", True, message),)

    # --- What a person asks for

    def start(self, now_ns: int) -> str:
        """Begin a take and return what was begun.

        Raises:
            RecorderError: If a take is in progress or the recorder is not ready.
        """
        if self._open is not None:
            raise RecorderError(
                f"take {self._open.id} is being recorded; stop or discard it first"
            )
        problem = self._problem(now_ns)
        if problem:
            raise RecorderError(f"not started: {problem}")
        topics = [Topic(self._joint_topic, JOINT_STATE), Topic(self._target_topic, POSE_STAMPED)]
        manifest = self._store.manifest
        notes = {
            "arm": manifest.arm,
            "joint_names": " ".join(manifest.joint_names),
            "task": manifest.task,
            "ignore_extra_joints": "true" if self.config.ignore_extra_joints else "false",
            "status": "interrupted",
        }
        try:
            writer = self._store.new_take(topics, notes)
        except OSError as error:
            raise RecorderError(f"not started: {_disk_problem(error)}") from error
        monitor = QualityMonitor(self.config.quality, manifest.joint_names, self._limits)
        self._open = OpenTake(
            take_number(writer.folder), writer, monitor, self.config.flush_period
        )
        self._last_finding = ""
        return f"take {self._open.id} is being recorded"

    def stop(self, now_ns: int) -> Take:
        """End the take and return it: ``kept``, or ``refused`` for its quality.

        Raises:
            RecorderError: If none is in progress or the disk refuses it.
        """
        take = self._require_open("stop")
        for finding in self._silence(now_ns):
            take.remark(finding)
        report = take.report()
        status: TakeStatus = "refused" if report.verdict == "refused" else "kept"
        return self._finish(take, status, report)

    def discard(self) -> Take:
        """End the take and set it aside; it can be restored.

        Raises:
            RecorderError: If none is in progress or the disk refuses it.
        """
        take = self._require_open("discard")
        return self._finish(take, "discarded", take.report())

    def undo(self) -> Take:
        """Set the newest kept take aside; it can be restored.

        Raises:
            RecorderError: If one is in progress or none is left.
        """
        if self._open is not None:
            raise RecorderError(f"take {self._open.id} is being recorded; discard it instead")
        kept = self._store.manifest.kept
        if not kept:
            raise RecorderError("no take left to undo; record one first")
        take = self._change(kept[-1], status="undone")
        self._saved = None
        return take

    def label(self, label: Label) -> int:
        """Label the take in progress, or else the one saved last, and return its number.

        Raises:
            RecorderError: If there is none.
        """
        if self._open is not None:
            self._open.label = label
            return self._open.id
        self._saved = self._change(self._require_saved("label"), label=label)
        return self._saved.id

    def grade(self, grade: float) -> int:
        """Grade the take in progress, or else the one saved last, and return its number.

        Args:
            grade: How good it is, 0 to 1.

        Raises:
            RecorderError: If there is none or the grade lies outside 0 to 1.
        """
        if not 0.0 <= grade <= 1.0:
            raise RecorderError(f"quality = {grade:g}; give 0 to 1")
        if self._open is not None:
            self._open.grade = grade
            return self._open.id
        self._saved = self._change(self._require_saved("grade"), grade=grade)
        return self._saved.id

    def close(self) -> Take | None:
        """Set a take in progress aside as interrupted and let others open the dataset."""
        try:
            if self._open is None:
                return None
            return self._finish(self._open, "interrupted", self._open.report())
        finally:
            self._store.close()

    def status(self, now_ns: int) -> RecorderStatus:
        """Return what the recorder is doing."""
        take = self._open
        if take is not None:
            take_id, figures = take.id, take.monitor.figures
        elif self._saved is not None:
            take_id, figures = self._saved.id, self._saved.report.figures
        else:
            take_id, figures = 0, QualityFigures()
        return RecorderStatus(
            phase=self.phase,
            take_id=take_id,
            kept=self.kept,
            problem="" if take is not None else self._problem(now_ns),
            silence=self._preflight.silence(now_ns),
            rate=self._preflight.rate(now_ns),
            figures=figures,
            last_finding=self._last_finding,
            target=None if self._target is None else self._target[0],
        )

    # --- Inside

    def _problem(self, now_ns: int) -> str:
        problem = self._preflight.problem(now_ns, self._joint_topic)
        if problem:
            return problem
        if self.config.require_target and self._target is None:
            return (
                f"no target pose on {self._target_topic} yet; publish, latched, where the task is "
                "to be done, or set require_target to false"
            )
        free = self._store.free_bytes // 1_000_000
        if free < self.config.minimum_free:
            return f"{free} MB free on the disk, {self.config.minimum_free} MB wanted; make room"
        return ""

    def _abandon(self, take: OpenTake, error: OSError) -> RecorderError:
        take.writer.abandon()
        self._open = None
        self._saved = None  # what is said about this take must not reach the one before it
        self._last_finding = (
            f"take {take.id} was given up: {_disk_problem(error)}; what had been written is "
            "rescued at the next start, earlier takes are not affected"
        )
        return RecorderError(self._last_finding)

    def _finish(self, take: OpenTake, status: TakeStatus, report: QualityReport) -> Take:
        try:
            finished = self._store.finish(
                take.writer,
                status,
                report,
                label=take.label,
                grade=take.grade,
                start_ns=take.start_ns,
                target=None if self._target is None else self._target[0],
            )
        except OSError as error:
            raise self._abandon(take, error) from error
        self._open = None
        self._saved = finished if status == "kept" else None
        self._last_finding = report.findings[0].message if report.findings else ""
        return finished

    def _change(self, take: Take, **values: object) -> Take:
        try:
            return self._store.update(dataclasses.replace(take, **values))  # type: ignore[arg-type]
        except OSError as error:
            raise RecorderError(f"take {take.id} not changed: {_disk_problem(error)}") from error

    def _require_open(self, verb: str) -> OpenTake:
        if self._open is None:
            hint = "; undo takes back the last one" if verb == "discard" else "; start one first"
            raise RecorderError(f"no take is being recorded, nothing to {verb}{hint}")
        return self._open

    def _require_saved(self, verb: str) -> Take:
        if self._saved is None:
            raise RecorderError(f"no take to {verb}: none was saved just now; record one first")
        return self._saved

    def _tell(
        self, take: OpenTake, findings: tuple[Finding, ...], now_ns: int
    ) -> tuple[Finding, ...]:
        news = take.news(findings, now_ns)
        if news:
            self._last_finding = news[-1].message
        return news


def _disk_problem(error: OSError) -> str:
    return f"the disk refused it ({error.strerror}); make room or check the disk"
