# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Services that do something or say clearly why not."""

from collections.abc import Callable

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from irl_ros.core.errors import IrlRosError
from irl_ros.ros.conversions import answer, requested


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
