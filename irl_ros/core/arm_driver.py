# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What differs between one particular arm with its driver and the description of its kind."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from irl_ros.core.arm import Arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import Parameters, parameter

_FIELDS = ("lower", "upper", "velocity", "acceleration", "jerk", "effort")


@dataclass(frozen=True)
class ArmDriverConfig(Parameters):
    """Which arm there is and how its driver speaks."""

    arm: str = parameter("panda", doc="Arm by name, or path of its URDF")
    joint_names: tuple[str, ...] = parameter(
        (), doc="Joints as the driver names them, base to tool; empty: as in the arm's URDF"
    )
    ignore_extra_joints: bool = parameter(
        False, doc="Leave out joints that are not the arm's, such as fingers, instead of refusing"
    )


@dataclass(frozen=True)
class LimitsConfig(Parameters):
    """Joint limits that replace those of the arm's description; an empty list keeps them."""

    lower: tuple[float, ...] = parameter((), unit="rad", doc="Lower position limits")
    upper: tuple[float, ...] = parameter((), unit="rad", doc="Upper position limits")
    velocity: tuple[float, ...] = parameter((), unit="rad/s", low=0.0, doc="Velocity limits")
    acceleration: tuple[float, ...] = parameter(
        (), unit="rad/s^2", low=0.0, doc="Acceleration limits"
    )
    jerk: tuple[float, ...] = parameter((), unit="rad/s^3", low=0.0, doc="Jerk limits")
    effort: tuple[float, ...] = parameter((), unit="N m", low=0.0, doc="Torque limits")


def with_limits(arm: Arm, config: LimitsConfig) -> Arm:
    """Return the arm with the limits that are given.

    Raises:
        ParameterError: If there is not one value for each joint, a limit is not positive or a
            range is empty.
    """
    joints = len(arm.joint_names)
    given: dict[str, Any] = {}
    for name in _FIELDS:
        values = getattr(config, name)
        if not values:
            continue
        if len(values) != joints:
            raise ParameterError(
                f"limits.{name} has {len(values)} values, the arm {arm.name} has {joints} joints; "
                "give one for each, from base to tool"
            )
        given[name] = np.array(values)
    return dataclasses.replace(arm, limits=dataclasses.replace(arm.limits, **given))


@dataclass(frozen=True)
class DriverNames:
    """Names in the messages of an arm's driver.

    Attributes:
        joints: Joints from base to tool.
        base_frame: Frame in which poses are given.
    """

    joints: tuple[str, ...]
    base_frame: str


def driver_names(arm: Arm, config: ArmDriverConfig) -> DriverNames:
    """Return the names that the arm's driver uses: those given, else the description's.

    Raises:
        ParameterError: If the names given are not one for each joint, all different.
    """
    names = config.joint_names or arm.joint_names
    if len(names) != len(arm.joint_names) or len(set(names)) != len(names):
        raise ParameterError(
            f"joint_names = {', '.join(names)}; give {len(arm.joint_names)} different names, from "
            "base to tool"
        )
    return DriverNames(names, arm.base_link)
