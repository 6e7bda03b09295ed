# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record demonstrations: recorder and live reward, and with sim:=true a simulated arm and teacher.

The reward that was learned from earlier demonstrations is published while a person guides the arm:
give `cost`, or run a trainer beside, which publishes the topic cost_model.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration

from irl_ros.ros.launching import check_arguments, config, node, text, when_done, whole

_TOPICS = {
    "joint_states": "Topic of the arm's joint states.",
    "target_pose": "Topic of the tool pose when the task is done.",
}


def generate_launch_description() -> LaunchDescription:
    """Describe arguments and nodes."""
    arguments = [
        DeclareLaunchArgument(
            "arm",
            default_value="panda",
            description="panda or iiwa14, or the path of a URDF of one of them (real arm only).",
        ),
        DeclareLaunchArgument(
            "sim",
            default_value="true",
            choices=["true", "false"],
            description="Simulate the arm and the person who teaches it; false for a real arm.",
        ),
        DeclareLaunchArgument(
            "dataset",
            default_value="dataset",
            description="Folder of the dataset, made if missing.",
        ),
        DeclareLaunchArgument(
            "seed", default_value="0", description="Seed of the simulated person and arm."
        ),
        DeclareLaunchArgument(
            "arm_config",
            # By default the recorder's own file once more, which changes nothing.
            default_value=config("recorder.yaml"),
            description="Parameter file of a real arm, such as arms/fr3.yaml of this package, "
            "needed with sim:=false; what it says goes before the argument arm.",
        ),
        DeclareLaunchArgument(
            "cost",
            default_value="",
            description="Run folder or cost file of the live reward; empty: topic cost_model.",
        ),
        *(
            DeclareLaunchArgument(topic, default_value=topic, description=text)
            for topic, text in _TOPICS.items()
        ),
        DeclareLaunchArgument(
            "log_level",
            default_value="info",
            choices=["debug", "info", "warn", "error"],
            description="Least severe messages that are shown.",
        ),
    ]
    sim = IfCondition(LaunchConfiguration("sim"))
    common = {
        "remappings": [(topic, LaunchConfiguration(topic)) for topic in _TOPICS],
        "arguments": ["--ros-args", "--log-level", LaunchConfiguration("log_level")],
    }
    # First of all, because ROS gives a file that names its node in the same way as an earlier one
    # the place of that earlier one: only so does arm_config go before it.
    arm, seed = {"arm": text("arm")}, {"seed": whole("seed")}
    arm_config = LaunchConfiguration("arm_config")
    simulated = node("sim_arm", [config("sim_arm.yaml"), {**arm, **seed}], condition=sim, **common)
    teacher = node("teacher", [config("teacher.yaml"), {**arm, **seed}], condition=sim, **common)
    recorder = node(
        "demo_recorder",
        [arm, config("recorder.yaml"), arm_config, {"dataset": text("dataset")}],
        **common,
    )
    return LaunchDescription(
        [
            *arguments,
            check_arguments(
                files=["arm_config"], numbers=["seed"], own_arm_config="recorder.yaml"
            ),
            simulated,
            recorder,
            node("reward_publisher", [arm, arm_config, {"cost": text("cost")}], **common),
            teacher,
            when_done(teacher, "teaching", condition=sim),
            # Nobody should guide an arm, and nothing simulate one, while nothing is recorded.
            when_done(recorder, "recording"),
            when_done(simulated, "simulating the arm", condition=sim),
        ]
    )
