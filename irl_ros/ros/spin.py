# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The life of a node process: start, spin, end with a clean exit code and a last command.

A node that commands an arm must still be able to publish when it is told to stop. rclpy's own
signal handlers invalidate the context first, so the handlers here only take a note, the loop ends
by itself, and further signals are ignored while the last command goes out.
"""

import inspect
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args, try_shutdown

from irl_ros.core.errors import IrlRosError, ParameterError

N = TypeVar("N", bound=Node)

INTERRUPTED = 130
"""Exit code of a process that was told to stop before its work was done, as shells have it."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_LINGER_S = 0.05  # lets the transport send what was published last
_POLL_S = 0.1  # longest time until a signal is noticed
_HELP = """{about}

usage: {program} [--ros-args ...]

Parameters: --ros-args -p name:=value, or --ros-args --params-file file.yaml
Topics:     --ros-args -r from:=to
docs/configuration.md lists all parameters; of a running node, `ros2 param list` and
`ros2 param describe` do.
"""


class NodeExit(Exception):  # noqa: N818  (ends the process, not always in error)
    """Raised in a callback or loop to end the process.

    Attributes:
        code: Exit code of the process.
    """

    def __init__(self, message: str = "", code: int = 0) -> None:
        """Make the request to end with an exit code and a message for the log."""
        super().__init__(message)
        self.code = code


class Stop:
    """Tells a loop when to end; true once the process was told to stop."""

    def __init__(self) -> None:
        """Start with nothing asked for."""
        # A list, because a signal handler may run inside any other call: appending needs no
        # lock, while setting an Event twice dead-locks.
        self._requests: list[int] = []

    def __bool__(self) -> bool:
        """Whether the loop should end."""
        return bool(self._requests)

    def wait(self, seconds: float) -> None:
        """Return after some seconds, or soon after the loop should end."""
        deadline = time.monotonic() + seconds
        while not self and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_S))

    def request(self) -> None:
        """Ask the loop to end; allowed in a signal handler."""
        self._requests.append(1)


def heed_signals() -> Stop:
    """Return what becomes true at the first signal that asks the process to end.

    A terminal that is closed sends SIGHUP; a process started with nohup lives on.
    """
    stop = Stop()
    for number in _SIGNALS:
        if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue
        signal.signal(number, lambda *_: stop.request())
    return stop


def run_node(
    make_node: Callable[[], N],
    *,
    args: Sequence[str] | None = None,
    loop: Callable[[N, Stop], None] | None = None,
    before_shutdown: Callable[[N], None] | None = None,
) -> int:
    """Run one node until a signal, an error, `NodeExit` or the end of its loop.

    Without a loop, the callbacks run in the main thread. With one, they run in a second thread
    and the loop has the main thread; it must return soon after its `Stop` becomes true.

    Args:
        make_node: Makes the node once rclpy is initialised.
        args: Command line, `sys.argv` when None.
        loop: What the main thread does meanwhile; the process ends when it returns.
        before_shutdown: Called last, while the node can still publish and no callback runs any
            more, whatever ended the process. This is the place of a stop command.

    Returns:
        Exit code: 0 after a signal, a finished loop or a request for help, 1 after an error, 2
        if an argument is unknown, or that of `NodeExit`.
    """
    answer = _answer_arguments(make_node, sys.argv if args is None else args)
    if answer is not None:
        return answer
    stop = heed_signals()
    codes: list[int] = []
    node: N | None = None
    try:
        _init(args)
        node = make_node()
        name = node.get_name()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            if loop is None:
                _guard(lambda: _spin(executor, stop), stop, codes, name)
            else:
                _run_loop(executor, node, loop, stop, codes)
        finally:
            _ignore_signals()
            if before_shutdown is not None:
                _guard(_bind(before_shutdown, node), stop, codes, name)
                time.sleep(_LINGER_S)
            executor.shutdown()
    except Exception as error:
        codes.append(_report(error, "irl_ros" if node is None else node.get_name()))
    finally:
        _ignore_signals()
        if node is not None:
            _destroy(node)
        try_shutdown()
    return max(codes, default=0)


def _answer_arguments(make_node: Callable[[], N], args: Sequence[str]) -> int | None:
    """Give the help that is asked for or refuse what is unknown; return the exit code then."""
    try:
        unknown = remove_ros_args(list(args))[1:]
    except RuntimeError:
        return None  # wrong ROS arguments, which are told when ROS is initialised
    if not unknown:
        return None
    program = Path(args[0]).stem
    if {"-h", "--help"} & set(unknown):
        about = sys.modules[make_node.__module__].__doc__ or ""
        sys.stdout.write(_HELP.format(about=inspect.cleandoc(about), program=program))
        return 0
    sys.stderr.write(
        f"{program}: unknown argument {unknown[0]!r}; ROS arguments and parameters go after "
        f"--ros-args, such as `{program} --ros-args -p name:=value`; see --help\n"
    )
    return 2


def _init(args: Sequence[str] | None) -> None:
    try:
        rclpy.init(
            args=list(args) if args is not None else None,
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except RuntimeError as error:
        reason = str(error).partition(", at /")[0]  # the rest is where in rcl it was noticed
        raise ParameterError(
            f"{reason}; correct the ROS arguments or the parameter file"
        ) from error


def _ignore_signals() -> None:
    # Ctrl-C reaches a launched process twice; the second one must not interrupt the clean-up.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _destroy(node: Node) -> None:
    node.destroy_node()


def _bind(function: Callable[[N], None], node: N) -> Callable[[], None]:
    return lambda: function(node)


def _spin(executor: SingleThreadedExecutor, stop: Stop) -> None:
    while not stop:
        executor.spin_once(timeout_sec=_POLL_S)


def _run_loop(
    executor: SingleThreadedExecutor,
    node: N,
    loop: Callable[[N, Stop], None],
    stop: Stop,
    codes: list[int],
) -> None:
    name = node.get_name()
    spinner = threading.Thread(
        target=_guard, args=(lambda: _spin(executor, stop), stop, codes, name), name="spin"
    )
    spinner.start()
    try:
        _guard(lambda: loop(node, stop), stop, codes, name)
    finally:
        _ignore_signals()
        stop.request()
        executor.wake()
        # A spinning thread that outlives the interpreter aborts the process.
        spinner.join()


def _guard(work: Callable[[], None], stop: Stop, codes: list[int], name: str) -> None:
    try:
        work()
    except Exception as error:
        codes.append(_report(error, name))
        stop.request()


def _report(error: Exception, name: str) -> int:
    logger = get_logger(name)
    if isinstance(error, NodeExit):
        if str(error) and error.code in {0, INTERRUPTED}:
            logger.info(str(error))
        elif str(error):
            logger.fatal(str(error))
        return error.code
    if isinstance(error, IrlRosError):
        logger.fatal(str(error))
        return 1
    logger.fatal(f"unexpected {type(error).__name__}: {error}")
    traceback.print_exception(error, file=sys.stderr)
    return 1
