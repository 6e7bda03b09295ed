# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning on a finite problem against enumeration and against maximum entropy."""

import itertools
import math

import pytest
import torch

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import replace
from irl_ros.learning.objective import discriminator_loss, guided_cost_loss, optimal_log_partition
from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig, trajectory_likelihood
from irl_ros.learning.tabular.mdp import Mdp
from irl_ros.learning.tabular.problem import (
    Paths,
    TabularProblem,
    empirical_visits,
    sample_paths,
)
from irl_ros.learning.tabular.sampled_maxent import (
    SampledMaxEnt,
    SampledMaxEntConfig,
    path_costs,
    path_log_prob,
)
from irl_ros.learning.tabular.soft_control import solve
from irl_ros.learning.tabular.worlds.gridworld import chain, gridworld
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp

ALPHA = 0.7


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def every_path(mdp: Mdp, steps: int) -> Paths:
    """Return the path of each sequence of actions in a process without chance."""
    states, actions = [], []
    for choices in itertools.product(range(mdp.actions), repeat=steps):
        state, visited = int(mdp.initial.argmax()), []
        for choice in choices:
            visited.append(state)
            state = int(mdp.successors[state, choice, 0])
        states.append(visited)
        actions.append(list(choices))
    return Paths(torch.tensor(states), torch.tensor(actions))


def sampled_gradient(
    shown: Paths, background: Paths, log_q: torch.Tensor, reward: torch.Tensor
) -> tuple[float, torch.Tensor]:
    reward = reward.clone().requires_grad_()
    value = guided_cost_loss(
        path_costs(shown, reward, ALPHA), path_costs(background, reward, ALPHA), log_q
    )
    (slope,) = torch.autograd.grad(value, reward)
    return float(value.detach()), slope


def test_with_all_paths_enumerated_it_is_maximum_entropy() -> None:
    mdp, steps = chain(states=4, horizon=5).mdp, 5
    uniform = torch.full((steps, 4, 2), 0.5, dtype=torch.float64)
    shown = sample_paths(mdp, uniform, 7, steps, generator())
    problem = TabularProblem(mdp, torch.eye(4).double(), empirical_visits(mdp, shown))
    reward = torch.randn(4, 2, generator=generator(1), dtype=torch.float64)
    paths = every_path(mdp, steps)
    # Every path once stands for draws from a policy that prefers none.
    log_q = path_log_prob(uniform, paths)
    assert torch.allclose(log_q.exp(), torch.full((32,), 1 / 32, dtype=torch.float64))
    value, slope = sampled_gradient(shown, paths, log_q, reward)
    exact = trajectory_likelihood(problem, reward, ALPHA)
    assert value == pytest.approx(-exact.value, abs=1e-12)
    assert torch.allclose(slope, -exact.gradient, atol=1e-12)


def test_with_many_samples_it_is_trajectory_level_maximum_entropy_whatever_the_dynamics() -> None:
    world = random_mdp(generator(), states=3, actions=2, horizon=4, discount=1.0)
    policy = solve(world.mdp, world.reward).policy
    shown = sample_paths(world.mdp, policy, 6, 4, generator(1))
    problem = TabularProblem(world.mdp, world.features, empirical_visits(world.mdp, shown))
    reward = torch.randn(3, 2, generator=generator(2), dtype=torch.float64)
    paths = sample_paths(world.mdp, policy, 40000, 4, generator(3))
    value, slope = sampled_gradient(shown, paths, path_log_prob(policy, paths), reward)
    # The start is the same state always, so that nothing is conditioned on it.
    exact = trajectory_likelihood(problem, reward, ALPHA)
    assert value == pytest.approx(-exact.value, abs=0.03)
    assert torch.allclose(slope, -exact.gradient, atol=0.03)


@pytest.fixture(scope="module")
def grid() -> tuple[TabularProblem, Paths]:
    world = gridworld(3, 6, discount=1.0, failure=0.0)
    paths = sample_paths(world.mdp, solve(world.mdp, world.reward, 0.5).policy, 20, 6, generator())
    visits = empirical_visits(world.mdp, paths)
    return TabularProblem(world.mdp, world.features, visits), paths


def test_it_learns_what_maximum_entropy_learns(grid: tuple[TabularProblem, Paths]) -> None:
    problem, paths = grid
    exact = MaxEnt(problem, MaxEntConfig(weight_decay=0.1, iterations=2))
    exact.run()
    learner = SampledMaxEnt(problem, paths, SampledMaxEntConfig(iterations=5, rollouts=200))
    learner.run()
    assert learner.rollouts == 1000
    assert learner.history[-1].effective_samples > 500
    assert torch.allclose(learner.policy, exact.policy, atol=0.1)
    assert float((learner.policy - exact.policy).abs().mean()) < 0.01


def test_a_fixed_sampler_is_relative_entropy_irl(grid: tuple[TabularProblem, Paths]) -> None:
    config = SampledMaxEntConfig(iterations=2, rollouts=20, adaptive_sampler=False)
    learner = SampledMaxEnt(*grid, config)
    learner.run()
    state = learner.state().tensors
    assert len(state["policies"]) == 1
    assert state["produced"].tolist() == [60.0]


def test_the_discriminator_s_gradient_is_that_of_the_likelihood_at_its_partition(
    grid: tuple[TabularProblem, Paths],
) -> None:
    """Finn, Christiano, Abbeel and Levine (2016), section 3: at the Z that fits best."""
    problem, shown = grid
    mdp, (count, steps) = problem.mdp, shown.states.shape
    sampler = torch.full((steps, mdp.states, mdp.actions), 1 / mdp.actions, dtype=torch.float64)
    tried = sample_paths(mdp, sampler, count, steps, generator(1))
    both = Paths(
        torch.cat([shown.states, tried.states]), torch.cat([shown.actions, tried.actions])
    )
    reward = torch.randn(mdp.states, mdp.actions, generator=generator(2), dtype=torch.float64)
    costs, log_q = path_costs(both, reward.requires_grad_(), ALPHA), path_log_prob(sampler, both)
    ratios = -costs - log_q
    log_z = optimal_log_partition(ratios[:count], ratios[count:])
    odds, alike = ratios - log_z, torch.ones(count, dtype=torch.float64)
    adversarial = discriminator_loss(odds[:count], odds[count:], demonstration_weights=alike)
    # The importance-sampled Z of Guided Cost Learning, from half model and half sampler.
    half = math.log(0.5)
    log_mu = torch.logaddexp(half - costs - log_z, half + log_q).detach()
    likelihood = guided_cost_loss(costs[:count], costs, log_mu)
    slopes = [
        torch.autograd.grad(each, reward, retain_graph=True)[0]
        for each in (adversarial, likelihood)
    ]
    assert float(slopes[0].abs().max()) > 0.01
    assert torch.allclose(slopes[0], slopes[1], rtol=0, atol=1e-6)
    assert float((likelihood - costs[:count].mean()).detach()) == pytest.approx(log_z, abs=1e-8)


def test_told_apart_by_a_discriminator_the_same_reward_comes_out(
    grid: tuple[TabularProblem, Paths],
) -> None:
    config = SampledMaxEntConfig(iterations=4, rollouts=200)
    rewards = []
    for loss in ("gcl", "gan"):
        learner = SampledMaxEnt(*grid, replace(config, {"loss": loss}))
        learner.run()
        rewards.append(learner.policy)
    assert float((rewards[0] - rewards[1]).abs().mean()) < 0.05


def test_discounted_processes_are_refused(grid: tuple[TabularProblem, Paths]) -> None:
    world = gridworld(3, None, discount=0.9, failure=0.0)
    visits = empirical_visits(world.mdp, grid[1])
    with pytest.raises(DataError, match="discount 1"):
        SampledMaxEnt(
            TabularProblem(world.mdp, world.features, visits), grid[1], SampledMaxEntConfig()
        )
    assert math.isclose(float(grid[0].visits.sum()), 6.0)
