# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations are checked at birth."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import DataError
from irl_ros.core.pose import Pose
from irl_ros.core.trajectory import Trajectories

POSE = Pose(np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]))


def make(count: int = 3) -> Demonstrations:
    ramp = torch.arange(count, dtype=torch.float64)[:, None, None]
    return Demonstrations(
        trajectories=Trajectories(
            ramp.expand(count, 5, 4).clone(), ramp.expand(count, 5, 2).clone()
        ),
        targets=(POSE,) * count,
        weights=1.0 + torch.arange(count, dtype=torch.float64),
        take_ids=tuple(range(1, count + 1)),
        control_period=0.05,
        arm="panda",
        task="dish_rack",
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets": (POSE,)}, "1 targets for 3 demonstrations"),
        ({"weights": torch.ones(2, dtype=torch.float64)}, "2 weights for 3"),
        ({"weights": torch.zeros(3, dtype=torch.float64)}, "greater than 0"),
        ({"weights": torch.full((3,), float("nan"), dtype=torch.float64)}, "greater than 0"),
        ({"weights": torch.ones(3)}, "torch.float64"),
        ({"take_ids": (1, 2)}, "2 take_ids for 3"),
        ({"take_ids": (1, 1, 2)}, "each may occur once"),
        ({"control_period": 0.0}, "control_period = 0.0 s"),
    ],
)
def test_parts_that_disagree_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        dataclasses.replace(make(), **changes)
