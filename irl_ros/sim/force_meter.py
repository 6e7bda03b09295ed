# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Contact forces as the task's rules see them: averaged over a short window."""

from collections import deque
from typing import final


@final
class ForceMeter:
    """Averages the last forces; those before the first one count as none.

    Attributes:
        peak: Largest average so far, N.
    """

    def __init__(self, window: int) -> None:
        """Start with nothing felt; ``window`` is the number of forces that are averaged."""
        self._forces: deque[float] = deque([0.0] * window, maxlen=window)
        self._quiet = window
        self.peak = 0.0

    @property
    def average(self) -> float:
        """Average of the forces in the window, N."""
        return sum(self._forces) / len(self._forces)

    def add(self, force: float) -> None:
        """Take in the force of one physics step, N."""
        self._quiet = 0 if force else self._quiet + 1
        if self._quiet > len(self._forces):
            return  # nothing but zeros in the window, as in most steps of an attempt
        self._forces.append(force)
        self.peak = max(self.peak, self.average)
