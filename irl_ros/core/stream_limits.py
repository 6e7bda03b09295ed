# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a stream of joint commands keeps to: an arm's limits with the margins taken off."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import JointLimits
from irl_ros.core.errors import ParameterError
from irl_ros.core.guard_config import GuardConfig


@dataclass(frozen=True)
class StreamLimits:
    """What the stream keeps to.

    Attributes:
        lower: rad.
        upper: rad.
        velocity: rad/s.
        acceleration: rad/s^2.
        jerk: rad/s^3.
        response_time: Longest lag with which the arm follows a command, s.
        limit_reference: Whether the integrated commands must stay within the position limits too,
            because the arm follows them.
    """

    lower: Float[ndarray, " joints"]
    upper: Float[ndarray, " joints"]
    velocity: Float[ndarray, " joints"]
    acceleration: Float[ndarray, " joints"]
    jerk: Float[ndarray, " joints"]
    response_time: float
    limit_reference: bool


def stream_limits(
    limits: JointLimits, config: GuardConfig, *, limit_reference: bool = False
) -> StreamLimits:
    """Return the limits of the command stream: the arm's with the margins taken off.

    Raises:
        ParameterError: If the position margin leaves a joint no room to move.
    """
    lower, upper = limits.lower + config.position_margin, limits.upper - config.position_margin
    for name, low, high in zip(limits.names, lower, upper, strict=True):
        if low >= high:
            raise ParameterError(
                f"position_margin = {config.position_margin:g} rad leaves joint {name} no room "
                "to move; give a smaller margin"
            )
    return StreamLimits(
        lower=lower,
        upper=upper,
        velocity=np.minimum(limits.velocity * config.velocity_scale, config.speed_limit),
        acceleration=limits.acceleration * config.acceleration_scale,
        jerk=limits.jerk * config.jerk_scale,
        response_time=config.response_time,
        limit_reference=limit_reference,
    )
