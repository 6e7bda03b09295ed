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
from std_srvs.srv import SetBool, Trigger

from irl_ros.core.errors import IrlRosError
from irl_ros.ros.conversions import answered, set_bool_request
from irl_ros.ros.services import Clients
from irl_ros.ros.spin import INTERRUPTED, NodeExit, Stop

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

    def __init__(self, node: Node, patience: float = _PATIENCE) -> None:
        """Ask on behalf of a node.

        Args:
            node: Node that asks.
            patience: Longest wait unless said otherwise, s.
        """
        self._node = node
        self._stop: Stop | None = None
        self._patience = patience
        self._changed = threading.Condition()
        self._news = 0.0
        self._clients = Clients(node)

    def heed(self, stop: Stop) -> None:
        """End every wait once the process was told to end."""
        self._stop = stop

    def notify(self) -> None:
        """Tell the loop to look again."""
        with self._changed:
            self._news = time.monotonic()
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds.

        Args:
            condition: Looked at after every `notify`, and now and then.
            what: The condition in words, to follow "waited for".

        Raises:
            RemoteError: If it takes too long.
            NodeExit: If the process was told to end.
        """
        begin = time.monotonic()
        self._wait(condition, what, self._patience, lambda: begin)

    def wait_for_stream(self, condition: Callable[[], bool], what: str, silence: float) -> None:
        """Wait until a condition holds, for as long as there is some `notify` now and then.

        Args:
            condition: Looked at after every `notify`, and now and then.
            what: What comes in and leads to the condition, to follow "waited for".
            silence: Longest time without a `notify`, s.

        Raises:
            RemoteError: If nothing comes in any more.
            NodeExit: If the process was told to end.
        """
        begin = time.monotonic()
        self._wait(condition, what, silence, lambda: max(begin, self._news))

    def _wait(
        self,
        condition: Callable[[], bool],
        what: str,
        patience: float,
        since: Callable[[], float],
    ) -> None:
        with self._changed:
            while not condition():
                if self._stop:
                    raise NodeExit("told to end before its work was done", code=INTERRUPTED)
                if time.monotonic() > since() + patience:
                    raise RemoteError(f"waited {patience:g} s for {what} in vain")
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

    def press_until_accepted(self, service: str, attempts: int = 20, pause: float = 0.5) -> str:
        """Call a Trigger service again and again until the answer is yes; return its message.

        Args:
            service: Name of the service.
            attempts: How often.
            pause: Time between an answer and the next attempt, s.

        Raises:
            RemoteError: If nobody answers, or every answer is no.
            NodeExit: If the process was told to end.
        """
        for _ in range(attempts):
            accepted, message = self.try_press(service)
            if accepted:
                return message
            self._node.get_logger().info(f"{service}: {message}; trying again")
            resume = time.monotonic() + pause
            self.wait_until(lambda at=resume: time.monotonic() >= at, "the next attempt")  # type: ignore[misc]
        raise RemoteError(f"{service} refused {attempts} times, last: {message}")

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
        client, ready = self._clients.of_parameters(node)
        self.wait_until(ready, f"the parameters of {node}")
        future = client.set_parameters([Parameter(k, value=v) for k, v in values.items()])
        results = self._result(future, f"{node} to set {', '.join(values)}").results
        for name, result in zip(values, results, strict=True):
            if not result.successful:
                raise RemoteError(f"{node} refused {name} = {values[name]!r}: {result.reason}")

    def _client(self, kind: type, service: str) -> Client:
        client, ready = self._clients.of_service(kind, service)
        self.wait_until(ready, f"the service {service}")
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
