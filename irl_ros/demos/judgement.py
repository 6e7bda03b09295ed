# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules by which a take is judged."""

from collections.abc import Iterator, Mapping

from irl_ros.demos.quality import Finding, QualityConfig, QualityFigures, QualityReport

_FINAL_SPEED = 0.1  # rad/s; a demonstration should end at rest


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
