# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated human hand that leads the plate of a hand-guided arm into a slot."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.pose import Pose, rotation_from_vector, rotation_vector

_GRID = 1.0 / 120.0  # s, resolution of the tremor
_LET_GO = 0.15  # s over which the pressure grows and the grip fades


@dataclass(frozen=True)
class HandConfig(Parameters):
    """How a person moves a plate, and how much one take differs from the next."""

    stiffness: float = parameter(500.0, unit="N/m", low=1.0, high=5000.0, doc="Spring of the hand")
    damping: float = parameter(60.0, unit="N s/m", low=0.0, high=500.0, doc="Damper of the hand")
    turn_stiffness: float = parameter(
        25.0, unit="N m/rad", low=0.1, high=500.0, doc="Spring of the wrist"
    )
    turn_damping: float = parameter(
        2.5, unit="N m s/rad", low=0.0, high=50.0, doc="Damper of the wrist"
    )
    stiffness_spread: float = parameter(
        0.15, low=0.0, high=0.5, doc="Relative standard deviation of the stiffness over takes"
    )
    travel_time: float = parameter(
        2.0, unit="s", low=0.2, high=20.0, doc="Time to get above the slot"
    )
    pause_time: float = parameter(0.25, unit="s", low=0.01, high=10.0, doc="Time of aiming there")
    lower_time: float = parameter(1.5, unit="s", low=0.2, high=20.0, doc="Time of lowering")
    seat_time: float = parameter(
        0.25, unit="s", low=0.0, high=10.0, doc="Time of holding the plate down before letting go"
    )
    travel_spread: float = parameter(0.15, low=0.0, high=0.5, doc="Relative spread of travel_time")
    pause_spread: float = parameter(0.30, low=0.0, high=0.5, doc="Relative spread of pause_time")
    lower_spread: float = parameter(0.10, low=0.0, high=0.5, doc="Relative spread of lower_time")
    clearance: float = parameter(
        0.07, unit="m", low=0.0, high=0.5, doc="Height of the plate's rim over the tines"
    )
    clearance_spread: float = parameter(
        0.01, unit="m", low=0.0, high=0.1, doc="Standard deviation of the clearance"
    )
    entry_depth: float = parameter(
        0.094, unit="m", low=0.0, high=0.5, doc="How deep the plate's rim ends below the tine tips"
    )
    detour_spread: float = parameter(
        0.02, unit="m", low=0.0, high=0.2, doc="Standard deviation of the via point, each axis"
    )
    tremor: float = parameter(
        0.003, unit="m", low=0.0, high=0.05, doc="Standard deviation of slow wandering"
    )
    turn_tremor: float = parameter(
        0.02, unit="rad", low=0.0, high=0.3, doc="Standard deviation of slow turning"
    )
    tremor_time: float = parameter(
        0.35, unit="s", low=0.01, high=5.0, doc="Time constant of the slow wandering"
    )
    shake: float = parameter(
        0.4, unit="N", low=0.0, high=10.0, doc="Amplitude of the physiological 8 to 11 Hz tremor"
    )
    press: float = parameter(
        6.0, unit="N", low=0.0, high=30.0, doc="Force that seats the plate before letting go"
    )
    force_limit: float = parameter(
        45.0, unit="N", low=1.0, high=500.0, doc="Strongest push of the hand"
    )
    torque_limit: float = parameter(
        6.0, unit="N m", low=0.1, high=100.0, doc="Strongest turn of the wrist"
    )


def minimum_jerk(share: float) -> tuple[float, float]:
    """Return progress and its slope of a reach, after Flash and Hogan (1985), equation 3.

    Args:
        share: Elapsed part of the reach; values outside 0 to 1 are clipped.
    """
    s = min(max(share, 0.0), 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2), 30 * s**2 * (1 - s) ** 2


@final
class Hand:
    """The wrench with which a person leads the plate from a start to a target pose.

    The hand is a spring and a damper between the plate and a wanted pose that reaches, with
    minimum jerk, a place above the slot by way of a via point, aims, goes down the approach and
    waits until the plate sits.
    A slowly wandering error and a fast shake are added. A take's variation is drawn at birth;
    afterwards the wrench is a function of time and of the plate's measured motion alone.
    """

    def __init__(
        self,
        start: Pose,
        target: Pose,
        generator: np.random.Generator,
        config: HandConfig | None = None,
    ) -> None:
        """Draw one take.

        Args:
            start: Pose of the tool at the beginning, base frame.
            target: Pose of the tool at the end; its z axis is the approach.
            generator: Source of the take's variation.
            config: The person.
        """
        config = config or HandConfig()

        def vary(spread: float) -> float:
            # Clipped, so that no take outlasts its recording.
            return 1.0 + spread * float(np.clip(generator.standard_normal(), -1.5, 1.5))

        self._start, self._target = start.position, target.position
        self._start_rotation = start.rotation
        self._turn = rotation_vector(target.rotation @ start.rotation.T)
        grip = vary(config.stiffness_spread)
        self._stiffness = config.stiffness * grip
        self._damping = config.damping * grip
        self._turn_stiffness = config.turn_stiffness * grip
        self._turn_damping = config.turn_damping * grip
        self._force_limit = config.force_limit
        self._torque_limit = config.torque_limit
        self._travel_time = config.travel_time * vary(config.travel_spread)
        self._pause_time = config.pause_time * vary(config.pause_spread)
        self._lower_time = config.lower_time * vary(config.lower_spread)
        self._seat_time = config.seat_time
        self._press = config.press * target.rotation[:, 2]
        rise = config.entry_depth + config.clearance
        rise += config.clearance_spread * float(np.clip(generator.standard_normal(), -2.0, 2.0))
        self._above = self._target - rise * target.rotation[:, 2]
        self._detour = config.detour_spread * generator.standard_normal(3)
        self._tremor = self._wander(generator, config)
        self._shake_rate = 2 * np.pi * generator.uniform(8.0, 11.0, 3)
        self._shake_phase = generator.uniform(0.0, 2 * np.pi, 3)
        self._shake = config.shake

    @property
    def duration(self) -> float:
        """Time after which the hand has let go, s."""
        moving = self._travel_time + self._pause_time + self._lower_time
        return moving + self._seat_time + _LET_GO

    def _wander(
        self, generator: np.random.Generator, config: HandConfig
    ) -> Float[ndarray, "steps 6"]:
        """Draw an Ornstein-Uhlenbeck process for position (m) and orientation (rad)."""
        steps = int(np.ceil(self.duration / _GRID)) + 2
        scale = np.array([config.tremor] * 3 + [config.turn_tremor] * 3)
        keep = np.exp(-_GRID / config.tremor_time)
        noise = generator.standard_normal((steps, 6))
        wander = np.empty((steps, 6))
        # The hand takes the plate where it is, without an error at first.
        wander[0] = 0.0
        for step in range(1, steps):
            wander[step] = keep * wander[step - 1] + np.sqrt(1 - keep**2) * noise[step]
        wander *= scale
        return wander

    def wanted(
        self, time: float
    ) -> tuple[
        Float[ndarray, " 3"], Float[ndarray, " 3"], Float[ndarray, "3 3"], Float[ndarray, " 3"]
    ]:
        """Return where the hand wants the plate, without tremor.

        Args:
            time: Since the beginning of the take, s.

        Returns:
            Position (m), velocity (m/s), rotation matrix, angular velocity (rad/s), base frame.
        """
        share, rate = minimum_jerk(time / self._travel_time)
        rate /= self._travel_time
        s = min(max(time / self._travel_time, 0.0), 1.0)
        # 64 s^3 (1 - s)^3 is 1 half-way and joins both ends without velocity or acceleration.
        bulge = 64 * (s * (1 - s)) ** 3
        bulge_rate = 192 * (s * (1 - s)) ** 2 * (1 - 2 * s) / self._travel_time
        way = self._above - self._start
        position = self._start + share * way + bulge * self._detour
        velocity = rate * way + bulge_rate * self._detour
        down, down_rate = minimum_jerk(
            (time - self._travel_time - self._pause_time) / self._lower_time
        )
        drop = self._target - self._above
        position = position + down * drop
        velocity = velocity + down_rate / self._lower_time * drop
        rotation = rotation_from_vector(share * self._turn) @ self._start_rotation
        return position, velocity, rotation, rate * self._turn

    def wrench(
        self,
        time: float,
        rotation: Float[ndarray, "3 3"],
        position: Float[ndarray, " 3"],
        velocity: Float[ndarray, " 3"],
        angular_velocity: Float[ndarray, " 3"],
    ) -> tuple[Float[ndarray, " 3"], Float[ndarray, " 3"]]:
        """Return the force (N) on the plate's centre and the torque (N m), base frame.

        Args:
            time: Since the beginning of the take, s.
            rotation: Measured orientation of the tool frame.
            position: Measured position of the tool frame, m.
            velocity: Measured, m/s.
            angular_velocity: Measured, rad/s.
        """
        if time >= self.duration:
            return np.zeros(3), np.zeros(3)
        wanted_position, wanted_velocity, wanted_rotation, wanted_turning = self.wanted(time)
        index = min(int(time / _GRID), len(self._tremor) - 2)
        part = time / _GRID - index
        tremor = (1 - part) * self._tremor[index] + part * self._tremor[index + 1]
        force = self._stiffness * (wanted_position + tremor[:3] - position)
        force += self._damping * (wanted_velocity - velocity)
        force += self._shake * np.sin(self._shake_rate * time + self._shake_phase)
        arrival = self._travel_time + self._pause_time + self._lower_time
        force += self._press * min(max((time - arrival) / _LET_GO, 0.0), 1.0)
        error = rotation_vector(rotation_from_vector(tremor[3:]) @ wanted_rotation @ rotation.T)
        torque = self._turn_stiffness * error
        torque += self._turn_damping * (wanted_turning - angular_velocity)
        grip = min(1.0, (self.duration - time) / _LET_GO)
        return grip * _limited(force, self._force_limit), grip * _limited(
            torque, self._torque_limit
        )


def _limited(vector: Float[ndarray, " 3"], limit: float) -> Float[ndarray, " 3"]:
    length = float(np.linalg.norm(vector))
    return vector if length <= limit else vector * (limit / length)
