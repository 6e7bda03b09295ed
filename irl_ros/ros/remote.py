# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one node asks of others from its loop: buttons pressed, parameters set, events awaited."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, final

from rclpy.client import Client
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from std_srvs.srv import SetBool, Trigger

from irl_ros.core.errors import IrlRosError
from irl_ros.ros.conversions import answered, set_bool_request
from irl_ros.ros.spin import NodeExit, Stop

T = TypeVar("T")

_POLL = 0.1  # s; only for what nobody announces, such as a signal or a service that appears
_PATIENCE = 30.0  # s; discovery alone takes up to 3 s, a loaded machine much more


class RemoteError(IrlRosError):
    """Another node did not answer in time or refused what was asked."""


@final
class Remote:
    """Waits in the loop of a node while its callbacks run in another thread.

    Callbacks that change what the loop waits for call `notify`.
    """

    def __init__(self, node: Node, stop: Stop, patience: float = _PATIENCE) -> None:
        """Ask on behalf of a node.

        Args:
            node: Node that asks.
            stop: True once the process was told to end.
            patience: Longest wait unless said otherwise, s.
        """
        self._node = node
        self._stop = stop
        self._patience = patience
        self._changed = threading.Condition()
        self._clients: dict[str, Client] = {}
        self._parameters: dict[str, AsyncParameterClient] = {}

    def notify(self) -> None:
        """Tell the loop to look again."""
        with self._changed:
            self._changed.notify_all()

    def wait_until(
        self, condition: Callable[[], bool], what: str, patience: float | None = None
    ) -> None:
        """Wait until a condition holds.

        Args:
            condition: Looked at after every `notify`, and now and then.
            what: The condition in words, to follow "waited for".
            patience: Longest wait, s.

        Raises:
            RemoteError: If it takes longer.
            NodeExit: If the process was told to end.
        """
        allowed = self._patience if patience is None else patience
        deadline = time.monotonic() + allowed
        with self._changed:
            while not condition():
                if self._stop:
                    raise NodeExit("told to end", code=0)
                if time.monotonic() > deadline:
                    raise RemoteError(f"waited {allowed:g} s for {what} in vain")
                self._changed.wait(_POLL)

    def try_press(self, service: str) -> tuple[bool, str]:
        """Call a Trigger service and return its answer.

        Raises:
            RemoteError: If nobody answers.
            NodeExit: If the process was told to end.
        """
        client = self._client(Trigger, service)
        return answered(self._result(client.call_async(Trigger.Request()), service))

    def press(self, service: str) -> str:
        """Call a Trigger service and return its message.

        Raises:
            RemoteError: If nobody answers or the answer is no.
            NodeExit: If the process was told to end.
        """
        return _agreed(service, self.try_press(service))

    def switch(self, service: str, on: bool) -> str:
        """Call a SetBool service and return its message.

        Raises:
            RemoteError: If nobody answers or the answer is no.
            NodeExit: If the process was told to end.
        """
        client = self._client(SetBool, service)
        return _agreed(
            service, answered(self._result(client.call_async(set_bool_request(on)), service))
        )

    def set_parameters(self, node: str, values: Mapping[str, Any]) -> None:
        """Set parameters of another node.

        Raises:
            RemoteError: If it does not answer or refuses a value.
            NodeExit: If the process was told to end.
        """
        client = self._parameters.setdefault(node, AsyncParameterClient(self._node, node))
        self.wait_until(client.services_are_ready, f"the parameters of {node}")
        future = client.set_parameters([Parameter(k, value=v) for k, v in values.items()])
        results = self._result(future, f"{node} to set {', '.join(values)}").results
        for name, result in zip(values, results, strict=True):
            if not result.successful:
                raise RemoteError(f"{node} refused {name} = {values[name]!r}: {result.reason}")

    def _client(self, kind: type, service: str) -> Client:
        if service not in self._clients:
            self._clients[service] = self._node.create_client(kind, service)
        client = self._clients[service]
        self.wait_until(client.service_is_ready, f"the service {service}")
        return client

    def _result(self, future: Any, what: str) -> Any:
        future.add_done_callback(lambda _: self.notify())
        self.wait_until(future.done, f"an answer of {what}")
        return future.result()


def _agreed(service: str, answer: tuple[bool, str]) -> str:
    success, message = answer
    if not success:
        raise RemoteError(f"{service} refused: {message}")
    return message
