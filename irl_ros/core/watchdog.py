# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Notices that something which should keep coming has stopped."""

import math
from typing import final

from irl_ros.core.errors import ParameterError


@final
class Watchdog:
    """Tells whether the last sign of life is too old.

    Times are passed in, s, from any clock that never goes back.
    """

    def __init__(self, timeout: float) -> None:
        """Allow silences of ``timeout`` seconds; nothing has been heard yet.

        Raises:
            ParameterError: If the timeout is not positive.
        """
        if not (math.isfinite(timeout) and timeout > 0):
            raise ParameterError(f"watchdog timeout = {timeout} s; give a positive number")
        self._timeout = timeout
        self._last = -math.inf

    def feed(self, now: float) -> None:
        """Note a sign of life."""
        self._last = now

    def silence(self, now: float) -> float:
        """Return for how long nothing was heard, s; infinite if nothing ever was."""
        return now - self._last

    def expired(self, now: float) -> bool:
        """Whether the silence lasts longer than allowed."""
        return self.silence(now) > self._timeout
