# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The condition that is drawn for each seed."""

import itertools

import numpy as np
import pytest
import torch
from results_double import cell

from irl_ros.benchmark.drawn import BIAS, GAIN, START_SHIFT, changed_too, drawn
from irl_ros.benchmark.scenario import Scenario
from irl_ros.core.arm import ARM_NAMES, load_arm
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import to_mapping
from irl_ros.sim.change import ChangeConfig
from irl_ros.sim.start_posture import start_posture


def test_a_seed_has_one_arm_and_other_seeds_have_others() -> None:
    arms = [Scenario("drawn").simulation("panda", seed) for seed in range(20)]
    assert arms == [Scenario("drawn").simulation("panda", seed) for seed in range(20)]
    for one, other in itertools.combinations(arms, 2):
        assert not np.isclose(one.mismatch.gain, other.mismatch.gain, atol=1e-5).all()
        assert not np.isclose(one.mismatch.bias, other.mismatch.bias, atol=1e-5).all()
        assert one.start_shift != other.start_shift


def test_what_a_method_does_with_its_random_numbers_changes_nothing() -> None:
    torch.manual_seed(0)
    before = drawn(7)
    torch.manual_seed(1)
    assert drawn(7) == before


def test_values_fill_their_ranges_and_no_more() -> None:
    arms = [drawn(seed) for seed in range(300)]
    for name, low, high in (
        ("gain", np.full(7, GAIN[0]), np.full(7, GAIN[1])),
        ("bias", np.full(7, -BIAS), np.full(7, BIAS)),
        ("start_shift", -np.array(START_SHIFT), np.array(START_SHIFT)),
    ):
        values = np.array([getattr(arm, name) for arm in arms])
        share = (values - low) / (high - low)
        assert share.min() >= 0.0
        assert share.max() <= 1.0
        assert (share.min(axis=0) < 0.05).all()
        assert (share.max(axis=0) > 0.95).all()
        np.testing.assert_allclose(share.mean(axis=0), 0.5, atol=0.06)


def test_only_arm_and_start_are_drawn() -> None:
    plain, arm = to_mapping(ChangeConfig()), to_mapping(drawn(3))
    assert {name for name in plain if arm[name] != plain[name]} == {"gain", "bias", "start_shift"}


@pytest.mark.parametrize("name", ARM_NAMES)
def test_every_start_is_in_reach(name: str) -> None:
    arm = load_arm(name)
    kinematics = Kinematics(arm)
    for signs in itertools.product((-1, 0, 1), repeat=3):
        x, y, z = (np.array(START_SHIFT) * signs).tolist()
        start_posture(arm, kinematics, (x, y, z))


def test_further_changes_come_on_top() -> None:
    change = ChangeConfig(gain=(0.5,) * 7, bias=(0.1,) * 7, start_shift=(0, 0, 0.01), friction=0.5)
    arm, both = drawn(3), changed_too(drawn(3), change)
    np.testing.assert_allclose(both.gain, 0.5 * np.array(arm.gain))
    np.testing.assert_allclose(both.bias, 0.1 + np.array(arm.bias))
    assert both.start_shift[2] == pytest.approx(arm.start_shift[2] + 0.01)
    assert both.friction == 0.5
    assert changed_too(arm, ChangeConfig()) == arm


def test_the_fingerprint_knows_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, wanted = cell(condition="matched").fingerprint, cell(condition="drawn").fingerprint
    monkeypatch.setattr("irl_ros.benchmark.drawn.BIAS", 0.07)
    assert cell(condition="drawn").fingerprint != wanted
    assert cell(condition="matched").fingerprint == plain
