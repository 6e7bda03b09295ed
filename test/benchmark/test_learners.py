# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of method on a point mass: within its budget, and judged even if it breaks down."""

from dataclasses import replace

import pytest
import torch
from point_mass import PointMass, expert, point_mass_problem

from irl_ros.benchmark import learners
from irl_ros.benchmark.case import BenchmarkCase
from irl_ros.benchmark.door import CountedRollouts
from irl_ros.benchmark.methods import METHODS
from irl_ros.core.errors import LearningError
from irl_ros.core.parameters import replace as configured
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.cost import Cost
from irl_ros.learning.gcl import GclConfig

GOAL = torch.tensor([0.6, 0.4]).double()
SMALL = configured(
    GclConfig(), {"cost_update.steps": 5, "cost.hidden": (16,), "cost.features": 16}
)


def _case(rollouts: int, *, cold: bool = False) -> tuple[BenchmarkCase, CountedRollouts]:
    door = CountedRollouts(PointMass(GOAL), rollouts)
    assert isinstance(door, RolloutSource)
    problem = point_mass_problem(GOAL, 8)
    return BenchmarkCase(problem, door, rollouts, 0, cold), door


def test_guided_learning_uses_its_budget_and_no_more() -> None:
    case, door = _case(20)
    learned = learners.guided(case, SMALL)
    assert len(door.outcomes) == 20
    assert learned.note == ""
    assert isinstance(learned.cost, Cost)


def test_a_fixed_sampler_leaves_the_rest_to_the_search() -> None:
    case, door = _case(40)
    config = configured(SMALL, {"adaptive_sampler": False})
    learned = learners.fixed_then_optimised(case, config, 10)
    assert len(door.outcomes) == 40
    assert isinstance(learned.cost, Cost)


def test_cold_begins_by_standing_still() -> None:
    still, moving = (_first_actions(cold=cold) for cold in (True, False))
    assert float(still.abs().max()) < 0.2 * float(moving.abs().max())


def _first_actions(*, cold: bool) -> torch.Tensor:
    case, _ = _case(10, cold=cold)
    first = learners.first_controller(case)
    return torch.stack([first.action_mean(step, torch.zeros(4).double()) for step in range(10)])


def test_the_oracle_follows_what_it_was_shown() -> None:
    case, door = _case(20)
    shown = PointMass(GOAL).sample(expert(GOAL), 1, 5).trajectories
    learned = learners.oracle(replace(case, shown=shown))
    assert len(door.outcomes) == 20
    executed = PointMass(GOAL).sample(learned.policy, 4, 9, deterministic=True)
    away = (executed.trajectories.states - shown.states)[..., :2].norm(dim=-1)
    assert float(away.mean()) < 0.05


def test_tracking_follows_what_the_demonstrations_predict_without_a_learned_cost() -> None:
    case, door = _case(20)
    learned = learners.tracked(case)
    assert len(door.outcomes) == 20
    assert learned.cost is None
    executed = PointMass(GOAL).sample(learned.policy, 4, 9, deterministic=True).trajectories
    assert float((executed.states[:, -1, :2] - GOAL).norm(dim=-1).max()) < 0.1


def test_another_arm_tracks_from_where_it_stands() -> None:
    case, door = _case(20)
    learned = learners.tracked_by_another(replace(case, rest=torch.zeros(4).double()))
    assert len(door.outcomes) == 20
    executed = PointMass(GOAL).sample(learned.policy, 4, 9, deterministic=True).trajectories
    assert float((executed.states[:, -1, :2] - GOAL).norm(dim=-1).max()) < 0.2


def test_a_learned_cost_is_optimised_as_it_is() -> None:
    case, _ = _case(20)
    cost = learners.guided(case, SMALL).cost
    assert cost is not None
    before = [parameter.detach().clone() for parameter in cost.parameters()]
    again, door = _case(20, cold=True)
    learned = learners.reoptimised(replace(again, learned_cost=cost))
    assert len(door.outcomes) == 20
    assert learned.cost is None
    for old, new in zip(before, cost.parameters(), strict=True):
        assert torch.equal(old, new)


def test_a_breakdown_is_judged_as_far_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LearningError("no finite result")

    case, door = _case(20)
    monkeypatch.setattr("irl_ros.learning.controller_improvement.constrained_step", fail)
    learned = learners.guided(case, SMALL)
    assert learned.note == "no finite result"
    assert len(door.outcomes) == SMALL.rollouts
    assert len(PointMass(GOAL).sample(learned.policy, 1, 0).outcomes) == 1


@pytest.mark.parametrize("name", ["fitted", "fitted_open"])
def test_methods_that_try_nothing_need_no_arm(name: str) -> None:
    case, door = _case(0)
    METHODS[name].learn(case)
    assert door.outcomes == ()
