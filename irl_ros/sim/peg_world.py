# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One PyBullet client that holds an arm with a peg and a block with a hole."""

import math
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import final

import numpy as np
import pybullet
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.action import VELOCITY_TIME_CONSTANT
from irl_ros.core.arm import Arm, load_arm
from irl_ros.sim.world import JOINT_DAMPING, PHYSICS_RATE_HZ

HOLE_DEPTH = 0.1
"""Way of the peg's tip from the hole's mouth to its target, m."""

TARGET_HEIGHT = 0.12
"""Height of the target over the table, m."""

PEG_REACH = 0.08
"""Distance of the peg's tip from its middle, m."""

_FLOOR = 0.005  # m, below the target, so that a peg at its target touches nothing
_PEG_RADIUS = 0.012  # m
_PEG_MASS = 0.35  # kg, that of the plate, so that the arm moves like the one that holds a plate
_HOLE_WIDTH = 0.044  # m
_BLOCK_WIDTH = 0.30  # m
# Soft contacts and friction as those of the rack.
_CONTACT_STIFFNESS = 1e4  # N/m
_CONTACT_DAMPING = 200.0  # N s/m
_FRICTION = 0.4
_GRAVITY = 9.81
_IGNORE_VISUALS = 1048576  # PyBullet's URDF_IGNORE_VISUAL_SHAPES, missing from its Python names


def _write_description(arm: Arm, path: Path) -> None:
    """Write the arm's description with a peg along the approach instead of the plate.

    The peg's middle is the origin of the tool frame, its tip lies along the approach.
    """
    tree = ElementTree.parse(arm.urdf_path)
    link = tree.find(f"link[@name='{arm.tool_link}']")
    assert link is not None
    length = 2 * PEG_REACH
    across = _PEG_MASS * (3 * _PEG_RADIUS**2 + length**2) / 12
    along = _PEG_MASS * _PEG_RADIUS**2 / 2
    peg = f"""
      <link>
        <inertial>
          <mass value="{_PEG_MASS}"/>
          <inertia ixx="{across}" ixy="0" ixz="0" iyy="{across}" iyz="0" izz="{along}"/>
        </inertial>
        <collision>
          <geometry><cylinder radius="{_PEG_RADIUS}" length="{length}"/></geometry>
        </collision>
      </link>"""
    link[:] = list(ElementTree.fromstring(peg))
    tree.write(path)


@final
class PegWorld:
    """A Panda with a peg over a block; joint velocities are followed by computed torque.

    `reset` builds everything anew, so that a run is independent of all runs before it.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="irl_ros_peg_")
        path = Path(self._folder.name) / "panda_peg.urdf"
        _write_description(load_arm("panda"), path)
        self.arm = load_arm(path)
        self.client: int = pybullet.connect(pybullet.DIRECT)
        self._body = -1
        self._joints: list[int] = []

    def close(self) -> None:
        """Close the client; further calls do nothing."""
        if self.client >= 0:
            pybullet.disconnect(physicsClientId=self.client)
            self.client = -1
            self._folder.cleanup()

    def reset(
        self, joint_positions: Float[ndarray, " joints"], hole: Float[ndarray, " 2"]
    ) -> None:
        """Build the world with the arm at rest in a posture (rad) and the hole at a place (m)."""
        client = self.client
        pybullet.resetSimulation(physicsClientId=client)
        pybullet.setGravity(0.0, 0.0, -_GRAVITY, physicsClientId=client)
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=1.0 / PHYSICS_RATE_HZ,
            deterministicOverlappingPairs=1,
            physicsClientId=client,
        )
        self._load_arm()
        self._build_block(hole)
        for joint, position in zip(self._joints, joint_positions.tolist(), strict=True):
            pybullet.resetJointState(self._body, joint, position, physicsClientId=client)

    def _load_arm(self) -> None:
        client = self.client
        self._body = pybullet.loadURDF(
            str(self.arm.urdf_path),
            useFixedBase=True,
            flags=pybullet.URDF_USE_INERTIA_FROM_FILE | _IGNORE_VISUALS,
            physicsClientId=client,
        )
        by_name: dict[str, int] = {}
        for index in range(pybullet.getNumJoints(self._body, physicsClientId=client)):
            info = pybullet.getJointInfo(self._body, index, physicsClientId=client)
            by_name[info[1].decode()] = index
            friction = 1.0 if info[12].decode() == self.arm.tool_link else 0.5
            pybullet.changeDynamics(
                self._body,
                index,
                linearDamping=0.0,
                angularDamping=0.0,
                lateralFriction=friction,
                physicsClientId=client,
            )
        self._joints = [by_name[name] for name in self.arm.joint_names]
        # PyBullet gives every joint a velocity motor; torque control needs it off.
        pybullet.setJointMotorControlArray(
            self._body,
            self._joints,
            pybullet.VELOCITY_CONTROL,
            forces=[0.0] * len(self._joints),
            physicsClientId=client,
        )

    def _build_block(self, hole: Float[ndarray, " 2"]) -> None:
        """Add four walls around the hole and the floor below it."""
        floor = TARGET_HEIGHT - _FLOOR
        height = HOLE_DEPTH + _FLOOR
        thickness = (_BLOCK_WIDTH - _HOLE_WIDTH) / 2
        away = (_HOLE_WIDTH + thickness) / 2
        middle = floor + height / 2
        boxes = [((_BLOCK_WIDTH / 2, _BLOCK_WIDTH / 2, floor / 2), (0.0, 0.0, floor / 2))]
        for side in (-1, 1):
            boxes += [
                ((thickness / 2, _BLOCK_WIDTH / 2, height / 2), (side * away, 0.0, middle)),
                ((_HOLE_WIDTH / 2, thickness / 2, height / 2), (0.0, side * away, middle)),
            ]
        shape = pybullet.createCollisionShapeArray(
            shapeTypes=[pybullet.GEOM_BOX] * len(boxes),
            halfExtents=[half for half, _ in boxes],
            collisionFramePositions=[place for _, place in boxes],
            physicsClientId=self.client,
        )
        block = pybullet.createMultiBody(
            0.0, shape, -1, (*hole.tolist(), 0.0), physicsClientId=self.client
        )
        pybullet.changeDynamics(
            block,
            -1,
            lateralFriction=_FRICTION,
            contactStiffness=_CONTACT_STIFFNESS,
            contactDamping=_CONTACT_DAMPING,
            physicsClientId=self.client,
        )

    def joint_state(self) -> tuple[Float[ndarray, " joints"], Float[ndarray, " joints"]]:
        """Return joint positions (rad) and velocities (rad/s)."""
        states = pybullet.getJointStates(self._body, self._joints, physicsClientId=self.client)
        return np.array([state[0] for state in states]), np.array([state[1] for state in states])

    def contact_force(self) -> float:
        """Return the sum of the normal forces on the arm and its peg in the last step, N."""
        contacts = pybullet.getContactPoints(bodyA=self._body, physicsClientId=self.client)
        return sum((contact[9] for contact in contacts), 0.0) if contacts else 0.0

    def follow(self, velocities: Float[ndarray, " joints"], steps: int) -> None:
        """Follow joint velocities, rad/s, for some physics steps.

        The acceleration (u - qd) (1 - exp(-h / tau)) / h for the physics step h makes qd approach
        u exactly as exp(-t / tau) while no torque limit is reached.
        """
        rate = -math.expm1(-1.0 / (PHYSICS_RATE_HZ * VELOCITY_TIME_CONSTANT)) * PHYSICS_RATE_HZ
        limit = self.arm.limits.effort
        for _ in range(steps):
            positions, measured = self.joint_state()
            wanted = rate * (velocities - measured)
            torques = pybullet.calculateInverseDynamics(
                self._body,
                positions.tolist(),
                measured.tolist(),
                wanted.tolist(),
                physicsClientId=self.client,
            )
            torques = np.clip(torques + JOINT_DAMPING * measured, -limit, limit)
            pybullet.setJointMotorControlArray(
                self._body,
                self._joints,
                pybullet.TORQUE_CONTROL,
                forces=torques.tolist(),
                physicsClientId=self.client,
            )
            pybullet.stepSimulation(physicsClientId=self.client)
