# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Robot descriptions as the physics alone needs them."""

import functools
from pathlib import Path
from xml.etree import ElementTree

SPECK = 1e-3
"""Half the size of what is drawn of a body that nobody looks at, m."""


@functools.cache
def undrawn(urdf_path: Path) -> str:
    """Return a description whose links look like specks; everything else is as it was.

    What has nothing to be drawn by, PyBullet draws by its collision shapes, and makes meshes of
    these whenever it is loaded. That takes ten times as long as all the rest of loading an arm.

    Args:
        urdf_path: The description.
    """
    tree = ElementTree.parse(urdf_path)
    for link in tree.getroot().iter("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
        if link.find("collision") is not None:
            geometry = ElementTree.SubElement(ElementTree.SubElement(link, "visual"), "geometry")
            ElementTree.SubElement(geometry, "box", size=" ".join([f"{2 * SPECK:g}"] * 3))
    return ElementTree.tostring(tree.getroot(), encoding="unicode")
