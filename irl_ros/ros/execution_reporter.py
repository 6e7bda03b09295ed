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
        self._reported: tuple[Phase, str] | None = None
        self.report()

    def report(self) -> None:
        """Tell the status if it has changed."""
        execution, log = self._execution, self._node.get_logger()
        state = (execution.phase, execution.message)
        if state == self._reported:
            return
        self._reported = state
        level: Level = "ok"
        line = f"{execution.phase.value}: {execution.message}"
        if execution.phase is Phase.TRIPPED:
            level = "error"
            log.error(line)
        elif execution.phase is Phase.HOLDING and not execution.completed:
            level = "warn"
            log.warning(line)
        else:
            log.info(line)
        status = Status(self._node.get_name(), level, execution.message, execution.values)
        self._publisher.publish(status_message(status))
