# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Executions of the learned policy as they are kept: one small JSON file each."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.core.trajectory import Outcome


@dataclass(frozen=True)
class Execution:
    """One execution of the learned policy.

    Attributes:
        number: From 1.
        seed: Seed of the arm's start posture.
        outcome: What became of it.
        times: Time of each joint state while the policy acted, s from the first.
        joint_positions: Positions at these times, rad.
        reward_times: Time of each learned reward, s from the first joint state.
        rewards: Learned reward at these times.
        repeated: How often it was begun before and given up because the machine was too busy.
        policy: Fingerprint of the policy that was executed.
    """

    number: int
    seed: int
    outcome: Outcome
    times: tuple[float, ...]
    joint_positions: tuple[tuple[float, ...], ...]
    reward_times: tuple[float, ...]
    rewards: tuple[float, ...]
    repeated: int = 0
    policy: str = ""


def execution_path(folder: Path, number: int) -> Path:
    """Return the file of an execution."""
    return folder / f"execution_{number:03d}.json"


def save_execution(folder: Path, execution: Execution) -> None:
    """Write an execution; its file exists only once it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(dataclasses.asdict(execution)) + "\n"
    write_atomically(execution_path(folder, execution.number), content)


def load_executions(folder: Path) -> tuple[Execution, ...]:
    """Return the executions in a folder by number; none if the folder is missing.

    Raises:
        DataError: If a file is damaged.
    """
    found = []
    for path in sorted(folder.glob("execution_*.json")):
        try:
            values = json.loads(path.read_text("utf-8"))
            found.append(
                Execution(
                    number=values["number"],
                    seed=values["seed"],
                    outcome=Outcome(**values["outcome"]),
                    times=tuple(values["times"]),
                    joint_positions=tuple(tuple(row) for row in values["joint_positions"]),
                    reward_times=tuple(values["reward_times"]),
                    rewards=tuple(values["rewards"]),
                    repeated=int(values.get("repeated", 0)),
                    policy=str(values.get("policy", "")),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path} is damaged ({type(error).__name__}: {error}); delete it and run the "
                "demonstration again, which repeats this execution"
            ) from error
    return tuple(found)
