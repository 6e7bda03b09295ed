# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record demonstrations: recorder and live reward, and with sim:=true a simulated arm and teacher.

The reward that was learned from earlier demonstrations is published while a person guides the arm:
give `cost`, or run a trainer beside, which publishes the topic cost_model.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, EmitEvent, LogInfo, RegisterEventHandler
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

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
            default_value=_config("recorder.yaml"),
            description="Parameter file of a real arm, such as arms/fr3.yaml of this package; "
            "what it says goes before the argument arm.",
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
    # First of all, because ROS gives a file that names its node in the same way as an earlier one
    # the place of that earlier one: only so does arm_config go before it.
    arm = {"arm": LaunchConfiguration("arm")}
    arm_config = LaunchConfiguration("arm_config")
    seed = {"seed": ParameterValue(LaunchConfiguration("seed"), value_type=int)}
    teacher = _node("teacher", [_config("teacher.yaml"), {**arm, **seed}], condition=sim)
    return LaunchDescription(
        [
            *arguments,
            _node("sim_arm", [_config("sim_arm.yaml"), {**arm, **seed}], condition=sim),
            _node(
                "demo_recorder",
                [
                    arm,
                    _config("recorder.yaml"),
                    arm_config,
                    {"dataset": LaunchConfiguration("dataset")},
                ],
            ),
            _node(
                "reward_publisher",
                [
                    arm,
                    arm_config,
                    {"cost": ParameterValue(LaunchConfiguration("cost"), value_type=str)},
                ],
            ),
            teacher,
            RegisterEventHandler(
                OnProcessExit(target_action=teacher, on_exit=_shut_down), condition=sim
            ),
        ]
    )


def _config(name: str) -> PathJoinSubstitution:
    return PathJoinSubstitution([FindPackageShare("irl_ros"), "config", name])


def _node(executable: str, parameters: list[object], **options: object) -> Node:
    return Node(
        package="irl_ros",
        executable=executable,
        name=executable,
        parameters=parameters,
        remappings=[(topic, LaunchConfiguration(topic)) for topic in _TOPICS],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        emulate_tty=True,
        # On a busy machine an orderly end takes longer than the five seconds of the default.
        sigterm_timeout="15",
        **options,
    )


def _shut_down(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # A second shutdown, while Ctrl-C is being handled, would end launch with an error.
    if context.is_shutdown:
        return []
    reason = "all demonstrations are recorded" if event.returncode == 0 else "the teacher failed"
    return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]
