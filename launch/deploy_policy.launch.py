# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Execute a learned policy: the controller, the live reward, and with sim:=true a simulated arm.

Nothing moves until somebody calls the service /policy_controller/execute (std_srvs/srv/Trigger).
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration

from irl_ros.ros.launching import check_arguments, config, node, text, when_done, whole

_TOPICS = {
    "joint_states": "Topic of the arm's joint states.",
    "velocity_controller/commands": "Topic of its velocity commands.",
    "effort_controller/commands": "Topic of its torque commands.",
    "joint_trajectory_controller/joint_trajectory": "Topic of its trajectories.",
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
            description="Simulate the arm; false for a real one.",
        ),
        DeclareLaunchArgument(
            "condition",
            default_value="matched",
            choices=["matched", "shifted", "biased", "mismatched"],
            description="What differs between the arm that was taught and the simulated one.",
        ),
        DeclareLaunchArgument(
            "run", default_value="training", description="Run folder with policy and cost."
        ),
        DeclareLaunchArgument(
            "seed", default_value="0", description="Seed of the simulated arm's start posture."
        ),
        DeclareLaunchArgument(
            "slot", default_value="-1", description="Slot of the task; -1 is the held-out one."
        ),
        DeclareLaunchArgument(
            "arm_config",
            # By default the controller's own file once more, which changes nothing.
            default_value=config("policy_controller.yaml"),
            description="Parameter file of a real arm, such as arms/fr3.yaml of this package, "
            "needed with sim:=false; what it says goes before the argument arm.",
        ),
        *(
            DeclareLaunchArgument(_argument(topic), default_value=topic, description=text)
            for topic, text in _TOPICS.items()
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
    arm, sim = {"arm": text("arm")}, IfCondition(LaunchConfiguration("sim"))
    arm_config = LaunchConfiguration("arm_config")
    simulated = _node(
        "sim_arm",
        [
            config("sim_arm.yaml"),
            {
                **arm,
                "condition": LaunchConfiguration("condition"),
                "seed": whole("seed"),
                "slot": whole("slot"),
            },
        ],
        condition=sim,
    )
    controller = _node(
        "policy_controller",
        [arm, config("policy_controller.yaml"), arm_config, {"policy": text("run")}],
    )
    return LaunchDescription(
        [
            *arguments,
            check_arguments(
                files=["arm_config"],
                numbers=["seed", "slot"],
                own_arm_config="policy_controller.yaml",
            ),
            simulated,
            controller,
            OpaqueFunction(function=_reward, args=[[arm, arm_config, {"cost": text("run")}]]),
            when_done(controller, "executing"),
            when_done(simulated, "simulating the arm", condition=sim),
        ]
    )


def _argument(topic: str) -> str:
    return topic.replace("/", "_")


def _node(executable: str, parameters: list[object], **options: object) -> LaunchDescriptionEntity:
    return node(
        executable,
        parameters,
        remappings=[(topic, LaunchConfiguration(_argument(topic))) for topic in _TOPICS],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        **options,
    )


def _reward(context: LaunchContext, parameters: list[object]) -> list[LaunchDescriptionEntity]:
    # Behaviour cloning, GAIL and AIRL with a free network learn a policy and no cost.
    run = Path(LaunchConfiguration("run").perform(context))
    if run.is_dir() and not (run / "cost.safetensors").exists():
        return [LogInfo(msg=f"{run} holds a policy and no cost: no reward is published")]
    return [_node("reward_publisher", parameters)]
