# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Watches over the joint states on which an execution depends: fresh, fast enough, in order."""

import itertools
import math
import statistics
from collections import deque
from typing import final

from irl_ros.core.errors import SafetyError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.watchdog import Watchdog

_RATE_SAMPLES = 20
_RATE_SLACK = 1.05  # joint states may come this much slower than commands are due
_LATE_PERIODS = 3
_EARLY = 0.45  # part of a period
_NS_PER_S = 1e9


@final
class _Beat:
    """When something that happens once per period is due, by a clock that may jump."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._due = -math.inf

    def restart(self, time: float) -> None:
        """Be due at a time."""
        self._due = time

    def is_due(self, time: float) -> bool:
        # Almost half a period early is on time, or jitter would skip a state now and then.
        return time >= self._due - _EARLY * self._period

    def done(self, time: float) -> int:
        """Wait for the next time; return how many times it was not done before."""
        late = (time - self._due) / self._period
        if not -_EARLY <= late <= 1 - _EARLY:
            self._due = time  # begin anew after a pause
        self._due += self._period
        return max(0, math.floor(late + _EARLY)) if math.isfinite(late) else 0


@final
class StateFeed:
    """The stream of joint states as seen by whoever commands the arm.

    Stamps tell when a command is due; the clock of the caller, s, tells whether the stream has
    dried up, and the time while the stamps are out of order.

    Attributes:
        missed: For how many periods no command went out before the newest one.
    """

    def __init__(self, period: float, timeout: float) -> None:
        """Expect a joint state for every command.

        Args:
            period: Time between two commands, s.
            timeout: Longest time without a joint state, s.
        """
        self._period_ns = period * _NS_PER_S
        self._timeout = timeout
        self._watchdog = Watchdog(timeout)
        self._stamps: deque[int] = deque(maxlen=_RATE_SAMPLES)
        self._arrivals: deque[float] = deque(maxlen=_RATE_SAMPLES)
        self._refusal = ""
        self._beat_of_stamps = _Beat(self._period_ns)
        self._beat_of_caller = _Beat(self._period_ns)
        self._bridged = 0
        self.missed = 0
        self._last: JointSample | None = None

    @property
    def last(self) -> JointSample | None:
        """The newest joint state."""
        return self._last

    @property
    def grace(self) -> float:
        """Time without joint states after which the last command must not stay in force, s."""
        return min(_LATE_PERIODS * self._period_ns / _NS_PER_S, self._timeout)

    def repeats(self, sample: JointSample) -> bool:
        """Whether a joint state has the stamp of the one before it."""
        return self._last is not None and sample.stamp_ns == self._last.stamp_ns

    def refuse(self, reason: str) -> None:
        """Remember why joint states that come are of no use."""
        self._refusal = reason

    def take(self, sample: JointSample, now: float) -> str:
        """Take a joint state; return what is wrong with the stamps, nothing if all is well."""
        last, self._last = self._last, sample
        self._watchdog.feed(now)
        self._arrivals.append(now)
        self._refusal = ""
        problem = ""
        if last is not None:
            gap = (sample.stamp_ns - last.stamp_ns) / _NS_PER_S
            if gap <= 0.0:
                problem = (
                    f"a joint state is stamped {-gap:.3g} s before the one that came before it"
                )
            elif gap > self._timeout:
                problem = f"no joint states for {gap:.3g} s, over {self._timeout:g} s"
        if problem:
            self._stamps.clear()
            self._beat_of_stamps.restart(sample.stamp_ns)
        self._stamps.append(sample.stamp_ns)
        return problem

    def silence(self, now: float) -> float:
        """Return for how long no joint state has come if that is too long, else 0, s."""
        return self._watchdog.silence(now) if self._watchdog.expired(now) else 0.0

    def late(self, now: float) -> bool:
        """Whether the joint state that is due is so late that the arm must slow down.

        What is late is measured by the pace at which they usually come: a simulation may be
        slower than real time.
        """
        return self._watchdog.silence(now) >= self._pace * self.grace

    def bridge(self, now: float) -> None:
        """Note that a command goes out although no joint state has come."""
        silent_ns = self._watchdog.silence(now) * _NS_PER_S
        first = self._bridged == 0 and math.isfinite(silent_ns)
        silent = int(silent_ns / (self._pace * self._period_ns)) if first else 0
        self.missed = max(0, silent - 1)  # the last command was for the first period
        self._bridged += self.missed + 1

    def command_is_due(self) -> bool:
        """Whether a command is due with the newest joint state; tells so once per period."""
        assert self._last is not None
        stamp, now = self._last.stamp_ns, self._arrivals[-1] * _NS_PER_S
        if not self._beat_of_stamps.is_due(stamp):
            return False
        # Where two drivers publish, every state begins anew. Until stamps have been in order for
        # long enough the stream must not be hurried by them.
        in_order = len(self._stamps) == _RATE_SAMPLES
        if not in_order and not self._beat_of_caller.is_due(now):
            return False
        by_stamps, by_caller = self._beat_of_stamps.done(stamp), self._beat_of_caller.done(now)
        missed = by_stamps if in_order else by_caller
        # Nothing is lost where states are a little slower than commands, which then wait for them.
        self.missed = max(0, min(missed, self._lost(in_order)) - self._bridged)
        self._bridged = 0
        return True

    def _lost(self, in_order: bool) -> int:
        """Return for how many periods no state came before the newest one."""
        times = self._stamps if in_order else self._arrivals
        if len(times) < 2:
            return 0
        gap = (times[-1] - times[-2]) / self._period_ns
        return round(gap if in_order else gap * _NS_PER_S) - 1

    def require(self, now: float) -> JointSample:
        """Return the newest joint state if the stream is fit to command the arm by.

        Raises:
            SafetyError: If it is stale, too young to be judged, or too slow.
        """
        silence = self._watchdog.silence(now)
        if self._last is None or self._watchdog.expired(now):
            since = "yet" if self._last is None else f"for {silence:.2g} s"
            if self._refusal:
                raise SafetyError(f"no usable joint states {since}: {self._refusal}")
            remedy = "start the arm's driver, check the topic"
            raise SafetyError(f"no joint states {since}; {remedy}")
        count = len(self._stamps)
        if count < _RATE_SAMPLES:
            raise SafetyError(
                f"only {count} joint states so far, {_RATE_SAMPLES} are needed to know their "
                "rate; try again"
            )
        # The median, because a busy machine loses some without making the stream any slower.
        interval_ns = statistics.median(
            after - before for before, after in itertools.pairwise(self._stamps)
        )
        if interval_ns > _RATE_SLACK * self._period_ns:
            rate, wanted = _NS_PER_S / interval_ns, _NS_PER_S / self._period_ns
            raise SafetyError(
                f"joint states come at {rate:.0f} Hz, commands are due at {wanted:.0f} Hz and go "
                f"out with them; at least {wanted / _RATE_SLACK:.0f} Hz are needed. Subscribe to "
                f"a faster topic, or set execution.command_rate_hz to {rate:.0f} Hz or less such "
                "that it fits the control period"
            )
        return self._last

    @property
    def _pace(self) -> float:
        """How many times slower than commands joint states usually come, at least once."""
        usual = 0.0
        if len(self._arrivals) == _RATE_SAMPLES:
            usual = statistics.median(
                after - before for before, after in itertools.pairwise(self._arrivals)
            )
        return max(1.0, usual * _NS_PER_S / self._period_ns / _RATE_SLACK)
