# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The background: densities kept up to date, neighbours, and minibatches that stay unbiased."""

import math

import torch
from point_mass import PointMass, point_mass_problem

from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import concatenate
from irl_ros.learning.background import Background, empty_background, extend
from irl_ros.learning.cost_batches import CostUpdateConfig, batch_counts
from irl_ros.learning.demonstration_density import (
    DemonstrationDensity,
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.importance import log_mixture
from irl_ros.learning.problem import LearningProblem

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)


def filled() -> tuple[Background, LearningProblem, DemonstrationDensity]:
    """Return a background of three controllers with 4, 2 and 3 samples."""
    problem = point_mass_problem(GOAL, count=6)
    density = fit_demonstration_density(
        problem.demonstrations, problem.contexts, DemonstrationDensityConfig()
    )
    base = density.controller(GOAL)
    background = empty_background(problem, density)
    for index, (count, shift) in enumerate(((4, 0.0), (2, 0.5), (3, 0.1))):
        controller = LinearGaussianController(
            base.gains, base.offsets + shift, base.covariances + 0.1 * torch.eye(2).double()
        )
        samples = PointMass(GOAL).sample(controller, count, seed=index).trajectories
        experience = background.experience.extended(controller, samples)
        background = extend(background, problem, density, experience)
    return background, problem, density


def test_densities_added_step_by_step_are_those_computed_at_once() -> None:
    background, problem, density = filled()
    samples, controllers = background.experience.samples, background.experience.controllers
    assert samples is not None
    distributions = (density.controller(GOAL), *controllers)
    together = torch.stack([each.log_prob(samples) for each in distributions])
    torch.testing.assert_close(background.log_q, together)
    shown = torch.stack(
        [
            density.log_prob(problem.demonstrations, problem.contexts),
            *(each.log_prob(problem.demonstrations) for each in controllers),
        ]
    )
    torch.testing.assert_close(background.demonstration_log_q, shown)


def test_samples_are_found_by_controller_and_by_nearness() -> None:
    experience = filled()[0].experience
    assert experience.counts == (4, 2, 3)
    assert len(experience.samples_of(1)) == 2
    assert torch.equal(experience.samples_of(-1).states, experience.samples_of(2).states)
    near = experience.neighbours(2, 4)
    expected = concatenate([experience.samples_of(0), experience.samples_of(2)])
    assert torch.equal(near.states, expected.states)


def test_a_minibatch_estimates_the_partition_function_without_bias() -> None:
    """Target exp(-x^2/2); 6 demonstrations and 30 samples of two densities, in batches of 9."""
    config = CostUpdateConfig(demonstration_batch=3, sample_batch=6, newest_share=0.5)
    counts = batch_counts(6, (20, 10), config)
    assert counts.tolist() == [3.0, 2.0, 4.0]
    generator = torch.Generator().manual_seed(0)
    means = torch.tensor([0.0, -1.5, 1.0], dtype=torch.float64)
    estimates = []
    for _ in range(4000):
        # Each distribution enters as often as a batch holds it, in expectation.
        x = torch.cat(
            [
                mean + torch.randn(int(count), generator=generator, dtype=torch.float64)
                for mean, count in zip(means, counts, strict=True)
            ]
        )
        log_q = -0.5 * (x - means.unsqueeze(1)) ** 2 - 0.5 * math.log(2 * math.pi)
        estimates.append(float((-0.5 * x**2 - log_mixture(log_q, counts)).exp().mean()))
    ratio = torch.tensor(estimates, dtype=torch.float64) / math.sqrt(2 * math.pi)
    error = float(ratio.std()) / len(ratio) ** 0.5
    assert abs(float(ratio.mean()) - 1) < 3 * error < 0.05


def test_batches_count_no_more_than_there_is() -> None:
    config = CostUpdateConfig(demonstration_batch=10, sample_batch=10, newest_share=0.5)
    assert batch_counts(0, (4,), config).tolist() == [0.0, 8.0]
    assert batch_counts(4, (10, 30), config).tolist() == [4.0, 1.25, 8.75]
