# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitted dynamics and the fitted demonstration density on data whose truth is known."""

import pytest
import torch
from point_mass import MATRIX, STEPS, PointMass, expert, point_mass_problem

from irl_ros.core.errors import DataError
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_context_basis,
    fit_demonstration_density,
)
from irl_ros.learning.dynamics import DynamicsConfig, fit_dynamics, one_step_error
from irl_ros.learning.dynamics_prior import pooled_prior, robust_prior

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)


def noisy(count: int, deviation: float = 0.5) -> Trajectories:
    """Run a controller that excites every direction."""
    controller = expert(GOAL)
    wide = LinearGaussianController(
        controller.gains,
        controller.offsets,
        deviation**2 * torch.eye(2, dtype=torch.float64).repeat(STEPS, 1, 1),
    )
    return PointMass(GOAL).sample(wide, count, seed=5).trajectories


@pytest.mark.parametrize("strength", [0.1, 20.0, 1e4])
@pytest.mark.parametrize("prior", ["pooled", "mixture"])
@pytest.mark.parametrize("count", [3, 40])
def test_dynamics_fit_is_exact_on_noiseless_linear_motion(
    strength: float, count: int, prior: str
) -> None:
    runs = noisy(count)
    dynamics = fit_dynamics(runs, runs, DynamicsConfig(prior_strength=strength, prior=prior))
    torch.testing.assert_close(
        dynamics.matrices, MATRIX.expand(STEPS - 1, 4, 6), rtol=0, atol=1e-3
    )
    assert one_step_error(dynamics, noisy(20, deviation=0.2)) < 1e-3


def test_what_was_tried_in_another_condition_helps_where_little_was_tried_here() -> None:
    config = DynamicsConfig(prior_strength=1e4, prior="pooled")
    few, many = noisy(1, deviation=0.01), noisy(20)
    biased = Trajectories(many.states + 0.7, many.actions - 0.3)
    alone, helped = (fit_dynamics(few, few, config, earlier=each) for each in (None, biased))
    truth = MATRIX.expand(STEPS - 1, 4, 6)
    errors = [float((each.matrices - truth).abs().max()) for each in (alone, helped)]
    assert errors[1] < 1e-3 < errors[0]
    torch.testing.assert_close(helped.initial_mean, alone.initial_mean, rtol=0, atol=0)


def test_dynamics_stay_sane_with_fewer_samples_than_dimensions() -> None:
    runs = noisy(2)
    dynamics = fit_dynamics(runs, runs, DynamicsConfig(window=0))
    assert float(dynamics.matrices.abs().max()) < 2.0
    assert float(torch.linalg.eigvalsh(dynamics.covariances).min()) > 0


def test_density_predicts_an_undemonstrated_context() -> None:
    problem = point_mass_problem(GOAL)
    density = fit_demonstration_density(
        problem.demonstrations, problem.contexts, DemonstrationDensityConfig()
    )
    mean = density.mean_trajectory(GOAL)
    torch.testing.assert_close(mean.states[0, -1, :2], GOAL, rtol=0, atol=0.15)


def test_density_hardly_sees_a_demonstration_that_weighs_next_to_nothing() -> None:
    problem = point_mass_problem(GOAL)
    states = problem.demonstrations.states.clone()
    states[3] += 5.0
    spoiled = Trajectories(states, problem.demonstrations.actions)
    config = DemonstrationDensityConfig(ridge=0.0)
    weights = torch.ones(len(states), dtype=torch.float64)
    weights[3] = 1e-9
    seen = fit_demonstration_density(spoiled, problem.contexts, config, weights)
    others = [index for index in range(len(states)) if index != 3]
    without = fit_demonstration_density(
        problem.demonstrations[others], problem.contexts[others], config
    )
    torch.testing.assert_close(
        seen.mean_trajectory(GOAL).states, without.mean_trajectory(GOAL).states
    )


def test_density_keeps_the_demonstrations_in_the_partition_function() -> None:
    """With 20 demonstrations of many states an unshrunk fit leaves no residual: +1000s of nats."""
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(20, 40, 32, generator=generator, dtype=torch.float64)
    actions = 0.3 * torch.randn(20, 40, 7, generator=generator, dtype=torch.float64)
    contexts = torch.linspace(-1, 1, 20, dtype=torch.float64).unsqueeze(1)
    log_q = {}
    for name, config in {
        "shrunk": DemonstrationDensityConfig(),
        "degenerate": DemonstrationDensityConfig(
            window=0, prior_strength=0.0, deviation_floor=1e-6
        ),
    }.items():
        runs = Trajectories(states, actions)
        density = fit_demonstration_density(runs, contexts, config)
        log_q[name] = float(density.log_prob(runs, contexts).mean())
    truth = 40 * 7 * (-0.5 - float(torch.tensor(0.3 * (2 * torch.pi) ** 0.5).log()))
    assert log_q["shrunk"] == pytest.approx(truth, abs=120)
    assert log_q["degenerate"] > log_q["shrunk"] + 1000


def test_density_works_when_all_demonstrations_share_one_context() -> None:
    problem = point_mass_problem(GOAL)
    contexts = GOAL.expand(len(problem.demonstrations), 2).clone()
    density = fit_demonstration_density(
        problem.demonstrations, contexts, DemonstrationDensityConfig()
    )
    torch.testing.assert_close(
        density.mean_trajectory(GOAL).states[0], problem.demonstrations.states.mean(dim=0)
    )


def test_density_refuses_a_single_demonstration() -> None:
    problem = point_mass_problem(GOAL)
    with pytest.raises(DataError, match="give at least 2"):
        fit_demonstration_density(
            problem.demonstrations[0], problem.contexts[:1], DemonstrationDensityConfig()
        )


def test_noise_of_measured_targets_is_no_direction_of_the_context() -> None:
    generator = torch.Generator().manual_seed(0)
    along = torch.linspace(-0.2, 0.2, 20, dtype=torch.float64)
    noise = 1e-3 * torch.randn(20, 3, generator=generator, dtype=torch.float64)
    contexts = torch.stack([0 * along, along, 0 * along], dim=1) + noise
    basis = fit_context_basis(contexts, degree=2)
    assert basis(contexts).shape == (20, 3)


def test_degree_falls_until_there_are_enough_contexts() -> None:
    contexts = torch.eye(3, dtype=torch.float64)
    assert fit_context_basis(torch.cat([contexts, -contexts[:1]]), degree=2).degree == 1
    assert fit_context_basis(contexts[:1].expand(4, 3), degree=2).degree == 2
    assert fit_context_basis(contexts[:1].expand(4, 3), degree=2)(contexts).shape == (3, 1)


class OnACircle:
    """A state (angle, rate, x, y) of which the angle and the rate are all there is."""

    count = 2

    def whole(self, leading: torch.Tensor) -> torch.Tensor:
        angle = leading[..., :1]
        return torch.cat([leading, angle.cos(), angle.sin()], dim=-1)

    def jacobian(self, states: torch.Tensor) -> torch.Tensor:
        angle, zero = states[:, 0], torch.zeros(len(states), dtype=torch.float64)
        rows = [zero + 1, zero, zero, zero + 1, -angle.sin(), zero, angle.cos(), zero]
        return torch.stack(rows, dim=-1).reshape(-1, 4, 2)


def turning(count: int, steps: int) -> tuple[Trajectories, torch.Tensor]:
    """Return noise-free turns, and the matrix of (angle, rate) and action."""
    generator = torch.Generator().manual_seed(0)
    matrix = torch.tensor([[1.0, 0.1, 0.02], [0.0, 0.9, 0.3]], dtype=torch.float64)
    actions = 1 + torch.randn(count, steps, 1, generator=generator, dtype=torch.float64)
    leading = [0.1 * torch.randn(count, 2, generator=generator, dtype=torch.float64)]
    for step in range(steps - 1):
        leading.append(torch.cat([leading[-1], actions[:, step]], dim=-1) @ matrix.T)
    return Trajectories(OnACircle().whole(torch.stack(leading, dim=1)), actions), matrix


def test_known_kinematics_need_not_be_learned() -> None:
    """Three turns give the derivative of the whole state, by the chain rule and no other way."""
    runs, matrix = turning(count=3, steps=20)
    circle, config = OnACircle(), DynamicsConfig(prior_strength=1e-3, window=0)
    known = fit_dynamics(runs, runs, config, circle)
    jacobians = circle.jacobian(runs.states.mean(dim=0))
    for step in (0, 7, 18):
        # How the whole state answers a change of (angle, rate) that takes x and y along.
        whole = torch.zeros(5, 3, dtype=torch.float64)
        whole[:4, :2], whole[4, 2] = jacobians[step], 1.0
        truth = jacobians[step + 1] @ matrix
        torch.testing.assert_close(known.matrices[step] @ whole, truth, atol=5e-3, rtol=0.0)
    assert torch.linalg.eigvalsh(known.covariances).min() > 0


def test_the_robust_prior_leaves_contacts_out() -> None:
    """A tenth of the transitions stands still against something; the rest is one linear model."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(40, 50, 3, generator=generator, dtype=torch.float64)
    matrix = torch.tensor([[0.9, 0.1, 0.3], [-0.2, 0.8, 0.5]], dtype=torch.float64)
    noise = 1e-3 * torch.randn(40, 50, 2, generator=generator, dtype=torch.float64)
    outputs = inputs @ matrix.T + 0.7 + noise
    outputs[:, ::10] = -inputs[:, ::10, :2]
    transitions = torch.cat([inputs, outputs], dim=-1)

    def slopes(covariance: torch.Tensor) -> torch.Tensor:
        return torch.linalg.solve(covariance[0, :3, :3], covariance[0, :3, 3:]).T

    torch.testing.assert_close(slopes(robust_prior(transitions, 3)), matrix, atol=2e-3, rtol=0.0)
    assert (slopes(pooled_prior(transitions)) - matrix).abs().max() > 0.05
    clean = transitions[:, 1:10]
    torch.testing.assert_close(
        slopes(robust_prior(clean, 3)), slopes(pooled_prior(clean)), atol=1e-3, rtol=0.0
    )
