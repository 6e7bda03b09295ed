# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work handed over is done by the loop, in order, with its results and errors."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from irl_ros.core.errors import SafetyError
from irl_ros.ros.handover import Handover, HandoverError


def asked(handover: Handover, work: Callable[[], Any]) -> list[Any]:
    """Ask in another thread while this one is the loop; return the result or error."""
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(handover.ask(work))
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        handover.serve()
    thread.join()
    return answers


def test_results_and_errors_come_back() -> None:
    handover = Handover(patience=30.0)
    assert asked(handover, threading.get_ident) == [threading.get_ident()]
    error = SafetyError("no")

    def refuse() -> None:
        raise error

    assert asked(handover, refuse) == [error]


def test_work_is_done_in_the_order_it_came() -> None:
    handover, done = Handover(), []
    for number in range(5):
        handover.post(lambda n=number: done.append(n))
    assert done == []
    handover.serve()
    assert done == [0, 1, 2, 3, 4]


def test_a_busy_loop_is_reported_and_the_work_never_done() -> None:
    handover, done = Handover(patience=1e-3), []
    with pytest.raises(HandoverError, match="nothing was done"):
        handover.ask(lambda: done.append(1))
    handover.serve()
    assert done == []
