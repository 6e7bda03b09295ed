# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Watches the joint states of a take as they arrive."""

import math
import statistics
from collections import Counter, deque
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.joint_sample import JointSample
from irl_ros.demos.judgement import judge, long_movement
from irl_ros.demos.movement import MovementWatch
from irl_ros.demos.quality import Finding, QualityConfig, QualityFigures, QualityReport

_NS_PER_S = 1e9
_WINDOW_S = 0.05  # over which velocities are compared with positions


@final
class QualityMonitor:
    """Watches the joint states of one take as they arrive.

    Beside the positions, at most 200 a second, only sums are kept, so a take may last long.
    """

    def __init__(
        self,
        config: QualityConfig,
        joint_names: tuple[str, ...],
        velocity_limits: Float[ndarray, " joints"],
    ) -> None:
        """Start with nothing seen."""
        self.config = config
        self._names = joint_names
        self._limits = np.asarray(velocity_limits, dtype=np.float64)
        self._first: JointSample | None = None
        self._last: JointSample | None = None
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._periods: deque[float] = deque(maxlen=50)
        self._longest_gap = 0.0
        self._gap_time = 0.0
        self._frozen_since: int | None = None
        self._stalled = False
        self._movement = MovementWatch(config.moving_speed)
        self._lower = np.full(len(joint_names), math.inf)
        self._upper = np.full(len(joint_names), -math.inf)
        self._window_time = 0.0
        self._predicted = np.zeros(len(joint_names))
        self._change = np.zeros(len(joint_names))
        self._change_sum = 0.0
        self._error_sum = 0.0

    @property
    def messages(self) -> int:
        """Number of usable joint states so far."""
        return self._counts["message"]

    def add_bad(self, message: str) -> Finding:
        """Count a joint state that cannot be used and return the finding."""
        return self._note("bad_message", message)

    def add(self, sample: JointSample) -> tuple[Finding, ...]:
        """Take in the next joint state and return what is noteworthy about it."""
        last = self._last
        if last is None:
            self._first = sample
            self._accept(sample)
            return ()
        elapsed = (sample.stamp_ns - last.stamp_ns) / _NS_PER_S
        if elapsed <= 0.0:
            if elapsed == 0.0:
                return (self._note("repeated", "two joint states have the same stamp"),)
            return (
                self._note(
                    "backwards",
                    f"a stamp is {-elapsed:.4f} s earlier than the one before; make the driver "
                    "stamp with one steady clock and check that only one driver publishes",
                ),
            )
        findings = [
            *self._check_gap(elapsed),
            *self._check_jump(last, sample, elapsed),
            *self._check_stall(last, sample),
            *self._check_saturation(sample),
        ]
        self._accept(sample, elapsed)
        findings += self._check_movement()
        self._compare_velocities(last, sample, elapsed)
        return tuple(findings)

    def _accept(self, sample: JointSample, elapsed: float | None = None) -> None:
        self._counts["message"] += 1
        self._lower = np.minimum(self._lower, sample.joint_positions)
        self._upper = np.maximum(self._upper, sample.joint_positions)
        if elapsed is not None:
            self._periods.append(elapsed)
        self._last = sample
        self._movement.add(sample)

    def _note(self, kind: str, message: str) -> Finding:
        self._counts[kind] += 1
        self._examples.setdefault(kind, message)
        return Finding(kind, kind in {"bad_message", "backwards"}, message)

    def _check_gap(self, elapsed: float) -> list[Finding]:
        self._longest_gap = max(self._longest_gap, elapsed)
        # Without a period to compare with, the first interval is no gap unless it is a long one.
        usual = statistics.median(self._periods) if self._periods else self.config.maximum_gap
        if elapsed <= max(self.config.gap, 2.5 * usual):
            return []
        self._gap_time += elapsed
        return [self._note("gap", f"no joint state for {elapsed:.3f} s")]

    def _check_jump(self, last: JointSample, sample: JointSample, elapsed: float) -> list[Finding]:
        change = np.abs(sample.joint_positions - last.joint_positions)
        excess = change - self._limits * elapsed - self.config.jump_margin
        joint = int(np.argmax(excess))
        if excess[joint] <= 0.0:
            return []
        return [
            self._note(
                "jump",
                f"{self._names[joint]} jumped by {change[joint]:.3f} rad in {elapsed * 1e3:.0f} "
                "ms, faster than its velocity limit",
            )
        ]

    def _check_stall(self, last: JointSample, sample: JointSample) -> list[Finding]:
        frozen = np.array_equal(sample.joint_positions, last.joint_positions)
        moving = float(np.abs(sample.joint_velocities).max()) > self.config.moving_speed
        if not (frozen and moving):
            self._frozen_since, self._stalled = None, False
            return []
        if self._frozen_since is None:
            self._frozen_since = last.stamp_ns
        frozen_for = (sample.stamp_ns - self._frozen_since) / _NS_PER_S
        if self._stalled or frozen_for <= self.config.stall:
            return []
        self._stalled = True
        return [
            self._note(
                "stall",
                f"the positions stood still for {frozen_for:.2f} s while the velocities did not; "
                "check the driver's connection to the arm",
            )
        ]

    def _check_saturation(self, sample: JointSample) -> list[Finding]:
        share = np.abs(sample.joint_velocities) / self._limits
        joint = int(np.argmax(share))
        if share[joint] < self.config.saturation:
            return []
        return [
            self._note(
                "saturation", f"{self._names[joint]} at {share[joint]:.0%} of its velocity limit"
            )
        ]

    def _check_movement(self) -> list[Finding]:
        so_far, limit = self._movement.so_far, self.config.maximum_movement
        if not so_far > limit > 0.0:
            return []
        return [self._note("long", long_movement(so_far, limit))]

    def _compare_velocities(self, last: JointSample, sample: JointSample, elapsed: float) -> None:
        # Over a window, because between two joint states the encoders' noise would dominate.
        self._window_time += elapsed
        self._predicted += 0.5 * elapsed * (sample.joint_velocities + last.joint_velocities)
        self._change += sample.joint_positions - last.joint_positions
        if self._window_time < _WINDOW_S:
            return
        least = self.config.moving_speed * self._window_time
        moved = np.maximum(np.abs(self._change), np.abs(self._predicted)) > least
        self._change_sum += float(np.abs(self._change[moved]).sum())
        self._error_sum += float(np.abs((self._change - self._predicted)[moved]).sum())
        self._window_time = 0.0
        self._predicted[:] = 0.0
        self._change[:] = 0.0

    @property
    def rate(self) -> float:
        """Joint states per second so far, Hz."""
        if self._first is None or self._last is None or self._last is self._first:
            return 0.0
        return (self.messages - 1) * _NS_PER_S / (self._last.stamp_ns - self._first.stamp_ns)

    @property
    def duration(self) -> float:
        """From the first to the last stamp so far, s."""
        if self._first is None or self._last is None:
            return 0.0
        return (self._last.stamp_ns - self._first.stamp_ns) / _NS_PER_S

    @property
    def figures(self) -> QualityFigures:
        """The take in numbers as it is now."""
        if self._last is None:
            return QualityFigures(bad_messages=self._counts["bad_message"])
        return QualityFigures(
            messages=self.messages,
            bad_messages=self._counts["bad_message"],
            duration=self.duration,
            rate=self.rate,
            gaps=self._counts["gap"],
            gap_time=self._gap_time,
            longest_gap=self._longest_gap,
            backwards=self._counts["backwards"],
            repeated=self._counts["repeated"],
            stalls=self._counts["stall"],
            jumps=self._counts["jump"],
            saturated=self._counts["saturation"] / self.messages,
            velocity_error=self._error_sum / self._change_sum if self._change_sum else 0.0,
            motion=float(np.max(self._upper - self._lower)),
            final_speed=float(np.abs(self._last.joint_velocities).max()),
            movement=self._movement.duration,
        )

    def report(self) -> QualityReport:
        """Judge the take as it is now."""
        return judge(self.figures, self.config, self._examples)
