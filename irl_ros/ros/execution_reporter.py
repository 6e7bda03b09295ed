# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tells what an execution is doing, in the log and on a topic, whenever that changes."""

from typing import final

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from irl_ros.core.execution import Execution, Phase
from irl_ros.ros import qos
from irl_ros.ros.conversions import Level, Status, status_message


@final
class ExecutionReporter:
    """Publishes the latched topic ``~/status``."""

    def __init__(self, node: Node, execution: Execution) -> None:
        """Tell the first status at once."""
        self._node = node
        self._execution = execution
        self._publisher = node.create_publisher(DiagnosticStatus, "~/status", qos.latched())
        self._told: tuple[Phase, str] | None = None
        self._fingerprint = ""
        self.report()

    def report(self) -> None:
        """Tell the status if it has changed."""
        execution = self._execution
        state, fingerprint = (execution.phase, execution.message), execution.fingerprint
        news = state != self._told
        if not news and fingerprint == self._fingerprint:
            return
        self._told, self._fingerprint = state, fingerprint
        level: Level = "ok"
        if execution.phase is Phase.TRIPPED:
            level = "error"
        elif execution.phase is Phase.HOLDING and not execution.completed:
            level = "warn"
        if news:  # a policy that waits for its turn needs no line
            self._log(level, f"{execution.phase.value}: {execution.message}")
        status = Status(self._node.get_name(), level, execution.message, execution.values)
        self._publisher.publish(status_message(status))

    def _log(self, level: Level, line: str) -> None:
        log = self._node.get_logger()
        # One call for each, because rclpy ties a severity to the line that logs it.
        if level == "error":
            log.error(line)
        elif level == "warn":
            log.warning(line)
        else:
            log.info(line)
