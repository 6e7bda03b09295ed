# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The reward publisher as a process: live, and at once with every newly learned cost."""

import numpy as np
import pytest
import torch
from driver_double import DriverDouble
from geometry_msgs.msg import PoseStamped
from harness import RosHarness
from policy_double import ARM, contract
from std_msgs.msg import Float64, UInt8MultiArray

from irl_ros.core.kinematics import Kinematics
from irl_ros.core.task import DishTask, relative_features
from irl_ros.learning.artifacts import cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.ros import conversions, qos

pytestmark = pytest.mark.ros


def cost(seed: int) -> Cost:
    return Cost(CostConfig(), torch.ones(18), torch.Generator().manual_seed(seed))


def reward_at_rest(model: Cost, slot: int) -> float:
    state = Kinematics(ARM).arm_state(torch.tensor(ARM.home), torch.zeros(7, dtype=torch.float64))
    inputs = relative_features(DishTask().target_pose(slot))(state)
    with torch.no_grad():
        return -float(model.evaluate(inputs, torch.zeros(7, dtype=torch.float64)))


def test_the_reward_follows_the_arm_the_cost_and_the_target(ros: RosHarness) -> None:
    rewards = ros.collect(Float64, "learned_reward", qos.event(1000))
    process = ros.start("irl_ros.nodes.reward_publisher")
    driver = DriverDouble(ros)
    costs = ros.publisher(UInt8MultiArray, "cost_model", qos.latched())
    targets = ros.publisher(PoseStamped, "target_pose", qos.latched())

    def learn(model: Cost, **changes: object) -> None:
        content = cost_to_bytes(model, contract(**changes).to_metadata())
        costs.publish(conversions.payload_message(content, "cost_model"))

    def wait_for(reward: float) -> None:
        def told() -> bool:
            return bool(rewards) and bool(
                np.isclose(conversions.float_value(rewards[-1]), reward, rtol=1e-6)
            )

        ros.wait_until(told, f"the reward {reward}")

    driver.run(30)
    assert not rewards
    first, second = cost(1), cost(2)
    learn(first)
    wait_for(reward_at_rest(first, 4))
    # Every sixth state at 120 Hz is one of the policy's 20 Hz, however late either arrives.
    driver.run(120)
    ros.wait_until(lambda: len(rewards) >= 20, "a reward for every sixth state")
    assert len(rewards) <= driver.ticks / 6 + 1
    learn(second)
    wait_for(reward_at_rest(second, 4))
    targets.publish(conversions.pose_message(DishTask().target_pose(7), "panda_link0", 0))
    wait_for(reward_at_rest(second, 7))
    learn(first, arm="iiwa14")
    ros.wait_for_output(process, "learned on the arm iiwa14")
    learn(first, action_space="voltage")
    ros.wait_for_output(process, "of the kind 'voltage'; known are velocity, torque, ")
    learn(first, action_scale=(1.0,) * 6)
    ros.wait_for_output(process, "a number greater than 0 for each of 7 joints")
    learn(first, action_scale=(1.0,) * 6 + (0.0,))
    ros.wait_for_output(process, "1.0, 0.0)")
    costs.publish(conversions.payload_message(b"nonsense", "cost_model"))
    ros.wait_for_output(process, "not a cost of irl_ros")
    targets.publish(conversions.pose_message(DishTask().target_pose(2), "world", 0))
    ros.wait_for_output(process, "give it in 'panda_link0'")
    driver.run(30)
    wait_for(reward_at_rest(second, 7))
    assert process.interrupt() == 0


def test_a_cost_can_be_given_as_a_file(ros: RosHarness) -> None:
    rewards = ros.collect(Float64, "learned_reward", qos.event(1000))
    file = ros.folder / "cost.safetensors"
    file.write_bytes(cost_to_bytes(cost(1), contract().to_metadata()))
    ros.start("irl_ros.nodes.reward_publisher", {"cost": str(file)})
    DriverDouble(ros)
    ros.wait_until(lambda: rewards, "a reward")
    reward = conversions.float_value(rewards[-1])
    assert reward == pytest.approx(reward_at_rest(cost(1), 4), rel=1e-6)
