# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The live reward is minus the cost of the very states and actions that learning sees."""

import math

import numpy as np
import torch

from irl_ros.core.action import kinesthetic_actions
from irl_ros.core.arm import load_arm
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.task import DishTask, relative_features
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.live_reward import LiveReward

ARM = load_arm("panda")
KINEMATICS = Kinematics(ARM)
TARGET = DishTask().target_pose(4)
RATE = 120


def cost(seed: int) -> Cost:
    return Cost(CostConfig(), torch.ones(18), torch.Generator().manual_seed(seed))


def swing(seconds: float) -> list[JointSample]:
    samples = []
    for tick in range(round(seconds * RATE) + 1):
        angle = 2 * math.pi * tick / RATE
        samples.append(
            JointSample(
                10**9 * tick // RATE,
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
