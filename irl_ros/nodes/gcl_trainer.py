# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `gcl_trainer`: learns cost and policy from a dataset by the chosen algorithm.

Told to stop, it completes and saves an iteration. Unless that was the last one, its exit code is
130, so that nobody takes the run for finished; with resume:=true it goes on from there.
"""

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rich.progress import Progress as ProgressBar
from std_msgs.msg import UInt8MultiArray

from irl_ros.core.errors import IrlRosError, ParameterError
from irl_ros.core.parameters import to_mapping
from irl_ros.learning.artifacts import COST_FILE, POLICY_FILE
from irl_ros.learning.learner import Report
from irl_ros.learning.run_folder import RunFolder
from irl_ros.learning.training import complete
from irl_ros.nodes.trainer_config import OPTIMISE, TrainerConfig, from_preset
from irl_ros.nodes.training_material import gather, make_learner, rollouts
from irl_ros.ros.conversions import Level, Status, payload_message, status_array_message
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.qos import history, latched
from irl_ros.ros.spin import INTERRUPTED, NodeExit, Stop, run_node


class GclTrainer(Node):
    """Trains in the main thread; publishes status, cost and policy after every iteration."""

    def __init__(self) -> None:
        super().__init__("gcl_trainer")
        self.config = declare_parameters(self, TrainerConfig, base=from_preset)
        demanded = ("output",) if self.config.algorithm == OPTIMISE else ("dataset", "output")
        for name in demanded:
            if not getattr(self.config, name):
                raise ParameterError(f"{name} is empty; give a folder with -p {name}:=FOLDER")
        self._status = self.create_publisher(DiagnosticArray, "training_status", history())
        self._cost = self.create_publisher(UInt8MultiArray, "cost_model", latched())
        self._policy = self.create_publisher(UInt8MultiArray, "policy", latched())

    def publish_status(
        self, message: str, values: Mapping[str, float], *, level: Level = "ok"
    ) -> None:
        """Publish one status with the diagnostics of an iteration."""
        stamp = self.get_clock().now().nanoseconds
        status = Status("gcl_trainer", level, message, values)
        self._status.publish(status_array_message([status], stamp))

    def publish_models(self, folder: RunFolder) -> None:
        """Publish the current cost and policy for everyone who comes later, too."""
        files = folder.files()
        if COST_FILE in files:
            self._cost.publish(payload_message(files[COST_FILE], "cost_model"))
        self._policy.publish(payload_message(files[POLICY_FILE], "policy"))


def _train(node: GclTrainer, stop: Stop) -> None:
    """Do the whole run; a failure is told on the status topic as well."""
    torch.set_num_threads(1)
    try:
        _run(node, stop)
    except IrlRosError as error:
        node.publish_status(f"failed: {error}", {}, level="error")
        raise


def _run(node: GclTrainer, stop: Stop) -> None:
    config, log = node.config, node.get_logger()
    material = gather(config)
    for skipped in material.skipped:
        log.warning(skipped.reason)
    facts = {
        "arm": material.contract.arm,
        "condition": config.simulation.condition,
        "slot": material.slot,
        "dataset": config.dataset,
        "demonstrations": material.take_ids,
        "preset": config.preset,
        "algorithm": config.algorithm,
        "parameters": to_mapping(config),
    }
    source = rollouts(config, material)
    with contextlib.closing(source), ProgressBar(transient=True) as bar:
        job = bar.add_task("learning", total=None)

        def after(report: Report, folder: RunFolder) -> None:
            values, total = report.as_mapping(), folder.iterations
            node.publish_status("training", {"iterations": float(total), **values})
            node.publish_models(folder)
            told = " ".join(f"{name}={value:.4g}" for name, value in values.items())
            log.info(f"iteration {report.iteration}/{total}: {told}")
            bar.update(job, total=total, completed=report.iteration, description=_headline(values))
            if stop and not folder.finished:
                raise NodeExit(
                    f"stopped after iteration {report.iteration} of {total}; continue with "
                    "resume:=true",
                    code=INTERRUPTED,
                )

        log.info(f"{material.task}; {config.simulation.condition} {material.contract.arm}")
        folder = complete(
            make_learner(config, material, source.horizon),
            source,
            material.contract,
            output=Path(config.output),
            resume=config.resume,
            baseline_rollouts=config.baseline_rollouts,
            facts=facts,
            after_iteration=after,
        )
    node.publish_models(folder)
    node.publish_status("finished", {})
    log.info(f"finished: {config.output}")
    # A publisher's latched messages end with its process.
    stop.wait(config.linger)


def _headline(values: Mapping[str, float]) -> str:
    parts = {
        "success_rate": "success {:.0%}",
        "validation_nll": "validation {:.1f} nat",
        "kl": "KL {:.2g} nat",
        "effective_samples": "{:.1f} effective samples",
    }
    return ", ".join(text.format(values[name]) for name, text in parts.items() if name in values)


def main() -> int:
    """Run the node."""
    return run_node(GclTrainer, loop=_train)


if __name__ == "__main__":
    sys.exit(main())
