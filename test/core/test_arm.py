# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arms' descriptions say what their makers publish, and wrong ones are refused."""

import dataclasses
import math
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from irl_ros.core.arm import ARM_NAMES, JointLimits, load_arm
from irl_ros.core.errors import ParameterError
from irl_ros.core.task import Plate


def test_panda_limits_are_the_published_ones():
    limits = load_arm("panda").limits
    assert limits.names == tuple(f"panda_joint{i}" for i in range(1, 8))
    np.testing.assert_allclose(
        limits.lower, [-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973]
    )
    np.testing.assert_allclose(
        limits.upper, [2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973]
    )
    np.testing.assert_allclose(limits.velocity, [2.175] * 4 + [2.61] * 3)
    np.testing.assert_allclose(limits.effort, [87] * 4 + [12] * 3)
    np.testing.assert_allclose(limits.acceleration, [15, 7.5, 10, 12.5, 15, 20, 20])
    np.testing.assert_allclose(limits.jerk, [7500, 3750, 5000, 6250, 7500, 10000, 10000])


def test_iiwa_limits_are_the_published_ones():
    limits = load_arm("iiwa14").limits
    assert limits.names == tuple(f"lbr_A{i}" for i in range(1, 8))
    degrees = np.array([170, 120, 170, 120, 170, 120, 175])
    np.testing.assert_allclose(limits.upper, np.radians(degrees), atol=1e-9)
    np.testing.assert_allclose(limits.lower, -np.radians(degrees), atol=1e-9)
    speeds = np.array([85, 85, 100, 75, 130, 135, 135])
    np.testing.assert_allclose(limits.velocity, np.radians(speeds), atol=1e-9)
    np.testing.assert_allclose(limits.effort, [320, 320, 176, 176, 110, 40, 40])


@pytest.mark.parametrize("name", ARM_NAMES)
def test_home_lies_well_inside_the_limits(name):
    arm = load_arm(name)
    room = np.minimum(arm.home - arm.limits.lower, arm.limits.upper - arm.home)
    assert room.min() > 0.3


@pytest.mark.parametrize("name", ARM_NAMES)
def test_the_plate_in_the_gripper_is_the_plate_of_the_task(name):
    root = ElementTree.parse(load_arm(name).urdf_path).getroot()
    link = next(link for link in root.findall("link") if link.get("name") == "plate")
    cylinder = link.find("collision/geometry/cylinder")
    plate = Plate()
    assert float(cylinder.get("radius")) == plate.radius
    assert float(cylinder.get("length")) == plate.thickness
    assert float(link.find("inertial/mass").get("value")) == plate.mass
    inertia = link.find("inertial/inertia")
    assert float(inertia.get("ixx")) == pytest.approx(plate.mass * plate.radius**2 / 2)


@pytest.mark.parametrize("name", ARM_NAMES)
def test_inertias_are_physical(name):
    root = ElementTree.parse(load_arm(name).urdf_path).getroot()
    for inertia in root.iter("inertia"):
        moments = sorted(float(inertia.get(axis)) for axis in ("ixx", "iyy", "izz"))
        assert moments[0] > 0
        # The triangle inequality of principal moments; equality is a flat disc.
        assert moments[2] <= (moments[0] + moments[1]) * (1 + 1e-6)


def test_unknown_arm_lists_the_known_ones():
    with pytest.raises(ParameterError, match=r"'ur5'; choose one of panda, iiwa14"):
        load_arm("ur5")


def test_an_arm_can_be_loaded_from_another_file(tmp_path):
    copy = tmp_path / "my.urdf"
    shutil.copy(load_arm("panda").urdf_path, copy)
    assert load_arm(copy).name == load_arm(str(copy)).name == "panda"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name="panda"', 'name="strange"'),
        ('<link name="plate">', '<link name="bowl">'),
        ("</robot>", ""),
        ('type="revolute"', 'type="prismatic"'),
    ],
)
def test_other_descriptions_are_refused(tmp_path, old, new):
    text = load_arm("panda").urdf_path.read_text()
    path = tmp_path / "other.urdf"
    path.write_text(text.replace(old, new))
    with pytest.raises(ParameterError, match=r"other\.urdf"):
        load_arm(path)


def test_missing_description_is_refused(tmp_path):
    with pytest.raises(ParameterError):
        load_arm(tmp_path / "none.urdf")


def test_limits_are_checked_and_cannot_be_changed():
    limits = load_arm("panda").limits
    with pytest.raises(ParameterError, match="one value for each joint"):
        dataclasses.replace(limits, names=limits.names[:6])
    with pytest.raises(ParameterError, match="positive"):
        dataclasses.replace(limits, velocity=np.zeros(7))
    with pytest.raises(ParameterError, match="not below"):
        dataclasses.replace(limits, lower=limits.upper)
    with pytest.raises(ValueError, match="read-only"):
        limits.lower[0] = 0.0
    assert isinstance(limits, JointLimits)
    assert math.isfinite(limits.effort.sum())
