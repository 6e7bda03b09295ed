# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reserved DDS domains are not given to two programs."""

import os
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


def test_every_user_of_the_machine_may_reserve(tmp_path: Path) -> None:
    folder = tmp_path / "domains"
    before = os.umask(0o077)
    try:
        with DomainReservation(folder):
            assert folder.stat().st_mode & 0o7777 == 0o1777
            assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o666}
    finally:
        os.umask(before)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "domains").write_text("x")
    with pytest.raises(IrlRosError, match="domains cannot be used"):
        DomainReservation(tmp_path / "domains")
