# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Free differences between teaching and execution, on top of those of a named condition."""

import math
from dataclasses import dataclass, replace

from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.task import DishTask

_LENGTHS = {"gain": 7, "bias": 7, "start_shift": 3, "rack_shift": 2}


@dataclass(frozen=True)
class ChangeConfig(Parameters):
    """What else is not as it was taught; the defaults change nothing."""

    gain: tuple[float, ...] = parameter(
        (1.0,) * 7, low=-10.0, high=10.0, doc="Factor on every joint's command"
    )
    bias: tuple[float, ...] = parameter(
        (0.0,) * 7,
        unit="rad/s",
        low=-10.0,
        high=10.0,
        doc="Velocity added to every joint's command",
    )
    start_shift: tuple[float, ...] = parameter(
        (0.0,) * 3, unit="m", low=-1.0, high=1.0, doc="Displacement of the plate at the start"
    )
    rack_shift: tuple[float, ...] = parameter(
        (0.0,) * 2, unit="m", low=-1.0, high=1.0, doc="Displacement of the rack along x and y"
    )
    rack_yaw: float = parameter(
        0.0, unit="rad", low=-math.pi, high=math.pi, doc="Turn of the rack about the vertical"
    )
    more_slots: int = parameter(
        0,
        low=0,
        high=5,
        doc="slots added at either end of the rack: -1, -2 and so on, and 10, 11 and so on",
    )
    plate_mass: float = parameter(
        0.35,
        unit="kg",
        low=0.01,
        high=3.0,
        doc="Mass of the plate; the arm compensates for the one it was taught with",
    )
    friction: float = parameter(
        0.4, low=0.0, high=2.0, doc="Friction between the plate and what it touches"
    )

    def __post_init__(self) -> None:
        """Check every value, and that there is one for each joint or axis.

        Raises:
            ParameterError: If not.
        """
        super().__post_init__()
        for name, length in _LENGTHS.items():
            values = getattr(self, name)
            if len(values) != length:
                raise ParameterError(f"{name} = {list(values)}; give {length} values")

    def task(self) -> DishTask:
        """Return the task with the changed rack and plate."""
        task = DishTask()
        x, y, z = task.rack.position
        rack = replace(
            task.rack,
            position=(x + self.rack_shift[0], y + self.rack_shift[1], z),
            yaw=task.rack.yaw + self.rack_yaw,
            more_slots=self.more_slots,
            friction=self.friction,
        )
        return replace(task, rack=rack, plate=replace(task.plate, mass=self.plate_mass))
