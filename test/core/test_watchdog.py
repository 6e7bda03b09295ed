# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The watchdog barks after a silence and not before."""

import math

import pytest

from irl_ros.core.errors import ParameterError
from irl_ros.core.watchdog import Watchdog


def test_it_barks_before_the_first_sign_of_life() -> None:
    dog = Watchdog(0.1)
    assert dog.expired(0.0)
    assert dog.silence(5.0) == math.inf


def test_it_barks_after_the_timeout_only() -> None:
    dog = Watchdog(0.5)
    dog.feed(10.0)
    assert not dog.expired(10.5)
    assert dog.expired(10.75)
    dog.feed(11.0)
    assert not dog.expired(11.25)


@pytest.mark.parametrize("timeout", [0.0, -1.0, math.nan, math.inf])
def test_a_timeout_must_be_a_positive_number(timeout: float) -> None:
    with pytest.raises(ParameterError, match="timeout"):
        Watchdog(timeout)
