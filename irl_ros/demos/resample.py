# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the joint states of a take to the fixed number of steps that learning needs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.action import CONTROL_PERIOD, HORIZON
from irl_ros.core.errors import DataError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.demos.movement import LEAD, MOVING_TIME, REST_DISTANCE
from irl_ros.demos.recording import Motion


@dataclass(frozen=True)
class ResampleConfig(Parameters):
    """How a take becomes steps."""

    steps: int = parameter(HORIZON, doc="Number of steps", low=2, high=100000)
    period: float = parameter(
        CONTROL_PERIOD, doc="Time between two steps", unit="s", low=0.001, high=10.0
    )
    begin: str = parameter(
        "onset",
        doc="Where the first step lies: where the arm begins to move, or where the take begins",
        choices=("onset", "take"),
    )
    lead: float = parameter(
        LEAD, doc="Time before the onset that is kept", unit="s", low=0.0, high=10.0
    )
    moving_speed: float = parameter(
        0.02,
        doc="Joint speed above which the arm counts as moving",
        unit="rad/s",
        low=1e-4,
        high=1.0,
    )
    moving_time: float = parameter(
        MOVING_TIME,
        doc="Time for which it must do so, to tell a start from a twitch",
        unit="s",
        low=0.0,
    )
    rest_distance: float = parameter(
        REST_DISTANCE,
        doc="The movement has ended where every joint stays this close to its last position",
        unit="rad",
        low=1e-6,
        high=1.0,
    )
    too_long: str = parameter(
        "refuse",
        doc="What becomes of a movement that lasts longer than the steps: an error, or its end is "
        "cut off",
        choices=("refuse", "crop"),
    )
    maximum_gap: float = parameter(
        0.1, doc="Longest gap that is bridged by interpolation", unit="s", low=0.001, high=10.0
    )


@dataclass(frozen=True)
class Steps:
    """A motion at equal intervals: the T + 1 ends of T control periods.

    Attributes:
        joint_positions: rad.
        joint_velocities: rad/s.
        begin: Time of the first step since the take's first joint state, s.
        padded: Number of steps after the end of the take, filled with its last posture at rest.
    """

    joint_positions: Float[ndarray, "T_plus_1 joints"]
    joint_velocities: Float[ndarray, "T_plus_1 joints"]
    begin: float
    padded: int


def resample(motion: Motion, config: ResampleConfig) -> Steps:
    """Return a motion at equal intervals.

    Positions are interpolated by the cubic that has the measured positions and velocities at both
    neighbours (Hermite), velocities linearly between the measured ones. After the end of the take
    the arm rests in its last posture.

    Args:
        motion: What was measured.
        config: How many steps at which intervals, and where they begin.

    Raises:
        DataError: If the arm never moves, the movement is longer than the steps and must not be
            cut, or a gap within it is too long.
    """
    moving = _moving(motion, config)
    if not moving.any():
        fastest = float(np.abs(motion.joint_velocities).max())
        raise DataError(
            f"the arm never moved: its fastest joint reached {fastest:.4f} rad/s, wanted were "
            f"{config.moving_speed:g} rad/s for {config.moving_time:g} s; leave the take out"
        )
    onset = float(motion.times[np.argmax(moving)])
    rest = _arrival(motion, config.rest_distance)
    begin = max(0.0, onset - config.lead) if config.begin == "onset" else 0.0
    length = config.steps * config.period
    if rest - begin > length and config.too_long == "refuse":
        raise DataError(
            f"the movement lasts {rest - begin:.2f} s, the {config.steps} steps of "
            f"{config.period:g} s only {length:g} s; demonstrate it faster, raise steps, or set "
            "too_long to crop"
        )
    times = begin + config.period * np.arange(config.steps + 1)
    _check_gaps(motion, times, config.maximum_gap)
    positions, velocities = interpolate(motion, times)
    padded = int(np.sum(times > motion.times[-1]))
    return Steps(positions, velocities, begin, padded)


def interpolate(
    motion: Motion, times: Float[ndarray, " steps"]
) -> tuple[Float[ndarray, "steps joints"], Float[ndarray, "steps joints"]]:
    """Return positions and velocities at given times; outside the motion the arm rests.

    Args:
        motion: What was measured.
        times: Since the first measurement, s.
    """
    knots = motion.times
    right = np.clip(np.searchsorted(knots, times, side="right"), 1, len(knots) - 1)
    left = right - 1
    span = (knots[right] - knots[left])[:, None]
    share = np.clip((times - knots[left])[:, None] / span, 0.0, 1.0)
    q0, q1 = motion.joint_positions[left], motion.joint_positions[right]
    v0, v1 = motion.joint_velocities[left], motion.joint_velocities[right]
    back = 1.0 - share
    positions = (
        (1.0 + 2.0 * share) * back**2 * q0
        + share * back**2 * span * v0
        + share**2 * (3.0 - 2.0 * share) * q1
        - share**2 * back * span * v1
    )
    velocities = back * v0 + share * v1
    outside = (times < knots[0]) | (times > knots[-1])
    velocities[outside] = 0.0
    return positions, velocities


def _moving(motion: Motion, config: ResampleConfig) -> ndarray:
    """Return at which measurements the arm is in a movement that lasts long enough."""
    fast = np.abs(motion.joint_velocities).max(axis=1) > config.moving_speed
    moving = np.zeros(len(fast), dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fast, [False]]).astype(np.int8)))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        if motion.times[after - 1] - motion.times[first] >= config.moving_time:
            moving[first:after] = True
    return moving


def _arrival(motion: Motion, distance: float) -> float:
    """Return the time from which on the arm stays in its last posture, s."""
    away = np.abs(motion.joint_positions - motion.joint_positions[-1]).max(axis=1) > distance
    if not away.any():
        return 0.0
    return float(motion.times[len(away) - 1 - np.argmax(away[::-1])])


def _check_gaps(motion: Motion, times: Float[ndarray, " steps"], maximum: float) -> None:
    inside = (motion.times[1:] > times[0]) & (motion.times[:-1] < times[-1])
    gaps = np.where(inside, np.diff(motion.times), 0.0)
    place = int(np.argmax(gaps))
    if gaps[place] > maximum:
        raise DataError(
            f"no joint state for {gaps[place]:.3f} s after {motion.times[place]:.2f} s, at most "
            f"{maximum:g} s can be bridged; leave the take out"
        )
