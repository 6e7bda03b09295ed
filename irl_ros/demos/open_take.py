# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The take in progress: what ends with it."""

from collections.abc import Iterable
from typing import final

from irl_ros.core.joint_sample import JointSample
from irl_ros.demos.bag import RawMessage, TakeWriter
from irl_ros.demos.manifest import Label
from irl_ros.demos.message_types import Target
from irl_ros.demos.monitor import QualityMonitor
from irl_ros.demos.quality import Finding, QualityReport

_REPEAT_NS = 2_000_000_000  # a finding that goes on is told again after this time


@final
class OpenTake:
    """A take while it is recorded.

    Attributes:
        id: Its number.
        writer: Its file.
        monitor: Its quality so far.
        label: What the person said about it so far.
        grade: How good the person found it so far, None if not said.
        start_ns: Stamp of its first joint state, ns; 0 before that.
    """

    def __init__(
        self, take_id: int, writer: TakeWriter, monitor: QualityMonitor, flush_period: float
    ) -> None:
        """Begin without any message."""
        self.id = take_id
        self.writer = writer
        self.monitor = monitor
        self.label: Label = "unlabelled"
        self.grade: float | None = None
        self.start_ns = 0
        self._started = False
        self._flush_ns = round(flush_period * 1e9)
        self._last_ns = 0
        self._flushed_ns = 0
        self._told_ns: dict[str, int] = {}
        self._target: Target | None = None
        self._remarks: list[Finding] = []

    def add(
        self, topic: str, stamp_ns: int, cdr: bytes, reading: JointSample | str
    ) -> tuple[Finding, ...]:
        """Write a joint state, usable or not, and return what is noteworthy about it.

        Raises:
            OSError: If the disk refuses it.
        """
        stamp_ns = max(stamp_ns, 0)  # the file has no place for a negative one
        if not self._started:
            self._started = True
            self.start_ns = self._flushed_ns = stamp_ns
        self._last_ns = stamp_ns
        self.writer.write(RawMessage(topic, stamp_ns, cdr))
        if abs(stamp_ns - self._flushed_ns) >= self._flush_ns:
            self.writer.flush()
            self._flushed_ns = stamp_ns
        if isinstance(reading, str):
            return (self.monitor.add_bad(reading),)
        return self.monitor.add(reading)

    @property
    def started(self) -> bool:
        """Whether a joint state has come."""
        return self._started

    def add_target(self, topic: str, stamp_ns: int, cdr: bytes, target: Target) -> None:
        """Write where the task is to be done.

        A latched target is older than the take, so it is put on the take's time axis at the joint
        state that comes next or came last.

        Raises:
            OSError: If the disk refuses it.
        """
        self.writer.write(RawMessage(topic, max(stamp_ns, 0), cdr))
        if self._target is not None and _differ(self._target, target):
            self.remark(
                Finding("target", False, "the target moved during the take; the last one counts")
            )
        self._target = target

    @property
    def last_ns(self) -> int:
        """Stamp of the last joint state, ns."""
        return self._last_ns

    def remark(self, finding: Finding) -> None:
        """Remember a finding for the report."""
        if finding not in self._remarks:
            self._remarks.append(finding)

    def news(self, findings: Iterable[Finding], now_ns: int) -> tuple[Finding, ...]:
        """Return the findings whose kind was not told just now."""
        fresh = []
        for finding in findings:
            told = self._told_ns.get(finding.kind)
            if told is None or now_ns - told >= _REPEAT_NS:
                self._told_ns[finding.kind] = now_ns
                fresh.append(finding)
        return tuple(fresh)

    def report(self) -> QualityReport:
        """Judge the take as it is now."""
        report = self.monitor.report()
        findings = sorted(
            [*self._remarks, *report.findings], key=lambda finding: not finding.refuses
        )
        return QualityReport(report.figures, tuple(findings))


def _differ(one: Target, other: Target) -> bool:
    apart = abs(one.pose.position - other.pose.position).max()
    turned = 1.0 - abs(float(one.pose.quaternion @ other.pose.quaternion))
    return one.frame != other.frame or float(apart) > 1e-3 or turned > 1e-4
