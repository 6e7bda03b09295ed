# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a person gives a lesson: take after take, looking at each, repeating what went wrong."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from irl_ros.core.errors import RolloutError
from irl_ros.core.trajectory import Outcome


@runtime_checkable
class Classroom(Protocol):
    """The arm and the recorder as the person has them at hand."""

    def begin(self, slot: int, seed: int) -> None:
        """Put the arm back, loosen it, and start recording."""
        ...

    def guide(self, seed: int) -> None:
        """Guide the arm to the target and let it go."""
        ...

    def end(self) -> str:
        """Stop recording; return why the recorder did not keep the take, empty if it did."""
        ...

    def release(self) -> Outcome:
        """Open the gripper and look where the plate ends up."""
        ...

    def approve(self) -> None:
        """Label the take a success."""
        ...

    def undo(self) -> None:
        """Take the take back."""
        ...


def give_lesson(
    classroom: Classroom,
    slots: Sequence[int],
    seed: int,
    attempts_per_take: int,
    log: Callable[[str], None],
) -> int:
    """Teach until there is a good take for every wanted slot; return how many were repeated.

    Args:
        classroom: Arm and recorder.
        slots: One slot for each take, in order.
        seed: All variation of the person follows from it.
        attempts_per_take: How often a take that fails is repeated before giving up.
        log: Told how it goes, one line for each attempt.

    Raises:
        RolloutError: If a take fails too often.
    """
    seeds = np.random.default_rng(np.random.SeedSequence(seed))
    repeated = 0
    for number, slot in enumerate(slots, start=1):
        for attempt in range(1, attempts_per_take + 1):
            problem = _take(classroom, slot, int(seeds.integers(2**31)))
            log(f"take {number} of {len(slots)}, slot {slot}: {problem or 'success'}")
            if not problem:
                break
            repeated += 1
            if attempt == attempts_per_take:
                raise RolloutError(
                    f"{attempts_per_take} attempts at take {number} for slot {slot} failed, the "
                    f"last one: {problem}; make the hand calmer or allow more attempts"
                )
    return repeated


def _take(classroom: Classroom, slot: int, seed: int) -> str:
    """Make one attempt at a take; return what was wrong with it, nothing if it is kept."""
    classroom.begin(slot, seed)
    classroom.guide(seed)
    refused = classroom.end()
    if refused:
        return refused
    outcome = classroom.release()
    if not outcome.success:
        classroom.undo()
        return outcome.reason
    classroom.approve()
    return ""
