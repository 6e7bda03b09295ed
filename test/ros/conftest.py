# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that talk over DDS."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from harness import RosHarness


def pytest_configure(config: pytest.Config) -> None:
    # rclpy imports the parser generator lark, which imports a deprecated standard module.
    config.addinivalue_line("filterwarnings", "ignore:module 'sre_:DeprecationWarning")


@pytest.fixture(scope="session", autouse=True)
def _hang_up_ends_processes() -> Iterator[None]:
    """Do not hand down that SIGHUP is ignored, as it is where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def ros(tmp_path: Path) -> Iterator[RosHarness]:
    """Open a DDS domain of its own and end every process started in it."""
    harness = RosHarness(tmp_path)
    try:
        yield harness
    finally:
        harness.close()
