# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calls back while nothing is heard of someone."""

from collections.abc import Callable
from typing import final

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

_NS_PER_S = 1e9


@final
class SilenceTimer:
    """A timer that sleeps as long as `heard` is called often enough.

    It runs on a steady clock, so it also notices silence where simulated time stands still.
    """

    def __init__(
        self, node: Node, timeout: float, period: float, callback: Callable[[], None]
    ) -> None:
        """Start the timer.

        Args:
            node: Node whose executor calls back.
            timeout: Silence after which the first call comes, s.
            period: Time between further calls while the silence lasts, s.
            callback: What to call.
        """
        self._timeout_ns = round(timeout * _NS_PER_S)
        self._period_ns = round(period * _NS_PER_S)
        self._callback = callback
        self._silent = False
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(timeout, self._on_timer, clock=steady)

    def heard(self) -> None:
        """Begin to wait anew."""
        if self._silent:
            self._silent = False
            self._timer.timer_period_ns = self._timeout_ns
        self._timer.reset()

    def _on_timer(self) -> None:
        if not self._silent:
            self._silent = True
            self._timer.timer_period_ns = self._period_ns
            # The next call is already due after the timeout; only a reset brings it forward.
            self._timer.reset()
        self._callback()
