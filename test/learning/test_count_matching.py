# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which controller counts features most like the demonstrator, whatever it costs."""

import math

import pytest
import torch
from point_mass import ACTION_WEIGHT, PointMass, point_mass_problem

from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_update import ControllerUpdateConfig
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.count_matching import CountMatching, feature_counts
from irl_ros.learning.dynamics import DynamicsConfig
from irl_ros.learning.experience import Experience
from irl_ros.learning.maxent import MaximumEntropy, MaximumEntropyConfig

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
STEPS = 4
COST = Cost(CostConfig(kind="affine", action_weight=1.0), torch.ones(1), torch.Generator())


def tried(*batches: list[float]) -> Experience:
    """Return controllers whose rollouts stay at given places."""
    experience = Experience()
    zeros = torch.zeros(STEPS, 1, dtype=torch.float64)
    controller = LinearGaussianController(zeros.unsqueeze(-1), zeros, 1 + zeros.unsqueeze(-1))
    for places in batches:
        states = torch.tensor(places, dtype=torch.float64)[:, None, None].expand(-1, STEPS, 1)
        samples = Trajectories(states, torch.zeros(len(places), STEPS, 1).double())
        experience = experience.extended(controller, samples)
    return experience


def matching(shown: float, **changes: object) -> CountMatching:
    """Return what improves controllers where the demonstrator stays at a place."""
    return CountMatching(
        AffineFeatures(torch.eye(1).double(), torch.zeros(1).double()),
        DynamicsConfig(),
        ControllerUpdateConfig(**changes),  # type: ignore[arg-type]
        shown=feature_counts(torch.full((1, STEPS, 1), shown / 2, dtype=torch.float64)),
        input_scale=torch.full((1,), 2.0, dtype=torch.float64),
    )


def test_the_mismatch_is_the_distance_of_the_counts_and_its_error_that_of_their_mean() -> None:
    """Scaled inputs 1 and 2 against 0: counts (1 + 4) / 2 and (1 + 2) / 2 a step."""
    (found,) = matching(0.0).mismatches(tried([2.0, 4.0]))
    gap = torch.tensor([[2.5, 1.5], [1.5, 0.0]], dtype=torch.float64) * STEPS
    assert found.distance == pytest.approx(float(gap.norm()))
    each = [
        float((gap * STEPS * torch.tensor([[y * y, y], [y, 1.0]]).double()).sum() / gap.norm())
        for y in (1.0, 2.0)
    ]
    assert math.sqrt(found.variance) == pytest.approx(abs(each[1] - each[0]) / 2)


def test_what_matches_best_is_improved_and_delivered_though_another_costs_less() -> None:
    experience = tried([3.0, 3.2], [5.0, 5.0], [0.1, 0.1])
    choice = matching(3.0, doubt=0.0)
    assert choice.choose_base(COST, experience) == 0
    assert choice.choose_delivered(COST, experience) == 0
    assert matching(3.0, base="newest").choose_base(COST, experience) == 2
    assert matching(3.0, base="newest").choose_delivered(COST, experience) == 2


def test_a_doubtful_difference_is_no_reason_to_go_back() -> None:
    experience = tried([2.9, 3.0], [2.0, 4.2])
    assert matching(3.0, doubt=0.0).choose_base(COST, experience) == 0
    assert matching(3.0, doubt=3.0).choose_base(COST, experience) == 1


def test_maximum_entropy_delivers_what_matches_best_of_what_it_tried() -> None:
    settings = {"iterations": 5, "rollouts": 4, "action_weight": ACTION_WEIGHT, "fit.steps": 3}
    config = replace(MaximumEntropyConfig(), settings)
    learner = MaximumEntropy(point_mass_problem(GOAL), config, seed=0)
    learner.run(PointMass(GOAL))
    far = [each.mismatch for each in learner.history]
    assert learner.history[-1].least_mismatch == min(far)
    best = learner.progress.experience.controllers[far.index(min(far))]
    assert torch.equal(learner.policy.gains, best.gains)
