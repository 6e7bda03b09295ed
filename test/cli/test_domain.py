# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reserved DDS domains are not given to two programs."""

from pathlib import Path

import pytest

from irl_ros.cli.domain import DomainReservation
from irl_ros.core.errors import IrlRosError


def test_domains_are_different_until_all_are_gone(tmp_path: Path) -> None:
    held = [DomainReservation(tmp_path) for _ in range(101)]
    assert {reservation.number for reservation in held} == set(range(1, 102))
    with pytest.raises(IrlRosError, match="all 101 DDS domains are reserved"):
        DomainReservation(tmp_path)
    freed = held.pop()
    with freed:
        pass
    with DomainReservation(tmp_path) as again:
        assert again.number == freed.number
    for reservation in held:
        with reservation:
            pass
