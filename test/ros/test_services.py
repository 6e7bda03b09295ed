# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When a service can be called."""

import pytest

from irl_ros.ros import services


def test_a_service_is_called_once_it_has_been_seen_long_enough_to_know_its_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    there = False
    monkeypatch.setattr(services.time, "monotonic", lambda: now)
    acquainted = services.once_acquainted(lambda: there)

    def after(seconds: float) -> bool:
        nonlocal now
        now += seconds
        return acquainted()

    assert not after(10.0)  # absent: waiting does not count
    there = True
    assert not after(1.0)  # seen just now
    assert not after(0.4)
    assert after(0.2)
    assert after(0.0)  # a known client need not wait again
    there = False
    assert not after(1.0)
    there = True
    assert not after(0.1)  # another process may offer it now
    assert after(0.6)
