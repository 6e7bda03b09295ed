# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The point mass moves as it must, its rollouts are reproducible, its demonstrators arrive."""

import pytest
import torch

from irl_ros.core.errors import RolloutError
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.controller_optimisation import OptimiserConfig
from irl_ros.learning.experiment import (
    Shown,
    demonstrate,
    experiment_problem,
    train_demonstrator,
)
from irl_ros.sim.analytic import AnalyticRollouts
from irl_ros.sim.navigation import PointMass, navigation

START = torch.tensor([0.5, -0.8], dtype=torch.float64)


def constant(acceleration: tuple[float, float], variance: float = 0.01, steps: int = 100):
    eye = torch.eye(2, dtype=torch.float64)
    return LinearGaussianController(
        torch.zeros(steps, 2, 4, dtype=torch.float64),
        torch.tensor(acceleration, dtype=torch.float64).repeat(steps, 1),
        variance * eye.repeat(steps, 1, 1),
    )


def test_a_constant_acceleration_gives_a_parabola():
    source: RolloutSource = AnalyticRollouts(PointMass(START))
    states = source.sample(constant((0.3, -0.1)), 2, 0, deterministic=True).trajectories.states
    time = 0.05 * torch.arange(100, dtype=torch.float64).unsqueeze(1)
    acceleration = torch.tensor([0.3, -0.1], dtype=torch.float64)
    first = states[0, 0]
    parabola = first[:2] + first[2:] * time + 0.5 * acceleration * time**2
    torch.testing.assert_close(states[0, :, :2], parabola)
    torch.testing.assert_close(states[0, :, 2:], first[2:] + acceleration * time)
    assert float((states[:, 0, :2] - START).abs().max()) < 0.05


def test_rollouts_depend_on_seed_and_number_alone():
    source = AnalyticRollouts(PointMass(START))
    short, long = (source.sample(constant((0, 0)), count, 7).trajectories for count in (2, 5))
    torch.testing.assert_close(short.states, long.states[:2])  # all but the last bit
    torch.testing.assert_close(short.actions, long.actions[:2])
    other = source.sample(constant((0, 0)), 2, 8).trajectories
    assert not torch.equal(short.states, other.states)
    assert not torch.equal(long.actions[0], long.actions[1])


def test_outcomes_tell_the_final_distance():
    source = AnalyticRollouts(PointMass(START))
    rollouts = source.sample(constant((0, 0), variance=1e-8), 3, 0)
    for states, outcome in zip(rollouts.trajectories.states, rollouts.outcomes, strict=True):
        assert outcome.slot_offset == pytest.approx(float(states[-1, :2].norm()))
        assert not outcome.success
        assert "over 0.1 m" in outcome.reason


def test_bad_arguments_are_refused():
    source = AnalyticRollouts(PointMass(START))
    with pytest.raises(RolloutError, match="at least 1"):
        source.sample(constant((0, 0)), 0, 0)
    with pytest.raises(RolloutError, match="50 steps"):
        source.sample(constant((0, 0), steps=50), 1, 0)


def test_the_experiment_is_that_of_the_paper():
    experiment = navigation()
    assert experiment.shown.shape == (32, 2)
    assert experiment.demonstrations == 40
    assert experiment.tested.shape == (4, 2)
    assert (experiment.network.hidden, experiment.network.features) == ((40, 40), 20)
    starts = torch.cat([experiment.shown, experiment.tested])
    assert float(starts.norm(dim=1).min()) > 0.5
    for hill in experiment.ground_truth.obstacles:
        centre = torch.tensor(hill.centre, dtype=torch.float64)
        assert float((starts - centre).norm(dim=1).min()) > 2 * hill.radius


def test_a_demonstrator_arrives_and_its_demonstrations_make_a_problem():
    experiment = navigation()
    config = OptimiserConfig(iterations=6)
    where = experiment.shown[0]
    demonstrator = train_demonstrator(experiment, where, config, seed=0)
    assert experiment.source(where).sample(demonstrator, 5, 1).successes == 5
    takes = demonstrate(experiment, 0, config, seed=0)
    assert len(takes) == 2  # 40 demonstrations in turns from 32 starts
    assert len(demonstrate(experiment, 31, OptimiserConfig(iterations=1), seed=0)) == 1
    problem = experiment_problem(
        experiment, Shown(takes, where.repeat(2, 1)), experiment.tested[0]
    )
    torch.testing.assert_close(problem.inputs, takes.states)
    assert problem.input_scale[0] == problem.input_scale[1]
    scaled = problem.inputs[..., :2] / problem.input_scale[:2]
    assert float(scaled.square().mean()) == pytest.approx(1.0)
