# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The dish task: put a plate into a slot of a rack. Geometry, rules of success, features."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.kinematics import STATE_DIM, TOOL_POINTS
from irl_ros.core.pose import Pose, quaternion_from_rotation
from irl_ros.core.trajectory import Outcome

# Columns: the tool's x (plate normal) along the rack's y, its z (approach) downwards.
_RACK_FROM_PLATE = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])


@dataclass(frozen=True)
class Plate:
    """The plate: a disc.

    Attributes:
        radius: m.
        thickness: m.
        mass: kg.
    """

    radius: float = 0.10
    thickness: float = 0.014
    mass: float = 0.35


@dataclass(frozen=True)
class DishRack:
    """A rack: rows of two tines on two rails; a plate stands on the rails between two rows.

    In the rack's frame the slots lie side by side along y, z points up from the table.

    Attributes:
        slots: Number of slots.
        pitch: Distance between slots, m.
        tine_radius: m.
        tine_height: Height of the tines above the rails, m.
        tine_offset: Distance of a row's tines from the middle plane x = 0, m.
        rail_radius: m.
        rail_offset: Distance of the rails from the middle plane x = 0, m.
        rail_height: Height of the rails' axes above the table, m.
        position: Of the rack's frame in the arm's base frame, m.
        yaw: Of the rack's frame about the base's z axis, rad.
        more_slots: Slots added at either end: -1, -2, ... and ``slots``, ``slots`` + 1, ...
        friction: Between the plate and the rack or the table.
    """

    slots: int = 10
    pitch: float = 0.043
    tine_radius: float = 0.003
    tine_height: float = 0.080
    tine_offset: float = 0.050
    rail_radius: float = 0.005
    rail_offset: float = 0.060
    rail_height: float = 0.060
    position: tuple[float, float, float] = (0.50, 0.0, 0.0)
    yaw: float = 0.0
    more_slots: int = 0
    friction: float = 0.4

    @property
    def slot_range(self) -> range:
        """Numbers of all slots, those added at either end included."""
        return range(-self.more_slots, self.slots + self.more_slots)

    @property
    def length(self) -> float:
        """Distance between the first and the last row of tines, m."""
        return len(self.slot_range) * self.pitch

    @property
    def rotation(self) -> Float[ndarray, "3 3"]:
        """Orientation of the rack's frame in the base frame."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

    def slot_coordinate(self, slot: int) -> float:
        """Return the rack's y coordinate of a slot's middle, m.

        Raises:
            ParameterError: If there is no such slot.
        """
        if slot not in self.slot_range:
            first, last = self.slot_range[0], self.slot_range[-1]
            raise ParameterError(f"slot = {slot}; the rack has slots {first} to {last}")
        return (slot - (self.slots - 1) / 2) * self.pitch


class Placement(NamedTuple):
    """Where a plate is, seen from where it would rest in its slot.

    Attributes:
        along: Distance along the rack, m.
        across: Distance across it, m.
        height: Distance upwards, m.
        tilt: Angle between the plate and the vertical plane of its slot, rad.
    """

    along: float
    across: float
    height: float
    tilt: float


@dataclass(frozen=True)
class DishTask:
    """The task with its rules; they are fixed before anything is learned.

    The plate is released, and one second later it must stand upright and still in its slot; and
    it must not have been hit hard at any time. Where it was when the gripper opened is kept, but
    is no part of the rules: a plate that fell into its slot unbroken stands there.

    Attributes:
        rack: Where the plate goes.
        plate: What goes there.
        held_out_slot: Slot that is never demonstrated.
        settle_time: Time between the last action and the opening of the gripper, s.
        judge_time: Time between the opening of the gripper and the judgement, s.
        force_limit: Contact force at which the plate breaks, N.
        force_window: Time over which contact forces are averaged, s; the peaks of single
            simulation steps mean nothing.
        slot_margin: The plate's centre must be nearer to the slot's middle than half the pitch
            less this, m.
        height_tolerance: Largest distance from the resting height, m.
        across_tolerance: Largest distance from the rack's middle plane, m.
        tilt_tolerance: Largest angle between the plate and the vertical plane of its slot, rad.
        speed_tolerance: Largest speed of a plate that stands still, m/s.
        turn_tolerance: Largest angular speed of a plate that stands still, rad/s.
    """

    rack: DishRack = field(default_factory=DishRack)
    plate: Plate = field(default_factory=Plate)
    held_out_slot: int = 4
    settle_time: float = 0.25
    judge_time: float = 1.0
    force_limit: float = 60.0
    force_window: float = 0.0125
    slot_margin: float = 0.005
    height_tolerance: float = 0.020
    across_tolerance: float = 0.030
    tilt_tolerance: float = math.radians(20.0)
    speed_tolerance: float = 0.05
    turn_tolerance: float = 0.5

    def __post_init__(self) -> None:
        """Check that the held-out slot exists.

        Raises:
            ParameterError: If it does not.
        """
        self.rack.slot_coordinate(self.held_out_slot)

    @property
    def resting_height(self) -> float:
        """Height of the plate's centre above the table when its rim rests on both rails, m."""
        reach = self.plate.radius + self.rack.rail_radius
        return self.rack.rail_height + math.sqrt(reach**2 - self.rack.rail_offset**2)

    @property
    def taught_takes(self) -> tuple[tuple[int, int], ...]:
        """Slots that are demonstrated and how often: two takes each, the two ends three."""
        slots = [slot for slot in range(self.rack.slots) if slot != self.held_out_slot]
        return tuple((slot, 3 if slot in {slots[0], slots[-1]} else 2) for slot in slots)

    @property
    def take_slots(self) -> tuple[int, ...]:
        """Slot of every demonstration, in the order in which they are taught."""
        return tuple(slot for slot, takes in self.taught_takes for _ in range(takes))

    def target_pose(self, slot: int) -> Pose:
        """Return the pose of the tool frame in the base frame when the plate stands in a slot.

        Raises:
            ParameterError: If there is no such slot.
        """
        local = np.array([0.0, self.rack.slot_coordinate(slot), self.resting_height])
        rotation = self.rack.rotation
        return Pose(
            position=np.array(self.rack.position) + rotation @ local,
            quaternion=quaternion_from_rotation(rotation @ _RACK_FROM_PLATE),
        )

    def placement(self, slot: int, plate: Pose) -> Placement:
        """Return where a plate is relative to its resting place in a slot.

        Args:
            slot: The slot.
            plate: Pose of the plate in the base frame.

        Raises:
            ParameterError: If there is no such slot.
        """
        rack = self.rack
        local = rack.rotation.T @ (plate.position - np.array(rack.position))
        # A plate may turn about its own normal, and has no front: only the normal's line counts.
        normal = rack.rotation.T @ plate.rotation[:, 0]
        return Placement(
            along=float(local[1]) - rack.slot_coordinate(slot),
            across=float(local[0]),
            height=float(local[2]) - self.resting_height,
            tilt=math.acos(min(1.0, abs(float(normal[1])))),
        )

    def judge(
        self,
        slot: int,
        plate: Pose,
        linear_velocity: Float[ndarray, " 3"],
        angular_velocity: Float[ndarray, " 3"],
        peak_force: float,
        released: Pose | None = None,
    ) -> Outcome:
        """Judge an attempt by the released plate, `judge_time` after the gripper opened.

        Args:
            slot: Where the plate should be.
            plate: Pose of the plate in the base frame.
            linear_velocity: Of the plate, m/s.
            angular_velocity: Of the plate, rad/s.
            peak_force: Largest contact force during the attempt and after the release, averaged
                over the force window, N.
            released: Pose of the plate when the gripper opened; it is kept, not judged.

        Raises:
            ParameterError: If there is no such slot.
        """
        along, across, height, tilt = self.placement(slot, plate)
        begun = None if released is None else self.placement(slot, released)
        speed = float(np.linalg.norm(linear_velocity))
        turn = float(np.linalg.norm(angular_velocity))
        half_width = self.rack.pitch / 2 - self.slot_margin
        broken = not peak_force <= self.force_limit
        if broken:
            reason = f"broken: {peak_force:.0f} N, over {self.force_limit:.0f} N"
        elif not tilt <= self.tilt_tolerance:
            reason = f"not upright: tilted by {math.degrees(tilt):.0f} deg"
        elif not abs(height) <= self.height_tolerance:
            reason = f"not resting on the rails: {1e3 * height:+.0f} mm from the resting height"
        elif not abs(across) <= self.across_tolerance:
            reason = f"not in the rack's middle: {1e3 * across:+.0f} mm"
        elif not abs(along) <= half_width:
            reason = f"not in slot {slot}: {1e3 * along:+.0f} mm along the rack"
        elif not (speed <= self.speed_tolerance and turn <= self.turn_tolerance):
            reason = f"not still: {speed:.2f} m/s, {turn:.2f} rad/s"
        else:
            reason = ""
        return Outcome(
            success=not reason,
            reason=reason,
            broken=broken,
            peak_force=peak_force,
            slot_offset=along,
            height_offset=height,
            tilt=tilt,
            release_height=begun and begun.height,
            release_offset=begun and begun.along,
            release_tilt=begun and begun.tilt,
        )


def relative_features(target: Pose) -> AffineFeatures:
    """Return the cost input: the tool points relative to a target pose, and their velocities.

    For tool point i, R and p the target's rotation and position and c_i the point in the tool
    frame, the input holds R^T (p_i - R c_i - p) and R^T v_i: 9 + 9 values, m and m/s, all zero
    when the tool rests at the target. Guided Cost Learning (Finn, Levine and Abbeel 2016),
    appendix D.
    """
    matrix = np.zeros((18, STATE_DIM))
    turn = target.rotation.T
    for block in range(6):
        matrix[3 * block : 3 * block + 3, 14 + 3 * block : 17 + 3 * block] = turn
    offset = np.concatenate([(TOOL_POINTS + turn @ target.position).ravel(), np.zeros(9)])
    return AffineFeatures(torch.from_numpy(matrix), torch.from_numpy(offset))
