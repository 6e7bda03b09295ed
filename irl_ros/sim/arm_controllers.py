# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stands between commands and the simulated arm: the controllers of its driver.

They behave like those of ros2_control, except that they refuse what a real driver would have to
trip on: wrong lengths, what is not a number, more than the arm can do, and commands while a hand
guides the arm. A stream of commands that dries up makes the arm hold.
"""

from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.errors import SafetyError
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.joint_drive import ArmMode
from irl_ros.sim.phase import Phase
from irl_ros.sim.trajectory_follower import TrajectoryFollower

_HAND_FRESH = 0.02  # s: age up to which a hand's wrench acts in full
_HAND_GONE = 0.06  # s: age at which it has faded away
_STAYS = 0.02  # rad; points nearer than this make an arm stay where it is
_KNOWN = 1.0  # s: until then a stream of commands cannot know that the plate was released
_SLACK = 1e-6  # relative; a command at its limit is not over it


@final
class ArmControllers:
    """Checks commands and keeps the newest one in force while it is fresh.

    Times are those of the simulation, s, and never go back, whatever the attempt.
    """

    def __init__(self, simulator: DishSimulator, timeout: float) -> None:
        """Command a simulator.

        Args:
            simulator: The arm.
            timeout: Longest time between two commands of a stream, s.
        """
        self._simulator = simulator
        self._limits = simulator.arm.limits
        self._timeout = timeout
        self._fresh_until: float | None = None
        self._follower: TrajectoryFollower | None = None
        self._hand: tuple[ndarray, ndarray] | None = None
        self._felt = 0.0
        self._late_until = -np.inf

    def reset(self) -> None:
        """Forget every command; the arm has been put elsewhere."""
        self._fresh_until = self._follower = self._hand = None
        self._late_until = -np.inf

    def command_velocities(self, values: Float[ndarray, " values"], now: float) -> None:
        """Follow joint velocities, rad/s. All zeros make the arm stand still exactly.

        Raises:
            SafetyError: If the command is refused; the arm holds then.
        """
        if self._is_late(now) or (self._simulator.phase is not Phase.MOVING and not values.any()):
            return
        self._check(values, self._limits.velocity, "velocity", "rad/s")
        self._follower = None
        self._fresh_until = now + self._timeout
        if values.any():
            self._simulator.set_velocity_command(values)
        else:
            self._simulator.hold()

    def command_efforts(self, values: Float[ndarray, " values"], now: float) -> None:
        """Apply joint torques on top of gravity compensation, N m.

        Raises:
            SafetyError: If the command is refused; the arm holds then.
        """
        if self._is_late(now):
            return
        self._check(values, self._limits.effort, "torque", "N m")
        self._follower = None
        self._fresh_until = now + self._timeout
        self._simulator.set_effort_command(values)

    def follow_trajectory(
        self,
        points: Float[ndarray, "points joints"],
        velocities: Float[ndarray, "points joints"] | None,
        times_from_start: Float[ndarray, " points"],
        now: float,
    ) -> None:
        """Follow a trajectory from now on; one without points makes the arm hold.

        Args:
            points: rad.
            velocities: rad/s, zero in the end; None if they are not given.
            times_from_start: s.
            now: Time, s.

        Raises:
            SafetyError: If the command is refused; the arm holds then.
        """
        state = self._simulator.joint_state()
        stays = (
            self._simulator.phase is not Phase.MOVING
            and points.shape[1:] == state.positions.shape
            and (np.abs(points - state.positions) <= _STAYS).all()
        )
        if stays or self._is_late(now):
            return
        self._require_driven()
        self._fresh_until = None
        if len(points) == 0:
            self._follower = None
            self._simulator.hold()
            return
        times = np.concatenate([[0.0], times_from_start])
        with np.errstate(all="ignore"):
            rates = np.diff(np.vstack([state.positions, points]), axis=0) / np.diff(times)[:, None]
        if not (np.diff(times) > 0).all():
            self._refuse(f"times_from_start {times_from_start.tolist()} must increase from zero")
        for point, rate in zip(points, rates, strict=True):
            self._check_range(point)
            # Twice the limit, because a stream may ask to catch up with it.
            self._check(rate, 2 * self._limits.velocity, "velocity towards a point", "rad/s")
        for point in [] if velocities is None else velocities:
            self._check(point, self._limits.velocity, "velocity of a point", "rad/s")
        if velocities is not None and velocities[-1].any():
            # As ros2_control does, unless allow_nonzero_velocity_at_trajectory_end is set.
            self._refuse(
                "the velocity of the last point is not zero; leave velocities out of a stream"
            )
        start, speed = state.positions, state.velocities
        if self._follower is not None and now < self._follower.end:
            # From the old trajectory to the new one without a step, as ros2_control splices them.
            start, speed = self._follower.wanted(now)
        self._follower = TrajectoryFollower(
            now, start, speed, points, velocities, times_from_start
        )

    def push(
        self,
        force: Float[ndarray, " 3"],
        torque: Float[ndarray, " 3"],
        now: float,
        felt: float | None = None,
    ) -> None:
        """Let a hand push the plate.

        A hand yields to what it feels at once. A wrench that answers to something felt long ago
        does not, and would drive the arm into oscillations, so it fades with its age.

        Args:
            force: At the plate's centre, base frame, N.
            torque: Base frame, N m.
            now: Time, s.
            felt: Time of the motion to which the wrench answers, s; now if None.
        """
        if self._simulator.phase is Phase.MOVING:
            self._hand = (force, torque)
            self._felt = now if felt is None else felt

    def _apply_hand(self, now: float) -> None:
        if self._simulator.phase is not Phase.MOVING:
            self._hand = None
        if self._hand is None:
            return
        share = min(1.0, (_HAND_GONE - (now - self._felt)) / (_HAND_GONE - _HAND_FRESH))
        if share <= 0.0:
            self._hand = None
            self._simulator.apply_hand_wrench(np.zeros(3), np.zeros(3))
            return
        force, torque = self._hand
        self._simulator.apply_hand_wrench(share * force, share * torque)

    def update(self, now: float) -> str:
        """Prepare the next physics steps; return what is noteworthy, mostly nothing."""
        self._apply_hand(now)
        if self._simulator.phase is not Phase.MOVING or self._simulator.mode is ArmMode.GUIDING:
            if self._under_way:
                self._late_until = now + _KNOWN
            self._fresh_until = self._follower = None
            return ""
        if self._follower is not None:
            return self._follow(self._follower, now)
        if self._fresh_until is not None and now > self._fresh_until:
            self._fresh_until = None
            moved = self._simulator.mode is not ArmMode.HOLDING
            self._simulator.hold()
            return f"no command for {self._timeout:g} s; the arm holds" if moved else ""
        return ""

    def _follow(self, follower: TrajectoryFollower, now: float) -> str:
        if now > follower.end + self._timeout:
            self._follower = None
            self._simulator.hold()
            return ""
        wanted = follower.command(now, self._simulator.joint_state().positions)
        limit = self._limits.velocity
        self._simulator.set_velocity_command(np.clip(wanted, -limit, limit))
        return ""

    def _is_late(self, now: float) -> bool:
        """Whether a command is the end of a stream that was under way at the release."""
        if self._simulator.phase is Phase.MOVING:
            return False
        return self._under_way or now < self._late_until

    @property
    def _under_way(self) -> bool:
        return self._fresh_until is not None or self._follower is not None

    def _require_driven(self) -> None:
        if self._simulator.phase is not Phase.MOVING:
            raise SafetyError("command refused: the plate has been released; reset first")
        if self._simulator.mode is ArmMode.GUIDING:
            raise SafetyError("command refused: a hand guides the arm; end hand guiding first")

    def _refuse(self, why: str) -> None:
        self._fresh_until = self._follower = None
        self._simulator.hold()
        raise SafetyError(f"command refused, the arm holds: {why}")

    def _check(
        self,
        values: Float[ndarray, " values"],
        limits: Float[ndarray, " joints"],
        what: str,
        unit: str,
    ) -> None:
        self._require_driven()
        if len(values) != len(limits):
            self._refuse(f"{len(values)} values for {len(limits)} joints")
        for name, value, limit in zip(self._limits.names, values, limits, strict=True):
            # Written so that what is not a number fails.
            if not abs(value) <= limit * (1 + _SLACK):
                self._refuse(
                    f"{what} of {name} is {value:.4g} {unit}, at most {limit:.4g} {unit} allowed"
                )

    def _check_range(self, positions: Float[ndarray, " joints"]) -> None:
        limits = self._limits
        for name, value, low, high in zip(
            limits.names, positions, limits.lower, limits.upper, strict=True
        ):
            if not low <= value <= high:
                self._refuse(
                    f"position of {name} is {value:.4g} rad, outside {low:.4g} to {high:.4g} rad"
                )
