# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinematic chain of a robot description (URDF), read with the standard library."""

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import ParameterError

_MOVING = ("revolute", "continuous")


@dataclass(frozen=True)
class ChainJoint:
    """One moving joint of a chain.

    Attributes:
        name: Name in the description.
        parent_from_joint: Homogeneous transform from the previous moving joint's frame (the base
            link's for the first joint) to this joint's frame at zero; fixed joints are folded in.
        axis: Unit axis of rotation in the joint's frame.
        pseudo_inertia: Pseudo-inertia of what the joint moves but the next one does not, in the
            joint's frame: the integral of p p^T dm over its points p = (x, y, z, 1), with second
            moments (kg m^2), first moments (kg m) and mass (kg). Positive definite for bodies that
            can exist, zero if the description is silent, NaN where it gives no number.
        lower: Lower position limit, rad.
        upper: Upper position limit, rad.
        velocity: Velocity limit, rad/s.
        effort: Torque limit, N m.
    """

    name: str
    parent_from_joint: Float[ndarray, "4 4"]
    axis: Float[ndarray, " 3"]
    pseudo_inertia: Float[ndarray, "4 4"]
    lower: float
    upper: float
    velocity: float
    effort: float


@dataclass(frozen=True)
class Chain:
    """The moving joints from a base link to a tool link.

    Attributes:
        robot: Name of the robot in the description.
        joints: Moving joints, from the base outwards.
        last_from_tool: Homogeneous transform from the last moving joint's frame to the tool link.
    """

    robot: str
    joints: tuple[ChainJoint, ...]
    last_from_tool: Float[ndarray, "4 4"]


def read_chain(path: Path, base_link: str, tool_link: str) -> Chain:
    """Read the chain of revolute joints between two links of a URDF file.

    Raises:
        ParameterError: If the file cannot be read, a link is missing or is not connected to the
            base, or a joint on the way is of another kind than revolute or fixed.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ParameterError(f"robot description {path}: {error}; give a URDF file") from error
    by_child = {_link(joint, "child"): joint for joint in root.findall("joint")}
    links = {link.get("name") for link in root.findall("link")}
    for link in (base_link, tool_link):
        if link not in links:
            known = ", ".join(sorted(filter(None, links)))
            raise ParameterError(f"{path} has no link {link!r}; its links are {known}")
    path_joints: list[ElementTree.Element] = []
    link = tool_link
    while link != base_link:
        if link not in by_child:
            raise ParameterError(
                f"{path}: no chain of joints leads from {base_link!r} to {tool_link!r}; "
                "choose another base_link or tool_link"
            )
        path_joints.append(by_child[link])
        link = _link(by_child[link], "parent")
    joints: list[ChainJoint] = []
    transform = np.eye(4)
    for element in reversed(path_joints):
        transform = transform @ _origin(element)
        if element.get("type") == "fixed":
            continue
        carried = _pseudo_inertia(root, _link(element, "child"), path_joints)
        joints.append(_moving_joint(element, transform, carried, path))
        transform = np.eye(4)
    return Chain(root.get("name", ""), tuple(joints), transform)


def _link(joint: ElementTree.Element, end: str) -> str:
    element = joint.find(end)
    return "" if element is None else element.get("link", "")


def _numbers(element: ElementTree.Element | None, name: str, default: str) -> list[float]:
    text = default if element is None else element.get(name, default)
    return [float(word) for word in text.split()]


def _number(element: ElementTree.Element | None, name: str) -> float:
    """Return one number, 0 if it is not there, NaN if it is something else."""
    try:
        (value,) = _numbers(element, name, "0")
    except ValueError:
        return math.nan
    return value


def _origin(placed: ElementTree.Element) -> Float[ndarray, "4 4"]:
    element = placed.find("origin")
    roll, pitch, yaw = _numbers(element, "rpy", "0 0 0")
    cr, sr, cp, sp, cy, sy = (
        np.cos(roll), np.sin(roll), np.cos(pitch), np.sin(pitch), np.cos(yaw), np.sin(yaw)
    )  # fmt: skip
    transform = np.eye(4)
    # R = Rz(yaw) Ry(pitch) Rx(roll): rotations about the parent's fixed axes, as URDF defines.
    transform[:3, :3] = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    transform[:3, 3] = _numbers(element, "xyz", "0 0 0")
    return transform


def _pseudo_inertia(
    root: ElementTree.Element, link: str, chain: list[ElementTree.Element]
) -> Float[ndarray, "4 4"]:
    """Return that of a link and all behind it, up to the chain's next moving joint.

    Joints beside the chain, such as fingers, count as fixed at zero.
    """
    total = _own_pseudo_inertia(root, link)
    for joint in root.findall("joint"):
        moves_on = joint in chain and joint.get("type") != "fixed"
        if _link(joint, "parent") == link and not moves_on:
            link_from_child = _origin(joint)
            behind = _pseudo_inertia(root, _link(joint, "child"), chain)
            total += link_from_child @ behind @ link_from_child.T
    return total


def _own_pseudo_inertia(root: ElementTree.Element, link: str) -> Float[ndarray, "4 4"]:
    inertial = next(
        (found.find("inertial") for found in root.findall("link") if found.get("name") == link),
        None,
    )
    pseudo_inertia = np.zeros((4, 4))
    if inertial is None:
        return pseudo_inertia
    tensor = inertial.find("inertia")
    xx, xy, xz, yy, yz, zz = (
        _number(tensor, f"i{axes}") for axes in ("xx", "xy", "xz", "yy", "yz", "zz")
    )
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    # The tensor I holds int (y^2 + z^2) dm and so on, about the centre of mass.
    pseudo_inertia[:3, :3] = np.trace(inertia) / 2 * np.eye(3) - inertia
    pseudo_inertia[3, 3] = _number(inertial.find("mass"), "value")
    link_from_centre = _origin(inertial)
    return np.asarray(link_from_centre @ pseudo_inertia @ link_from_centre.T)


def _moving_joint(
    element: ElementTree.Element,
    parent_from_joint: Float[ndarray, "4 4"],
    pseudo_inertia: Float[ndarray, "4 4"],
    path: Path,
) -> ChainJoint:
    name, kind = element.get("name", ""), element.get("type")
    if kind not in _MOVING:
        raise ParameterError(
            f"{path}: joint {name!r} is {kind}; only revolute, continuous and fixed joints may "
            "lie between base and tool"
        )
    axis = np.array(_numbers(element.find("axis"), "xyz", "1 0 0"))
    limit = element.find("limit")

    def bound(attribute: str, default: str) -> float:
        return _numbers(limit, attribute, default)[0]

    return ChainJoint(
        name=name,
        parent_from_joint=parent_from_joint,
        axis=axis / np.linalg.norm(axis),
        pseudo_inertia=pseudo_inertia,
        lower=bound("lower", "-inf"),
        upper=bound("upper", "inf"),
        velocity=bound("velocity", "inf"),
        effort=bound("effort", "inf"),
    )
