# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the physics of given rollouts costs, with nothing around it.

A rollout's calls of the world are recorded and then repeated on a world of its own: the same
bodies go through the same motions and contacts, but nobody reads a state, chooses an action or
guards a command.
"""

import contextlib
import functools
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

from irl_ros.core.arm import load_arm
from irl_ros.core.task import DishTask
from irl_ros.sim.world import World

PHYSICS = ("reset", "step", "release_plate")
"""What moves bodies: building the scene, torques and a step of the engine, opening the gripper."""

MEASUREMENTS = ("joint_state", "inverse_dynamics", "contact_force")
"""What the arm's own driver and the judge ask the engine in every step."""

Tape = list[tuple[str, tuple[Any, ...]]]


@contextlib.contextmanager
def recording(tape: Tape) -> Iterator[None]:
    """Record all calls of all worlds in a block."""
    with contextlib.ExitStack() as stack:
        for name in (*PHYSICS, *MEASUREMENTS):
            original = getattr(World, name)
            recorded = functools.partialmethod(_recorded, tape, name, original)
            stack.enter_context(mock.patch.object(World, name, recorded))
        yield


def _recorded(world: World, tape: Tape, name: str, original: Any, *args: Any) -> Any:
    tape.append((name, args))
    return original(world, *args)


class Repeater:
    """Repeats recorded calls."""

    def __init__(self) -> None:
        self._world = World(load_arm("panda"), DishTask())

    def seconds(self, tape: Tape, *, measurements: bool = False) -> float:
        """Return how long the calls take, s."""
        names = (*PHYSICS, *MEASUREMENTS) if measurements else PHYSICS
        calls = [(getattr(self._world, name), args) for name, args in tape if name in names]
        began = time.perf_counter()
        for call, args in calls:
            call(*args)
        return time.perf_counter() - began

    def close(self) -> None:
        self._world.close()
