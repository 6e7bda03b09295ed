# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs nodes as real processes in a DDS domain of their own and waits for what they do.

Nothing here sleeps: every wait spins a ROS executor until a condition holds, and fails with the
processes' output when it does not hold in time or when a process ended unexpectedly.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rclpy
import yaml
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.utilities import try_shutdown
from std_srvs.srv import SetBool, Trigger

from irl_ros.cli.domain import DomainReservation
from irl_ros.ros.services import once_acquainted

T = TypeVar("T")

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT = 120.0  # s; only how long a failure takes, because a loaded machine may need long
_STEP = 0.05  # s


class NodeProcess:
    """One node running as a process of its own."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        """Start the process; its output goes to a file."""
        self.name = name
        self.log = log
        self.expected_to_end = False
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                command, env=dict(env), stdout=output, stderr=subprocess.STDOUT, cwd=log.parent
            )

    @property
    def output(self) -> str:
        """Everything the process wrote so far."""
        return self.log.read_text(errors="replace")

    def interrupt(self, timeout: float = TIMEOUT) -> int:
        """Send Ctrl-C, wait for the end and return the exit code."""
        return self._end(signal.SIGINT, timeout)

    def terminate(self, timeout: float = TIMEOUT) -> int:
        """Send SIGTERM, wait for the end and return the exit code."""
        return self._end(signal.SIGTERM, timeout)

    def hang_up(self, timeout: float = TIMEOUT) -> int:
        """Send SIGHUP as a closed terminal does, wait for the end and return the exit code."""
        return self._end(signal.SIGHUP, timeout)

    def kill(self) -> int:
        """End the process as a crash would, and return the exit code."""
        return self._end(signal.SIGKILL, TIMEOUT)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait until the process ends by itself and return the exit code."""
        self.expected_to_end = True
        return self.popen.wait(timeout)

    def _end(self, number: signal.Signals, timeout: float) -> int:
        self.expected_to_end = True
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(timeout)


class RosHarness:
    """A DDS domain with a test node in this process and the node processes under test."""

    def __init__(self, folder: Path) -> None:
        """Open the domain; logs and parameter files are kept in the folder."""
        self.folder = folder
        self.processes: list[NodeProcess] = []
        self._lock = DomainReservation()
        self.domain_id = self._lock.number
        os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        os.environ["ROS_LOG_DIR"] = str(folder / "ros_log")
        self.context = Context()
        try:
            rclpy.init(context=self.context, domain_id=self.domain_id)
            self.node = Node("test_driver", context=self.context)
            self.executor = SingleThreadedExecutor(context=self.context)
            self.executor.add_node(self.node)
        except BaseException:
            try_shutdown(context=self.context)
            self._lock.release()
            raise

    def close(self) -> None:
        """End every process and leave the domain; nothing survives the test."""
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGINT)
        for process in self.processes:
            try:
                process.popen.wait(10.0)
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait(10.0)
        self.executor.shutdown()
        self.node.destroy_node()
        try_shutdown(context=self.context)
        self._lock.release()

    def start(
        self,
        module: str,
        parameters: Mapping[str, object] | None = None,
        *,
        arguments: Sequence[str] = (),
        remap: Mapping[str, str] | None = None,
        params_file: Path | None = None,
        namespace: str = "",
    ) -> NodeProcess:
        """Start a node module, such as ``irl_ros.nodes.demo_recorder``, with ``python -m``.

        Args:
            module: Module with a main guard.
            parameters: ROS parameters by dotted name.
            arguments: Further command-line arguments, before the ROS ones.
            remap: Remappings from name to name.
            params_file: YAML file of parameters; `parameters` override it.
            namespace: ROS namespace of the node.
        """
        index = len(self.processes)
        name = f"{index}_{module.rpartition('.')[2]}"
        command = [sys.executable, "-m", module, *arguments, "--ros-args"]
        if params_file is not None:
            command += ["--params-file", str(params_file)]
        if parameters:
            # A file keeps the types of values that a command line would read anew.
            path = self.folder / f"{name}.yaml"
            path.write_text(yaml.safe_dump({"/**": {"ros__parameters": dict(parameters)}}))
            command += ["--params-file", str(path)]
        for source, target in (remap or {}).items():
            command += ["-r", f"{source}:={target}"]
        if namespace:
            command += ["-r", f"__ns:={namespace}"]
        env = os.environ | {
            "ROS_DOMAIN_ID": str(self.domain_id),
            "PYTHONPATH": os.pathsep.join(
                [
                    str(REPOSITORY),
                    str(Path(__file__).parent),
                    *filter(None, [os.environ.get("PYTHONPATH")]),
                ]
            ),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
        }
        process = NodeProcess(name, command, env, self.folder / f"{name}.log")
        self.processes.append(process)
        return process

    def wait_until(self, condition: Callable[[], T], what: str, timeout: float = TIMEOUT) -> T:
        """Spin until the condition is true and return its value.

        Raises:
            AssertionError: If it stays false, or a process ends that should not.
        """
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            for process in self.processes:
                code = process.popen.poll()
                if code is not None and not process.expected_to_end:
                    raise AssertionError(self._story(f"{process.name} ended with {code}"))
            if time.monotonic() > deadline:
                raise AssertionError(self._story(f"not within {timeout:g} s: {what}"))
            self.executor.spin_once(timeout_sec=_STEP)

    def wait_for_output(self, process: NodeProcess, text: str, timeout: float = TIMEOUT) -> None:
        """Wait until a process has written a text."""
        self.wait_until(lambda: text in process.output, f"{process.name} writes {text!r}", timeout)

    def wait_for_end(self, process: NodeProcess, timeout: float = TIMEOUT) -> int:
        """Spin until a process has ended by itself and return its exit code."""
        process.expected_to_end = True
        self.wait_until(lambda: process.popen.poll() is not None, f"{process.name} ends", timeout)
        code = process.popen.poll()
        assert code is not None
        return code

    def collect(self, kind: type[T], topic: str, qos: QoSProfile) -> list[T]:
        """Subscribe and return the list to which every message is appended."""
        messages: list[T] = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def publisher(self, kind: type, topic: str, qos: QoSProfile, readers: int = 1) -> Publisher:
        """Return a publisher once it has found as many subscriptions."""
        publisher = self.node.create_publisher(kind, topic, qos)
        self.wait_until(
            lambda: publisher.get_subscription_count() >= readers, f"a subscription of {topic}"
        )
        return publisher

    def call(self, service: str, request: Any = None, kind: type = Trigger) -> Any:
        """Call a service, Trigger unless said otherwise, and return its response."""
        client = self.node.create_client(kind, service)
        try:
            self.wait_until(once_acquainted(client.service_is_ready), f"service {service}")
            future = client.call_async(kind.Request() if request is None else request)  # type: ignore[attr-defined]
            self.wait_until(future.done, f"an answer of {service}")
            return future.result()
        finally:
            self.node.destroy_client(client)

    def switch(self, service: str, on: bool) -> Any:
        """Call a SetBool service and return its response."""
        return self.call(service, SetBool.Request(data=on), SetBool)

    def _story(self, problem: str) -> str:
        logs = [f"--- {p.name} ({p.popen.poll()})\n{p.output[-4000:]}" for p in self.processes]
        return "\n".join([problem, *logs])
