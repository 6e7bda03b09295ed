# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arms that irl_ros knows: description, limits, start posture."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import ParameterError
from irl_ros.core.urdf import Chain, read_chain

PACKAGE = "irl_ros"


@dataclass(frozen=True)
class JointLimits:
    """What each joint may do.

    Attributes:
        names: Joint names, from the base outwards.
        lower: Lower position limits, rad.
        upper: Upper position limits, rad.
        velocity: Velocity limits, rad/s.
        acceleration: Acceleration limits, rad/s^2.
        jerk: Jerk limits, rad/s^3.
        effort: Torque limits, N m.

    Raises:
        ParameterError: If the numbers of values disagree or a range is empty.
    """

    names: tuple[str, ...]
    lower: Float[ndarray, " joints"]
    upper: Float[ndarray, " joints"]
    velocity: Float[ndarray, " joints"]
    acceleration: Float[ndarray, " joints"]
    jerk: Float[ndarray, " joints"]
    effort: Float[ndarray, " joints"]

    def __post_init__(self) -> None:
        """Check the values against each other and make them unchangeable."""
        for field in ("lower", "upper", "velocity", "acceleration", "jerk", "effort"):
            values = np.array(getattr(self, field), dtype=np.float64)
            if values.shape != (len(self.names),):
                raise ParameterError(
                    f"{field} has shape {values.shape} for {len(self.names)} joints; "
                    "give one value for each joint"
                )
            if field not in {"lower", "upper"} and not (values > 0).all():
                raise ParameterError(f"{field} limits {values} must all be positive")
            values.setflags(write=False)
            object.__setattr__(self, field, values)
        for name, lower, upper in zip(self.names, self.lower, self.upper, strict=True):
            if not lower < upper:
                raise ParameterError(f"{name}: lower limit {lower} is not below upper {upper}")


@dataclass(frozen=True)
class Arm:
    """One arm with a plate in its gripper.

    Attributes:
        name: Name of the arm, that of the robot in its description.
        urdf_path: Its description.
        chain: Moving joints from base to tool.
        limits: Joint limits; position, velocity and effort are the description's.
        base_link: Link in whose frame poses are given.
        tool_link: Link whose frame is the tool frame: origin at the plate's centre, z along the
            approach, x along the plate's normal.
        home: Posture over the rack in which every attempt starts, rad.
    """

    name: str
    urdf_path: Path
    chain: Chain
    limits: JointLimits
    base_link: str
    tool_link: str
    home: Float[ndarray, " joints"]

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the joints, from the base outwards."""
        return self.limits.names

    def require_inertia(self) -> None:
        """Check that the description tells the inertia of all that moves.

        Raises:
            ParameterError: If a link has none, or one that no body can have.
        """
        for joint in self.chain.joints:
            inertia = joint.pseudo_inertia
            if not (np.isfinite(inertia).all() and np.linalg.eigvalsh(inertia).min() > 0):
                raise ParameterError(
                    f"{self.urdf_path}: the links behind {joint.name} have no inertia, or one "
                    "that no body can have; give every link that moves its mass and inertia"
                )


@dataclass(frozen=True)
class _Facts:
    """What a URDF does not say about an arm."""

    base_link: str
    acceleration: tuple[float, ...]
    jerk: tuple[float, ...]
    home: tuple[float, ...]


# Panda: acceleration and jerk limits as published for the FER ("Robot and interface
# specifications", Franka Control Interface documentation). iiwa 14: KUKA publishes neither; these
# are our own cautious values, full speed within a fifth of a second.
# home: the plate upright, its centre at (0.40, 0, 0.42) m, the elbow in the middle plane.
_ARMS = {
    "panda": _Facts(
        base_link="panda_link0",
        acceleration=(15.0, 7.5, 10.0, 12.5, 15.0, 20.0, 20.0),
        jerk=(7500.0, 3750.0, 5000.0, 6250.0, 7500.0, 10000.0, 10000.0),
        home=(0.0, -0.49004736, 0.0, -2.11560234, 0.0, 1.62555511, 0.78539816),
    ),
    "iiwa14": _Facts(
        base_link="lbr_link_0",
        acceleration=(10.0,) * 7,
        jerk=(500.0,) * 7,
        home=(0.0, 0.00717493, 0.0, -1.68639961, 0.0, 1.44801886, 0.0),
    ),
}

ARM_NAMES: tuple[str, ...] = tuple(_ARMS)
"""Names of the arms that come with the package."""


def load_arm(name: str | Path) -> Arm:
    """Load an arm that comes with the package, by its name, or one of them from another file.

    Args:
        name: ``panda``, ``iiwa14`` or the path of a URDF whose robot has one of these names.

    Raises:
        ParameterError: If the arm is unknown or its description is missing or wrong.
    """
    path = name if isinstance(name, Path) or str(name).endswith(".urdf") else _find_urdf(name)
    return _load(Path(path))


def _load(path: Path) -> Arm:
    robot = _robot_name(path)
    facts = _ARMS[robot]
    chain = read_chain(path, facts.base_link, "plate")

    def values(attribute: str) -> Float[ndarray, " joints"]:
        return np.array([getattr(joint, attribute) for joint in chain.joints], dtype=np.float64)

    home = np.array(facts.home)
    home.setflags(write=False)
    return Arm(
        name=robot,
        urdf_path=path,
        chain=chain,
        limits=JointLimits(
            names=tuple(joint.name for joint in chain.joints),
            lower=values("lower"),
            upper=values("upper"),
            velocity=values("velocity"),
            acceleration=np.array(facts.acceleration),
            jerk=np.array(facts.jerk),
            effort=values("effort"),
        ),
        base_link=facts.base_link,
        tool_link="plate",
        home=home,
    )


def _robot_name(path: Path) -> str:
    for facts in _ARMS.values():
        try:
            chain = read_chain(path, facts.base_link, "plate")
        except ParameterError:
            continue
        if chain.robot in _ARMS:
            return chain.robot
    raise ParameterError(
        f"{path} does not describe one of the arms {', '.join(ARM_NAMES)} with a link 'plate'; "
        "add its facts to irl_ros/core/arm.py"
    )


def _find_urdf(name: str | Path) -> Path:
    if name not in _ARMS:
        raise ParameterError(f"arm = {name!r}; choose one of {', '.join(ARM_NAMES)}")
    tried = []
    for folder in _urdf_folders():
        path = folder / f"{name}.urdf"
        if path.is_file():
            return path
        tried.append(str(folder))
    raise ParameterError(
        f"{name}.urdf is in none of {', '.join(tried)}; "
        "install the package or source its workspace"
    )


def _urdf_folders() -> Iterator[Path]:
    """List where descriptions may lie; a source tree goes before any installed copy."""
    yield Path(__file__).parents[2] / "urdf"
    for prefix in [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]:
        if prefix:
            yield Path(prefix) / "share" / PACKAGE / "urdf"
