# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""This program's own node: it presses buttons, listens, and watches that the others live."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar, final

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.utilities import try_shutdown
from std_srvs.srv import Trigger

from irl_ros.cli.processes import ProcessGroup
from irl_ros.core.errors import IrlRosError
from irl_ros.ros.conversions import answered
from irl_ros.ros.services import Clients
from irl_ros.ros.spin import Stop

T = TypeVar("T")

_POLL = 0.05  # s
_RETRY = 0.2  # s
_PATIENCE = 30.0  # s; discovery alone takes up to 3 s, a loaded machine much more


class LinkError(IrlRosError):
    """A node did not answer, refused what was asked, or did not get done in time."""


class Interrupted(Exception):  # noqa: N818  (a person's wish, not an error)
    """Raised when the program was told to stop while waiting."""


@final
class Link:
    """A node in the demonstration's domain that waits for others without ever sleeping blindly.

    Args:
        domain_id: DDS domain.
        group: Processes to watch, if any; when one fails, every wait ends with its story.
        stop: True once the program was told to stop.
    """

    def __init__(self, domain_id: int, group: ProcessGroup | None, stop: Stop) -> None:
        self._group = group
        self._stop = stop
        self._last_beat = time.monotonic()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = Node("demo", context=self._context)
        self._clients = Clients(self._node)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)

    def __enter__(self) -> "Link":
        """Return the link."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the domain."""
        self._executor.shutdown()
        self._node.destroy_node()
        try_shutdown(context=self._context)

    def listen(
        self, kind: type[T], topic: str, profile: QoSProfile, callback: Callable[[T], None]
    ) -> None:
        """Call back for every message of a topic while waiting."""
        self._node.create_subscription(kind, topic, callback, profile)

    def beat(self) -> None:
        """Note progress: the patience of a wait counts from here; meant for callbacks."""
        self._last_beat = time.monotonic()

    def wait_until(
        self, condition: Callable[[], bool], what: str, patience: float = _PATIENCE
    ) -> None:
        """Serve callbacks until a condition holds.

        Args:
            condition: Looked at after every callback.
            what: The condition in words, to follow "waited for".
            patience: Longest wait without progress, s.

        Raises:
            LinkError: If it takes longer.
            ProcessError: If a process of the stage fails.
            Interrupted: If the program is told to stop.
        """
        self.beat()
        while not condition():
            if self._stop:
                raise Interrupted
            if self._group is not None:
                self._group.check()
            if time.monotonic() - self._last_beat > patience:
                raise LinkError(f"waited {patience:g} s for {what}, in vain")
            self._executor.spin_once(timeout_sec=_POLL)

    def press(self, service: str, patience: float = _PATIENCE) -> str:
        """Call a Trigger service and return its message.

        Raises:
            LinkError: If nobody answers or the answer is no.
            ProcessError: If a process of the stage fails.
            Interrupted: If the program is told to stop.
        """
        client, ready = self._clients.of_service(Trigger, service)
        self.wait_until(ready, f"the service {service}", patience)
        future = client.call_async(Trigger.Request())
        self.wait_until(future.done, f"an answer of {service}", patience)
        success, message = answered(future.result())
        if not success:
            raise LinkError(f"{service} refused: {message}")
        return message

    def press_until_accepted(self, service: str, patience: float = _PATIENCE) -> str:
        """Call a Trigger service until it agrees, for what becomes possible only after a while.

        Raises:
            LinkError: If it still refuses when the patience is over.
            ProcessError: If a process of the stage fails.
            Interrupted: If the program is told to stop.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                return self.press(service)
            except LinkError:
                if time.monotonic() > deadline:
                    raise
            pause = time.monotonic() + _RETRY
            self.wait_until(lambda: time.monotonic() > pause, service)  # noqa: B023

    def set_parameters(self, node: str, values: Mapping[str, Any]) -> None:
        """Set parameters of another node.

        Raises:
            LinkError: If nobody answers or a value is refused.
            ProcessError: If a process of the stage fails.
            Interrupted: If the program is told to stop.
        """
        client, ready = self._clients.of_parameters(node)
        self.wait_until(ready, f"the parameters of {node}")
        future = client.set_parameters([Parameter(k, value=v) for k, v in values.items()])
        self.wait_until(future.done, f"{node} to set {', '.join(values)}")
        for name, result in zip(values, future.result().results, strict=True):
            if not result.successful:
                raise LinkError(f"{node} refused {name} = {values[name]!r}: {result.reason}")
