# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of a table, and 95 % of how far each may be off."""

import statistics
from collections.abc import Sequence

from irl_ros.report.proportion import wilson_interval

_STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
"""97.5 % quantiles of Student's distribution, by the number of values."""


def mean(values: Sequence[float], digits: int) -> str:
    """Return the mean, and how far it may be off where there are several values."""
    if len(values) < 2:
        return f"{statistics.mean(values):.{digits}f}"
    off = _STUDENT.get(len(values), 1.96) * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.mean(values):.{digits}f} ± {off:.{digits}f}"


def share(successes: int, trials: int) -> str:
    """Return successes of trials with the interval of their rate."""
    low, high = wilson_interval(successes, trials)
    return f"{successes}/{trials} ({100 * low:.0f} to {100 * high:.0f} %)"
