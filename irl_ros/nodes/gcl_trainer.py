# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Node `gcl_trainer`: learns cost and policy from a dataset by Guided Cost Learning."""

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
from irl_ros.learning.diagnostics import Diagnostics
from irl_ros.learning.run_folder import RunFolder
from irl_ros.learning.training import train
from irl_ros.nodes.trainer_config import TrainerConfig, from_preset
from irl_ros.nodes.training_material import gather, rollouts
from irl_ros.ros.conversions import Level, Status, payload_message, status_array_message
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.qos import event, latched
from irl_ros.ros.spin import NodeExit, Stop, run_node


class GclTrainer(Node):
    """Trains in the main thread; publishes status, cost and policy after every iteration."""

    def __init__(self) -> None:
        super().__init__("gcl_trainer")
        self.config = declare_parameters(self, TrainerConfig, base=from_preset)
        for name in ("dataset", "output"):
            if not getattr(self.config, name):
                raise ParameterError(f"{name} is empty; give a folder with -p {name}:=FOLDER")
        self._status = self.create_publisher(DiagnosticArray, "training_status", event())
        self._cost = self.create_publisher(UInt8MultiArray, "cost_model", latched())
        self._policy = self.create_publisher(UInt8MultiArray, "policy", latched())

    def publish_status(
        self, message: str, values: Mapping[str, float], *, level: Level = "ok"
    ) -> None:
        """Publish one status with the diagnostics of an iteration."""
        stamp = self.get_clock().now().nanoseconds
        total = {"iterations": float(self.config.gcl.iterations)}
        status = Status("gcl_trainer", level, message, {**total, **values})
        self._status.publish(status_array_message([status], stamp))

    def publish_models(self, folder: RunFolder) -> None:
        """Publish the current cost and policy for everyone who comes later, too."""
        self._cost.publish(payload_message(folder.cost_bytes(), "cost_model"))
        self._policy.publish(payload_message(folder.policy_bytes(), "policy"))


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
    total = config.gcl.iterations
    facts = {
        "arm": material.contract.arm,
        "condition": config.simulation.condition,
        "slot": material.slot,
        "dataset": config.dataset,
        "demonstrations": list(material.demonstrations.take_ids),
        "preset": config.preset,
        "parameters": to_mapping(config),
    }
    source = rollouts(config, material)
    with contextlib.closing(source), ProgressBar(transient=True) as bar:
        job = bar.add_task("learning", total=total)

        def after(diagnostics: Diagnostics, folder: RunFolder) -> None:
            node.publish_status("training", diagnostics.as_mapping())
            node.publish_models(folder)
            values = " ".join(f"{k}={v:.4g}" for k, v in diagnostics.as_mapping().items())
            log.info(f"iteration {diagnostics.iteration}/{total}: {values}")
            bar.update(job, completed=diagnostics.iteration, description=_headline(diagnostics))
            if stop:
                raise NodeExit(
                    f"stopped after iteration {diagnostics.iteration} of {total}; continue with "
                    "resume:=true"
                )

        log.info(
            f"learning slot {material.slot} of the {config.simulation.condition} "
            f"{material.contract.arm} from {len(material.demonstrations)} demonstrations"
        )
        folder = train(
            material.demonstrations,
            source,
            material.contract,
            config.gcl,
            seed=config.seed,
            output=Path(config.output),
            resume=config.resume,
            baseline_rollouts=config.baseline_rollouts,
            facts=facts,
            after_iteration=after,
        )
    node.publish_models(folder)
    node.publish_status("finished", {})
    log.info(f"finished: {config.output}")


def _headline(diagnostics: Diagnostics) -> str:
    return (
        f"success {diagnostics.success_rate:.0%}, KL {diagnostics.kl:.0f} nat, "
        f"{diagnostics.effective_samples:.1f} effective samples"
    )


def main() -> int:
    """Run the node."""
    return run_node(GclTrainer, loop=_train)


if __name__ == "__main__":
    sys.exit(main())
