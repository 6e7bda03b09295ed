# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which controller a step starts from, and which one is delivered, for costs that are given."""

import pytest
import torch

from irl_ros.core.features import AffineFeatures
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_improvement import ControllerImprovement
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.experience import Experience

STEPS = 4


def cost() -> Cost:
    """Return c = y^2 of the only cost input."""
    config = CostConfig(kind="affine", action_weight=1.0)
    return Cost(config, torch.ones(1), torch.Generator())


def tried(batches: list[list[float]], deviations: list[float]) -> Experience:
    """Return controllers whose samples have the given trajectory costs."""
    experience = Experience()
    for costs, deviation in zip(batches, deviations, strict=True):
        each = (torch.tensor(costs, dtype=torch.float64) / STEPS).sqrt()
        states = each[:, None, None].expand(-1, STEPS, 1)
        controller = LinearGaussianController(
            torch.zeros(STEPS, 1, 1, dtype=torch.float64),
            torch.zeros(STEPS, 1, dtype=torch.float64),
            torch.full((STEPS, 1, 1), deviation**2, dtype=torch.float64),
        )
        samples = Trajectories(states, torch.zeros(len(costs), STEPS, 1).double())
        experience = experience.extended(controller, samples)
    return experience


def improvement(**changes: object) -> ControllerImprovement:
    features = AffineFeatures(torch.eye(1).double(), torch.zeros(1).double())
    config = ControllerUpdateConfig(**changes)  # type: ignore[arg-type]
    return ControllerImprovement(features, DynamicsConfig(), config)


@pytest.mark.parametrize(("doubt", "base"), [(0.0, 0), (1.0, 0), (2.0, 1)])
def test_an_earlier_controller_must_be_better_beyond_doubt(doubt: float, base: int) -> None:
    """Means 10 and 13 with a standard error of 2: a regret of 1.5 standard errors."""
    experience = tried([[10.0, 10.0], [11.0, 15.0]], [1.0, 1.0])
    assert improvement(doubt=doubt).choose_base(cost(), experience) == base
    assert improvement(base="newest").choose_base(cost(), experience) == 1


def test_one_rollout_that_fails_by_chance_does_not_hide_a_good_controller() -> None:
    experience = tried([[10.0, 10.0, 100.0], [30.0, 31.0, 29.0]], [1.0, 1.0])
    assert improvement(doubt=0.5).choose_base(cost(), experience) == 0
    assert improvement().choose_delivered(cost(), experience) == 1


def test_entropy_is_a_merit_for_sampling_and_none_for_what_is_delivered() -> None:
    """The first costs 1 nat more, and its four steps have log 2 nat more of entropy each."""
    experience = tried([[11.0, 11.0], [10.0, 10.0]], [2.0, 1.0])
    gap = experience.controllers[0].entropy() - experience.controllers[1].entropy()
    assert gap == pytest.approx(STEPS * 0.6931, abs=1e-3)
    choice = improvement()
    assert choice.choose_base(cost(), experience) == 0
    assert choice.choose_delivered(cost(), experience) == 1
    assert improvement(base="newest").choose_delivered(cost(), experience) == 1


def test_a_fit_is_kept_for_its_own_experience_and_controller_alone() -> None:
    improving = improvement()
    experience = tried([[10.0, 12.0], [11.0, 15.0]], [1.0, 1.0])
    same = tried([[10.0, 12.0], [11.0, 15.0]], [1.0, 1.0])
    newest = improving.fit_dynamics(experience)
    assert improving.fit_dynamics(experience, 1) is newest
    earlier = improving.fit_dynamics(experience, 0)
    assert not torch.equal(earlier.initial_mean, newest.initial_mean)
    assert improving.fit_dynamics(experience) is newest
    anew = improving.fit_dynamics(same)
    assert anew is not newest
    assert torch.equal(anew.matrices, newest.matrices)
