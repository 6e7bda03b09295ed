# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record demonstrations: the recorder, and with sim:=true a simulated arm and its teacher."""

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


def generate_launch_description() -> LaunchDescription:
    """Describe arguments and nodes."""
    arguments = [
        DeclareLaunchArgument(
            "arm", default_value="panda", choices=["panda", "iiwa14"], description="Kind of arm."
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
            description="Parameter file of a real arm, such as arms/fr3.yaml of this package.",
        ),
        DeclareLaunchArgument(
            "joint_states",
            default_value="joint_states",
            description="Topic of the arm's joint states.",
        ),
        DeclareLaunchArgument(
            "log_level",
            default_value="info",
            choices=["debug", "info", "warn", "error"],
            description="Least severe messages that are shown.",
        ),
    ]
    sim = IfCondition(LaunchConfiguration("sim"))
    arm = {"arm": LaunchConfiguration("arm")}
    seed = {"seed": ParameterValue(LaunchConfiguration("seed"), value_type=int)}
    teacher = _node("teacher", [_config("teacher.yaml"), {**arm, **seed}], condition=sim)
    return LaunchDescription(
        [
            *arguments,
            _node("sim_arm", [_config("sim_arm.yaml"), {**arm, **seed}], condition=sim),
            _node(
                "demo_recorder",
                [
                    _config("recorder.yaml"),
                    LaunchConfiguration("arm_config"),
                    {**arm, "dataset": LaunchConfiguration("dataset")},
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
        remappings=[("joint_states", LaunchConfiguration("joint_states"))],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        emulate_tty=True,
        **options,
    )


def _shut_down(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # A second shutdown, while Ctrl-C is being handled, would end launch with an error.
    if context.is_shutdown:
        return []
    reason = "all demonstrations are recorded" if event.returncode == 0 else "the teacher failed"
    return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]
