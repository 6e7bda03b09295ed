# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A saved cost is optimised again, and refused where it means nothing."""

import dataclasses

import numpy as np
import pytest
import torch

from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.parameters import from_mapping
from irl_ros.core.task import DishTask
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.reoptimisation import ReoptimisationConfig, check_cost, reoptimisation


def contract(arm: str, **changes: object) -> ExecutionContract:
    known = load_arm(arm)
    whole = ExecutionContract(
        arm=known.name,
        joint_names=known.joint_names,
        action_space="velocity",
        control_period=0.05,
        start=(0.1, 0.2, 0.3, -1.0, 0.1, 1.2, 0.0),
        target=DishTask().target_pose(4),
    )
    return dataclasses.replace(whole, **changes)


def small_cost(seed: int) -> Cost:
    config = from_mapping(CostConfig, {"hidden": (8,), "features": 8, "initialisation": "random"})
    scale = torch.ones(18, dtype=torch.float64)
    return Cost(config, scale, torch.Generator().manual_seed(seed))


def test_another_cost_target_or_beginning_is_not_resumed() -> None:
    state = reoptimisation(small_cost(0), contract("panda"), 10, ReoptimisationConfig(), 0).state()
    elsewhere = contract("panda", target=DishTask().target_pose(7))
    moved = contract("panda", start=(0.0,) * 7)
    for cost, where, other in (
        (small_cost(1), contract("panda"), "another cost"),
        (small_cost(0), elsewhere, "another target"),
        (small_cost(0), moved, "another beginning"),
    ):
        with pytest.raises(DataError, match=other):
            reoptimisation(cost, where, 10, ReoptimisationConfig(), 0).restore(state)
    same = reoptimisation(small_cost(0), contract("panda"), 10, ReoptimisationConfig(), 0)
    same.restore(state)


@pytest.mark.parametrize("arm", ["panda", "iiwa14"])
def test_without_demonstrations_it_begins_by_standing_where_the_arm_starts(arm: str) -> None:
    where = contract(arm)
    learner = reoptimisation(small_cost(0), where, 100, ReoptimisationConfig(), 0)
    policy = learner.policy
    assert (policy.horizon, policy.state_dim, policy.action_dim) == (100, STATE_DIM, 7)
    start = torch.zeros(STATE_DIM, dtype=torch.float64)
    start[:7] = torch.tensor(where.start)
    torch.testing.assert_close(
        policy.gains[0] @ start + policy.offsets[0], torch.zeros(7, dtype=torch.float64)
    )
    assert learner.learned_cost is not None


def test_increments_are_as_large_as_velocities_in_their_period() -> None:
    def gains(**changes: object) -> torch.Tensor:
        where = contract("panda", **changes)
        return reoptimisation(small_cost(0), where, 5, ReoptimisationConfig(), 0).policy.gains

    by_velocity = gains()
    increments = gains(action_space="position_increment", action_scale=(0.05,) * 7)
    torch.testing.assert_close(increments, by_velocity)


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"action_space": "wishes"}, "kind 'wishes'"), ({"action_scale": (1.0, 2.0)}, "7 joints")],
)
def test_actions_that_are_not_the_arms_are_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        reoptimisation(small_cost(0), contract("panda", **changes), 5, ReoptimisationConfig(), 0)


def test_torques_need_demonstrations() -> None:
    with pytest.raises(ParameterError, match="needs demonstrations, which tell the arm's inertia"):
        reoptimisation(
            small_cost(0), contract("panda", action_space="torque"), 5, ReoptimisationConfig(), 0
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("action_space", "torque"),
        ("control_period", 0.1),
        ("action_scale", tuple(np.full(7, 2.0))),
    ],
)
def test_a_cost_of_other_actions_is_refused(name: str, value: object) -> None:
    check_cost(contract("panda"), contract("iiwa14"))
    with pytest.raises(ParameterError, match=f"the cost was learned with {name}"):
        check_cost(contract("panda"), contract("panda", **{name: value}))
