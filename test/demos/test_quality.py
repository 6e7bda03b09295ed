# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The quality rules: each fault is found, at its threshold, and a good take passes."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from takes import ARM, NAMES, START_NS, reach, samples

from irl_ros.core.joint_sample import JointSample
from irl_ros.core.parameters import from_mapping
from irl_ros.demos.judgement import judge
from irl_ros.demos.monitor import QualityMonitor
from irl_ros.demos.quality import QualityConfig, QualityFigures, QualityReport
from irl_ros.demos.recording import Recording, motion_of
from irl_ros.demos.resample import ResampleConfig, resample

LIMITS = ARM.limits.velocity
GOOD = QualityFigures(messages=600, duration=5.0, rate=120.0, longest_gap=0.009, motion=0.5)


def watch(measured: list[JointSample], config: QualityConfig | None = None) -> QualityReport:
    monitor = QualityMonitor(QualityConfig() if config is None else config, NAMES, LIMITS)
    for sample in measured:
        monitor.add(sample)
    return monitor.report()


def kinds(report: QualityReport) -> dict[str, bool]:
    return {finding.kind: finding.refuses for finding in report.findings}


@pytest.mark.parametrize("rate", [60.0, 120.0, 240.0, 1000.0])
def test_a_good_take_is_good(rate: float) -> None:
    report = watch(samples(rate=rate))
    assert report.verdict == "good", report.summary
    assert report.figures.rate == pytest.approx(rate, rel=1e-6)
    assert report.figures.motion == pytest.approx(0.5, rel=1e-6)
    assert report.figures.velocity_error < 0.01


@pytest.mark.parametrize(
    ("changes", "kind", "refuses"),
    [
        ({"messages": 0}, "empty", True),
        ({"bad_messages": 1}, "bad_message", True),
        ({"backwards": 1}, "backwards", True),
        ({"duration": 0.99}, "short", True),
        ({"duration": 1.0}, None, None),
        ({"rate": 49.9}, "rate", True),
        ({"rate": 50.0}, None, None),
        ({"repeated": 6}, None, None),
        ({"repeated": 7}, "repeated", False),
        ({"gaps": 1, "longest_gap": 0.1, "gap_time": 0.1}, "gap", False),
        ({"gaps": 1, "longest_gap": 0.11, "gap_time": 0.11}, "gap", True),
        ({"gaps": 9, "longest_gap": 0.04, "gap_time": 0.26}, "gap", True),
        ({"stalls": 1}, "stall", True),
        ({"jumps": 1}, "jump", True),
        ({"saturated": 0.05}, "saturation", False),
        ({"saturated": 0.051}, "saturation", True),
        ({"motion": 0.049}, "motion", True),
        ({"motion": 0.05}, None, None),
        ({"velocity_error": 0.5}, None, None),
        ({"velocity_error": 0.51}, "velocity", True),
        ({"movement": 5.0}, None, None),
        ({"movement": 5.01}, "long", True),
        ({"final_speed": 0.1}, None, None),
        ({"final_speed": 0.11}, "unfinished", False),
    ],
)
def test_every_rule_at_its_threshold(
    changes: dict[str, float], kind: str | None, refuses: bool | None
) -> None:
    report = judge(dataclasses.replace(GOOD, **changes), QualityConfig())  # type: ignore[arg-type]
    assert kinds(report) == ({} if kind is None else {kind: refuses})
    expected = {None: "good", False: "warned", True: "refused"}[refuses]
    assert report.verdict == expected


def test_an_expected_rate_is_warned_about() -> None:
    config = QualityConfig(expected_rate=200.0)
    assert kinds(judge(GOOD, config)) == {"rate": False}
    assert kinds(judge(dataclasses.replace(GOOD, rate=180.0), config)) == {}


def test_limits_are_parameters() -> None:
    config = from_mapping(QualityConfig, {"maximum_jumps": 2, "maximum_gap": 0.5})
    figures = dataclasses.replace(GOOD, jumps=2, longest_gap=0.4, gaps=1, gap_time=0.2)
    assert kinds(judge(figures, config)) == {"jump": False, "gap": False}


def test_lost_messages_are_a_gap() -> None:
    measured = samples()
    report = watch(measured[:200] + measured[203:])
    assert report.verdict == "warned"
    assert report.figures.gaps == 1
    assert report.figures.longest_gap == pytest.approx(4 / 120, rel=1e-6)
    assert watch(measured[:200] + measured[212:]).verdict == "refused"


def test_a_steady_slow_rate_has_no_gaps() -> None:
    report = watch(samples(rate=25.0), QualityConfig(minimum_rate=20.0))
    assert report.figures.gaps == 0
    assert report.verdict == "good"


def test_a_jump_is_found_and_named() -> None:
    measured = samples()
    bent = dataclasses.replace(
        measured[300], joint_positions=measured[300].joint_positions + np.eye(7)[2] * 0.06
    )
    report = watch([*measured[:300], bent, *measured[301:]])
    assert report.figures.jumps == 2
    assert "panda_joint3 jumped by 0.0" in report.summary


def test_frozen_positions_are_a_stall() -> None:
    measured = samples()
    frozen = [
        dataclasses.replace(sample, joint_positions=measured[200].joint_positions)
        for sample in measured[201:230]
    ]
    report = watch([*measured[:201], *frozen, *measured[230:]], QualityConfig(jump_margin=1.0))
    assert report.figures.stalls == 1
    assert report.verdict == "refused"
    assert "stood still for 0.1" in report.summary


def test_an_arm_at_rest_is_no_stall() -> None:
    assert watch(samples(10.0)).figures.stalls == 0


@pytest.mark.parametrize("factor", [0.0, -1.0, 180.0 / np.pi])
def test_wrong_velocities_are_found(factor: float) -> None:
    measured = [
        dataclasses.replace(sample, joint_velocities=factor * sample.joint_velocities)
        for sample in samples()
    ]
    assert kinds(watch(measured)).get("velocity") is True


def test_encoder_noise_passes() -> None:
    noise = np.random.default_rng(0)
    measured = [
        JointSample(
            sample.stamp_ns,
            sample.joint_positions + noise.normal(0.0, 5e-5, 7),
            sample.joint_velocities + noise.normal(0.0, 0.01, 7),
        )
        for sample in samples(rate=1000.0)
    ]
    assert watch(measured).verdict == "good"


def test_saturation_counts_the_joint_states_at_a_limit() -> None:
    def swing(time: float) -> tuple[np.ndarray, np.ndarray]:
        fast = 0.99 * LIMITS[4] if 2.0 <= time < 2.1 else 0.0
        position, velocity = reach(time)
        return position + fast * np.eye(7)[4] * max(time - 2.0, 0.0), velocity + fast * np.eye(7)[
            4
        ]

    report = watch(samples(motion=swing), QualityConfig(jump_margin=1.0))
    assert report.figures.saturated == pytest.approx(12 / 541)
    assert kinds(report)["saturation"] is False


@pytest.mark.parametrize(("duration", "refused"), [(3.0, False), (5.5, False), (7.0, True)])
def test_a_movement_is_refused_where_learning_would_refuse_it(
    duration: float, refused: bool
) -> None:
    # Slow ends belong to the take, but only the part that moves counts.
    measured = samples(15.0, motion=lambda time: reach(time, 1.0, duration))
    monitor = QualityMonitor(QualityConfig(), NAMES, LIMITS)
    live = [finding for sample in measured for finding in monitor.add(sample)]
    recording = Recording(tuple(measured), (), None)
    crop = from_mapping(ResampleConfig, {"steps": 1000})
    steps = resample(motion_of(recording), crop)
    away = np.abs(steps.joint_positions - steps.joint_positions[-1]).max(axis=1) > 0.02
    expected = 0.05 * (len(away) - np.argmax(away[::-1]))
    assert monitor.figures.movement == pytest.approx(expected, abs=0.06)
    report = monitor.report()
    assert kinds(report) == ({"long": True} if refused else {})
    # It is told while the arm still moves, so that the person can stop.
    assert any(finding.kind == "long" for finding in live) == refused
    anything = from_mapping(QualityConfig, {"maximum_movement": 0.0})
    assert watch(measured, anything).verdict == "good"


def test_live_findings_come_with_the_joint_state_that_causes_them() -> None:
    monitor = QualityMonitor(QualityConfig(), NAMES, LIMITS)
    measured = samples()
    assert [monitor.add(sample) for sample in measured[:100]] == [()] * 100
    assert [f.kind for f in monitor.add(measured[110])] == ["gap"]
    assert [f.kind for f in monitor.add(measured[110])] == ["repeated"]
    assert [f.kind for f in monitor.add(measured[105])] == ["backwards"]
    assert monitor.add_bad("six joints").refuses
    assert monitor.figures.messages == 101


@given(
    stamps=st.lists(st.integers(0, 10**10), max_size=30),
    values=st.lists(st.floats(-1e6, 1e6), min_size=14, max_size=14),
)
def test_whatever_comes_can_be_judged_and_stored(stamps: list[int], values: list[float]) -> None:
    monitor = QualityMonitor(QualityConfig(), NAMES, LIMITS)
    for index, stamp in enumerate(stamps):
        turned = np.roll(np.array(values), index)
        monitor.add(JointSample(START_NS + stamp, turned[:7], turned[7:]))
    figures = monitor.report().figures
    assert all(np.isfinite(value) for value in dataclasses.astuple(figures))
    assert figures.messages + figures.backwards + figures.repeated == len(stamps)
