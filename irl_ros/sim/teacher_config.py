# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated person teaches."""

from dataclasses import dataclass, field

from irl_ros.core.arm_driver import ArmDriverConfig
from irl_ros.core.parameters import parameter
from irl_ros.core.task import DishTask
from irl_ros.sim.hand import HandConfig


@dataclass(frozen=True)
class TeacherConfig(ArmDriverConfig):
    """What is taught, how often, by what kind of person."""

    seed: int = parameter(0, low=0, high=2**31 - 1, doc="All of the person's variation")
    slots: tuple[int, ...] = parameter(
        (), low=0, doc="Slots to teach; empty: all that the task teaches, as often as it says"
    )
    takes_per_slot: int = parameter(1, low=1, high=100, doc="Takes of each of `slots`")
    attempts_per_take: int = parameter(
        5, low=1, high=100, doc="How often a failed take is tried before giving up"
    )
    rest: float = parameter(
        0.5, unit="s", low=0.0, high=10.0, doc="Time the arm is left alone before a take ends"
    )
    arm_node: str = parameter("sim_arm", doc="Name of the node of the arm")
    recorder_node: str = parameter("demo_recorder", doc="Name of the node of the recorder")
    hand: HandConfig = field(default_factory=HandConfig)

    @property
    def takes(self) -> tuple[int, ...]:
        """Slot of every take, in order."""
        if not self.slots:
            return DishTask().take_slots
        return tuple(slot for slot in self.slots for _ in range(self.takes_per_slot))
