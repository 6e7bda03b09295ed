# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration: defaults, ranges, names, and messages that tell the remedy."""

import dataclasses
import math
from dataclasses import dataclass, field

import pytest

from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import (
    Parameters,
    describe,
    from_mapping,
    parameter,
    replace,
    to_mapping,
)


@dataclass(frozen=True)
class Inner(Parameters):
    """Settings within settings."""

    speed: float = parameter(1.0, unit="rad/s", low=0.0, high=2.0, doc="how fast")
    widths: tuple[int, ...] = parameter((3, 4), low=1, doc="how wide")


@dataclass(frozen=True)
class Outer(Parameters):
    """Settings."""

    inner: Inner = field(default_factory=Inner)
    name: str = parameter("u", choices=("u", "v"), doc="which")
    count: int = parameter(3, low=1, high=9, doc="how many")
    on: bool = parameter(True, doc="whether", read_only=False)


def test_values_are_flattened_and_come_back() -> None:
    config = from_mapping(Outer, {"inner.speed": 0.5, "inner.widths": [7], "name": "v"})
    assert config == Outer(Inner(0.5, (7,)), "v")
    flat = to_mapping(config)
    assert flat == {
        "inner.speed": 0.5,
        "inner.widths": [7],
        "name": "v",
        "count": 3,
        "on": True,
    }
    assert from_mapping(Outer, flat) == config


def test_every_value_is_described_in_order() -> None:
    infos = describe(Outer)
    assert [info.name for info in infos] == ["inner.speed", "inner.widths", "name", "count", "on"]
    assert (infos[0].unit, infos[0].low, infos[0].high) == ("rad/s", 0.0, 2.0)
    assert infos[1].is_tuple
    assert infos[1].element_type is int
    assert infos[2].choices == ("u", "v")
    assert [info.read_only for info in infos] == [True, True, True, True, False]


def test_a_part_is_described_with_the_defaults_it_has_in_the_whole() -> None:
    @dataclass(frozen=True)
    class Slow(Parameters):
        """Other settings."""

        inner: Inner = field(default_factory=lambda: Inner(speed=0.25))

    assert [info.default for info in describe(Slow)] == [0.25, (3, 4)]


def test_an_integer_may_stand_for_a_number() -> None:
    speed = from_mapping(Outer, {"inner.speed": 2}).inner.speed
    assert speed == 2.0
    assert isinstance(speed, float)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inner.sped": 1.0}, r"unknown parameter 'inner.sped'; did you mean 'inner.speed'\?"),
        ({"zzz": 1.0}, "known: count, inner.speed"),
        (
            {"inner.speed": 2.5},
            r"speed = 2.5 rad/s is above its maximum 2 rad/s; give at most",
        ),
        ({"inner.speed": -1}, "below its minimum 0 rad/s"),
        ({"inner.speed": math.nan}, "not finite"),
        ({"inner.speed": "fast"}, "is a str; give a float"),
        ({"inner.speed": True}, "is a bool; give a float"),
        ({"inner.widths": [3, 0]}, "inner.widths = 0 is below its minimum 1"),
        ({"inner.widths": 3}, "expected a list of int"),
        ({"name": "w"}, "choose one of u, v"),
        ({"count": 1.5}, "is a float; give a int"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_remedy(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        from_mapping(Outer, values)


def test_a_value_is_checked_when_it_is_made() -> None:
    with pytest.raises(ParameterError, match="count = 10 is above its maximum 9"):
        Outer(count=10)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Outer().count = 4  # type: ignore[misc]


def test_replacing_keeps_everything_else() -> None:
    config = replace(Outer(count=5), {"inner.speed": 0.1})
    assert config == Outer(Inner(0.1), count=5)
