# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Services that do something or say clearly why not, and when they can be called."""

import time
from collections.abc import Callable
from typing import Final

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from irl_ros.core.errors import IrlRosError
from irl_ros.ros.conversions import answer, requested

_DISCOVERY: Final = 0.5  # s; on a busy machine, one side is some 0.1 s later than the other


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
