# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Optimising a controller for a known cost on a point mass whose optimum is known."""

import dataclasses
from pathlib import Path

import pytest
import torch
from point_mass import ACTION_WEIGHT, STEPS, PointMass, expert, features, point_mass_problem

from irl_ros.core.errors import DataError, LearningError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import from_mapping
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.controller_optimisation import (
    ControllerOptimisation,
    OptimiserConfig,
    OptimiserDiagnostics,
    optimise_controller,
)
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.problem import path_shares
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
WEIGHTS = torch.tensor([20.0, 20.0, 1.0, 1.0], dtype=torch.float64)


class TrueCost:
    """c = 20 |p - g|^2 + |v|^2 + 2 |u|^2, the cost of the point mass's demonstrator."""

    def evaluate(self, inputs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        return (WEIGHTS * inputs**2).sum(-1) + ACTION_WEIGHT * (actions**2).sum(-1)

    def expand(
        self, features: AffineFeatures, states: torch.Tensor, actions: torch.Tensor
    ) -> QuadraticCost:
        diagonal = torch.cat([WEIGHTS, ACTION_WEIGHT * torch.ones(2).double()])
        vector = torch.zeros(STEPS, 6, dtype=torch.float64)
        vector[:, :4] = -2 * WEIGHTS * features.offset
        constant = (WEIGHTS * features.offset**2).sum().expand(STEPS)
        return QuadraticCost(2 * torch.diag(diagonal).expand(STEPS, 6, 6), vector, constant)


def standing_still() -> LinearGaussianController:
    return LinearGaussianController(
        torch.zeros(STEPS, 2, 4, dtype=torch.float64),
        torch.zeros(STEPS, 2, dtype=torch.float64),
        0.25 * torch.eye(2, dtype=torch.float64).repeat(STEPS, 1, 1),
    )


def optimise(config: OptimiserConfig, seed: int) -> list[OptimiserDiagnostics]:
    seen: list[OptimiserDiagnostics] = []
    source, start = PointMass(GOAL), standing_still()
    optimise_controller(TrueCost(), features(GOAL), start, source, config, seed, seen.append)
    return seen


def test_standing_still_becomes_the_known_optimum() -> None:
    config = from_mapping(
        OptimiserConfig, {"iterations": 12, "rollouts": 8, "controller.kl_limit": 30.0}
    )
    seen: list[OptimiserDiagnostics] = []
    source = PointMass(GOAL)
    found = optimise_controller(
        TrueCost(), features(GOAL), standing_still(), source, config, 0, seen.append
    )

    def mean_cost(controller: LinearGaussianController) -> float:
        runs = source.sample(controller, 20, 5, deterministic=True).trajectories
        costs = TrueCost().evaluate(features(GOAL)(runs.states), runs.actions)
        return float(costs.sum(dim=1).mean())

    assert mean_cost(found) == pytest.approx(mean_cost(expert(GOAL)), rel=0.01)
    assert source.sample(found, 10, 6, deterministic=True).successes == 10
    assert [each.rollouts for each in seen] == [8 * (index + 1) for index in range(12)]
    assert seen[-1].cost < 0.3 * seen[0].cost


def test_the_search_follows_its_seed_alone() -> None:
    config = from_mapping(OptimiserConfig, {"iterations": 3, "rollouts": 4})
    assert str(optimise(config, 1)) == str(optimise(config, 1))
    assert str(optimise(config, 1)) != str(optimise(config, 2))


def test_an_optimisation_goes_on_exactly_where_it_was(tmp_path: Path) -> None:
    config = from_mapping(OptimiserConfig, {"iterations": 4, "rollouts": 4})
    source = PointMass(GOAL)

    def optimisation(first: LinearGaussianController) -> ControllerOptimisation:
        return ControllerOptimisation(TrueCost(), features(GOAL), first, config, 3)

    whole, broken = optimisation(standing_still()), optimisation(standing_still())
    while not whole.finished:
        whole.step(source)
    broken.step(source)
    broken.step(source)
    write_state(broken.state(), tmp_path / "state")
    resumed = optimisation(standing_still())
    resumed.restore(read_state(tmp_path / "state"))
    assert resumed.iteration == 2
    while not resumed.finished:
        resumed.step(source)
    assert torch.equal(whole.policy.gains, resumed.policy.gains)
    assert str(whole.history) == str(resumed.history)
    assert resumed.learned_cost is None
    with pytest.raises(DataError, match="another beginning"):
        optimisation(expert(GOAL)).restore(read_state(tmp_path / "state"))


def test_path_shares_tell_waiting_from_going() -> None:
    """They follow the distance that the demonstrators went, 1 on average, 0 at rest."""
    problem = point_mass_problem(GOAL)
    shares = path_shares(problem)
    assert float(shares.mean()) == pytest.approx(1.0)
    gone = problem.inputs[..., :2].diff(dim=1).norm(dim=-1)
    torch.testing.assert_close(shares, gone / gone.mean())
    resting = dataclasses.replace(problem, inputs=problem.inputs[:, :1].expand(-1, STEPS, -1))
    assert float(path_shares(resting).abs().max()) == 0.0


def test_a_learned_cost_serves_again_where_nothing_was_shown() -> None:
    """Learn the cost at one goal; take the cost alone to another and optimise from rest."""
    learner = GuidedCostLearning(
        point_mass_problem(GOAL),
        from_mapping(
            GclConfig,
            {
                "iterations": 9,
                "rollouts": 8,
                "cost.hidden": (16,),
                "cost.features": 16,
                "cost.action_weight": ACTION_WEIGHT,
                "cost_update.steps": 100,
                "objective.monotonic_weight": 10.0,
            },
        ),
        seed=0,
    )
    learner.run(PointMass(GOAL))
    elsewhere = torch.tensor([0.5, -0.5], dtype=torch.float64)
    config = from_mapping(
        OptimiserConfig, {"iterations": 12, "rollouts": 8, "controller.kl_limit": 30.0}
    )
    found = optimise_controller(
        learner.cost, features(elsewhere), standing_still(), PointMass(elsewhere), config, 0
    )
    assert PointMass(elsewhere).sample(found, 20, 9, deterministic=True).successes >= 18


def test_a_controller_of_other_size_is_refused() -> None:
    controller = LinearGaussianController(
        torch.zeros(5, 2, 4, dtype=torch.float64),
        torch.zeros(5, 2, dtype=torch.float64),
        torch.eye(2, dtype=torch.float64).repeat(5, 1, 1),
    )
    with pytest.raises(LearningError, match="must agree"):
        optimise_controller(
            TrueCost(), features(GOAL), controller, PointMass(GOAL), OptimiserConfig(), 0
        )
