# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where sampling begins: with the demonstrations if they foretell the end, or standing still."""

import dataclasses

import pytest
import torch
from point_mass import features, point_mass_problem

from irl_ros.core.parameters import replace
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.first_sampler import FirstSamplerConfig, first_sampler
from irl_ros.learning.problem import LearningProblem

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)


def gains(problem: LearningProblem, **settings: object) -> torch.Tensor:
    density = fit_demonstration_density(
        problem.demonstrations, problem.contexts, DemonstrationDensityConfig()
    )
    return first_sampler(problem, density, replace(FirstSamplerConfig(), settings)).gains


def moved(distance: float) -> LearningProblem:
    """Return a problem whose target is elsewhere than its context, which was shown, says."""
    aside = torch.tensor([0.0, distance], dtype=torch.float64)
    return dataclasses.replace(point_mass_problem(GOAL), features=features(GOAL + aside))


def test_demonstrations_that_foretell_the_end_are_where_it_begins() -> None:
    problem = point_mass_problem(GOAL)
    assert torch.equal(gains(problem), gains(problem, kind="demonstrations"))
    assert not torch.equal(gains(problem), gains(problem, kind="hold"))


@pytest.mark.parametrize(("distance", "kind"), [(0.1, "demonstrations"), (0.2, "hold")])
def test_how_far_off_the_end_may_be(distance: float, kind: str) -> None:
    """The root mean square of a gap along one of two axes is its length over the root of 2."""
    problem = moved(distance)
    assert torch.equal(gains(problem), gains(problem, kind=kind))
    assert torch.equal(gains(problem, largest_miss=1.0), gains(problem, kind="demonstrations"))
    assert torch.equal(gains(problem, largest_miss=1e-6), gains(problem, kind="hold"))


def test_what_is_asked_for_by_name_is_done() -> None:
    near, far = point_mass_problem(GOAL), moved(5.0)
    assert torch.equal(gains(near, kind="hold"), gains(far, kind="hold"))
    assert torch.equal(gains(near, kind="demonstrations"), gains(far, kind="demonstrations"))
