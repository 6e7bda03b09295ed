# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `gcl_trainer`: learns cost and policy from a dataset by Guided Cost Learning."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rich.progress import Progress as ProgressBar
from std_msgs.msg import UInt8MultiArray

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.gcl import GclConfig
from irl_ros.learning.presets import preset
from irl_ros.learning.run_folder import RunFolder
from irl_ros.learning.training import train
from irl_ros.ros.conversions import Status, payload_message, status_array_message
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.qos import event, latched
from irl_ros.ros.spin import NodeExit, Stop, run_node
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts


@dataclass(frozen=True)
class TrainerConfig(Parameters):
    """What is learned, from what, and where it goes."""

    dataset: str = parameter("", doc="folder of the demonstrations")
    output: str = parameter("", doc="run folder that is written")
    resume: bool = parameter(False, doc="continue the run in the output folder")
    preset: str = parameter(
        "default", choices=("default", "paper"), doc="named configuration of the learner"
    )
    seed: int = parameter(0, low=0, high=2**31 - 1, doc="all randomness follows from it")
    slot: int = parameter(-1, low=-1, high=9, doc="slot to learn; -1 is the held-out one")
    workers: int = parameter(2, low=0, high=64, doc="processes that run rollouts")
    baseline_rollouts: int = parameter(
        20, low=0, high=1000, doc="attempts before learning that show what imitation alone does"
    )
    skip_bad: bool = parameter(False, doc="leave out takes that cannot be used")
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    gcl: GclConfig = field(default_factory=GclConfig)


def _from_preset(given: Mapping[str, Any]) -> TrainerConfig:
    return TrainerConfig(gcl=preset(given.get("preset", "default")))


class GclTrainer(Node):
    """Trains in the main thread; publishes status, cost and policy after every iteration."""

    def __init__(self) -> None:
        super().__init__("gcl_trainer")
        self.config = declare_parameters(self, TrainerConfig, base=_from_preset)
        for name in ("dataset", "output"):
            if not getattr(self.config, name):
                raise ParameterError(f"{name} is empty; give a folder with -p {name}:=FOLDER")
        self._status = self.create_publisher(DiagnosticArray, "training_status", event())
        self._cost = self.create_publisher(UInt8MultiArray, "cost_model", latched())
        self._policy = self.create_publisher(UInt8MultiArray, "policy", latched())

    def publish_status(self, message: str, values: Mapping[str, float]) -> None:
        """Publish one status with the diagnostics of an iteration."""
        stamp = self.get_clock().now().nanoseconds
        total = {"iterations": float(self.config.gcl.iterations)}
        status = Status("gcl_trainer", "ok", message, {**total, **values})
        self._status.publish(status_array_message([status], stamp))

    def publish_models(self, folder: RunFolder) -> None:
        """Publish the current cost and policy for everyone who comes later, too."""
        self._cost.publish(payload_message(folder.cost_bytes(), "cost_model"))
        self._policy.publish(payload_message(folder.policy_bytes(), "policy"))


def _train(node: GclTrainer, stop: Stop) -> None:
    """Do the whole run."""
    torch.set_num_threads(1)
    config = node.config
    log = node.get_logger()
    with DishSimulator(config.simulation) as simulator:
        arm, task, start = simulator.arm, simulator.task, simulator.start_posture
    slot = task.held_out_slot if config.slot < 0 else config.slot
    loaded = load_demonstrations(Path(config.dataset), arm, skip_bad=config.skip_bad)
    for skipped in loaded.skipped:
        log.warning(skipped.reason)
    demonstrations = loaded.demonstrations
    contract = ExecutionContract(
        arm=arm.name,
        joint_names=arm.joint_names,
        action_space=config.simulation.action_space,
        control_period=demonstrations.control_period,
        start=tuple(start.tolist()),
        target=task.target_pose(slot),
    )
    facts = {
        "arm": arm.name,
        "condition": config.simulation.condition,
        "slot": slot,
        "dataset": config.dataset,
        "demonstrations": list(demonstrations.take_ids),
        "preset": config.preset,
    }
    source = SimRollouts(config.simulation, slot, task=task, workers=config.workers)
    total = config.gcl.iterations
    with ProgressBar(transient=True) as bar:
        job = bar.add_task("learning", total=total)

        def after(diagnostics: Diagnostics, folder: RunFolder) -> None:
            node.publish_status("training", diagnostics.as_mapping())
            node.publish_models(folder)
            values = " ".join(f"{k}={v:.4g}" for k, v in diagnostics.as_mapping().items())
            log.info(f"iteration {diagnostics.iteration}/{total}: {values}")
            bar.update(job, completed=diagnostics.iteration)
            if stop:
                raise NodeExit(
                    f"stopped after iteration {diagnostics.iteration} of {total}; continue with "
                    "resume:=true",
                    code=0,
                )

        log.info(
            f"learning slot {slot} of the {config.simulation.condition} {arm.name} from "
            f"{len(demonstrations)} demonstrations"
        )
        try:
            folder = train(
                demonstrations,
                source,
                contract,
                config.gcl,
                seed=config.seed,
                output=Path(config.output),
                resume=config.resume,
                baseline_rollouts=config.baseline_rollouts,
                facts=facts,
                after_iteration=after,
            )
        finally:
            source.close()
    node.publish_models(folder)
    node.publish_status("finished", {})
    log.info(f"finished: {config.output}")


def main() -> int:
    """Run the node."""
    return run_node(GclTrainer, loop=_train)


if __name__ == "__main__":
    sys.exit(main())
