# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of a table, and 95 % of how far each may be off."""

import statistics
from collections.abc import Sequence

from scipy.special import stdtrit

from irl_ros.report.proportion import wilson_interval


def mean(values: Sequence[float], digits: int) -> str:
    """Return the mean and, where there are several values, Student's interval around it."""
    if len(values) < 2:
        return f"{statistics.mean(values):.{digits}f}"
    quantile = float(stdtrit(len(values) - 1, 0.975))
    off = quantile * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.mean(values):.{digits}f} ± {off:.{digits}f}"


def share(successes: int, trials: int) -> str:
    """Return successes of trials with the interval of their rate."""
    low, high = wilson_interval(successes, trials)
    return f"{successes}/{trials} ({100 * low:.0f} to {100 * high:.0f} %)"
