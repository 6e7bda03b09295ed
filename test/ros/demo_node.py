# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that ends in whatever way its arguments say."""

import sys
import time
from dataclasses import dataclass, field

from rclpy.node import Node
from std_msgs.msg import String

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.ros import qos
from irl_ros.ros.parameters import declare_parameters
from irl_ros.ros.spin import NodeExit, Stop, run_node


@dataclass(frozen=True)
class Inner(Parameters):
    """Nested values."""

    sizes: tuple[int, ...] = parameter((24, 24), doc="sizes", low=1)
    names: tuple[str, ...] = parameter((), doc="names")


@dataclass(frozen=True)
class Config(Parameters):
    """Values of every kind."""

    rate: float = parameter(20.0, doc="rate", unit="Hz", low=1.0, high=100.0, read_only=False)
    count: int = parameter(3, doc="count", low=0, high=10)
    mode: str = parameter(
        "spin", doc="how to end", choices=("spin", "raise", "data", "exit", "three")
    )
    loud: bool = parameter(False, doc="loudness", read_only=False)
    inner: Inner = field(default_factory=Inner)


class DemoNode(Node):
    """Says what its configuration is, then lives until told otherwise."""

    def __init__(self) -> None:
        super().__init__("demo_node")
        self.last_words = self.create_publisher(String, "last_words", qos.event())
        self.config = declare_parameters(self, Config, self.on_change)
        self.get_logger().info(f"config {self.config}")
        self.heard = False
        self.create_timer(0.02, self.on_timer)

    def on_change(self, config: Config) -> None:
        """Refuse some combinations."""
        if config.loud and config.rate > 50.0:
            raise DataError("too loud for that rate")
        self.get_logger().info(f"now {config}")

    def on_timer(self) -> None:
        """End as the mode says."""
        if self.last_words.get_subscription_count() and not self.heard:
            self.heard = True
            self.get_logger().info("somebody listens")
        if self.config.mode == "raise":
            raise ValueError("a surprise")
        if self.config.mode == "data":
            raise DataError("value 7 is above 5; give less")
        if self.config.mode == "exit":
            raise NodeExit("all done")
        if self.config.mode == "three":
            raise NodeExit("not done", code=3)

    def say_goodbye(self) -> None:
        """Publish the last words."""
        self.last_words.publish(String(data="stop"))


def loop(node: DemoNode, stop: Stop) -> None:
    """Live in the main thread until told to stop, or end after the count."""
    for _ in range(10**9 if "forever" in sys.argv else node.config.count):
        if stop:
            return
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(
        run_node(
            DemoNode,
            args=[word for word in sys.argv if word not in ("loop", "forever")],
            loop=loop if "loop" in sys.argv else None,
            before_shutdown=DemoNode.say_goodbye,
        )
    )
