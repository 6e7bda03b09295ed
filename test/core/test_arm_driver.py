# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A particular arm may differ from its description in limits and names, nowhere else."""

import numpy as np
import pytest

from irl_ros.core.arm import load_arm
from irl_ros.core.arm_driver import ArmDriverConfig, LimitsConfig, driver_names, with_limits
from irl_ros.core.errors import ParameterError

ARM = load_arm("panda")


def test_nothing_given_keeps_the_description() -> None:
    assert driver_names(ARM, ArmDriverConfig()).joints == ARM.joint_names
    arm = with_limits(ARM, LimitsConfig())
    np.testing.assert_array_equal(arm.limits.jerk, ARM.limits.jerk)


def test_given_limits_replace_the_description() -> None:
    arm = with_limits(ARM, LimitsConfig(velocity=(1.0,) * 7))
    np.testing.assert_array_equal(arm.limits.velocity, np.ones(7))
    np.testing.assert_array_equal(arm.limits.upper, ARM.limits.upper)
    assert ARM.limits.velocity[0] != 1.0


def test_given_names_are_those_of_the_driver() -> None:
    names = tuple(f"fr3_joint{index}" for index in range(1, 8))
    assert driver_names(ARM, ArmDriverConfig(joint_names=names)).joints == names


@pytest.mark.parametrize("names", [("a", "b"), ("a",) * 7])
def test_names_must_be_one_for_each_joint(names: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match="7 different names"):
        driver_names(ARM, ArmDriverConfig(joint_names=names))


def test_limits_must_be_one_for_each_joint() -> None:
    with pytest.raises(ParameterError, match=r"limits\.upper has 2 values"):
        with_limits(ARM, LimitsConfig(upper=(1.0, 2.0)))
    with pytest.raises(ParameterError, match="not below"):
        with_limits(ARM, LimitsConfig(lower=(9.0,) * 7))
