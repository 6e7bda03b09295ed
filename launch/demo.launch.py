# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record, learn and execute in turn, all in simulation; the launch form of `irl-ros demo`."""

import signal
from pathlib import Path

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown, matches_action
from launch.events.process import ProcessExited, SignalProcess
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare


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
            description="What differs between teaching and execution.",
        ),
        DeclareLaunchArgument("seed", default_value="0", description="Seed of all randomness."),
        DeclareLaunchArgument(
            "evaluations", default_value="20", description="Executions of the learned policy."
        ),
        DeclareLaunchArgument(
            "output", default_value="runs/demo-launch", description="Folder for the results."
        ),
    ]
    output = LaunchConfiguration("output")
    dataset, training = _below(output, "dataset"), _below(output, "training")
    arm = {"arm": LaunchConfiguration("arm")}
    seed = {"seed": ParameterValue(LaunchConfiguration("seed"), value_type=int)}
    condition = LaunchConfiguration("condition")

    taught_arm = _node("sim_arm", [_config("sim_arm.yaml"), {**arm, **seed}])
    recorder = _node("demo_recorder", [_config("recorder.yaml"), {**arm, "dataset": dataset}])
    teacher = _node("teacher", [_config("teacher.yaml"), {**arm, **seed}])
    trainer = _node(
        "gcl_trainer",
        [
            _config("gcl_trainer.yaml"),
            {
                **seed,
                "dataset": dataset,
                "output": training,
                "simulation.arm": LaunchConfiguration("arm"),
                "simulation.condition": condition,
            },
        ],
    )
    executing_arm = _node(
        "sim_arm", [_config("sim_arm.yaml"), {**arm, **seed, "condition": condition}]
    )
    controller = _node(
        "policy_controller", [_config("policy_controller.yaml"), {**arm, "policy": training}]
    )
    reward = _node("reward_publisher", [{**arm, "cost": training}])
    evaluation = ExecuteProcess(
        cmd=[
            ExecutableInPackage("irl-ros", "irl_ros"),
            "evaluate",
            _below(output, "executions"),
            "--arm",
            LaunchConfiguration("arm"),
            "--seed",
            LaunchConfiguration("seed"),
            "--evaluations",
            LaunchConfiguration("evaluations"),
        ],
        output="screen",
    )
    return LaunchDescription(
        [
            *arguments,
            OpaqueFunction(function=_refuse_used_folder),
            taught_arm,
            recorder,
            teacher,
            _when_done(teacher, "teaching", [_end(taught_arm), _end(recorder)]),
            # The recorder has closed the dataset once it is gone.
            _when_done(recorder, "recording", [trainer]),
            _when_done(trainer, "learning", [executing_arm, controller, reward, evaluation]),
            _when_done(
                evaluation, "executing", [EmitEvent(event=Shutdown(reason="all is finished"))]
            ),
        ]
    )


def _refuse_used_folder(context: LaunchContext) -> None:
    output = Path(LaunchConfiguration("output").perform(context))
    used = [name for name in ("dataset", "training", "executions") if (output / name).exists()]
    if used:
        raise RuntimeError(
            f"{output} holds {', '.join(used)} of an earlier demonstration; choose another "
            "output:= or delete the folder"
        )


def _below(folder: LaunchConfiguration, name: str) -> PathJoinSubstitution:
    return PathJoinSubstitution([folder, name])


def _config(name: str) -> PathJoinSubstitution:
    return PathJoinSubstitution([FindPackageShare("irl_ros"), "config", name])


def _node(executable: str, parameters: list[object]) -> Node:
    return Node(
        package="irl_ros",
        executable=executable,
        name=executable,
        parameters=parameters,
        output="screen",
        emulate_tty=True,
        # On a busy machine an orderly end takes longer than the five seconds of the default.
        sigterm_timeout="15",
    )


def _end(node: Node) -> EmitEvent:
    return EmitEvent(
        event=SignalProcess(signal_number=signal.SIGINT, process_matcher=matches_action(node))
    )


def _when_done(
    process: ExecuteProcess, stage: str, following: list[LaunchDescriptionEntity]
) -> RegisterEventHandler:
    def go_on(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        # A second shutdown, while Ctrl-C is being handled, would end launch with an error.
        if context.is_shutdown:
            return []
        if event.returncode != 0:
            reason = f"{stage} failed with code {event.returncode}"
            return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]
        return [LogInfo(msg=f"{stage} is finished"), *following]

    return RegisterEventHandler(OnProcessExit(target_action=process, on_exit=go_on))
