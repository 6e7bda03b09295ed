# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Services that do something or say clearly why not, and when they can be called."""

import time
from collections.abc import Callable
from typing import final

from rclpy.client import Client
from rclpy.node import Node
from rclpy.parameter_client import AsyncParameterClient
from std_srvs.srv import SetBool, Trigger

from irl_ros.core.errors import IrlRosError
from irl_ros.ros.conversions import answer, requested

_DISCOVERY = 0.5  # s; on a busy machine, one side is some 0.1 s later than the other


def offer_trigger(node: Node, name: str, action: Callable[[], str]) -> None:
    """Offer a Trigger service.

    Args:
        node: Node that offers it.
        name: Name of the service.
        action: Does it and returns what was done. An `IrlRosError` it raises is answered with
            its message and without success; the node goes on.
    """

    def handle(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        success, message = _attempt(node, name, action)
        return answer(response, success, message)

    node.create_service(Trigger, name, handle)


def offer_switch(node: Node, name: str, action: Callable[[bool], str]) -> None:
    """Offer a SetBool service; see `offer_trigger`."""

    def handle(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        success, message = _attempt(node, name, lambda: action(requested(request)))
        return answer(response, success, message)

    node.create_service(SetBool, name, handle)


def _attempt(node: Node, name: str, action: Callable[[], str]) -> tuple[bool, str]:
    try:
        message = action()
    except IrlRosError as error:
        node.get_logger().error(f"{name}: {error}")
        return False, str(error)
    node.get_logger().info(f"{name}: {message}")
    return True, message


@final
class Clients:
    """The clients of a node, each with the condition under which it can be used.

    They are kept: meeting a service takes a while, and a parameter client cannot be destroyed.
    """

    def __init__(self, node: Node) -> None:
        """Begin without any."""
        self._node = node
        self._services: dict[str, tuple[Client, Callable[[], bool]]] = {}
        self._parameters: dict[str, tuple[AsyncParameterClient, Callable[[], bool]]] = {}

    def of_service(self, kind: type, service: str) -> tuple[Client, Callable[[], bool]]:
        """Return the client of a service and whether it can be called."""
        if service not in self._services:
            client = self._node.create_client(kind, service)
            self._services[service] = client, once_acquainted(client.service_is_ready)
        return self._services[service]

    def of_parameters(self, node: str) -> tuple[AsyncParameterClient, Callable[[], bool]]:
        """Return the client of another node's parameters and whether it can be called."""
        if node not in self._parameters:
            client = AsyncParameterClient(self._node, node)
            self._parameters[node] = client, once_acquainted(client.services_are_ready)
        return self._parameters[node]


def once_acquainted(ready: Callable[[], bool]) -> Callable[[], bool]:
    """Return a condition that holds once the service knows its client, too.

    A client learns of a service before the service learns of the client. An answer is dropped if
    the service's middleware does not discover its reader within 0.1 s (rmw_fastrtps), and the
    caller would wait for it forever. No client can see whether it is known; time has to do.

    Args:
        ready: True while the client sees the service, such as `Client.service_is_ready`.

    Returns:
        The condition, for this client alone; it begins anew when it finds the service gone.
    """
    since: float | None = None

    def acquainted() -> bool:
        nonlocal since
        if not ready():
            since = None
            return False
        now = time.monotonic()
        since = now if since is None else since
        return now >= since + _DISCOVERY

    return acquainted
