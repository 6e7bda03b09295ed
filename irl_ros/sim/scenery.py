# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bodies around the arm: table, rack and the plate that has left the gripper."""

import math
from collections.abc import Sequence

import pybullet

from irl_ros.core.pose import Pose, quaternion_from_rotation
from irl_ros.core.task import DishRack, Plate
from irl_ros.sim.description import SPECK

# Soft contacts: with rigid ones the force depends on the step size more than on the motion.
_CONTACT_STIFFNESS = 1e4  # N/m
_CONTACT_DAMPING = 200.0  # N s/m
_STEEL = (0.62, 0.64, 0.68, 1.0)
_CHINA = (0.30, 0.56, 0.85, 1.0)
_WOOD = (0.80, 0.72, 0.60, 1.0)
_UPRIGHT = (0.0, 0.0, 0.0, 1.0)
_AXIS_X = pybullet.getQuaternionFromEuler((0.0, math.pi / 2, 0.0))
_AXIS_Y = pybullet.getQuaternionFromEuler((math.pi / 2, 0.0, 0.0))


def build_table(client: int, friction: float, *, visuals: bool) -> None:
    """Add the table; its top is the base frame's plane z = 0."""
    half = (0.6, 0.75, 0.02)
    shape = pybullet.createCollisionShape(
        pybullet.GEOM_BOX, halfExtents=half, physicsClientId=client
    )
    drawing = _speck(client)
    if visuals:
        drawing = pybullet.createVisualShape(
            pybullet.GEOM_BOX, halfExtents=half, rgbaColor=_WOOD, physicsClientId=client
        )
    _static_body(client, shape, drawing, (0.35, 0.0, -half[2]), _UPRIGHT, friction)


def build_rack(client: int, rack: DishRack, *, visuals: bool) -> None:
    """Add the rack with its rows of tines and its rails; its legs are only drawn."""
    rows = [row * rack.pitch - rack.length / 2 for row in range(len(rack.slot_range) + 1)]
    middle = rack.rail_height + rack.tine_height / 2
    for side in (-1, 1):
        tines = [(side * rack.tine_offset, along, middle) for along in rows]
        _cylinders(client, rack, rack.tine_radius, rack.tine_height, tines, _UPRIGHT, visuals)
    rails = [(side * rack.rail_offset, 0.0, rack.rail_height) for side in (-1, 1)]
    _cylinders(client, rack, rack.rail_radius, rack.length + 0.02, rails, _AXIS_Y, visuals)
    if not visuals:
        return
    legs = [
        (side * rack.rail_offset, end * rack.length / 2, rack.rail_height / 2)
        for side in (-1, 1)
        for end in (-1, 1)
    ]
    _cylinders(client, rack, rack.rail_radius, rack.rail_height, legs, _UPRIGHT, visuals)


def add_plate(client: int, plate: Plate, pose: Pose, *, visuals: bool) -> int:
    """Add a free plate, its normal along its frame's x axis, and return its body."""
    shape = pybullet.createCollisionShape(
        pybullet.GEOM_CYLINDER,
        radius=plate.radius,
        height=plate.thickness,
        collisionFrameOrientation=_AXIS_X,
        physicsClientId=client,
    )
    drawing = _speck(client)
    if visuals:
        drawing = pybullet.createVisualShape(
            pybullet.GEOM_CYLINDER,
            radius=plate.radius,
            length=plate.thickness,
            visualFrameOrientation=_AXIS_X,
            rgbaColor=_CHINA,
            physicsClientId=client,
        )
    body = int(
        pybullet.createMultiBody(
            plate.mass,
            shape,
            drawing,
            pose.position.tolist(),
            pose.quaternion.tolist(),
            physicsClientId=client,
        )
    )
    polar = plate.mass * plate.radius**2 / 2
    equatorial = plate.mass * (3 * plate.radius**2 + plate.thickness**2) / 12
    # PyBullet would take the inertia of the box around the turned disc.
    pybullet.changeDynamics(
        body,
        -1,
        lateralFriction=1.0,
        linearDamping=0.0,
        angularDamping=0.0,
        localInertiaDiagonal=(polar, equatorial, equatorial),
        physicsClientId=client,
    )
    return body


def _speck(client: int) -> int:
    """Return a shape that is drawn in no time; without any, collision shapes are made ready."""
    return int(
        pybullet.createVisualShape(
            pybullet.GEOM_BOX, halfExtents=[SPECK] * 3, physicsClientId=client
        )
    )


def _cylinders(
    client: int,
    rack: DishRack,
    radius: float,
    length: float,
    positions: Sequence[Sequence[float]],
    orientation: Sequence[float],
    visuals: bool,
) -> None:
    """Add equal cylinders of the rack as bodies; PyBullet takes up to 16 shapes in one."""
    for start in range(0, len(positions), 16):
        part = positions[start : start + 16]
        count = len(part)
        shape = pybullet.createCollisionShapeArray(
            shapeTypes=[pybullet.GEOM_CYLINDER] * count,
            radii=[radius] * count,
            lengths=[length] * count,
            collisionFramePositions=part,
            collisionFrameOrientations=[orientation] * count,
            physicsClientId=client,
        )
        drawing = _speck(client)
        if visuals:
            drawing = pybullet.createVisualShapeArray(
                shapeTypes=[pybullet.GEOM_CYLINDER] * count,
                radii=[radius] * count,
                lengths=[length] * count,
                visualFramePositions=part,
                visualFrameOrientations=[orientation] * count,
                rgbaColors=[_STEEL] * count,
                physicsClientId=client,
            )
        turn = quaternion_from_rotation(rack.rotation).tolist()
        _static_body(client, shape, drawing, rack.position, turn, rack.friction)


def _static_body(
    client: int,
    shape: int,
    drawing: int,
    position: Sequence[float],
    orientation: Sequence[float],
    friction: float,
) -> None:
    body = pybullet.createMultiBody(
        0.0, shape, drawing, position, orientation, physicsClientId=client
    )
    # Contacts take their stiffness from here alone; friction is the product with the plate's 1.
    pybullet.changeDynamics(
        body,
        -1,
        lateralFriction=friction,
        contactStiffness=_CONTACT_STIFFNESS,
        contactDamping=_CONTACT_DAMPING,
        physicsClientId=client,
    )
