# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Are the joint states fit to be recorded: asked before a take begins."""

import itertools
from collections import deque
from dataclasses import dataclass
from typing import final

_NS_PER_S = 1e9


@dataclass(frozen=True)
class _Arrival:
    """One joint state as it came in: when, with which stamp, and what was wrong with it."""

    arrival_ns: int
    stamp_ns: int
    error: str


@final
class Preflight:
    """Remembers the joint states of the last moments.

    Arrivals are told by a steady clock that need not be that of the stamps.
    """

    def __init__(self, window: float, maximum_silence: float, minimum_rate: float) -> None:
        """Start with nothing seen.

        Args:
            window: Time looked back, s.
            maximum_silence: Longest acceptable time since the last joint state, s.
            minimum_rate: Lowest acceptable rate, Hz.
        """
        self._window_ns = round(window * _NS_PER_S)
        self._silence = maximum_silence
        self._minimum_rate = minimum_rate
        self._arrivals: deque[_Arrival] = deque()
        self._last: _Arrival | None = None

    def add(self, arrival_ns: int, stamp_ns: int, error: str = "") -> None:
        """Remember a joint state and what was wrong with it, if anything."""
        self._last = _Arrival(arrival_ns, stamp_ns, error)
        self._arrivals.append(self._last)
        self._forget(arrival_ns)

    def _forget(self, now_ns: int) -> None:
        while self._arrivals and self._arrivals[0].arrival_ns < now_ns - self._window_ns:
            self._arrivals.popleft()

    def silence(self, now_ns: int) -> float:
        """Return the time since the last joint state, s; infinite if there was none."""
        if self._last is None:
            return float("inf")
        return (now_ns - self._last.arrival_ns) / _NS_PER_S

    def rate(self, now_ns: int) -> float:
        """Return the rate of the joint states by their stamps, Hz; 0 if unknown.

        Stamps are not delayed by a loaded machine as arrivals are.
        """
        self._forget(now_ns)
        if len(self._arrivals) < 2:
            return 0.0
        span = self._arrivals[-1].stamp_ns - self._arrivals[0].stamp_ns
        return (len(self._arrivals) - 1) * _NS_PER_S / span if span > 0 else 0.0

    def problem(self, now_ns: int, topic: str) -> str:
        """Return why no take can begin now, with the remedy; empty if one can."""
        silence = self.silence(now_ns)
        if self._last is None:
            return f"no joint state on {topic} yet; start the arm's driver or remap joint_states"
        if silence > self._silence:
            return (
                f"the last joint state on {topic} came {silence:.2f} s ago, at most "
                f"{self._silence:g} s allowed; check the arm's driver"
            )
        if self._last.error:
            return f"joint states on {topic} cannot be used: {self._last.error}"
        self._forget(now_ns)
        stamps = [arrival.stamp_ns for arrival in self._arrivals]
        if any(later < earlier for earlier, later in itertools.pairwise(stamps)):
            return (
                f"the stamps on {topic} go backwards; make sure that only one driver publishes "
                f"and wait {self._window_ns / _NS_PER_S:g} s"
            )
        if len(stamps) > 1 and stamps[0] == stamps[-1]:
            return f"the stamps on {topic} stand still; the driver must stamp its joint states"
        rate = self.rate(now_ns)
        if rate < self._minimum_rate:
            return (
                f"{rate:.1f} Hz of joint states on {topic}, at least {self._minimum_rate:g} Hz "
                "wanted; raise the driver's rate or subscribe to its faster topic"
            )
        return ""
