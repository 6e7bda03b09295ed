# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a report is made from: plain, checked records without a trace of where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Outcome


@dataclass(frozen=True)
class ToolPath:
    """Where the plate's centre went during one demonstration or execution.

    Attributes:
        times: Time of each point, s, from the start of the path.
        positions: Plate's centre in the arm's base frame, m.
        success: Whether the task was done.
        slot: Slot it was meant for, counted from 0.
    """

    times: Float[ndarray, " times"]
    positions: Float[ndarray, "points 3"]
    success: bool
    slot: int

    def __post_init__(self) -> None:
        """Check lengths and finiteness."""
        if len(self.times) != len(self.positions):
            raise DataError(
                f"{len(self.times)} times for {len(self.positions)} points; give one for each"
            )
        if not (np.isfinite(self.times).all() and np.isfinite(self.positions).all()):
            raise DataError("a tool path holds values that are not finite; leave such takes out")


@dataclass(frozen=True)
class Rack:
    """Where the slots are.

    Attributes:
        slot_positions: Plate's centre when placed in each slot, base frame, m.
        held_out_slot: The slot that was never demonstrated.
    """

    slot_positions: Float[ndarray, "slots 3"]
    held_out_slot: int

    @property
    def along(self) -> Float[ndarray, " 3"]:
        """Unit vector along the rack, from the first slot to the last, level."""
        direction = self.slot_positions[-1] - self.slot_positions[0]
        direction = direction * np.array([1.0, 1.0, 0.0])
        unit: Float[ndarray, " 3"] = direction / np.linalg.norm(direction)
        return unit

    def rack_coordinates(
        self, positions: Float[ndarray, "*batch 3"]
    ) -> Float[ndarray, "*batch 3"]:
        """Return (along the rack, away from the base, up), m, from the held-out slot's target."""
        along = self.along
        up = np.array([0.0, 0.0, 1.0])
        axes = np.stack([along, np.cross(along, up), up])
        relative = positions - self.slot_positions[self.held_out_slot]
        coordinates: Float[ndarray, "*batch 3"] = relative @ axes.T
        return coordinates


@dataclass(frozen=True)
class RewardTrace:
    """The learned reward over time, of one demonstration or execution.

    Attributes:
        label: What moved.
        times: s.
        rewards: Learned reward -c(x_t, u_t).
    """

    label: str
    times: Float[ndarray, " steps"]
    rewards: Float[ndarray, " steps"]


@dataclass(frozen=True)
class RewardMap:
    """The learned reward for the plate at rest, upright, over an upright plane along the rack.

    Attributes:
        along: Positions along the rack from the held-out slot, m.
        heights: Heights above the plate's resting place, m.
        rewards: Learned reward at each height (row) and position (column).
    """

    along: Float[ndarray, " columns"]
    heights: Float[ndarray, " rows"]
    rewards: Float[ndarray, "rows columns"]


@dataclass(frozen=True)
class ReportData:
    """Everything on the page; what is None or empty is left out.

    Attributes:
        title: Headline.
        facts: Settings of the run shown below the headline, by name.
        evaluations: What became of each execution, in order.
        demonstrations: Recorded takes.
        executions: Executions at the held-out slot.
        rack: Where the slots are.
        curves: Learning diagnostics by name, one value for each iteration.
        rewards: Learned reward over time.
        reward_map: Learned reward over the rack.
        scene: Picture of the scene, RGB.
        wall_seconds: Wall time of each stage, s.
        configuration: Resolved configuration by section.
        versions: Version of each program used.
        reproduce: Command that makes this page again.
    """

    title: str
    facts: Mapping[str, str]
    rack: Rack
    evaluations: tuple[Outcome, ...] = ()
    demonstrations: tuple[ToolPath, ...] = ()
    executions: tuple[ToolPath, ...] = ()
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    rewards: tuple[RewardTrace, ...] = ()
    reward_map: RewardMap | None = None
    scene: Shaped[ndarray, "height width 3"] | None = None
    wall_seconds: Mapping[str, float] = field(default_factory=dict)
    configuration: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    reproduce: str = ""
