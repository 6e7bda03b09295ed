# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The safety state shared by everything that may command an arm: armed, holding or tripped."""

from enum import Enum
from typing import final

from irl_ros.core.errors import SafetyError


class GuardState(Enum):
    """What a guard lets through.

    Attributes:
        ARMED: Commands, within the limits.
        HOLDING: Nothing; the arm comes to rest and stays. `Guard.start` leaves this state.
        TRIPPED: Nothing, until someone rearms explicitly.
    """

    ARMED = "armed"
    HOLDING = "holding"
    TRIPPED = "tripped"


@final
class Latch:
    """State and reason of a guard; a trip stays until rearmed, and its first reason stands."""

    def __init__(self) -> None:
        """Begin holding: nothing moves before it is armed explicitly."""
        self.state = GuardState.HOLDING
        self.reason = "not started"

    def arm(self) -> None:
        """Let commands through.

        Raises:
            SafetyError: If tripped.
        """
        if self.state is GuardState.TRIPPED:
            raise SafetyError(f"the guard is tripped ({self.reason}); rearm it first")
        self.state = GuardState.ARMED
        self.reason = ""

    def hold(self, reason: str = "asked to hold") -> None:
        """Stop letting commands through; a trip stays a trip."""
        if self.state is not GuardState.TRIPPED:
            self.state = GuardState.HOLDING
            self.reason = reason

    def trip(self, reason: str) -> None:
        """Latch; the first reason is kept, because later ones are usually its consequences."""
        if self.state is not GuardState.TRIPPED:
            self.state = GuardState.TRIPPED
            self.reason = reason

    def rearm(self) -> None:
        """Leave a trip for holding; nothing moves before the next start."""
        if self.state is GuardState.TRIPPED:
            self.state = GuardState.HOLDING
            self.reason = "rearmed, not started"
