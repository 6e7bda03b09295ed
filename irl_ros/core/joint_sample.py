# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One stamped measurement of the arm's joints, in the arm's own joint order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import DataError

Values = Sequence[float] | ndarray
_LARGEST = 1e6  # no joint has such a position, velocity or effort; larger numbers are garbage


@dataclass(frozen=True)
class JointSample:
    """Joint positions, velocities and efforts measured at one instant.

    Attributes:
        stamp_ns: Time of the measurement, ns since the epoch of the clock that stamped it.
        joint_positions: rad.
        joint_velocities: rad/s.
        joint_efforts: N m, None where the arm does not report them.
    """

    stamp_ns: int
    joint_positions: Float[ndarray, " joints"]
    joint_velocities: Float[ndarray, " joints"]
    joint_efforts: Float[ndarray, " joints"] | None = None


def match_joints(
    stamp_ns: int,
    names: Sequence[str],
    positions: Values,
    velocities: Values,
    efforts: Values,
    joint_names: Sequence[str],
    *,
    ignore_extra: bool = False,
) -> JointSample:
    """Sort a message's values into the arm's joint order, by name, and check them.

    Args:
        stamp_ns: Time of the measurement, ns.
        names: Joint names of the message, in any order.
        positions: rad, one for each name.
        velocities: rad/s, one for each name.
        efforts: N m, one for each name or none at all.
        joint_names: The arm's joints in the order wanted.
        ignore_extra: Accept joints that are not the arm's, such as fingers, and leave them out.

    Raises:
        DataError: If names are missing, doubled or unknown, lengths disagree, or a value is not
            finite.
    """
    names = list(names)
    if len(set(names)) != len(names):
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"joint names {doubled} occur more than once; give each joint one name")
    missing = [name for name in joint_names if name not in names]
    extra = [name for name in names if name not in joint_names]
    if missing or (extra and not ignore_extra):
        parts = [f"got {len(names)} joints, expected the {len(joint_names)} of the arm"]
        if missing:
            parts.append(f"missing {missing}")
        if extra:
            parts.append(f"unknown {extra}")
        raise DataError("; ".join(parts) + "; choose the arm or the topic that belongs to it")
    order = [names.index(name) for name in joint_names]
    arrays: list[np.ndarray | None] = []
    for label, values in (("position", positions), ("velocity", velocities), ("effort", efforts)):
        if label == "effort" and len(values) == 0:
            arrays.append(None)
            continue
        if len(values) != len(names):
            raise DataError(
                f"{len(values)} {label} values for {len(names)} joints; the driver must publish "
                f"the {label} of every joint"
            )
        array = np.asarray(values, dtype=np.float64)[order]
        sane = np.abs(array) <= _LARGEST  # False for NaN as well
        if not sane.all():
            joint = int(np.flatnonzero(~sane)[0])
            raise DataError(
                f"{label} of {joint_names[joint]} is {array[joint]}; the driver must publish "
                f"finite numbers up to {_LARGEST:g}"
            )
        arrays.append(array)
    assert arrays[0] is not None
    assert arrays[1] is not None
    return JointSample(stamp_ns, arrays[0], arrays[1], arrays[2])
