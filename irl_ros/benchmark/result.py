# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What came of one cell, as plain values."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from irl_ros.core.errors import DataError

_WINDOW, _ENOUGH = 10, 9


@dataclass(frozen=True)
class CellResult:
    """A measurement; a mark is 1 for success and 0 for failure, in the order of the attempts.

    Attributes:
        method: Name of the method.
        condition: Name of the condition.
        slot: Where the plate was to be put.
        change: What else was not as taught.
        arm: Name of the arm.
        seed: All randomness followed from it.
        rollouts: The budget that the benchmark granted.
        fingerprint: Sum over everything that the result depends on, the code aside.
        code: Sum over the code.
        mean: Marks of the policy with its mean actions.
        sampled: Marks of the policy with sampled actions.
        forces: Peak contact force of every attempt with mean actions, N.
        failures: How often the attempts with mean actions failed, by reason.
        training: Marks of all rollouts while learning.
        training_force: Peak contact force among these, N.
        seconds: Time that learning took, s.
        cpu_seconds: Processor time of it, s.
        note: Why learning ended early; empty if it did not.
        drops: Height of the plate above its resting height when the gripper opened, of every
            attempt with mean actions, m; empty in results of before it was measured.
    """

    method: str
    condition: str
    slot: int
    change: dict[str, Any]
    arm: str
    seed: int
    rollouts: int
    fingerprint: str
    code: str
    mean: str
    sampled: str
    forces: tuple[float, ...]
    failures: dict[str, int]
    training: str
    training_force: float
    seconds: float
    cpu_seconds: float
    note: str
    drops: tuple[float, ...] = ()

    @property
    def key(self) -> tuple[str, str, int, str, str, int, int]:
        """What was measured; a results file holds one result for each."""
        change = repr(sorted(self.change.items()))
        return (
            self.method,
            self.condition,
            self.slot,
            change,
            self.arm,
            self.rollouts,
            self.seed,
        )

    @property
    def successes(self) -> int:
        """Successful attempts with mean actions."""
        return self.mean.count("1")

    def first_ninety(self, fixed: int = 0) -> int | None:
        """Return the rollouts until 9 of the last 10 had succeeded; None if that never happened.

        Args:
            fixed: Rollouts of a sampler that never changes, which come first: they count, and
                reach nothing.
        """
        for end in range(fixed + _WINDOW, len(self.training) + 1):
            if self.training[end - _WINDOW : end].count("1") >= _ENOUGH:
                return end
        return None

    def as_mapping(self) -> dict[str, Any]:
        """Return all values by name; what was not measured is left out."""
        values = dataclasses.asdict(self)
        return values if self.drops else {n: v for n, v in values.items() if n != "drops"}


def from_mapping(values: Mapping[str, Any]) -> CellResult:
    """Return the result of `CellResult.as_mapping`.

    Raises:
        DataError: If names are missing or unknown.
    """
    names = {field.name for field in dataclasses.fields(CellResult)}
    wrong = names ^ {*values, "drops"}
    if wrong:
        raise DataError(
            f"a result with {sorted(wrong)} missing or unknown; measure it again with --replace"
        )
    many = {name: tuple(values.get(name, ())) for name in ("forces", "drops")}
    return CellResult(**{**values, **many})
