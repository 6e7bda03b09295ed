# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far an attempt at the dish task has come."""

from enum import Enum


class Phase(Enum):
    """How far an attempt has come.

    Attributes:
        MOVING: The plate is in the gripper.
        SETTLING: The arm stands still before the gripper opens.
        RELEASED: The gripper is open; the plate comes to rest.
        JUDGED: The outcome is known.
    """

    MOVING = "moving"
    SETTLING = "settling"
    RELEASED = "released"
    JUDGED = "judged"
