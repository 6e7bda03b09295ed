# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learn cost and policy from a dataset; rollouts run in simulation, faster than real time."""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, EmitEvent, LogInfo, RegisterEventHandler
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
            "condition",
            default_value="matched",
            choices=["matched", "shifted", "biased", "mismatched"],
            description="What differs between the arm that was taught and the one that executes.",
        ),
        DeclareLaunchArgument(
            "dataset", default_value="dataset", description="Folder of the demonstrations."
        ),
        DeclareLaunchArgument(
            "output", default_value="training", description="Run folder that is written."
        ),
        DeclareLaunchArgument(
            "resume",
            default_value="false",
            choices=["true", "false"],
            description="Continue the run in the output folder.",
        ),
        DeclareLaunchArgument(
            "algorithm",
            default_value="gcl",
            choices=["gcl", "relent", "gan_gcl", "maxent", "max_margin", "gail", "airl", "bc"],
            description="What learns.",
        ),
        DeclareLaunchArgument(
            "policy",
            default_value="linear_gaussian",
            choices=["linear_gaussian", "neural"],
            description="Kind of policy of gcl and gan_gcl.",
        ),
        DeclareLaunchArgument(
            "preset",
            default_value="default",
            choices=["default", "paper"],
            description="Named configuration of Guided Cost Learning.",
        ),
        DeclareLaunchArgument(
            "slot", default_value="-1", description="Slot to learn; -1 is the held-out one."
        ),
        DeclareLaunchArgument("seed", default_value="0", description="Seed of all randomness."),
        DeclareLaunchArgument(
            "workers", default_value="2", description="Processes that run rollouts."
        ),
        DeclareLaunchArgument(
            "arm_config",
            # By default the trainer's own file once more, which changes nothing.
            default_value=_config("gcl_trainer.yaml"),
            description="Parameter file of the arm that will execute, such as arms/fr3.yaml of "
            "this package: rollouts keep its limits. It goes before the argument arm.",
        ),
        DeclareLaunchArgument(
            "log_level",
            default_value="info",
            choices=["debug", "info", "warn", "error"],
            description="Least severe messages that are shown.",
        ),
    ]
    # First of all, because ROS gives a file that names its node in the same way as an earlier one
    # the place of that earlier one: only so does arm_config go before it.
    arm = {"simulation.arm": LaunchConfiguration("arm")}
    arm_config = LaunchConfiguration("arm_config")
    trainer = Node(
        package="irl_ros",
        executable="gcl_trainer",
        name="gcl_trainer",
        parameters=[
            arm,
            _config("gcl_trainer.yaml"),
            arm_config,
            {
                "dataset": LaunchConfiguration("dataset"),
                "output": LaunchConfiguration("output"),
                "resume": ParameterValue(LaunchConfiguration("resume"), value_type=bool),
                "algorithm": LaunchConfiguration("algorithm"),
                "policy": LaunchConfiguration("policy"),
                "preset": LaunchConfiguration("preset"),
                "slot": ParameterValue(LaunchConfiguration("slot"), value_type=int),
                "seed": ParameterValue(LaunchConfiguration("seed"), value_type=int),
                "workers": ParameterValue(LaunchConfiguration("workers"), value_type=int),
                "simulation.condition": LaunchConfiguration("condition"),
            },
        ],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        emulate_tty=True,
        # An iteration is finished and saved before the trainer ends.
        sigterm_timeout="60",
    )
    return LaunchDescription(
        [
            *arguments,
            trainer,
            RegisterEventHandler(OnProcessExit(target_action=trainer, on_exit=_shut_down)),
        ]
    )


def _config(name: str) -> PathJoinSubstitution:
    return PathJoinSubstitution([FindPackageShare("irl_ros"), "config", name])


def _shut_down(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # A second shutdown, while Ctrl-C is being handled, would end launch with an error.
    if context.is_shutdown:
        return []
    reason = "learning is finished" if event.returncode == 0 else "the trainer failed"
    return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]
