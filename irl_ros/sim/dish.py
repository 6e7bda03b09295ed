# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated arm at the dish task: commands in, joint states and a judgement out."""

import math
from types import TracebackType
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.arm import Arm, load_arm
from irl_ros.core.arm_driver import with_limits
from irl_ros.core.errors import ParameterError, SafetyError
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Outcome
from irl_ros.sim.camera import Camera, take_picture
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.force_meter import ForceMeter
from irl_ros.sim.joint_drive import ArmMode, JointDrive
from irl_ros.sim.phase import Phase
from irl_ros.sim.start_posture import start_posture
from irl_ros.sim.world import PHYSICS_RATE_HZ, World


class JointState(NamedTuple):
    """Joints of the arm as measured: names, positions, velocities and applied torques.

    Attributes:
        names: From the base outwards.
        positions: rad.
        velocities: rad/s.
        efforts: N m.
    """

    names: tuple[str, ...]
    positions: Float[ndarray, " joints"]
    velocities: Float[ndarray, " joints"]
    efforts: Float[ndarray, " joints"]


@final
class DishSimulator:
    """A simulated arm that holds a plate over a rack.

    For a real-time node as well as for fast rollouts: set a command, then `step` the physics; a
    command stays in force until the next. `reset` begins an attempt, `release` (or
    `begin_release` with further calls of `step`) ends it with an `outcome`. Everything that
    happens follows from the seed and the commands.
    """

    def __init__(
        self,
        config: SimulationConfig | None = None,
        task: DishTask | None = None,
        *,
        visuals: bool = False,
    ) -> None:
        """Build the simulator and reset it with seed 0 at the held-out slot.

        Args:
            config: Arm and condition.
            task: The task, with the rack and plate of the configuration if not given.
            visuals: Load what `render` needs.

        Raises:
            ParameterError: If the arm cannot reach the start position of the condition, or may
                not by its limits.
        """
        self.config = config or SimulationConfig()
        self.task = task or self.config.change.task()
        self.arm: Arm = with_limits(load_arm(self.config.arm), self.config.limits)
        self.kinematics = Kinematics(self.arm)
        self._visuals = visuals
        self.start_posture = start_posture(self.arm, self.kinematics, self.config.start_shift)
        self._drive = JointDrive(self.arm.limits, self.config.mismatch)
        self._joint_count = len(self.arm.joint_names)
        self._world = World(self.arm, self.task, visuals=visuals)
        self.reset(seed=0, slot=self.task.held_out_slot)

    def __enter__(self) -> "DishSimulator":
        """Return the simulator; it is closed at the end of the with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the simulator."""
        self.close()

    def close(self) -> None:
        """Free the physics client."""
        self._world.close()

    def reset(self, seed: int, slot: int) -> None:
        """Begin an attempt: the arm at rest near its start posture, the plate in the gripper.

        Args:
            seed: The start posture varies with it.
            slot: Slot into which the plate is to be put.

        Raises:
            ParameterError: If there is no such slot or the seed is negative.
        """
        self.target = self.task.target_pose(slot)
        if seed < 0:
            raise ParameterError(f"seed = {seed}; give a number of at least 0")
        spread = self.config.posture_spread
        noise = np.random.default_rng(seed).standard_normal(self._joint_count)
        self._world.reset(self.start_posture + spread * noise)
        self.slot = slot
        self.phase = Phase.MOVING
        self.outcome: Outcome | None = None
        self._released: Pose | None = None
        self.steps = 0
        self._efforts = [0.0] * self._joint_count
        self._hand: tuple[list[float], list[float]] | None = None
        self._force = ForceMeter(max(1, round(self.task.force_window * PHYSICS_RATE_HZ)))
        self._until_next_phase = 0
        self._positions, self._velocities = self._world.joint_state()
        self._drive.reset(self._positions)

    @property
    def time(self) -> float:
        """Time since the reset, s."""
        return self.steps / PHYSICS_RATE_HZ

    @property
    def mode(self) -> ArmMode:
        """What drives the joints."""
        return self._drive.mode

    @property
    def contact_force(self) -> float:
        """Contact force on the plate averaged over the force window, N."""
        return self._force.average

    @property
    def peak_force(self) -> float:
        """Largest contact force so far, averaged likewise, N."""
        return self._force.peak

    def joint_state(self) -> JointState:
        """Return what the joints do and which torques were applied in the last physics step."""
        return JointState(
            self.arm.joint_names,
            np.array(self._positions),
            np.array(self._velocities),
            np.array(self._efforts),
        )

    def plate_motion(self) -> tuple[Pose, Float[ndarray, " 3"], Float[ndarray, " 3"]]:
        """Return the plate's pose, velocity (m/s) and angular velocity (rad/s), base frame."""
        return self._world.plate_motion()

    def set_velocity_command(self, velocities: Float[ndarray, " joints"]) -> None:
        """Follow joint velocities, rad/s, as far as the condition lets the arm understand them.

        Raises:
            ParameterError: If there is not one finite value for each joint.
            SafetyError: If the attempt has ended.
        """
        self._drive.follow(self._checked(velocities, "velocity command"))

    def set_effort_command(self, efforts: Float[ndarray, " joints"]) -> None:
        """Apply joint torques, N m, on top of gravity compensation; limited to the arm's.

        Raises:
            ParameterError: If there is not one finite value for each joint.
            SafetyError: If the attempt has ended.
        """
        self._drive.push(self._checked(efforts, "effort command"))

    def set_hand_guiding(self, enabled: bool) -> None:
        """Let the arm be moved by hand, or make it stand still again.

        Raises:
            SafetyError: If the attempt has ended.
        """
        self._require_moving("hand guiding")
        self._hand = None
        if enabled:
            self._drive.yield_to_hand()
        else:
            self.hold()

    def hold(self) -> None:
        """Brake and keep the place where the arm comes to rest."""
        self._drive.hold(self._positions, self._velocities)

    def apply_hand_wrench(self, force: Float[ndarray, " 3"], torque: Float[ndarray, " 3"]) -> None:
        """Let a hand push the plate, from now on until the next call.

        The hand acts in every mode, as a person may; only in hand-guiding mode the arm yields.

        Args:
            force: At the plate's centre, base frame, N.
            torque: Base frame, N m.

        Raises:
            ParameterError: If there are not three finite values each.
        """
        wrench = (np.asarray(force, dtype=np.float64), np.asarray(torque, dtype=np.float64))
        for name, values in zip(("force", "torque"), wrench, strict=True):
            if values.shape != (3,) or not np.isfinite(values).all():
                raise ParameterError(f"hand {name} {values}; give 3 finite values")
        acts = bool(wrench[0].any() or wrench[1].any())
        self._hand = (wrench[0].tolist(), wrench[1].tolist()) if acts else None

    def step(self, count: int = 1) -> None:
        """Advance by physics steps of 1/240 s; an attempt that was released goes on to its end."""
        for _ in range(count):
            self._step()
            if self._until_next_phase:
                self._until_next_phase -= 1
                if not self._until_next_phase:
                    self._next_phase()

    def begin_release(self) -> None:
        """Stop the arm; the steps that follow open the gripper and judge the plate.

        Raises:
            SafetyError: If the attempt has been released already.
        """
        self._require_moving("release")
        self.phase = Phase.SETTLING
        self.hold()
        self._hand = None
        self._until_next_phase = round(self.task.settle_time * PHYSICS_RATE_HZ)

    def release(self) -> Outcome:
        """Stop, open the gripper, wait and judge, in one go.

        Raises:
            SafetyError: If the attempt has been released already.
        """
        self.begin_release()
        while self.outcome is None:
            self.step()
        return self.outcome

    def render(self, camera: Camera | None = None) -> ndarray:
        """Return a picture of the scene, height x width x 3 bytes (RGB).

        Raises:
            ParameterError: If the simulator was made without visuals.
        """
        if not self._visuals:
            raise ParameterError("this simulator has no visuals; make it with visuals=True")
        return take_picture(self._world.client, camera or Camera())

    def _checked(self, values: Float[ndarray, " values"], what: str) -> list[float]:
        self._require_moving(what)
        array = np.asarray(values, dtype=np.float64)
        checked: list[float] = array.tolist()
        if array.shape != (self._joint_count,) or not all(map(math.isfinite, checked)):
            raise ParameterError(f"{what} {checked}; give {self._joint_count} finite values")
        return checked

    def _require_moving(self, what: str) -> None:
        if self.phase is not Phase.MOVING:
            raise SafetyError(
                f"{what} refused: the attempt is {self.phase.value}; reset the simulator first"
            )

    def _step(self) -> None:
        self._efforts = self._drive.efforts(self._world, self._positions, self._velocities)
        if self._hand is not None:
            self._world.push_plate(*self._hand)
        self._world.step(self._efforts)
        self.steps += 1
        self._positions, self._velocities = self._world.joint_state()
        self._force.add(self._world.contact_force())

    def _next_phase(self) -> None:
        if self.phase is Phase.SETTLING:
            self._world.release_plate()
            self._released = self._world.plate_motion()[0]
            self.phase = Phase.RELEASED
            self._until_next_phase = round(self.task.judge_time * PHYSICS_RATE_HZ)
            return
        pose, linear, angular = self._world.plate_motion()
        self.outcome = self.task.judge(
            self.slot, pose, linear, angular, self.peak_force, self._released
        )
        self.phase = Phase.JUDGED
