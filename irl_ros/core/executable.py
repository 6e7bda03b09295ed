# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A policy together with the conditions under which it may be executed, and their checks."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from irl_ros.core.action import ActionSpace
from irl_ros.core.arm import Arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError, ParameterError, SafetyError
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.policy import StorablePolicy
from irl_ros.core.pose import Pose, rotation_vector

_PLACE_TOLERANCE = 0.01  # m
_TURN_TOLERANCE = 0.05  # rad
_PERIOD_SLACK = 1e-3  # part of a command period


@dataclass(frozen=True)
class ExecutablePolicy:
    """A policy that knows for which arm, start posture and target it was learned.

    Attributes:
        controller: The policy.
        contract: Its conditions.
        label: Where it came from, for people.
    """

    controller: StorablePolicy
    contract: ExecutionContract
    label: str

    @property
    def action_space(self) -> ActionSpace:
        """Meaning of the actions."""
        return ActionSpace(self.contract.action_space)

    def action(self, step: int, state: Float[Tensor, " x"]) -> Float[ndarray, " u"]:
        """Return the mean action of step ``step`` in the state: rad/s, N m or rad."""
        action = self.controller.action_mean(step, state).numpy()
        return np.asarray(action * (self.contract.action_scale or 1.0))

    @cached_property
    def fingerprint(self) -> str:
        """What tells this policy from any other: the start of a hash of what decides actions."""
        digest = hashlib.sha256(repr(sorted(self.contract.to_metadata().items())).encode())
        for part in self.controller.content.values():
            digest.update(part.numpy().tobytes())
        return digest.hexdigest()[:16]


def check_policy(policy: ExecutablePolicy, arm: Arm, command_period: float) -> None:
    """Check that a policy suits an arm that is commanded at a rate.

    Args:
        policy: What is to be executed.
        arm: Where.
        command_period: Time between two commands, s.

    Raises:
        SafetyError: If it does not; the message names the difference.
    """
    contract, controller, label = policy.contract, policy.controller, policy.label
    if contract.arm != arm.name:
        raise SafetyError(
            f"{label} was learned for the arm {contract.arm}, this one is {arm.name}; set arm, or "
            "train for this arm"
        )
    if contract.joint_names != arm.joint_names:
        raise SafetyError(
            f"{label} was learned for the joints {', '.join(contract.joint_names)}; this arm has "
            f"{', '.join(arm.joint_names)}"
        )
    joints = len(arm.joint_names)
    wanted = {"state": STATE_DIM, "action": joints, "start posture": joints}
    given = {
        "state": controller.state_dim,
        "action": controller.action_dim,
        "start posture": len(contract.start),
    }
    for what, size in wanted.items():
        if given[what] != size:
            raise SafetyError(
                f"the {what} of {label} has {given[what]} values, this arm's has {size}; train "
                "for this arm"
            )
    try:
        contract.check_actions(joints)
    except DataError as error:
        raise SafetyError(f"{label}: {error}") from error
    if policy.action_space is ActionSpace.TORQUE:
        try:
            arm.require_inertia()
        except ParameterError as error:
            raise SafetyError(
                f"{label} commands torques, which are braked by the arm's inertia. {error}"
            ) from error
    limits = arm.limits
    start = np.array(contract.start)
    outside = ~((limits.lower <= start) & (start <= limits.upper))
    if outside.any():
        joint = int(np.flatnonzero(outside)[0])
        raise SafetyError(
            f"{label} starts with {arm.joint_names[joint]} at {start[joint]:.4g} rad, outside "
            f"{limits.lower[joint]:.4g} to {limits.upper[joint]:.4g} rad"
        )
    periods = contract.control_period / command_period
    if not (periods >= 1 and abs(periods - round(periods)) < _PERIOD_SLACK):
        raise SafetyError(
            f"{label} acts every {contract.control_period:g} s, which is not a multiple of the "
            f"command period {command_period:.4g} s; set command_rate_hz to a multiple of "
            f"{1 / contract.control_period:g}"
        )


def check_target(policy: ExecutablePolicy, target: Pose | None) -> None:
    """Check that a policy was learned for the place where the task is to be done.

    Args:
        policy: What is to be executed.
        target: Where the task is to be done; None if nobody said so.

    Raises:
        SafetyError: If it was learned for another place.
    """
    if target is None:
        return
    learned = policy.contract.target
    distance = float(np.linalg.norm(learned.position - target.position))
    turn = float(np.linalg.norm(rotation_vector(learned.rotation @ target.rotation.T)))
    if distance > _PLACE_TOLERANCE or turn > _TURN_TOLERANCE:
        raise SafetyError(
            f"{policy.label} was learned for a target {1e3 * distance:.0f} mm and {turn:.2f} rad "
            f"away from target_pose, over {1e3 * _PLACE_TOLERANCE:.0f} mm or {_TURN_TOLERANCE:g} "
            "rad; train for this target"
        )
