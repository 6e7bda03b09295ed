# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record, learn and execute in turn, all in simulation; the launch form of `irl-ros demo`."""

import signal
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, ExecuteProcess, OpaqueFunction
from launch.events import matches_action
from launch.events.process import SignalProcess
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import ExecutableInPackage

from irl_ros.ros.launching import check_arguments, config, node, when_done, whole


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
    arm, seed = {"arm": LaunchConfiguration("arm")}, {"seed": whole("seed")}
    condition = LaunchConfiguration("condition")

    taught_arm = node("sim_arm", [config("sim_arm.yaml"), {**arm, **seed}])
    recorder = node("demo_recorder", [config("recorder.yaml"), {**arm, "dataset": dataset}])
    teacher = node("teacher", [config("teacher.yaml"), {**arm, **seed}])
    trainer = node(
        "gcl_trainer",
        [
            config("gcl_trainer.yaml"),
            {
                **seed,
                "dataset": dataset,
                "output": training,
                "simulation.arm": LaunchConfiguration("arm"),
                "simulation.condition": condition,
            },
        ],
        additional_env={"TERM": "dumb"},  # as in train_gcl.launch.py
    )
    executing_arm = node(
        "sim_arm", [config("sim_arm.yaml"), {**arm, **seed, "condition": condition}]
    )
    controller = node(
        "policy_controller", [config("policy_controller.yaml"), {**arm, "policy": training}]
    )
    reward = node("reward_publisher", [{**arm, "cost": training}])
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
            check_arguments(numbers=["seed", "evaluations"]),
            OpaqueFunction(function=_refuse_used_folder),
            taught_arm,
            recorder,
            teacher,
            when_done(teacher, "teaching", [_end(taught_arm), _end(recorder)]),
            # The recorder has closed the dataset once it is gone.
            when_done(recorder, "recording", [trainer]),
            when_done(trainer, "learning", [executing_arm, controller, reward, evaluation]),
            when_done(evaluation, "executing"),
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


def _end(node: Node) -> EmitEvent:
    return EmitEvent(
        event=SignalProcess(signal_number=signal.SIGINT, process_matcher=matches_action(node))
    )
