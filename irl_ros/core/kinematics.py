# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Forward kinematics and inertia of an arm in torch: batched, double precision."""

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from irl_ros.core.arm import Arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.pose import Pose, rotation_vector

POINT_DISTANCE = 0.2
"""Distance of the second and third tool point from the plate's centre, m: the plate's diameter."""


def spanning_points(distance: float) -> Float[ndarray, "3 3"]:
    """Return three points in the tool frame, m: origin, along the approach (z), normal (x)."""
    return np.array([[0.0, 0.0, 0.0], [0.0, 0.0, distance], [distance, 0.0, 0.0]])


TOOL_POINTS = spanning_points(POINT_DISTANCE)
"""The tool points of an arm's state."""

STATE_DIM = 32
"""Dimension of an arm's state: 7 + 7 joint values, 3 x 3 point coordinates, 3 x 3 velocities."""


@final
class Kinematics:
    """Where the tool of an arm is and how it moves.

    Joint i turns by q_i about a unit axis k fixed in its frame, so its transform is

        A_i (I + sin(q_i) [k] + (1 - cos(q_i)) [k]^2)        (Rodrigues' formula)

    with the constant A_i of the robot description; the three constant matrices of each joint are
    multiplied out once. Positions are in the arm's base frame, m; velocities m/s.
    """

    def __init__(self, arm: Arm, points: Float[ndarray, "3 3"] = TOOL_POINTS) -> None:
        """Multiply the constants out.

        Args:
            arm: The arm.
            points: Tool points in the tool frame, one per row, m.
        """
        constant, sine, versine, axes, turns = [], [], [], [], []
        for joint in arm.chain.joints:
            x, y, z = joint.axis
            cross = np.zeros((4, 4))
            cross[:3, :3] = [[0, -z, y], [z, 0, -x], [-y, x, 0]]
            constant.append(joint.parent_from_joint)
            sine.append(joint.parent_from_joint @ cross)
            versine.append(joint.parent_from_joint @ cross @ cross)
            # Columns: the axis as a direction, the frame's origin as a point.
            axes.append(np.array([[x, 0], [y, 0], [z, 0], [0, 1]]))
            turns.append(cross)
        self._constant = torch.tensor(np.stack(constant))
        self._sine = torch.tensor(np.stack(sine))
        self._versine = torch.tensor(np.stack(versine))
        self._axes = torch.tensor(np.stack(axes))
        self._turns = torch.tensor(np.stack(turns))
        self._pseudo_inertias = torch.tensor(
            np.stack([joint.pseudo_inertia for joint in arm.chain.joints])
        )
        self._last_from_tool = torch.tensor(arm.chain.last_from_tool)
        homogeneous = np.vstack([points.T, np.ones(3)])
        self._last_from_points = torch.tensor(arm.chain.last_from_tool @ homogeneous)
        tensors = (
            self._constant,
            self._sine,
            self._versine,
            self._axes,
            self._last_from_points,
        )
        self._arrays = tuple(tensor.numpy() for tensor in tensors)
        self.joints = len(arm.chain.joints)

    def _frames(self, joint_positions: Tensor) -> list[Tensor]:
        """Return the base-from-joint transforms, joint by joint."""
        sine = joint_positions.sin()[..., None, None]
        versine = 1.0 - joint_positions.cos()[..., None, None]
        local = self._constant + sine * self._sine + versine * self._versine
        first, *others = local.unbind(dim=-3)
        frames = [first]
        for transform in others:
            frames.append(frames[-1] @ transform)
        return frames

    def _screws(self, frames: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return each joint's axis z_i and moment o_i x z_i in the base frame, [... 7 3] each."""
        columns = torch.stack(frames, dim=-3) @ self._axes
        axes, origins = columns[..., :3, 0], columns[..., :3, 1]
        return axes, torch.linalg.cross(origins, axes)

    def tool_pose(
        self, joint_positions: Float[Tensor, "*batch joints"]
    ) -> tuple[Float[Tensor, "*batch 3 3"], Float[Tensor, "*batch 3"]]:
        """Return rotation matrix and position of the tool frame in the base frame."""
        base_from_tool = self._frames(joint_positions)[-1] @ self._last_from_tool
        return base_from_tool[..., :3, :3], base_from_tool[..., :3, 3]

    def tool_points(
        self, joint_positions: Float[Tensor, "*batch joints"]
    ) -> Float[Tensor, "*batch 3 3"]:
        """Return the tool points in the base frame; one point per row."""
        points = self._frames(joint_positions)[-1] @ self._last_from_points
        return points[..., :3, :].transpose(-1, -2)

    def jacobian(
        self, joint_positions: Float[Tensor, "*batch joints"]
    ) -> Float[Tensor, "*batch 6 joints"]:
        """Return J with (v, w) = J qd.

        v is the velocity of the tool frame's origin, w the angular velocity, both in the base
        frame.
        """
        frames = self._frames(joint_positions)
        axes, moments = self._screws(frames)
        position = (frames[-1] @ self._last_from_tool)[..., None, :3, 3]
        linear = moments + torch.linalg.cross(axes, position.expand_as(axes))
        return torch.cat([linear, axes], dim=-1).transpose(-1, -2)

    def joint_inertia(
        self, joint_positions: Float[Tensor, "*batch joints"]
    ) -> Float[Tensor, "*batch joints joints"]:
        """Return the joint-space inertia matrix M, kg m^2; the kinetic energy is qd^T M qd / 2.

        Joint i moves a point p = (x, y, z, 1) that it carries with qd_i W_i p, where W_i is its
        cross-product matrix, moved to the base frame. With the pseudo-inertia P_j of all that
        joint j carries, M_ij = tr(W_i P_j W_j^T) for i <= j.
        """
        frames = torch.stack(self._frames(joint_positions), dim=-3)
        motions = frames @ self._turns @ torch.linalg.inv(frames)
        pieces = frames @ self._pseudo_inertias @ frames.mT
        carried = pieces.flip(-3).cumsum(-3).flip(-3)
        upper = torch.einsum("...iab,...jab->...ij", motions, motions @ carried).triu()
        return upper + upper.triu(1).mT

    def tool_motion(
        self,
        joint_positions: Float[Tensor, " joints"],
        joint_velocities: Float[Tensor, " joints"],
    ) -> tuple[
        Float[ndarray, "3 3"], Float[ndarray, " 3"], Float[ndarray, " 3"], Float[ndarray, " 3"]
    ]:
        """Return rotation, position, velocity and angular velocity (rad/s) of the tool frame."""
        rotation, position = self.tool_pose(joint_positions)
        twist = self.jacobian(joint_positions) @ joint_velocities
        return rotation.numpy(), position.numpy(), twist[:3].numpy(), twist[3:].numpy()

    def arm_state(
        self,
        joint_positions: Float[Tensor, "*batch joints"],
        joint_velocities: Float[Tensor, "*batch joints"],
    ) -> Float[Tensor, "*batch 32"]:
        """Return the state of an arm task.

        The state is [joint positions (rad), joint velocities (rad/s), tool points (m), tool-point
        velocities (m/s)]. All velocities of the tool follow from its twist: with
        w = sum_i qd_i z_i and v = sum_i qd_i (o_i x z_i), a point p moves with v + w x p.
        """
        frames = self._frames(joint_positions)
        axes, moments = self._screws(frames)
        points = (frames[-1] @ self._last_from_points)[..., :3, :].transpose(-1, -2)
        rates = joint_velocities[..., None, :]
        angular, linear = rates @ axes, rates @ moments
        velocities = linear + torch.linalg.cross(angular.expand_as(points), points)
        return torch.cat(
            [
                joint_positions,
                joint_velocities,
                points.flatten(start_dim=-2),
                velocities.flatten(start_dim=-2),
            ],
            dim=-1,
        )

    def measured_state(
        self,
        joint_positions: Float[ndarray, " joints"],
        joint_velocities: Float[ndarray, " joints"],
    ) -> Float[Tensor, "32"]:
        """Return `arm_state` of a single measurement, up to rounding, in less than half the time.

        For a loop that needs one state after the other: there, calls cost more than arithmetic,
        and NumPy's calls are cheaper.
        """
        positions, velocities = (
            torch.from_numpy(joint_positions),
            torch.from_numpy(joint_velocities),
        )
        constant, sine, versine, axes_and_origins, last_from_points = self._arrays
        turned = positions.sin().numpy()[:, None, None] * sine
        frames = constant + turned + (1.0 - positions.cos().numpy())[:, None, None] * versine
        last = frames[0]
        for frame in frames[1:]:
            last = last.dot(frame, out=frame)
        columns = frames @ axes_and_origins
        axes = torch.from_numpy(columns[:, :3, 0])
        moments = torch.linalg.cross(torch.from_numpy(columns[:, :3, 1]), axes)
        points = torch.from_numpy(last.dot(last_from_points)[:3].T)
        rates = velocities[None]
        motion = rates @ moments + torch.linalg.cross(rates @ axes, points)
        return torch.cat([positions, velocities, points.reshape(-1), motion.reshape(-1)])

    def state_jacobian(
        self,
        joint_positions: Float[Tensor, "*batch joints"],
        joint_velocities: Float[Tensor, "*batch joints"],
    ) -> Float[Tensor, "*batch 32 2*joints"]:
        """Return the derivative of `arm_state` with respect to joint positions and velocities.

        A point p moves with joint i by j_i = o_i x z_i + z_i x p, and its second derivative with
        respect to joints i <= k is z_i x j_k: the earlier joint turns all that lies behind it.
        """
        frames = self._frames(joint_positions)
        axes, moments = self._screws(frames)
        points = (frames[-1] @ self._last_from_points)[..., :3, :].transpose(-1, -2)
        shape = (*axes.shape[:-2], points.shape[-2], *axes.shape[-2:])
        z = axes.unsqueeze(-3).expand(shape)
        j = moments.unsqueeze(-3) + torch.linalg.cross(z, points.unsqueeze(-2).expand(shape))
        # Row i, column k: z_i x j_k, of which i <= k is kept and mirrored.
        pairs = torch.linalg.cross(z.unsqueeze(-2), j.unsqueeze(-3))
        upper = torch.ones(self.joints, self.joints, dtype=torch.bool).triu().unsqueeze(-1)
        second = torch.where(upper, pairs, pairs.transpose(-2, -3))
        turning = torch.einsum("...pikc,...k->...pci", second, joint_velocities)
        along, still = j.transpose(-1, -2), torch.zeros_like(j).transpose(-1, -2)
        eye = torch.eye(2 * self.joints, dtype=j.dtype)
        return torch.cat(
            [
                eye.expand(*joint_positions.shape[:-1], -1, -1),
                torch.cat([along, still], dim=-1).flatten(-3, -2),
                torch.cat([turning, along], dim=-1).flatten(-3, -2),
            ],
            dim=-2,
        )


def inverse_kinematics(
    kinematics: Kinematics, target: Pose, start: Float[ndarray, " joints"]
) -> Float[ndarray, " joints"]:
    """Find a posture that puts the tool at a pose, near a given posture.

    Damped least squares on the pose error with the redundancy pulled towards ``start``:
    dq = J^T (J J^T + d I)^-1 e + (I - J^+ J) (q_start - q).

    Raises:
        ParameterError: If the pose is not reached to 10 micrometres and 10 microradians.
    """
    joint_positions = np.array(start, dtype=np.float64)
    error = np.full(6, np.inf)
    for _ in range(200):
        q = torch.from_numpy(joint_positions)
        rotation, position = (part.numpy() for part in kinematics.tool_pose(q))
        turn = rotation_vector(target.rotation @ rotation.T)
        error = np.concatenate([target.position - position, turn])
        jacobian = kinematics.jacobian(q).numpy()
        # Damping keeps far steps sensible and fades near the goal, where it would leave an error.
        damping = (1e-9 + 0.01 * float(error @ error)) * np.eye(6)
        inverse = np.linalg.solve(jacobian @ jacobian.T + damping, jacobian).T
        pull = start - joint_positions
        step = inverse @ error + 0.1 * (pull - inverse @ (jacobian @ pull))
        joint_positions += np.clip(step, -0.2, 0.2)
        if np.abs(error).max() < 1e-10 and np.abs(step).max() < 1e-8:
            break
    if np.abs(error).max() > 1e-5:
        raise ParameterError(
            f"no posture near {np.round(start, 3).tolist()} puts the tool at "
            f"{np.round(target.position, 3).tolist()} m: {np.abs(error).max():.2g} m or rad "
            "remain; choose a target inside the arm's reach"
        )
    return joint_positions
