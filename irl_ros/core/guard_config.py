# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Margins and thresholds of the guards."""

from dataclasses import dataclass

from irl_ros.core.parameters import Parameters, parameter


@dataclass(frozen=True)
class GuardConfig(Parameters):
    """How far inside the arm's limits the guard keeps the commands, and when it trips."""

    position_margin: float = parameter(
        0.05, unit="rad", low=0.0, high=0.5, doc="Distance kept from both ends of every joint"
    )
    velocity_scale: float = parameter(
        0.9, low=0.01, high=1.0, doc="Used share of the velocity limits"
    )
    acceleration_scale: float = parameter(
        0.9, low=0.01, high=1.0, doc="Used share of the acceleration limits"
    )
    jerk_scale: float = parameter(0.9, low=0.01, high=1.0, doc="Used share of the jerk limits")
    effort_scale: float = parameter(0.9, low=0.01, high=1.0, doc="Used share of the effort limits")
    effort_rate: float = parameter(
        500.0, unit="N m/s", low=1.0, high=1e4, doc="Fastest change of a commanded effort"
    )
    speed_limit: float = parameter(
        1.5, unit="rad/s", low=0.01, high=10.0, doc="Fastest commanded speed of any joint"
    )
    overspeed: float = parameter(
        1.2, low=1.0, high=5.0, doc="Trip when a joint moves faster than its limit times this"
    )
    overtravel: float = parameter(
        0.1,
        unit="rad",
        low=0.0,
        high=1.0,
        doc="Trip when a joint is measured beyond its end by this",
    )
    jump: float = parameter(
        0.1, unit="rad", low=0.001, high=10.0, doc="Trip when a position changes by this at once"
    )
    tracking_error: float = parameter(
        0.3,
        unit="rad",
        low=0.001,
        high=10.0,
        doc="Trip when a joint falls this far behind its commands within the tracking window",
    )
    tracking_window: float = parameter(
        0.5, unit="s", low=0.05, high=60.0, doc="Time after which a tracking error is forgotten"
    )
    response_time: float = parameter(
        0.05,
        unit="s",
        low=0.0,
        high=1.0,
        doc="Longest lag with which the arm follows velocity commands",
    )
    stall_speed: float = parameter(
        0.25,
        unit="rad/s",
        low=0.01,
        high=10.0,
        doc="Trip when a joint that is commanded faster than this, on average, hardly moves",
    )
    measured_effort: float = parameter(
        1.0,
        low=0.01,
        high=10.0,
        doc="Trip when a measured effort stays over its limit times this, where efforts come",
    )
    effort_window: float = parameter(
        0.05, unit="s", low=0.0, high=5.0, doc="Time for which an effort may stay over its limit"
    )
