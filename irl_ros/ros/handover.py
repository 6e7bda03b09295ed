# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hands work from callbacks over to the loop of the main thread, which does all of it."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar, final

from irl_ros.core.errors import IrlRosError

T = TypeVar("T")


class HandoverError(IrlRosError):
    """The loop did not take the work over in time."""


@final
class Handover:
    """A queue of work that the loop does between two of its cycles, in the order it came in."""

    def __init__(self, patience: float = 2.0) -> None:
        """Begin empty; `ask` waits for at most ``patience`` seconds."""
        self._patience = patience
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def post(self, work: Callable[[], None]) -> None:
        """Have work done soon, without waiting for it."""
        self._queue.put(work)

    def ask(self, work: Callable[[], T]) -> T:
        """Have work done and return its result; what it raises is raised here.

        Not to be called from the loop itself.

        Raises:
            HandoverError: If the loop is busy for too long.
        """
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)

        self._queue.put(run)
        try:
            return future.result(self._patience)
        except TimeoutError as error:
            if future.cancel():
                raise HandoverError(
                    f"busy for over {self._patience:g} s; nothing was done, try again"
                ) from error
            return future.result()

    def serve(self) -> None:
        """Do the work that waits; to be called by the loop."""
        while True:
            try:
                work = self._queue.get_nowait()
            except Empty:
                return
            work()
