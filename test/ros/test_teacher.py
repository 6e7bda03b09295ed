# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The teacher as a process beside the simulated arm and the real recorder."""

import pytest
import torch
from harness import RosHarness
from policy_double import contract
from rcl_interfaces.srv import GetParameters
from std_msgs.msg import Float64

from irl_ros.core.arm import load_arm
from irl_ros.core.task import DishTask
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.demos.maintenance import list_takes
from irl_ros.learning.artifacts import cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.ros import conversions, qos

pytestmark = [pytest.mark.ros, pytest.mark.sim]


def test_takes_are_taught_recorded_and_labelled(ros: RosHarness) -> None:
    folder = ros.folder / "dataset"
    arm = ros.start("irl_ros.nodes.sim_arm", {"real_time_factor": 2.0})
    # A machine under load loses joint states; that is not what is tested here.
    recorder = ros.start(
        "irl_ros.nodes.demo_recorder",
        {"dataset": str(folder), "quality.maximum_gap": 0.5, "quality.maximum_gap_share": 0.5},
    )
    # What was learned from earlier takes is told while these are being given.
    file = ros.folder / "cost.safetensors"
    cost = Cost(CostConfig(), torch.ones(18), torch.Generator().manual_seed(0))
    file.write_bytes(cost_to_bytes(cost, contract().to_metadata()))
    rewards = ros.collect(Float64, "learned_reward", qos.event(1000))
    ros.start("irl_ros.nodes.reward_publisher", {"cost": str(file)})
    teacher = ros.start(
        "irl_ros.nodes.teacher", {"slots": [2, 8], "seed": 1, "attempts_per_take": 10}
    )
    assert ros.wait_for_end(teacher, 120.0) == 0
    told = [conversions.float_value(reward) for reward in rewards]
    assert max(told) < 0.0
    assert len(set(told)) > 10, "the reward changes while the arm is guided"
    assert "2 takes recorded" in teacher.output
    assert arm.interrupt() == 0
    assert recorder.interrupt() == 0
    takes = list_takes(folder)
    assert [take.label for take in takes] == ["success", "success"]
    demonstrations = load_demonstrations(folder, load_arm("panda")).demonstrations
    assert len(demonstrations) == 2
    for slot, target in zip((2, 8), demonstrations.targets, strict=True):
        wanted = DishTask().target_pose(slot)
        assert abs(target.position - wanted.position).max() < 1e-6


def test_a_lesson_that_cannot_be_given_ends_with_a_clear_line(ros: RosHarness) -> None:
    ros.start("irl_ros.nodes.sim_arm", {"real_time_factor": 4.0})
    ros.start("irl_ros.nodes.demo_recorder", {"dataset": str(ros.folder / "dataset")})
    weak = {"hand.stiffness": 1.0, "hand.damping": 0.0}
    teacher = ros.start("irl_ros.nodes.teacher", {"slots": [3], "attempts_per_take": 1, **weak})
    assert ros.wait_for_end(teacher, 120.0) == 1
    assert "1 attempts at take 1 for slot 3 failed" in teacher.output
    assert "Traceback" not in teacher.output


def test_a_teacher_that_is_told_to_end_before_its_time_does_not_pass_for_one_that_is_done(
    ros: RosHarness,
) -> None:
    teacher = ros.start("irl_ros.nodes.teacher", {"slots": [3]})
    ros.call("teacher/get_parameters", GetParameters.Request(names=["seed"]), GetParameters)
    assert teacher.interrupt() == 130
