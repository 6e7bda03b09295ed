# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The way of an arm that is told positions with times."""

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class JointPath:
    """Points to pass on straight lines from where the arm is to be now; the last one is at rest.

    Attributes:
        times: When, s from now, increasing.
        positions: Where, rad.
    """

    times: Float[ndarray, " points"]
    positions: Float[ndarray, "points joints"]
