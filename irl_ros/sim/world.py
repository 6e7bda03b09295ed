# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One PyBullet client that holds an arm with a plate, a rack and a table."""

import functools
import tempfile
from collections.abc import Sequence
from typing import final

import numpy as np
import pybullet
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import Arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.sim.description import undrawn
from irl_ros.sim.scenery import add_plate, build_rack, build_table

PHYSICS_RATE_HZ = 240
"""Physics steps per second."""

JOINT_DAMPING = 0.5
"""Viscous friction of every joint in the descriptions, N m s/rad."""

_GRAVITY = 9.81


@final
class World:
    """Bodies and forces; what the arm is to do is decided elsewhere.

    `reset` builds everything anew. That costs a few milliseconds and makes a run independent of
    all runs before it, down to the last bit: contact caches and collision trees start empty.
    """

    def __init__(self, arm: Arm, task: DishTask, *, visuals: bool = False) -> None:
        """Open a client without a window.

        Args:
            arm: Arm to simulate.
            task: Rack and plate to simulate.
            visuals: Also load what only pictures need.
        """
        self._arm = arm
        self._task = task
        self._visuals = visuals
        self.client: int = pybullet.connect(pybullet.DIRECT)
        self._joints: list[int] = []
        self._body = -1
        self._plate_link = -1
        self._free_plate: int | None = None

    def close(self) -> None:
        """Close the client; afterwards the world can no longer be used."""
        if self.client >= 0:
            pybullet.disconnect(physicsClientId=self.client)
            self.client = -1

    def reset(self, joint_positions: Float[ndarray, " joints"]) -> None:
        """Build the world with the arm at rest in a posture, the plate in its gripper."""
        client = self.client
        pybullet.resetSimulation(physicsClientId=client)
        pybullet.setGravity(0.0, 0.0, -_GRAVITY, physicsClientId=client)
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=1.0 / PHYSICS_RATE_HZ,
            deterministicOverlappingPairs=1,
            physicsClientId=client,
        )
        self._free_plate = None
        self._load_arm()
        build_table(client, self._task.rack.friction, visuals=self._visuals)
        build_rack(client, self._task.rack, visuals=self._visuals)
        for joint, position in zip(self._joints, joint_positions.tolist(), strict=True):
            pybullet.resetJointState(self._body, joint, position, physicsClientId=client)
        self._weigh_plate()

    def _load_arm(self) -> None:
        client = self.client
        self._body = self._load_description()
        by_name: dict[str, int] = {}
        for index in range(pybullet.getNumJoints(self._body, physicsClientId=client)):
            info = pybullet.getJointInfo(self._body, index, physicsClientId=client)
            by_name[info[1].decode()] = index
            if info[12].decode() == self._arm.tool_link:
                self._plate_link = index
            pybullet.changeDynamics(
                self._body, index, linearDamping=0.0, angularDamping=0.0, physicsClientId=client
            )
        missing = [name for name in self._arm.joint_names if name not in by_name]
        if missing:
            raise ParameterError(f"{self._arm.urdf_path} has no joints {missing}")
        self._joints = [by_name[name] for name in self._arm.joint_names]
        # PyBullet gives every joint a velocity motor; torque control needs it off.
        pybullet.setJointMotorControlArray(
            self._body,
            self._joints,
            pybullet.VELOCITY_CONTROL,
            forces=[0.0] * len(self._joints),
            physicsClientId=client,
        )
        pybullet.changeDynamics(
            self._body, self._plate_link, lateralFriction=1.0, physicsClientId=client
        )

    def _load_description(self) -> int:
        load = functools.partial(
            pybullet.loadURDF,
            useFixedBase=True,
            flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
            physicsClientId=self.client,
        )
        if self._visuals:
            return int(load(str(self._arm.urdf_path)))
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".urdf") as file:
            file.write(undrawn(self._arm.urdf_path))
            file.flush()
            return int(load(file.name))

    def _weigh_plate(self) -> None:
        """Give the held plate its mass; the arm's own model keeps that of its description."""
        client, mass = self.client, self._task.plate.mass
        described = pybullet.getDynamicsInfo(self._body, self._plate_link, physicsClientId=client)
        if mass == described[0]:
            return
        # PyBullet makes its inverse dynamics model when it is first asked, and then keeps it.
        at_rest = [0.0] * len(self._joints)
        self.inverse_dynamics(at_rest, at_rest, at_rest)
        pybullet.changeDynamics(
            self._body,
            self._plate_link,
            mass=mass,
            localInertiaDiagonal=[moment * mass / described[0] for moment in described[2]],
            physicsClientId=client,
        )

    def joint_state(self) -> tuple[list[float], list[float]]:
        """Return joint positions (rad) and velocities (rad/s)."""
        states = pybullet.getJointStates(self._body, self._joints, physicsClientId=self.client)
        return [state[0] for state in states], [state[1] for state in states]

    def inverse_dynamics(
        self, positions: list[float], velocities: list[float], accelerations: list[float]
    ) -> list[float]:
        """Return the torques, N m, that accelerate an arm without friction so."""
        torques: tuple[float, ...] = pybullet.calculateInverseDynamics(
            self._body, positions, velocities, accelerations, physicsClientId=self.client
        )
        return list(torques)

    def step(self, torques: list[float]) -> None:
        """Advance by one physics step with these joint torques, N m."""
        pybullet.setJointMotorControlArray(
            self._body,
            self._joints,
            pybullet.TORQUE_CONTROL,
            forces=torques,
            physicsClientId=self.client,
        )
        pybullet.stepSimulation(physicsClientId=self.client)

    def push_plate(self, force: Sequence[float], torque: Sequence[float]) -> None:
        """Apply a force (N) at the held plate's centre and a torque (N m) for the next step."""
        state = pybullet.getLinkState(self._body, self._plate_link, physicsClientId=self.client)
        pybullet.applyExternalForce(
            self._body,
            self._plate_link,
            force,
            state[0],
            pybullet.WORLD_FRAME,
            physicsClientId=self.client,
        )
        pybullet.applyExternalTorque(
            self._body,
            self._plate_link,
            torque,
            pybullet.WORLD_FRAME,
            physicsClientId=self.client,
        )

    def contact_force(self) -> float:
        """Return the sum of the normal forces on the plate in the last step, N."""
        if self._free_plate is None:
            contacts = pybullet.getContactPoints(
                bodyA=self._body, linkIndexA=self._plate_link, physicsClientId=self.client
            )
        else:
            contacts = pybullet.getContactPoints(
                bodyA=self._free_plate, physicsClientId=self.client
            )
        return sum((contact[9] for contact in contacts), 0.0) if contacts else 0.0

    def plate_motion(
        self,
    ) -> tuple[Pose, Float[ndarray, " 3"], Float[ndarray, " 3"]]:
        """Return the plate's pose, velocity (m/s) and angular velocity (rad/s), base frame."""
        if self._free_plate is None:
            state = pybullet.getLinkState(
                self._body,
                self._plate_link,
                computeLinkVelocity=1,
                computeForwardKinematics=1,
                physicsClientId=self.client,
            )
            position, orientation, linear, angular = state[4], state[5], state[6], state[7]
        else:
            position, orientation = pybullet.getBasePositionAndOrientation(
                self._free_plate, physicsClientId=self.client
            )
            linear, angular = pybullet.getBaseVelocity(
                self._free_plate, physicsClientId=self.client
            )
        pose = Pose(np.array(position), np.array(orientation))
        return pose, np.array(linear), np.array(angular)

    def release_plate(self) -> None:
        """Open the gripper: a free plate takes over pose and velocity of the held one.

        The held plate stays on the arm as a mass without extent, so that the arm's dynamics do
        not change; nothing collides with it any more, and the opened fingers do not touch the
        free plate.
        """
        pose, linear, angular = self.plate_motion()
        client = self.client
        free = add_plate(client, self._task.plate, pose, visuals=self._visuals)
        if self._visuals:
            pybullet.changeVisualShape(
                self._body, self._plate_link, rgbaColor=(0, 0, 0, 0), physicsClientId=client
            )
        pybullet.resetBaseVelocity(free, linear.tolist(), angular.tolist(), physicsClientId=client)
        pybullet.setCollisionFilterGroupMask(
            self._body, self._plate_link, 0, 0, physicsClientId=client
        )
        for link in range(-1, pybullet.getNumJoints(self._body, physicsClientId=client)):
            pybullet.setCollisionFilterPair(self._body, free, link, -1, 0, physicsClientId=client)
        self._free_plate = free
