# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the arm is simulated, and how it may differ from the arm that was taught."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.action import ActionSpace
from irl_ros.core.arm import ARM_NAMES
from irl_ros.core.arm_driver import LimitsConfig
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.sim.change import ChangeConfig


@dataclass(frozen=True)
class ArmMismatch:
    """An arm that does not do what it is told: a command u becomes gain * u + bias.

    It stands for a badly calibrated arm. Hand guiding and standing still are not affected, only
    velocity commands are; torque commands are affected by the gain alone.

    Attributes:
        gain: One factor for each joint.
        bias: Added velocity of each joint, rad/s.

    Raises:
        ParameterError: If there are not seven finite values each.
    """

    gain: Float[ndarray, " joints"]
    bias: Float[ndarray, " joints"]

    def __post_init__(self) -> None:
        """Check the values."""
        if self.gain.shape != (7,) or self.bias.shape != (7,):
            raise ParameterError(
                f"mismatch with {self.gain.shape} gains and {self.bias.shape} biases; give 7 each"
            )
        if not (np.isfinite(self.gain).all() and np.isfinite(self.bias).all()):
            raise ParameterError(f"mismatch {self.gain}, {self.bias}; give finite numbers")


@dataclass(frozen=True)
class Condition:
    """What is different between teaching and execution.

    Attributes:
        mismatch: How commands are distorted.
        start_shift: Displacement of the plate's start position in the base frame, m.
    """

    mismatch: ArmMismatch
    start_shift: tuple[float, float, float] = (0.0, 0.0, 0.0)


_EXACT = ArmMismatch(np.ones(7), np.zeros(7))

CONDITIONS = {
    "matched": Condition(_EXACT),
    "shifted": Condition(_EXACT, start_shift=(-0.05, 0.25, -0.05)),
    "biased": Condition(ArmMismatch(np.ones(7), np.array([0.05, 0, 0.05, 0, 0.05, 0, 0.05]))),
    "mismatched": Condition(
        ArmMismatch(np.full(7, 0.8), np.array([0.08, -0.06, 0.1, -0.05, -0.1, 0.07, 0.09]))
    ),
}
"""The conditions by name: as taught, elsewhere at the start, biased joints, gain and biases."""


@dataclass(frozen=True)
class SimulationConfig(Parameters):
    """Which arm is simulated, in which condition, and what its actions mean."""

    arm: str = parameter("panda", choices=ARM_NAMES, doc="Arm to simulate")
    condition: str = parameter(
        "matched", choices=tuple(CONDITIONS), doc="Difference between teaching and execution"
    )
    action_space: str = parameter(
        "velocity",
        choices=tuple(space.value for space in ActionSpace),
        doc="Meaning of an action",
    )
    posture_spread: float = parameter(
        0.01,
        unit="rad",
        low=0.0,
        high=0.2,
        doc="Standard deviation of every joint's start position",
    )
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    change: ChangeConfig = field(default_factory=ChangeConfig)

    @property
    def mismatch(self) -> ArmMismatch:
        """How commands are distorted: by the condition, then by the change."""
        condition = CONDITIONS[self.condition].mismatch
        return ArmMismatch(
            condition.gain * np.array(self.change.gain),
            condition.bias + np.array(self.change.bias),
        )

    @property
    def start_shift(self) -> tuple[float, float, float]:
        """Displacement of the plate's start position in the base frame, m."""
        x, y, z = np.add(CONDITIONS[self.condition].start_shift, self.change.start_shift).tolist()
        return x, y, z
