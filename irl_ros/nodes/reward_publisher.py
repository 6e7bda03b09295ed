# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `reward_publisher`: the learned reward of the arm's motion, live, whoever moves it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from rclpy.node import Node
from std_msgs.msg import Float64, UInt8MultiArray

from irl_ros.core.action import ActionSpace
from irl_ros.core.arm import load_arm
from irl_ros.core.arm_driver import ArmDriverConfig, driver_names
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError, IrlRosError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.motion_actions import MotionActions, VelocityActions
from irl_ros.core.parameters import parameter
from irl_ros.core.pose import Pose
from irl_ros.learning.artifacts import cost_from_bytes, load_cost
from irl_ros.learning.cost import Cost
from irl_ros.learning.live_reward import LiveReward
from irl_ros.ros import conversions, qos
from irl_ros.ros.arm_topics import listen_to_joints, listen_to_target
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.spin import run_node
from irl_ros.sim.motion_actions import motion_actions

_THROTTLE_S = 10.0


@dataclass(frozen=True)
class RewardPublisherConfig(ArmDriverConfig):
    """Which arm is watched, and by which cost at first."""

    cost: str = parameter("", doc="Run folder or cost file; the topic `cost_model` replaces it")


class RewardPublisher(Node):
    """Wires topics to a `LiveReward`."""

    def __init__(self) -> None:
        super().__init__("reward_publisher")
        torch.set_num_threads(1)
        config = declare_parameters(self, RewardPublisherConfig)
        self._arm = load_arm(config.arm)
        self._reward = LiveReward(Kinematics(self._arm))
        self._actions: MotionActions = VelocityActions()
        self._target_known = False
        self._publisher = self.create_publisher(Float64, "learned_reward", qos.event())
        names = driver_names(self._arm, config)
        listen_to_joints(
            self,
            names,
            self._on_state,
            qos.every_state(),
            ignore_extra=config.ignore_extra_joints,
        )
        listen_to_target(self, names, self._on_target)
        self.create_subscription(UInt8MultiArray, "cost_model", self._on_cost, qos.latched())
        if config.cost:
            self._use(*load_cost(Path(config.cost)))
        else:
            self.get_logger().info("ready; waiting for cost_model")

    def _on_state(self, sample: JointSample) -> None:
        reward = self._reward.on_state(sample)
        if reward is not None:
            self._publisher.publish(conversions.float_message(reward))
        elif problem := self._reward.problem:
            self.get_logger().warning(problem, throttle_duration_sec=_THROTTLE_S)

    def _on_target(self, target: Pose) -> None:
        self._target_known = True
        self._reward.set_target(target)

    def _on_cost(self, message: UInt8MultiArray) -> None:
        try:
            self._use(*cost_from_bytes(conversions.payload(message)))
        except IrlRosError as error:
            self.get_logger().error(f"cost_model: {error}")

    def _use(self, cost: Cost, metadata: Mapping[str, str]) -> None:
        contract = ExecutionContract.from_metadata(metadata)
        if contract.arm != self._arm.name:
            raise DataError(
                f"the cost was learned on the arm {contract.arm}, this one is {self._arm.name}; "
                "set arm"
            )
        contract.check_actions(len(self._arm.joint_names))
        space = ActionSpace(contract.action_space)
        if self._actions.space is not space:
            self._actions = motion_actions(space, self._arm)
        if not self._target_known:
            # Until someone says otherwise, the task is to be done where it was learned.
            self._reward.set_target(contract.target)
        self._reward.set_cost(cost, self._actions, contract.action_scale)
        self.get_logger().info("using a new cost")


def main(args: list[str] | None = None) -> int:
    """Run the node and return the exit code of the process."""
    return run_node(RewardPublisher, args=args)


if __name__ == "__main__":
    sys.exit(main())
