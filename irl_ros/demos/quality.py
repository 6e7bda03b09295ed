# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Is a take good enough to learn from: the rules and the verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from irl_ros.core.action import CONTROL_PERIOD, HORIZON
from irl_ros.core.parameters import Parameters, parameter

Verdict = Literal["good", "warned", "refused"]
_FINAL_SPEED = 0.1  # rad/s; a demonstration should end at rest


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


def judge(
    figures: QualityFigures,
    config: QualityConfig,
    examples: Mapping[str, str] | None = None,
) -> QualityReport:
    """Judge a take by its numbers.

    Args:
        figures: The numbers.
        config: The limits.
        examples: First message of each kind of finding made while the take was recorded.
    """
    found = [*_judge_stream(figures, config, examples or {})]
    if figures.messages:
        found += _judge_motion(figures, config, examples or {})
    return QualityReport(figures, tuple(sorted(found, key=lambda finding: not finding.refuses)))


def _judge_stream(
    figures: QualityFigures, config: QualityConfig, examples: Mapping[str, str]
) -> Iterator[Finding]:
    if figures.bad_messages:
        example = examples.get("bad_message", "")
        yield Finding(
            "bad_message", True, f"{figures.bad_messages} unusable joint states, first: {example}"
        )
    if figures.messages == 0:
        yield Finding("empty", True, "no usable joint state; check the topic and the joint names")
        return
    if figures.backwards:
        example = examples.get("backwards", "")
        yield Finding(
            "backwards", True, f"{figures.backwards} stamps go backwards, first: {example}"
        )
    if figures.duration < config.minimum_duration:
        yield Finding(
            "short",
            True,
            f"{figures.duration:.2f} s is shorter than {config.minimum_duration:g} s; record the "
            "whole movement",
        )
    if figures.rate < config.minimum_rate:
        yield Finding(
            "rate",
            True,
            f"{figures.rate:.1f} Hz is below {config.minimum_rate:g} Hz; raise the driver's rate "
            "or subscribe to its faster topic",
        )
    elif figures.rate < 0.9 * config.expected_rate:
        yield Finding(
            "rate",
            False,
            f"{figures.rate:.1f} Hz instead of {config.expected_rate:g} Hz; check the load of the "
            "machine and the network",
        )
    if figures.repeated > 0.01 * figures.messages:
        yield Finding(
            "repeated",
            False,
            f"{figures.repeated} joint states repeat the stamp before; the driver publishes "
            "faster than it measures, or two drivers publish",
        )
    yield from _judge_gaps(figures, config)


def _judge_gaps(figures: QualityFigures, config: QualityConfig) -> Iterator[Finding]:
    share = figures.gap_time / figures.duration if figures.duration else 0.0
    remedy = "check the load of the machine and the network"
    if figures.longest_gap > config.maximum_gap:
        yield Finding(
            "gap",
            True,
            f"no joint state for {figures.longest_gap:.3f} s, more than {config.maximum_gap:g} s; "
            f"{remedy}",
        )
    elif share > config.maximum_gap_share:
        yield Finding(
            "gap",
            True,
            f"{share:.0%} of the time lies in gaps, more than {config.maximum_gap_share:.0%}; "
            f"{remedy}",
        )
    elif figures.gaps:
        yield Finding(
            "gap", False, f"{figures.gaps} gaps, the longest {figures.longest_gap:.3f} s; {remedy}"
        )


def _judge_motion(
    figures: QualityFigures, config: QualityConfig, examples: Mapping[str, str]
) -> Iterator[Finding]:
    if figures.stalls:
        example = examples.get("stall", "")
        yield Finding("stall", True, f"{figures.stalls} stalls, first: {example}")
    if figures.jumps:
        example = examples.get("jump", "")
        yield Finding(
            "jump",
            figures.jumps > config.maximum_jumps,
            f"{figures.jumps} position jumps, at most {config.maximum_jumps} allowed; {example}",
        )
    if figures.saturated > 0.0:
        yield Finding(
            "saturation",
            figures.saturated > config.maximum_saturated,
            f"{figures.saturated:.1%} of the joint states at a velocity limit, at most "
            f"{config.maximum_saturated:.0%} allowed; move the arm more slowly",
        )
    if figures.motion < config.minimum_motion:
        yield Finding(
            "motion",
            True,
            f"no joint moved by more than {figures.motion:.3f} rad, at least "
            f"{config.minimum_motion:g} rad wanted; is the arm in its hand-guiding mode?",
        )
    elif figures.velocity_error > config.velocity_error:
        yield Finding(
            "velocity",
            True,
            f"velocities and positions disagree by {figures.velocity_error:.0%}, at most "
            f"{config.velocity_error:.0%} allowed; the driver must report velocities in rad/s",
        )
    if figures.movement > config.maximum_movement > 0.0:
        yield Finding("long", True, long_movement(figures.movement, config.maximum_movement))
    if figures.final_speed > _FINAL_SPEED:
        yield Finding(
            "unfinished",
            False,
            f"the arm still moved at {figures.final_speed:.2f} rad/s at the end; let it come to "
            "rest before you stop",
        )


def long_movement(seconds: float, limit: float) -> str:
    """Return what to say about a movement that lasts longer than learning has steps for, s."""
    return (
        f"the movement lasts {seconds:.2f} s, more than the {limit:g} s that learning uses; move "
        "faster, or raise the steps of learning and quality.maximum_movement"
    )
