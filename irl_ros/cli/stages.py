# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stages of a demonstration: which nodes run in each, what is pressed, and when it is done."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from irl_ros.cli.demo_folder import DemoFolder
from irl_ros.cli.environment import config_file, executable, ros_environment
from irl_ros.cli.link import Link, LinkError
from irl_ros.cli.processes import ProcessGroup
from irl_ros.cli.progress import StageDisplay
from irl_ros.core.task import DishTask
from irl_ros.demos.maintenance import list_takes
from irl_ros.learning.presets import preset
from irl_ros.ros import qos
from irl_ros.ros.conversions import status, statuses
from irl_ros.ros.spin import Stop

_STALL = 300.0  # s without any progress before a stage is given up


@dataclass(frozen=True)
class Demonstration:
    """What every stage needs.

    Attributes:
        folder: Where everything goes.
        domain_id: DDS domain of the demonstration.
        display: Where progress is shown.
        stop: True once the program was told to stop.
    """

    folder: DemoFolder
    domain_id: int
    display: StageDisplay
    stop: Stop

    @contextmanager
    def nodes(self, stage: str) -> Iterator["Nodes"]:
        """Start nodes and talk to them within a block; all of them end with it."""
        logs = self.folder.logs / stage
        with (
            ProcessGroup(logs, ros_environment(self.domain_id)) as group,
            Link(self.domain_id, group, self.stop) as link,
        ):
            yield Nodes(group, link, logs)


@dataclass(frozen=True)
class Nodes:
    """The nodes of a running stage.

    Attributes:
        group: Their processes.
        link: How this program talks to them.
        logs: Folder of their logs and parameter files.
    """

    group: ProcessGroup
    link: Link
    logs: Path

    def start(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        config: Sequence[str] = (),
        may_end: bool = False,
    ) -> None:
        """Start the executable of a node.

        Args:
            name: Of the executable and the node.
            values: Parameters that differ from the configuration files.
            config: Configuration files of the package.
            may_end: Whether it ends by itself when its work is done.
        """
        # A file keeps the types of values that a command line would read anew.
        file = self.logs / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"/**": {"ros__parameters": dict(values)}}), "utf-8")
        command = [str(executable(name)), "--ros-args"]
        for path in [*(config_file(entry) for entry in config), file]:
            command += ["--params-file", str(path)]
        self.group.start(name, command, may_end=may_end)


def record(demonstration: Demonstration) -> None:
    """Have the arm taught by hand until the recorder holds every demonstration.

    Raises:
        IrlRosError: If a node fails, or the dataset is not as it should be.
        Interrupted: If the program is told to stop.
    """
    folder, options, display = (
        demonstration.folder,
        demonstration.folder.options,
        demonstration.display,
    )
    wanted = len(options.slots or DishTask().take_slots)
    display.begin("teach", wanted, "starting the simulated arm")
    with demonstration.nodes("record") as nodes:
        link = nodes.link

        last: list[object] = []

        def on_recorder(message: DiagnosticStatus) -> None:
            values = status(message).values
            news = [values[name] for name in ("takes_kept", "take", "phase")]
            if news != last:
                last[:] = news
                link.beat()
                display.update(int(news[0]), f"take {news[1]} {news[2]}")

        link.listen(DiagnosticStatus, "demo_recorder/status", qos.latched(), on_recorder)
        nodes.start(
            "sim_arm",
            {"arm": options.arm, "seed": options.seed, "real_time_factor": options.speed},
            config=("sim_arm.yaml",),
        )
        nodes.start(
            "demo_recorder",
            {"arm": options.arm, "dataset": str(folder.dataset)},
            config=("recorder.yaml",),
        )
        nodes.start(
            "teacher",
            {
                "arm": options.arm,
                "seed": options.seed,
                **({"slots": list(options.slots)} if options.slots else {}),
            },
            config=("teacher.yaml",),
            may_end=True,
        )
        link.wait_until(
            lambda: nodes.group.has_ended("teacher"), "the teacher's next take", _STALL
        )
    kept = len(list_takes(folder.dataset))
    if kept != wanted:
        raise LinkError(
            f"the dataset holds {kept} takes, {wanted} were to be taught; see {folder.logs}"
        )
    display.update(kept, f"{kept} demonstrations")


def train(demonstration: Demonstration) -> None:
    """Learn cost and policy; an interrupted training goes on where it was.

    Raises:
        IrlRosError: If a node fails.
        Interrupted: If the program is told to stop.
    """
    folder, options, display = (
        demonstration.folder,
        demonstration.folder.options,
        demonstration.display,
    )
    total = options.iterations or preset(options.preset).iterations
    display.begin("learn", total, "reading the demonstrations")
    with demonstration.nodes("train") as nodes:
        link = nodes.link

        def on_training(message: DiagnosticArray) -> None:
            link.beat()
            for state in statuses(message)[1]:
                if "iteration" in state.values:
                    done = int(float(state.values["iteration"]))
                    display.update(done, _training_note(state.values))

        link.listen(DiagnosticArray, "training_status", qos.event(), on_training)
        nodes.start(
            "gcl_trainer",
            {
                "dataset": str(folder.dataset),
                "output": str(folder.training),
                "preset": options.preset,
                "gcl.iterations": total,
                "resume": True,
                "linger": 0.0,
                "seed": options.seed,
                "simulation.arm": options.arm,
                "simulation.condition": options.condition,
            },
            config=("gcl_trainer.yaml",),
            may_end=True,
        )
        link.wait_until(lambda: nodes.group.has_ended("gcl_trainer"), "the next iteration", _STALL)
    display.update(total, "learned")


def _training_note(values: Mapping[str, Any]) -> str:
    def number(name: str) -> float:
        return float(values.get(name, "nan"))

    return (
        f"success {number('success_rate'):.0%}, rollouts {number('rollouts'):.0f}, "
        f"effective samples {number('effective_samples'):.1f}, KL {number('kl'):.0f} nat"
    )
