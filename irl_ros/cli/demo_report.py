# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Collects what a demonstration left in its folder and writes summary and report."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from irl_ros.cli.demo_folder import DemoFolder
from irl_ros.cli.executions import Execution, load_executions
from irl_ros.cli.options import DemoOptions
from irl_ros.core.arm import Arm, load_arm
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import DataError
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import to_mapping
from irl_ros.core.task import DishTask, relative_features
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.demos.maintenance import list_takes
from irl_ros.learning.artifacts import load_cost
from irl_ros.learning.cost import Cost
from irl_ros.learning.run_folder import CONFIG_FILE, DIAGNOSTICS_FILE, RUN_FILE
from irl_ros.report.data import Rack, ReportData, RewardMap, RewardTrace, ToolPath
from irl_ros.report.page import write_page
from irl_ros.report.path_figures import overview_figure
from irl_ros.report.proportion import wilson_interval
from irl_ros.sim.config import SimulationConfig

_MAP_MARGIN = 0.03  # m beyond the outer slots
_MAP_HEIGHT = 0.30  # m
_TITLE = "A plate into a slot that was never demonstrated"


def write_report(folder: DemoFolder, picture: Path | None = None) -> Path:
    """Write ``report.html`` and ``summary.json`` of a demonstration and return the report's path.

    Args:
        folder: Folder of a finished demonstration.
        picture: Where to write a picture of the scene and the paths as well.

    Raises:
        DataError: If a part of it is missing or damaged.
    """
    options = folder.options
    arm, task = load_arm(options.arm), DishTask()
    kinematics = Kinematics(arm)
    shown = load_demonstrations(folder.dataset, arm).demonstrations
    executions = load_executions(folder.executions)
    run = _read_json(folder.training / RUN_FILE)
    cost, _ = load_cost(folder.training)
    summary = _summary(folder, task, shown, executions, run)
    folder.write_summary(summary)
    data = ReportData(
        title=_TITLE,
        facts={
            "Arm": options.arm,
            "Condition": options.condition,
            "Seed": str(options.seed),
            "Demonstrations": str(len(shown)),
            "Training rollouts": str(summary["training_rollouts"]),
            "Held-out slot": str(task.held_out_slot),
        },
        rack=_rack(task),
        evaluations=tuple(execution.outcome for execution in executions),
        demonstrations=_demonstrated_paths(shown, task),
        executions=_executed_paths(executions, kinematics, task),
        curves=_curves(folder.training / DIAGNOSTICS_FILE),
        rewards=_rewards(cost, shown, executions),
        reward_map=_reward_map(cost, task),
        scene=_scene(folder, arm),
        wall_seconds=folder.wall_seconds,
        configuration={
            "Demonstration": to_mapping(options),
            "Guided Cost Learning": _read_json(folder.training / CONFIG_FILE),
        },
        versions=summary["versions"],
        reproduce=_command(folder),
    )
    write_page(data, folder.report)
    if picture is not None and data.scene is not None:
        figure = overview_figure(data.scene, data.rack, data.demonstrations, data.executions)
        figure.savefig(picture, dpi=110, facecolor="white")
    return folder.report


def _summary(
    folder: DemoFolder,
    task: DishTask,
    shown: Demonstrations,
    executions: tuple[Execution, ...],
    run: Mapping[str, Any],
) -> dict[str, Any]:
    options = folder.options
    successes = sum(execution.outcome.success for execution in executions)
    low, high = wilson_interval(successes, len(executions)) if executions else (0.0, 1.0)
    return {
        "seed": options.seed,
        "arm": options.arm,
        "condition": options.condition,
        "preset": options.preset,
        "speed": options.speed,
        "held_out_slot": task.held_out_slot,
        "demonstrations": len(shown),
        "takes": len(list_takes(folder.dataset, every=True)),
        "before_learning": run.get("before_learning"),
        "training_rollouts": run["rollouts"],
        "evaluations": len(executions),
        "successes": successes,
        "broken": sum(execution.outcome.broken for execution in executions),
        "repeated": sum(execution.repeated for execution in executions),
        "success_rate": successes / len(executions) if executions else None,
        "wilson_95": [round(low, 4), round(high, 4)],
        "failures": {
            execution.number: execution.outcome.reason
            for execution in executions
            if not execution.outcome.success
        },
        "wall_seconds": dict(folder.wall_seconds),
        "versions": {**run["versions"], **_ros_version()},
    }


def _ros_version() -> dict[str, str]:
    for name in ("ros-rclpy", "rclpy"):
        try:
            return {"rclpy": metadata.version(name)}
        except metadata.PackageNotFoundError:
            continue
    return {}


def _rack(task: DishTask) -> Rack:
    slots = [task.target_pose(slot).position for slot in range(task.rack.slots)]
    return Rack(np.stack(slots), task.held_out_slot)


def _demonstrated_paths(shown: Demonstrations, task: DishTask) -> tuple[ToolPath, ...]:
    slots = _rack(task).slot_positions
    times = shown.control_period * np.arange(shown.trajectories.horizon)
    paths = []
    for states, target in zip(shown.trajectories.states, shown.targets, strict=True):
        nearest = int(np.linalg.norm(slots - target.position, axis=1).argmin())
        # The state holds the plate's centre as its first tool point, after positions and
        # velocities of the joints.
        paths.append(ToolPath(times, states[:, 14:17].numpy(), True, nearest))
    return tuple(paths)


def _executed_paths(
    executions: tuple[Execution, ...], kinematics: Kinematics, task: DishTask
) -> tuple[ToolPath, ...]:
    paths = []
    for execution in executions:
        if not execution.times:
            continue
        joints = torch.tensor(execution.joint_positions, dtype=torch.float64)
        _, positions = kinematics.tool_pose(joints)
        times = np.array(execution.times)
        success = execution.outcome.success
        paths.append(ToolPath(times, positions.numpy(), success, task.held_out_slot))
    return tuple(paths)


def _curves(path: Path) -> dict[str, tuple[float, ...]]:
    try:
        entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); train again") from error
    names = entries[0] if entries else {}
    return {
        name: tuple(
            float("nan") if entry.get(name) is None else float(entry[name]) for entry in entries
        )
        for name in names
    }


@torch.no_grad()
def _rewards(
    cost: Cost, shown: Demonstrations, executions: tuple[Execution, ...]
) -> tuple[RewardTrace, ...]:
    inputs = relative_features(shown.targets[0])(shown.trajectories.states[0])
    rewards = -cost.evaluate(inputs, shown.trajectories.actions[0])
    times = shown.control_period * np.arange(len(rewards))
    traces = [RewardTrace(f"demonstration {shown.take_ids[0]}", times, rewards.numpy())]
    for execution in executions:
        if execution.outcome.success and execution.rewards:
            traces.append(
                RewardTrace(
                    f"execution {execution.number}",
                    np.array(execution.reward_times),
                    np.array(execution.rewards),
                )
            )
            break
    return tuple(traces)


@torch.no_grad()
def _reward_map(cost: Cost, task: DishTask) -> RewardMap:
    """Evaluate the cost with the plate at rest and oriented as in the target.

    All three tool points are then displaced from their targets by the same vector.
    """
    rack = _rack(task)
    outer = rack.rack_coordinates(rack.slot_positions)[[0, -1], 0]
    along = np.linspace(outer[0] - _MAP_MARGIN, outer[1] + _MAP_MARGIN, 121)
    heights = np.linspace(0.0, _MAP_HEIGHT, 61)
    grid_heights, grid_along = np.meshgrid(heights, along, indexing="ij")
    displacements = grid_along[..., None] * rack.along + grid_heights[..., None] * [0.0, 0.0, 1.0]
    turned = displacements @ task.target_pose(task.held_out_slot).rotation  # R^T d, row by row
    inputs = np.concatenate([np.tile(turned, 3), np.zeros((*turned.shape[:-1], 9))], axis=-1)
    rewards = -cost.state_cost(torch.from_numpy(inputs))
    return RewardMap(along, heights, rewards.numpy())


def _scene(folder: DemoFolder, arm: Arm) -> np.ndarray:
    with _quiet():  # PyBullet prints a line when it is loaded
        from irl_ros.sim.dish import DishSimulator
    with DishSimulator(SimulationConfig(arm=arm.name), visuals=True) as simulator:
        simulator.reset(folder.options.seed, simulator.task.held_out_slot)
        picture: np.ndarray = simulator.render()
        return picture


@contextmanager
def _quiet() -> Iterator[None]:
    """Let nothing through to standard error, not even from C, within a block."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _command(folder: DemoFolder) -> str:
    options = folder.options
    settings = {
        name: value
        for name, value in to_mapping(options).items()
        if name == "seed" or value != to_mapping(DemoOptions())[name]
    }
    if settings.keys() <= {"seed", "condition", "arm"}:
        return " ".join(
            ["make demo", *(f"{name.upper()}={value}" for name, value in settings.items())]
        )
    slots = settings.pop("slots", [])
    words = [f"--{name} {value}" for name, value in settings.items()]
    return " ".join([".venv/bin/irl-ros demo", *words, *(f"--slot {slot}" for slot in slots)])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); train again") from error
    return values
