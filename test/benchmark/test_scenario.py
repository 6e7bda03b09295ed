# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conditions, slots and changes of the benchmark."""

import pytest

from irl_ros.benchmark.scenario import (
    BENCHMARK_CONDITIONS,
    PLACES,
    Scenario,
    places,
    taught_slots,
)
from irl_ros.core.errors import ParameterError
from irl_ros.sim.change import ChangeConfig
from irl_ros.sim.config import CONDITIONS


def test_every_condition_of_the_arm_is_measured_and_cold_is_matched() -> None:
    assert {*CONDITIONS, "cold", "drawn"} == set(BENCHMARK_CONDITIONS)
    assert Scenario("cold").simulation("panda", 1) == Scenario("matched").simulation("panda", 2)
    assert [name for name in BENCHMARK_CONDITIONS if Scenario(name).cold] == ["cold"]


def test_unknown_conditions_are_refused() -> None:
    with pytest.raises(ParameterError, match="choose one of matched"):
        Scenario("warm")


def test_the_slot_in_question_is_never_taught() -> None:
    for slot in range(10):
        assert slot not in taught_slots(slot)
        assert set(taught_slots(slot)) == set(range(10)) - {slot}
    assert taught_slots(4) == taught_slots(-1) == taught_slots(10)
    assert len(taught_slots(4)) == 20


@pytest.mark.parametrize(("slot", "added"), [(4, 0), (-1, 1), (-2, 2), (9, 0), (10, 1), (11, 2)])
def test_the_rack_is_as_long_as_the_slot_demands(slot: int, added: int) -> None:
    assert Scenario("matched", slot).change.more_slots == added


def test_only_a_rack_that_is_longer_than_needed_is_a_change() -> None:
    assert Scenario("matched", 10).changes == {}
    assert Scenario("matched", 10, ChangeConfig(more_slots=2)).changes == {"more_slots": 2}


def test_names_say_what_is_different() -> None:
    assert Scenario("biased").name == "biased"
    assert Scenario("biased", 7).name == "biased, slot 7"
    turned = Scenario("cold", change=ChangeConfig(rack_yaw=0.3))
    assert turned.name == "cold, rack_yaw 0.3"
    assert turned.learned == Scenario("cold")


def test_other_places_are_other_places() -> None:
    elsewhere = places("matched")
    assert len({scenario.name for scenario in elsewhere}) == len(PLACES) == 18
    assert Scenario("matched") not in elsewhere
    assert {scenario.slot for scenario in elsewhere} == set(range(-2, 12))
