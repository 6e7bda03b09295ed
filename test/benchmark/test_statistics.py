# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics against enumeration and closed forms."""

import itertools
import math

import pytest
from results_double import result

from irl_ros.benchmark.statistics import paired_p_value, sign_flip_p_value, summarise
from irl_ros.core.errors import DataError
from irl_ros.report.proportion import wilson_interval


@pytest.mark.parametrize("differences", [[3, 1, -2, 5], [1, 1, 1, 1, 1], [0, 0, 4], [-7, 2, 2]])
def test_the_p_value_is_that_of_enumeration(differences: list[int]) -> None:
    sums = [
        abs(sum(sign * difference for sign, difference in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    surprising = sum(value >= abs(sum(differences)) for value in sums)
    assert sign_flip_p_value(differences) == pytest.approx(surprising / len(sums))


def test_ten_seeds_that_all_agree_are_as_sure_as_ten_coins() -> None:
    better = [result(seed=seed, mean="1111") for seed in range(10)]
    worse = [
        result("bc", seed=seed, mean="0" * (1 + seed % 4) + "1" * (3 - seed % 4))
        for seed in range(10)
    ]
    assert paired_p_value(better, worse) == pytest.approx(2 / 2**10)
    assert paired_p_value(better, better) == 1.0


def test_other_seeds_cannot_be_compared() -> None:
    with pytest.raises(DataError, match="same seeds"):
        paired_p_value([result(seed=1)], [result(seed=2)])


def test_a_summary_counts() -> None:
    results = [
        result(seed=1, mean="1111", forces=(1.0, 2.0, 3.0, 4.0), training="1" * 90),
        result(seed=2, mean="1100", forces=(5.0, 6.0, 7.0, 8.0), training="0" * 90, note="why"),
        result(seed=3, mean="1110", forces=(9.0, 9.0, 9.0, 9.0), training="0" * 10 + "1" * 80),
    ]
    summary = summarise(results)
    assert (summary.seeds, summary.trials, summary.successes) == (3, 12, 9)
    assert summary.worst == 0.5
    assert summary.good == 1
    assert summary.good_interval == wilson_interval(1, 3)
    assert summary.first_ninety == 19.0
    assert summary.reached == 2
    assert summary.force == 6.5
    assert summary.notes == 1
    assert summary.interval[0] < 0.75 < summary.interval[1]


def test_only_successes_are_asked_how_far_they_fell() -> None:
    watched = result(seed=1, mean="1101", drops=(0.021, 0.019, 0.5, 0.0))
    assert summarise([watched, result(seed=2)]).dropped == pytest.approx(1 / 3)
    assert summarise([result(seed=2)]).dropped is None
    assert summarise([result(mean="0", drops=(0.5,))]).dropped is None


def test_most_seeds_that_never_get_there_are_an_infinite_median() -> None:
    results = [result(seed=seed, training="0" * 90) for seed in range(2)]
    assert math.isinf(summarise([*results, result(seed=3)]).first_ninety or 0.0)
    assert summarise([result(training="")]).first_ninety is None
    with pytest.raises(DataError):
        summarise([])
