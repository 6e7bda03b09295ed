# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a method is tried: the condition, the slot, and what else is not as it was taught."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from irl_ros.benchmark.drawn import changed_too, drawn
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import to_mapping
from irl_ros.core.task import DishTask
from irl_ros.sim.change import ChangeConfig
from irl_ros.sim.config import SimulationConfig

COLD = "cold"
DRAWN = "drawn"
BENCHMARK_CONDITIONS = ("matched", "mismatched", "biased", COLD, "shifted", DRAWN)
"""The conditions of the arm, ``cold``: sampling begins by standing still, and ``drawn``: every
seed has an arm and a start of its own."""

_TASK = DishTask()
_PLAIN = to_mapping(ChangeConfig())


@dataclass(frozen=True)
class Scenario:
    """One column of the benchmark.

    Attributes:
        condition: Name of the condition.
        slot: Where the plate is to be put; by default the slot that is never taught.
        change: Other differences; the rack is made long enough for the slot.

    Raises:
        ParameterError: If there is no such condition.
    """

    condition: str
    slot: int = _TASK.held_out_slot
    change: ChangeConfig = field(default_factory=ChangeConfig)

    def __post_init__(self) -> None:
        """Check the condition and lengthen the rack where the slot demands it."""
        if self.condition not in BENCHMARK_CONDITIONS:
            raise ParameterError(
                f"condition = {self.condition!r}; choose one of {', '.join(BENCHMARK_CONDITIONS)}"
            )
        if self._needed > self.change.more_slots:
            object.__setattr__(self, "change", replace(self.change, more_slots=self._needed))

    @property
    def _needed(self) -> int:
        """How many slots the rack lacks at either end."""
        return max(0, -self.slot, self.slot - (_TASK.rack.slots - 1))

    @property
    def cold(self) -> bool:
        """Whether sampling begins by standing still instead of with the demonstrations."""
        return self.condition == COLD

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from the defaults of `ChangeConfig` and does not follow from the slot."""
        plain = {**_PLAIN, "more_slots": self._needed}
        own = to_mapping(self.change)
        return {name: own[name] for name in plain if own[name] != plain[name]}

    @property
    def name(self) -> str:
        """What a table calls it."""
        parts = [self.condition]
        if self.slot != _TASK.held_out_slot:
            parts.append(f"slot {self.slot}")
        parts += [f"{name} {json.dumps(value)}" for name, value in self.changes.items()]
        return ", ".join(parts)

    @property
    def learned(self) -> "Scenario":
        """The same condition at the held-out slot of the rack as taught."""
        return Scenario(self.condition)

    def simulation(self, arm: str, seed: int) -> SimulationConfig:
        """Return how the arm is simulated.

        Args:
            arm: Name of the arm.
            seed: Of the cell; ``drawn`` alone depends on it.
        """
        if self.condition == DRAWN:
            return SimulationConfig(arm=arm, change=changed_too(drawn(seed), self.change))
        condition = "matched" if self.cold else self.condition
        return SimulationConfig(arm=arm, condition=condition, change=self.change)

    def decided(self, seed: int) -> list[Any]:
        """Return all that distinguishes this scenario, with what was drawn for the seed."""
        arm = [to_mapping(drawn(seed))] if self.condition == DRAWN else []
        return [self.condition, self.slot, self.changes, *arm]


def taught_slots(held_out: int) -> tuple[int, ...]:
    """Return the slot of every demonstration when one slot must not be shown.

    A slot beyond the rack as taught leaves the usual one out.
    """
    if held_out not in range(_TASK.rack.slots):
        return _TASK.take_slots
    return DishTask(held_out_slot=held_out).take_slots


def _rack(**values: Any) -> dict[str, Any]:
    return {"change": ChangeConfig(**values)}


PLACES: dict[str, dict[str, Any]] = {
    **{f"slot {slot}": {"slot": slot} for slot in range(-2, 12) if slot != _TASK.held_out_slot},
    "rack nearer, to the left": _rack(rack_shift=(-0.05, 0.08)),
    "rack farther, to the right": _rack(rack_shift=(0.05, -0.08)),
    "rack turned left": _rack(rack_yaw=0.3),
    "rack turned right": _rack(rack_yaw=-0.3),
    "rack moved and turned": _rack(rack_shift=(0.04, 0.06), rack_yaw=-0.3),
}
"""Where a learned cost is tried again; slots 0 to 9 are those of the rack as taught."""

REGIONS = {
    "slots of the rack": tuple(f"slot {slot}" for slot in range(10) if f"slot {slot}" in PLACES),
    "slots beyond": tuple(f"slot {slot}" for slot in (-2, -1, 10, 11)),
    "rack moved or turned": tuple(name for name in PLACES if name.startswith("rack")),
}
"""The same places by how they differ from what was taught."""


def places(condition: str) -> tuple[Scenario, ...]:
    """Return all places for one condition."""
    return tuple(Scenario(condition, **where) for where in PLACES.values())
