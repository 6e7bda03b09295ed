# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learn cost and policy from a dataset; rollouts run in simulation, faster than real time."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.parameter_descriptions import ParameterValue

from irl_ros.ros.launching import check_arguments, config, node, text, when_done, whole


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
            "dataset",
            default_value="dataset",
            description="Folder of the demonstrations; none if algorithm:=optimise has none.",
        ),
        DeclareLaunchArgument(
            "cost",
            default_value="",
            description="Run folder or file of the cost that algorithm:=optimise lowers.",
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
            choices=[
                "gcl",
                "relent",
                "gan_gcl",
                "maxent",
                "max_margin",
                "gail",
                "airl",
                "bc",
                "optimise",
            ],
            description="What learns; optimise lowers a saved cost instead.",
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
            default_value=config("gcl_trainer.yaml"),
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
    trainer = node(
        "gcl_trainer",
        [
            arm,
            config("gcl_trainer.yaml"),
            arm_config,
            {
                "dataset": text("dataset"),
                "cost": text("cost"),
                "output": text("output"),
                "resume": ParameterValue(LaunchConfiguration("resume"), value_type=bool),
                "algorithm": LaunchConfiguration("algorithm"),
                "policy": LaunchConfiguration("policy"),
                "preset": LaunchConfiguration("preset"),
                "slot": whole("slot"),
                "seed": whole("seed"),
                "workers": whole("workers"),
                "simulation.condition": LaunchConfiguration("condition"),
            },
        ],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        # Launch shows whole lines only: of a bar nothing but the erasing of what stands above it.
        additional_env={"TERM": "dumb"},
        # An iteration is finished and saved before the trainer ends.
        sigterm_timeout="60",
    )
    return LaunchDescription(
        [
            *arguments,
            check_arguments(files=["arm_config"], numbers=["slot", "seed", "workers"]),
            trainer,
            when_done(trainer, "learning"),
        ]
    )
