# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Is a take good enough to learn from: the limits, the numbers and the verdict."""

from dataclasses import dataclass
from typing import Literal

from irl_ros.core.action import CONTROL_PERIOD, HORIZON
from irl_ros.core.parameters import Parameters, parameter

Verdict = Literal["good", "warned", "refused"]


@dataclass(frozen=True)
class QualityConfig(Parameters):
    """What a take must be like."""

    expected_rate: float = parameter(
        0.0,
        doc="Rate the driver should publish joint states at; 0 accepts any above minimum_rate",
        unit="Hz",
        low=0.0,
        high=10000.0,
    )
    minimum_rate: float = parameter(
        50.0,
        doc="Takes with a lower rate of joint states are refused",
        unit="Hz",
        low=1.0,
        high=10000.0,
    )
    gap: float = parameter(
        0.03,
        doc="Time without a joint state that counts as a gap (or 2.5 periods if that is longer)",
        unit="s",
        low=0.001,
        high=1.0,
    )
    maximum_gap: float = parameter(
        0.1, doc="Takes with a longer gap are refused", unit="s", low=0.002, high=10.0
    )
    maximum_gap_share: float = parameter(
        0.05, doc="Share of a take's duration that may lie in gaps", low=0.0, high=1.0
    )
    stall: float = parameter(
        0.1,
        doc="Time for which a moving arm may report the same positions again and again",
        unit="s",
        low=0.01,
        high=10.0,
    )
    moving_speed: float = parameter(
        0.02,
        doc="Joint speed above which the arm counts as moving",
        unit="rad/s",
        low=1e-4,
        high=1.0,
    )
    jump_margin: float = parameter(
        0.01,
        doc="Change of a position between two joint states beyond what the velocity limit allows "
        "from which it counts as a jump",
        unit="rad",
        low=0.0,
        high=1.0,
    )
    maximum_jumps: int = parameter(0, doc="Takes with more position jumps are refused", low=0)
    saturation: float = parameter(
        0.98, doc="Share of a joint's velocity limit that counts as saturated", low=0.1, high=1.0
    )
    maximum_saturated: float = parameter(
        0.05, doc="Share of joint states that may be saturated", low=0.0, high=1.0
    )
    velocity_error: float = parameter(
        0.5,
        doc="Error of the reported velocities, relative to the change of the positions, from "
        "which a take is refused",
        low=0.0,
        high=100.0,
    )
    minimum_duration: float = parameter(
        1.0, doc="Shorter takes are refused", unit="s", low=0.0, high=600.0
    )
    maximum_movement: float = parameter(
        HORIZON * CONTROL_PERIOD,
        doc="Takes whose movement, from onset to arrival, lasts longer are refused, because "
        "learning has no steps for it; 0 accepts any",
        unit="s",
        low=0.0,
        high=3600.0,
    )
    minimum_motion: float = parameter(
        0.05,
        doc="Takes in which no joint moved further are refused",
        unit="rad",
        low=0.0,
        high=6.0,
    )


@dataclass(frozen=True)
class Finding:
    """Something noteworthy about a take.

    Attributes:
        kind: Which rule found it, such as ``gap``.
        refuses: Whether the take cannot be used because of it.
        message: The value, the limit and the remedy.
    """

    kind: str
    refuses: bool
    message: str


@dataclass(frozen=True)
class QualityFigures:
    """A take in numbers.

    Attributes:
        messages: Number of usable joint states.
        bad_messages: Number of joint states with wrong joints, wrong lengths or NaN.
        duration: From the first to the last stamp, s.
        rate: Joint states per second, Hz.
        gaps: Number of gaps.
        gap_time: Total length of the gaps, s.
        longest_gap: Longest time between two joint states, s.
        backwards: Number of stamps earlier than the one before.
        repeated: Number of stamps equal to the one before.
        stalls: Number of times the positions froze while the arm moved.
        jumps: Number of position jumps.
        saturated: Share of joint states with a joint at its velocity limit.
        velocity_error: Error of the velocities relative to the change of the positions.
        motion: Largest range of a joint's positions, rad.
        final_speed: Largest joint speed at the end, rad/s.
        movement: From the onset of the movement to the arrival at the last posture, s.
    """

    messages: int = 0
    bad_messages: int = 0
    duration: float = 0.0
    rate: float = 0.0
    gaps: int = 0
    gap_time: float = 0.0
    longest_gap: float = 0.0
    backwards: int = 0
    repeated: int = 0
    stalls: int = 0
    jumps: int = 0
    saturated: float = 0.0
    velocity_error: float = 0.0
    motion: float = 0.0
    final_speed: float = 0.0
    movement: float = 0.0


@dataclass(frozen=True)
class QualityReport:
    """A take in numbers and what is to be said about them.

    Attributes:
        figures: The numbers.
        findings: What was found, those that refuse the take first.
    """

    figures: QualityFigures
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """``refused`` if a finding refuses the take, ``warned`` if there are others."""
        if any(finding.refuses for finding in self.findings):
            return "refused"
        return "warned" if self.findings else "good"

    @property
    def summary(self) -> str:
        """The report in one line."""
        figures = self.figures
        line = f"{figures.duration:.2f} s, {figures.messages} joint states, {figures.rate:.1f} Hz"
        return "; ".join([line, *(finding.message for finding in self.findings)])
