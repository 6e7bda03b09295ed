# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The person repeats what went wrong, keeps what went well, and knows when to stop."""

import dataclasses

import numpy as np
import pytest

from irl_ros.core.errors import RolloutError
from irl_ros.core.trajectory import Outcome
from irl_ros.sim.demonstrate import demonstrate
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.guidance import Guidance
from irl_ros.sim.lesson import give_lesson
from irl_ros.sim.real_time import RealTimeArm, SimArmConfig

SUCCESS = Outcome(True, "", False, 10.0, 0.0, 0.0, 0.0)
FAILURE = dataclasses.replace(SUCCESS, success=False, reason="broken")


class ClassroomDouble:
    """Takes turn out as told; everything that is done is noted."""

    def __init__(self, takes: list[str]) -> None:
        self.takes = takes
        self.slots: list[int] = []
        self.seeds: list[int] = []
        self.done: list[str] = []

    def begin(self, slot: int, seed: int) -> None:
        self.slots.append(slot)
        self.seeds.append(seed)
        self.done.append("begin")

    def guide(self, seed: int) -> None:
        assert seed == self.seeds[-1]
        self.done.append("guide")

    def end(self) -> str:
        self.done.append("end")
        return "refused" if self.takes[len(self.slots) - 1] == "refused" else ""

    def release(self) -> Outcome:
        self.done.append("release")
        return SUCCESS if self.takes[len(self.slots) - 1] == "good" else FAILURE

    def approve(self) -> None:
        self.done.append("approve")

    def undo(self) -> None:
        self.done.append("undo")


def test_good_takes_are_approved_one_after_the_other() -> None:
    room, lines = ClassroomDouble(["good", "good"]), []
    assert give_lesson(room, [3, 7], 0, 5, lines.append) == 0
    assert room.slots == [3, 7]
    assert room.done == ["begin", "guide", "end", "release", "approve"] * 2
    assert lines == ["take 1 of 2, slot 3: success", "take 2 of 2, slot 7: success"]


def test_bad_takes_are_taken_back_and_repeated_differently() -> None:
    room, lines = ClassroomDouble(["bad", "refused", "good"]), []
    assert give_lesson(room, [3], 0, 5, lines.append) == 2
    assert room.slots == [3, 3, 3]
    assert len(set(room.seeds)) == 3
    assert room.done.count("undo") == 1
    assert room.done.count("approve") == 1
    assert "broken" in lines[0]
    assert "refused" in lines[1]


def test_the_person_gives_up_after_enough_attempts() -> None:
    with pytest.raises(RolloutError, match=r"3 attempts at take 1 for slot 3 failed.*broken"):
        give_lesson(ClassroomDouble(["bad"] * 9), [3], 0, 3, lambda _: None)


def test_all_variation_follows_from_the_seed() -> None:
    rooms = [ClassroomDouble(["good"] * 4) for _ in range(3)]
    for room, seed in zip(rooms, [1, 1, 2], strict=True):
        give_lesson(room, [0, 1, 2, 3], seed, 5, lambda _: None)
    assert rooms[0].seeds == rooms[1].seeds
    assert rooms[0].seeds != rooms[2].seeds


@pytest.mark.sim
@pytest.mark.parametrize("rate", [60, 80, 240])
def test_a_person_can_guide_an_arm_that_speaks_at_another_rate(rate: int) -> None:
    arm = RealTimeArm(SimArmConfig(seed=3, slot=9, state_rate_hz=rate), start_ns=0)
    arm.set_hand_guiding(True)
    guidance = Guidance(arm.simulator.kinematics, arm.simulator.target, 3)
    while not guidance.done:
        felt = arm.time
        wrench = guidance.on_state(arm.joint_sample())
        arm.cycle()  # which is how long the way over a topic takes
        arm.controllers.push(*wrench, arm.time, felt)
    arm.release()
    while arm.outcome is None:
        arm.cycle()
    assert arm.outcome.success, arm.outcome.reason
    arm.close()


@pytest.mark.sim
def test_a_take_guided_by_joint_states_is_that_of_a_take_in_one_process() -> None:
    seed, slot = 11, 6
    arm = RealTimeArm(SimArmConfig(seed=seed, slot=slot), start_ns=10**18)
    arm.set_hand_guiding(True)
    guidance = Guidance(arm.simulator.kinematics, arm.simulator.target, seed)
    path = []
    while not guidance.done:
        sample = arm.joint_sample()
        path.append(sample.joint_positions)
        arm.controllers.push(*guidance.on_state(sample), arm.time)
        arm.cycle()
    arm.release()
    while arm.outcome is None:
        arm.cycle()
    with DishSimulator() as simulator:
        take = demonstrate(simulator, slot, seed)
    steps = min(len(path) // 6, take.trajectory.horizon)
    states = take.trajectory.states[0, :steps, :7].numpy()
    np.testing.assert_allclose(np.array(path[::6])[:steps], states, atol=1e-6)
    assert arm.outcome.success == take.outcome.success
    arm.close()
