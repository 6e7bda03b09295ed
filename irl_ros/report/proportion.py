# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How sure a success rate is."""

import math

from irl_ros.core.errors import DataError

_Z95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a success probability (Wilson 1927).

    With p = successes / n and z the 97.5 % normal quantile,

        (p + z^2/2n +- z sqrt(p (1 - p) / n + z^2/4n^2)) / (1 + z^2/n).

    It stays within [0, 1] and is honest for 0 or n successes, where p +- 2 s.d. is not.

    Raises:
        DataError: If there are fewer trials than successes, or none.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise DataError(f"{successes} successes in {trials} trials; give 0 <= successes <= trials")
    rate = successes / trials
    z2 = _Z95**2 / trials
    centre = rate + z2 / 2
    spread = _Z95 * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials))
    # At 0 and n successes one end is exactly 0 or 1, which rounding would miss.
    low = 0.0 if successes == 0 else (centre - spread) / (1 + z2)
    high = 1.0 if successes == trials else (centre + spread) / (1 + z2)
    return low, high
