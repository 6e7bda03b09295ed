# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Silence is noticed once it has lasted too long, and then again every period."""

import time

import pytest
from harness import RosHarness

from irl_ros.ros.silence import SilenceTimer

pytestmark = pytest.mark.ros

TIMEOUT, PERIOD = 1.0, 0.01


@pytest.mark.parametrize("heard", [False, True])
def test_the_second_call_comes_one_period_after_the_first(ros: RosHarness, heard: bool) -> None:
    calls: list[float] = []
    timer = SilenceTimer(ros.node, TIMEOUT, PERIOD, lambda: calls.append(time.monotonic()))
    if heard:
        ros.wait_until(lambda: calls, "silence")
        calls.clear()
        timer.heard()
    begin = time.monotonic()
    ros.wait_until(lambda: len(calls) >= 3, "three calls")
    assert calls[0] - begin > 0.9 * TIMEOUT
    # Half the timeout is 50 periods: far more than a busy machine needs.
    assert calls[1] - calls[0] < 0.5 * TIMEOUT
    assert calls[2] - calls[1] < 0.5 * TIMEOUT
