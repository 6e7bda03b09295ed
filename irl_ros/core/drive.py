# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From wanted motions and actions of every kind to guarded commands."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.action import ActionSpace, PositionReference
from irl_ros.core.arm import JointLimits
from irl_ros.core.effort_guard import EffortGuard
from irl_ros.core.guard import Guard
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.joint_path import JointPath
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.latch import GuardState

_LAST_ZEROS = 3  # zero commands after the arm came to rest, should one be lost
_STANDING = 0.02  # rad/s: an arm that is slower counts as standing
_PATIENCE = 1.0  # s; longest time until an arm whose commands are at rest stands


@dataclass(frozen=True)
class ArmCommand:
    """What to command for the next command period: velocities with positions, or torques.

    Where torques take over from velocities there are both: the last velocities, zero.

    Attributes:
        joint_velocities: rad/s; None while torques are commanded.
        joint_positions: Where the velocities lead by the end of the period, rad.
        joint_path: Where an arm that follows positions goes, and comes to rest if it hears no
            more; None for an arm that follows velocities.
        joint_efforts: On top of gravity compensation, N m; None while velocities are commanded.
    """

    joint_velocities: Float[ndarray, " joints"] | None = None
    joint_positions: Float[ndarray, " joints"] | None = None
    joint_path: JointPath | None = None
    joint_efforts: Float[ndarray, " joints"] | None = None


@final
class Drive:
    """The only way to the arm: every command passes one of the two guards."""

    def __init__(
        self,
        limits: JointLimits,
        kinematics: Kinematics,
        period: float,
        config: GuardConfig,
        *,
        streams_positions: bool = False,
        hold_time: float | None = None,
    ) -> None:
        """Prepare for an arm.

        Args:
            limits: Limits of the arm.
            kinematics: Its inertia.
            period: Time between two commands, s.
            config: Margins and thresholds of the guards.
            streams_positions: The arm follows the positions of the commands, not the velocities.
            hold_time: Longest time a command stays in force before the next one, s.

        Raises:
            ParameterError: If the period is not positive or the margin leaves a joint no room.
        """
        self._guard = Guard(
            limits, period, config, limit_reference=streams_positions, hold_time=hold_time
        )
        self._effort_guard = EffortGuard(limits, kinematics, period, config)
        self._streams_positions = streams_positions
        self._joints = len(limits.names)
        self._action = np.zeros(self._joints)
        self._reference: PositionReference | None = None
        self._torques = False
        self._velocities_end = False
        self._zeros_left = 0
        self._coasting = False
        self._patience = round(_PATIENCE / period) if streams_positions else 0
        self._unsettled = 0

    @property
    def tripped(self) -> str:
        """Why a guard has tripped; empty if none has."""
        for guard in (self._guard, self._effort_guard):
            if guard.state is GuardState.TRIPPED:
                return guard.reason
        return ""

    @property
    def damping(self) -> bool:
        """Whether torques may still be needed to bring the arm to rest."""
        return self._torques and (self._zeros_left > 0 or self._coasting)

    def start(self, sample: JointSample) -> None:
        """Arm the guard where the arm is, for velocities.

        Raises:
            SafetyError: If tripped.
        """
        self._guard.start(sample.joint_positions)
        self._torques = False
        self._reference = None
        self._unsettled = self._patience
        # A refused start says nothing: nothing has moved.
        if self._guard.state is GuardState.ARMED:
            self._zeros_left = _LAST_ZEROS

    def begin_actions(
        self, space: ActionSpace, control_period: float, sample: JointSample
    ) -> None:
        """Say what the actions that follow mean."""
        self._action = np.zeros(self._joints)
        self._torques, self._coasting = space is ActionSpace.TORQUE, False
        if self._torques:
            # Torques take over: what is left of the velocities must not come back afterwards,
            # and a driver must not keep the last one.
            self._velocities_end = True
            self._guard.hold("torques are commanded")
            while not self._guard.at_rest:
                self._guard.brake()
            self._effort_guard.start()
        elif space is ActionSpace.POSITION_INCREMENT:
            self._reference = PositionReference(sample.joint_positions, control_period)

    def set_action(self, action: Float[ndarray, " joints"]) -> None:
        """Begin a control period with its action."""
        self._action = action
        # A reference must not take in what the guard will refuse anyway.
        if self._reference is not None and np.isfinite(action).all():
            self._reference.advance(action)

    def act(self, sample: JointSample, elapsed: float) -> ArmCommand:
        """Return the command of the action in force, ``elapsed`` s into its control period."""
        positions, velocities = sample.joint_positions, sample.joint_velocities
        if self._torques:
            efforts = self._effort_guard.step(self._action, positions, velocities)
            return self._effort_command(efforts)
        if self._reference is not None and np.isfinite(self._action).all():
            return self.move(self._reference.velocity(elapsed, positions), sample)
        return self.move(self._action, sample)

    def move(self, velocities: Float[ndarray, " joints"], sample: JointSample) -> ArmCommand:
        """Return the command for wanted joint velocities, rad/s."""
        return self._velocity_command(
            self._guard.step(
                velocities, sample.joint_positions, sample.joint_velocities, sample.joint_efforts
            )
        )

    def miss(self, periods: int) -> None:
        """Take it that no command went out for some periods."""
        if not self._torques:
            self._guard.miss(periods)

    def bridge(self) -> ArmCommand:
        """Return the next command while no joint states come: towards rest, without a hold."""
        if self._torques:
            return self._effort_command(self._effort_guard.relax())
        return self._velocity_command(self._guard.brake())

    def hold(self, reason: str) -> None:
        """Let nothing through any more; `stopping` brings the arm to rest."""
        self._guard.hold(reason)
        self._effort_guard.hold(reason)

    def trip(self, reason: str) -> None:
        """Let nothing through until rearmed; `stopping` brings the arm to rest."""
        self._guard.trip(reason)
        self._effort_guard.trip(reason)

    def rearm(self) -> None:
        """Leave a trip."""
        self._guard.rearm()
        self._effort_guard.rearm()

    def stopping(self, sample: JointSample | None) -> ArmCommand | None:
        """Return the next command on the way to rest, None once the arm has come to rest.

        What was commanded last is also what ends: torques brake and end with zero torques,
        velocities end with zero velocities. Positions end where a tripped arm stands.

        Args:
            sample: Measured joints; None if there is no fresh measurement. An arm that is driven
                by torques is not braked then, it coasts until there is one.
        """
        if self._torques and self._coasting and sample is not None:
            # Measurements are back; it may be moving yet.
            self._coasting, self._zeros_left = False, _LAST_ZEROS
        if self._zeros_left == 0 and (self._torques or self._guard.at_rest):
            return None
        if self._torques:
            return self._stopping_torques(sample)
        if self._guard.at_rest and not self._settles(sample):
            self._zeros_left -= 1
        return self._velocity_command(self._guard.brake())

    def _settles(self, sample: JointSample | None) -> bool:
        """Whether a tripped arm is yet to be held where it stands, wherever its reference is.

        Once: an arm that hangs behind its reference would sink if that followed it for ever.
        """
        tripped = self._guard.state is GuardState.TRIPPED
        if sample is None or not tripped or self._unsettled == 0:
            return False
        self._unsettled -= 1
        if self._unsettled == 0 or np.abs(sample.joint_velocities).max() <= _STANDING:
            self._unsettled = 0
            self._guard.settle(sample.joint_positions)
        return True

    def _stopping_torques(self, sample: JointSample | None) -> ArmCommand:
        if sample is not None and np.abs(sample.joint_velocities).max() > _STANDING:
            efforts = self._effort_guard.step(
                np.zeros(self._joints), sample.joint_positions, sample.joint_velocities
            )
            return self._effort_command(efforts)
        # Braking needs a measured velocity. Without one, no torque but gravity compensation.
        self._coasting = sample is None
        efforts = self._effort_guard.relax()
        if not efforts.any():
            self._zeros_left -= 1
        return self._effort_command(efforts)

    def _effort_command(self, efforts: Float[ndarray, " joints"]) -> ArmCommand:
        ended, self._velocities_end = self._velocities_end, False
        return ArmCommand(np.zeros(self._joints) if ended else None, joint_efforts=efforts)

    def _velocity_command(self, velocities: Float[ndarray, " joints"]) -> ArmCommand:
        path = self._guard.path if self._streams_positions else None
        return ArmCommand(velocities, self._guard.reference_positions, path)
