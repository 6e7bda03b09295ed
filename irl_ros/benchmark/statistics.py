# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What many cells say together."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.result import CellResult
from irl_ros.core.errors import DataError
from irl_ros.report.proportion import wilson_interval

_GOOD_PERCENT = 90
"""Successes with mean actions that make a seed a good one."""

DROP = 0.02
"""A plate that was higher above its resting height than this when the gripper opened fell, m."""


@dataclass(frozen=True)
class Summary:
    """One method in one scenario over all its seeds.

    Attributes:
        seeds: Number of seeds.
        trials: Attempts with mean actions.
        successes: Successful ones.
        interval: 95 % Wilson interval of their probability, for attempts of these policies.
        good: Number of seeds with at least 90 % successes.
        good_interval: 95 % Wilson interval of the probability of such a seed: what to expect of a
            new demonstrator, since attempts of one seed share a policy.
        worst: Smallest share of successes of any seed.
        sampled: Share of successes with sampled actions.
        first_ninety: Upper median over the seeds of the rollouts until 9 of the last 10 had
            succeeded, infinite where half of them never got there; None where nothing was tried
            while learning.
        reached: Number of seeds that got there.
        force: Median over the attempts of the peak contact force, N.
        force_95: The force that 95 % of them stayed below, N.
        seconds: Median time that learning took, s.
        notes: Number of seeds whose learning ended early.
        dropped: Share of the successful attempts whose plate fell from more than `DROP`; None
            where that was not measured, or nothing succeeded.
    """

    seeds: int
    trials: int
    successes: int
    interval: tuple[float, float]
    good: int
    good_interval: tuple[float, float]
    worst: float
    sampled: float
    first_ninety: float | None
    reached: int
    force: float
    force_95: float
    seconds: float
    notes: int
    dropped: float | None

    @property
    def rate(self) -> float:
        """Share of successful attempts."""
        return self.successes / self.trials


def summarise(results: Sequence[CellResult]) -> Summary:
    """Return what the seeds of one method in one scenario say.

    Raises:
        DataError: If there is no result.
    """
    if not results:
        raise DataError("0 results; measure at least 1")
    trials = sum(len(result.mean) for result in results)
    successes = sum(result.successes for result in results)
    good = sum(_is_good(result) for result in results)
    marks = "".join(result.sampled for result in results)
    firsts = [result.first_ninety(METHODS[result.method].fixed) for result in results]
    forces = np.concatenate([np.array(result.forces) for result in results])
    tried = any(result.training for result in results)
    return Summary(
        seeds=len(results),
        trials=trials,
        successes=successes,
        interval=wilson_interval(successes, trials),
        good=good,
        good_interval=wilson_interval(good, len(results)),
        worst=min(result.successes / len(result.mean) for result in results),
        sampled=marks.count("1") / len(marks),
        first_ninety=_median([np.inf if first is None else first for first in firsts])
        if tried
        else None,
        reached=sum(first is not None for first in firsts),
        force=float(np.median(forces)),
        force_95=float(np.quantile(forces, 0.95)),
        seconds=statistics.median(result.seconds for result in results),
        notes=sum(bool(result.note) for result in results),
        dropped=_dropped(results),
    )


def _is_good(result: CellResult) -> bool:
    return 100 * result.successes >= _GOOD_PERCENT * len(result.mean)


def _dropped(results: Sequence[CellResult]) -> float | None:
    falls = [
        fall > DROP
        for result in results
        if result.drops
        for mark, fall in zip(result.mean, result.drops, strict=True)
        if mark == "1"
    ]
    return sum(falls) / len(falls) if falls else None


def _median(values: Iterable[float]) -> float:
    """Return the median; of two middle values the larger: infinity has no mean with a number."""
    return float(statistics.median_high(values))


def paired_p_value(first: Sequence[CellResult], second: Sequence[CellResult]) -> float:
    """Return how likely a difference as large as that of two methods is if there is none.

    The exact sign-flip permutation test on the successes of each seed, two-sided: both methods
    had the same demonstrations and the same start postures. Attempts of one seed share policies
    or at least demonstrations, so a test that took all for independent would find too much.

    Raises:
        DataError: If the seeds or the numbers of attempts differ.
    """
    (ours, attempts), (theirs, others) = _by_seed(first), _by_seed(second)
    if attempts != others:
        raise DataError(
            f"seeds {sorted(attempts)} and {sorted(others)} cannot be compared; measure the same "
            "seeds equally often"
        )
    return sign_flip_p_value([ours[seed] - theirs[seed] for seed in attempts])


def _by_seed(results: Sequence[CellResult]) -> tuple[Counter[int], Counter[int]]:
    """Return the numbers of successes and of attempts of each seed."""
    successes: Counter[int] = Counter()
    attempts: Counter[int] = Counter()
    for result in results:
        successes[result.seed] += result.successes
        attempts[result.seed] += len(result.mean)
    return successes, attempts


def sign_flip_p_value(differences: Sequence[int]) -> float:
    """Return P(|sum_i s_i d_i| >= |sum_i d_i|) for independent fair signs s_i.

    The distribution of the sum of whole numbers is built up one term after the other.
    """
    reach = sum(abs(difference) for difference in differences)
    probabilities = np.zeros(2 * reach + 1)
    probabilities[reach] = 1.0
    for difference in differences:
        shifted = np.roll(probabilities, difference) + np.roll(probabilities, -difference)
        probabilities = shifted / 2
    sums = np.abs(np.arange(-reach, reach + 1))
    return float(probabilities[sums >= abs(sum(differences))].sum())
