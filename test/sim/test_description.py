# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is taken off a description changes no motion, down to the last bit."""

from xml.etree import ElementTree

import numpy as np

from irl_ros.core.arm import load_arm
from irl_ros.core.task import DishTask
from irl_ros.sim.description import undrawn
from irl_ros.sim.world import World


def test_only_drawings_are_taken_off() -> None:
    path = load_arm("panda").urdf_path
    before, after = ElementTree.parse(path).getroot(), ElementTree.fromstring(undrawn(path))
    for tree in (before, after):
        for link in tree.iter("link"):
            for visual in link.findall("visual"):
                link.remove(visual)
    kept = [
        [(element.tag, element.attrib) for element in tree.iter() if element.tag != "material"]
        for tree in (before, after)
    ]
    assert kept[0] == kept[1]


def test_an_arm_that_is_not_drawn_moves_as_one_that_is() -> None:
    arm = load_arm("panda")
    worlds = [World(arm, DishTask(), visuals=visuals) for visuals in (False, True)]
    ends = []
    for world in worlds:
        world.reset(np.array([0.0, -0.3, 0.0, -2.0, 0.0, 1.8, 0.7]))
        for _ in range(120):
            world.step([0.0] * 7)  # it falls onto the table and the rack
        world.release_plate()
        for _ in range(60):
            world.step([0.0] * 7)
        pose, linear, _ = world.plate_motion()
        ends.append([*world.joint_state(), pose.position.tolist(), linear.tolist()])
        world.close()
    assert ends[0] == ends[1]
