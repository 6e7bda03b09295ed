# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The live reward is minus the cost of the very states and actions that learning sees."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from irl_ros.core.action import kinesthetic_actions
from irl_ros.core.arm import load_arm
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.motion_actions import IncrementActions, MotionActions, VelocityActions
from irl_ros.core.task import DishTask, relative_features
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.live_reward import LiveReward

ARM = load_arm("panda")
KINEMATICS = Kinematics(ARM)
TARGET = DishTask().target_pose(4)
RATE = 120


def cost(seed: int) -> Cost:
    return Cost(CostConfig(), torch.ones(18), torch.Generator().manual_seed(seed))


def swing(seconds: float, rate: float = RATE) -> list[JointSample]:
    samples = []
    for tick in range(round(seconds * rate) + 1):
        angle = 2 * math.pi * tick / rate
        samples.append(
            JointSample(
                round(10**9 * tick / rate),
                ARM.home + 0.1 * math.sin(angle),
                np.full(7, 0.1 * 2 * math.pi * math.cos(angle)),
            )
        )
    return samples


def test_the_reward_is_minus_the_cost_of_state_and_kinesthetic_action() -> None:
    live, samples, model = LiveReward(KINEMATICS), swing(1.0), cost(0)
    live.set_cost(model)
    live.set_target(TARGET)
    rewards = [r for r in (live.on_state(sample) for sample in samples) if r is not None]
    ends = samples[::6]
    positions = torch.tensor(np.array([end.joint_positions for end in ends]))
    velocities = torch.tensor(np.array([end.joint_velocities for end in ends]))
    states = KINEMATICS.arm_state(positions, velocities)[:-1]
    with torch.no_grad():
        costs = model.evaluate(relative_features(TARGET)(states), kinesthetic_actions(velocities))
    assert len(rewards) == 20
    np.testing.assert_allclose(rewards, -costs.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("rate", "count"),
    [(1000.0, 40), (60.0, 40), (26.0, 52), (25.0, 50), (21.0, 42), (13.0, 26), (10.5, 21)],
)
@pytest.mark.parametrize("actions", [VelocityActions(), IncrementActions()])
def test_every_rate_of_joint_states_has_its_rewards(
    rate: float, count: int, actions: MotionActions
) -> None:
    live = LiveReward(KINEMATICS)
    live.set_cost(cost(0), actions)
    live.set_target(TARGET)
    rewards = [r for r in (live.on_state(sample) for sample in swing(2.0, rate)) if r is not None]
    assert len(rewards) == count
    assert live.problem == ""


def test_an_increment_is_that_of_a_control_period_however_far_apart_states_are() -> None:
    speed = np.full(7, 0.2)
    rewards = []
    for step_ms in (50, 80):
        live = LiveReward(KINEMATICS)
        live.set_cost(cost(0), IncrementActions())
        live.set_target(TARGET)
        for tick in range(2):
            time = 1e-3 * step_ms * tick
            sample = JointSample(step_ms * tick * 10**6, ARM.home + time * speed, speed)
            reward = live.on_state(sample)
        rewards.append(reward)
    assert rewards[0] == pytest.approx(rewards[1], rel=1e-9)


def test_joint_states_that_are_too_rare_for_a_reward_are_told_not_a_single_gap() -> None:
    live = LiveReward(KINEMATICS)
    live.set_cost(cost(0))
    live.set_target(TARGET)
    samples = swing(2.0, 8.0)
    for sample in samples[:2]:
        assert live.on_state(sample) is None
    assert live.problem == ""
    assert live.on_state(samples[2]) is None
    assert live.problem == (
        "no reward: joint states come 0.125 s apart, at most 0.1 s is allowed; let the driver "
        "publish at least 20 of them in a second"
    )
    again = swing(2.0)[30:37]
    assert live.on_state(again[0]) is None
    assert live.on_state(again[-1]) is not None
    assert live.problem == ""


def test_stamps_that_stand_still_are_told() -> None:
    live = LiveReward(KINEMATICS)
    _, first, *others = swing(0.5)
    live.on_state(first)
    for sample in others[:19]:
        live.on_state(dataclasses.replace(sample, stamp_ns=first.stamp_ns))
    assert live.problem == ""
    live.on_state(first)
    assert "stamps of joint states stand still" in live.problem
    live.on_state(others[-1])
    assert live.problem == ""


def test_nothing_is_told_before_cost_and_target_are_known() -> None:
    live = LiveReward(KINEMATICS)
    assert all(live.on_state(sample) is None for sample in swing(0.5))
    live.set_cost(cost(0))
    assert not live.ready
    live.set_target(TARGET)
    assert live.ready


def test_a_new_cost_holds_from_the_next_period_on() -> None:
    live = LiveReward(KINEMATICS)
    live.set_target(TARGET)
    rewards = []
    for tick, sample in enumerate(swing(1.0)):
        if tick in {0, 60}:
            live.set_cost(cost(tick))
        rewards.append(live.on_state(sample))
    assert sum(reward is not None for reward in rewards) == 20


def test_a_gap_begins_anew() -> None:
    live = LiveReward(KINEMATICS)
    live.set_target(TARGET)
    live.set_cost(cost(0))
    samples = swing(1.0)
    assert live.on_state(samples[0]) is None
    assert live.on_state(samples[40]) is None
    assert live.on_state(samples[20]) is None
    assert live.on_state(samples[26]) is not None
