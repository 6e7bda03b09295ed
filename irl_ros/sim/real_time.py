# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated arm as something that is always there: time goes on, attempt after attempt."""

from dataclasses import dataclass, field
from typing import final

from irl_ros.core.arm import ARM_NAMES
from irl_ros.core.arm_driver import LimitsConfig
from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Outcome
from irl_ros.sim.arm_controllers import ArmControllers
from irl_ros.sim.config import CONDITIONS, SimulationConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.phase import Phase
from irl_ros.sim.world import PHYSICS_RATE_HZ

_CONTROL_STEPS = 2  # physics steps between two updates of the controllers, at most
_OLDEST = 1.0  # s: age of a wrench from which on it is refused
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class SimArmConfig(Parameters):
    """Which arm is simulated, in which condition, for which attempt."""

    arm: str = parameter("panda", choices=ARM_NAMES, doc="Arm to simulate")
    condition: str = parameter(
        "matched", choices=tuple(CONDITIONS), doc="Difference between teaching and execution"
    )
    posture_spread: float = parameter(
        0.01,
        unit="rad",
        low=0.0,
        high=0.2,
        doc="Standard deviation of every joint's start position",
    )
    slot: int = parameter(
        -1,
        low=-1,
        high=9,
        read_only=False,
        doc="Slot of the next attempt; -1 is the one that is never taught",
    )
    seed: int = parameter(
        0, low=0, high=2**31 - 1, read_only=False, doc="Start posture of the next attempt"
    )
    real_time_factor: float = parameter(
        1.0, low=0.01, high=100.0, doc="Simulated time per time of the world"
    )
    command_timeout: float = parameter(
        0.1, unit="s", low=0.01, high=10.0, doc="Hold when no command came for this long"
    )
    state_rate_hz: int = parameter(
        120,
        unit="Hz",
        low=60,
        high=PHYSICS_RATE_HZ,
        doc="Rate of the joint states; must divide the 240 physics steps of a second",
    )
    limits: LimitsConfig = field(default_factory=LimitsConfig)

    def __post_init__(self) -> None:
        """Check that joint states fall on physics steps.

        Raises:
            ParameterError: If they do not, or a value is not allowed.
        """
        super().__post_init__()
        if PHYSICS_RATE_HZ % self.state_rate_hz:
            rates = [n for n in range(60, PHYSICS_RATE_HZ + 1) if PHYSICS_RATE_HZ % n == 0]
            raise ParameterError(
                f"state_rate_hz = {self.state_rate_hz} Hz does not divide the {PHYSICS_RATE_HZ} "
                f"physics steps of a second; choose one of {', '.join(map(str, rates))}"
            )


@final
class RealTimeArm:
    """A simulated arm with its controllers and a clock that never goes back.

    Attributes:
        config: Configuration; a change of slot and seed holds from the next reset on.
        controllers: They take the commands.
        attempt: Number of the attempt that is under way.
        slot: Where the plate is to be put in this attempt.
        seed: From which this attempt's start posture followed.
    """

    def __init__(self, config: SimArmConfig, start_ns: int) -> None:
        """Begin the first attempt.

        Args:
            config: Arm, condition, slot and seed.
            start_ns: Time with which the clock begins, ns.

        Raises:
            ParameterError: If the arm cannot reach the start position of the condition, or may
                not by its limits.
        """
        self.config = config
        self._simulator = DishSimulator(
            SimulationConfig(
                arm=config.arm,
                condition=config.condition,
                posture_spread=config.posture_spread,
                limits=config.limits,
            )
        )
        self.controllers = ArmControllers(self._simulator, config.command_timeout)
        self._start_ns = start_ns
        self._cycle_steps = PHYSICS_RATE_HZ // config.state_rate_hz
        self._steps = 0
        self.attempt = 0
        self.reset()

    @property
    def simulator(self) -> DishSimulator:
        """What is simulated."""
        return self._simulator

    @property
    def time(self) -> float:
        """Simulated time since the beginning, s."""
        return self._steps / PHYSICS_RATE_HZ

    @property
    def cycle_period(self) -> float:
        """Time between two joint states, s."""
        return self._cycle_steps / PHYSICS_RATE_HZ

    @property
    def stamp_ns(self) -> int:
        """Time of the clock, ns; exact, however long it runs."""
        return self._start_ns + self._steps * _NS_PER_S // PHYSICS_RATE_HZ

    def recent(self, stamp_ns: int) -> float | None:
        """Return the simulated time of a wrench's stamp, s; None for 0 or one of the future.

        Raises:
            DataError: If it is too old; such a wrench would have faded away long ago.
        """
        age = (self.stamp_ns - stamp_ns) / _NS_PER_S
        if stamp_ns == 0 or age < 0.0:
            return None
        if age > _OLDEST:
            raise DataError(
                f"the wrench answers to a motion of {age:.1f} s ago, at most {_OLDEST:g} s is "
                "taken; stamp it with the joint states it answers to, or with 0"
            )
        return self.time - age

    @property
    def outcome(self) -> Outcome | None:
        """What became of the attempt; None before the plate was released and judged."""
        return self._simulator.outcome

    def reset(self) -> str:
        """Begin an attempt with the configured slot and seed. Return what was done.

        Raises:
            ParameterError: If there is no such slot.
        """
        slot = self.config.slot if self.config.slot >= 0 else self._simulator.task.held_out_slot
        self._simulator.reset(self.config.seed, slot)
        self.controllers.reset()
        self.slot, self.seed = slot, self.config.seed
        self.attempt += 1
        return f"attempt {self.attempt}: slot {slot}, seed {self.seed}"

    def release(self) -> str:
        """Stop the arm and open the gripper; the outcome follows when the plate has come to rest.

        Raises:
            SafetyError: If it has been released already.
        """
        self._simulator.begin_release()
        task = self._simulator.task
        return f"released; judged in {task.settle_time + task.judge_time:g} s"

    def set_hand_guiding(self, enabled: bool) -> str:
        """Let a hand move the arm, or make it stand still. Return what was done.

        Raises:
            SafetyError: If the plate has been released.
        """
        self._simulator.set_hand_guiding(enabled)
        return "a hand may guide the arm" if enabled else "the arm stands still"

    def cycle(self) -> str:
        """Let time go on by `cycle_period`; return what is noteworthy, mostly nothing.

        Commands that came since the last cycle act from its beginning, as if they had needed no
        time: so an execution over topics and one in a single process see the same arm.
        """
        notes = []
        end = self._steps + self._cycle_steps
        while self._steps < end:
            steps = min(_CONTROL_STEPS, end - self._steps)
            notes.append(self.controllers.update(self.time))
            self._simulator.step(steps)
            self._steps += steps
        return "; ".join(note for note in notes if note)

    def joint_sample(self) -> JointSample:
        """Return the joints as measured now."""
        state = self._simulator.joint_state()
        return JointSample(self.stamp_ns, state.positions, state.velocities, state.efforts)

    @property
    def released(self) -> bool:
        """Whether the plate has left the gripper, or is about to."""
        return self._simulator.phase is not Phase.MOVING

    def close(self) -> None:
        """Free the simulator."""
        self._simulator.close()
