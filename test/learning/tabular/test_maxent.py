# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy learning against enumeration, finite differences and known demonstrators."""

import dataclasses
import math
from collections.abc import Callable

import pytest
import torch
from enumeration import all_paths

from irl_ros.core.errors import DataError, LearningError
from irl_ros.learning.reward_tools.value_difference import expected_value_difference
from irl_ros.learning.tabular.maxent import (
    Likelihood,
    MaxEnt,
    MaxEntConfig,
    causal_likelihood,
    trajectory_likelihood,
)
from irl_ros.learning.tabular.mdp import Mdp, dense_mdp
from irl_ros.learning.tabular.problem import (
    TabularProblem,
    World,
    empirical_visits,
    expected_return,
    sample_paths,
)
from irl_ros.learning.tabular.rewards import RewardConfig
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import chain, gridworld
from irl_ros.learning.tabular.worlds.objectworld import objectworld
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sampled_problem(horizon: int | None, *, by_action: bool = False) -> TabularProblem:
    """Return a problem of 3 states and 2 actions with a few sampled paths and odd features."""
    discount = 1.0 if horizon else 0.8
    world = random_mdp(generator(), states=3, actions=2, horizon=horizon, discount=discount)
    mdp = dataclasses.replace(world.mdp, initial=torch.full((3,), 1 / 3, dtype=torch.float64))
    paths = sample_paths(mdp, solve(mdp, world.reward).policy, 5, horizon or 6, generator(1))
    shape = (3, 2, 2) if by_action else (3, 2)
    features = torch.randn(shape, generator=generator(2), dtype=torch.float64)
    return TabularProblem(mdp, features, empirical_visits(mdp, paths))


# --- The likelihood and its gradient -----------------------------------------------------------


@pytest.mark.parametrize("horizon", [4, None])
def test_the_causal_likelihood_is_that_of_the_demonstrated_actions(horizon: int | None) -> None:
    problem = sampled_problem(horizon)
    reward = torch.randn(3, 2, generator=generator(3), dtype=torch.float64)
    found = causal_likelihood(problem, reward, temperature=0.7)
    log_policy = solve(problem.mdp, reward, temperature=0.7).policy.log()
    assert found.value == pytest.approx(float((problem.visits * log_policy).sum()), abs=1e-12)


def test_the_trajectory_likelihood_is_that_of_whole_paths() -> None:
    problem = sampled_problem(3)
    reward = torch.randn(3, 2, generator=generator(3), dtype=torch.float64)
    paths = all_paths(problem.mdp)
    weight = (reward[paths.states, paths.actions].sum(dim=1) / 0.7).exp() * paths.luck
    starts = problem.visits[0].sum(dim=-1)
    expected = float((problem.visits * reward).sum()) / 0.7
    for state in range(3):
        partition = weight[paths.states[:, 0] == state].sum() / problem.mdp.initial[state]
        expected -= float(starts[state] * partition.log())
    found = trajectory_likelihood(problem, reward, 0.7).value
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("likelihood", "horizon"),
    [(causal_likelihood, 4), (causal_likelihood, None), (trajectory_likelihood, 4)],
)
def test_the_gradient_by_the_reward_agrees_with_finite_differences(
    likelihood: Callable[..., Likelihood], horizon: int | None
) -> None:
    problem = sampled_problem(horizon)
    reward = torch.randn(3, 2, generator=generator(3), dtype=torch.float64)
    found = likelihood(problem, reward, 0.7).gradient
    for cell, nudge in enumerate(1e-5 * torch.eye(6, dtype=torch.float64).reshape(6, 3, 2)):
        up = likelihood(problem, reward + nudge, 0.7).value
        down = likelihood(problem, reward - nudge, 0.7).value
        assert float(found.flatten()[cell]) == pytest.approx((up - down) / 2e-5, abs=1e-8)


def test_the_gradient_by_the_weights_is_demonstrated_minus_expected_counts() -> None:
    """At the demonstrator's own starts and luck, that is with visits instead of samples."""
    world = random_mdp(generator(), states=3, actions=2, horizon=4, discount=1.0)
    problem = TabularProblem(
        world.mdp, world.features, visitation(world.mdp, solve(world.mdp, world.reward).policy)
    )
    theta = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    reward = (world.features @ theta)[:, None].expand(3, 2)
    gradient = causal_likelihood(problem, reward, 1.0).gradient.sum(dim=-1) @ world.features
    expected = visitation(world.mdp, solve(world.mdp, reward).policy)
    torch.testing.assert_close(
        gradient, problem.feature_counts(problem.visits) - problem.feature_counts(expected)
    )


@pytest.mark.parametrize("model", ["causal", "trajectory"])
@pytest.mark.parametrize("by_action", [False, True])
def test_learning_ends_where_feature_counts_match(model: str, by_action: bool) -> None:
    problem = sampled_problem(4, by_action=by_action)
    learner = MaxEnt(problem, MaxEntConfig(model=model, weight_decay=0.01))
    learner.run()
    assert learner.history[-1].gradient_norm < 1e-6
    likelihood = causal_likelihood if model == "causal" else trajectory_likelihood
    excess = likelihood(problem, learner.reward, 1.0).gradient.unsqueeze(0)
    theta = learner.state().tensors["reward.theta"]
    torch.testing.assert_close(problem.feature_counts(excess), 0.01 * theta, atol=2e-6, rtol=0)


# --- The two models ----------------------------------------------------------------------------


def lottery() -> Mdp:
    """Return a choice in state 0: surely state 1, or state 2 with 30 % and else state 3."""
    transitions = torch.zeros(4, 2, 4, dtype=torch.float64)
    transitions[0, 0, 1] = 1.0
    transitions[0, 1, 2], transitions[0, 1, 3] = 0.3, 0.7
    transitions[1:] = torch.eye(4, dtype=torch.float64)[1:, None, :]
    return dense_mdp(transitions, torch.eye(4, dtype=torch.float64)[0], 2)


def test_the_trajectory_model_seeks_risk_and_the_causal_one_does_not() -> None:
    """The sure prize is 2, the lottery's 5 with 30 %: a mean of 1.5, but log E exp of 3.9."""
    prizes = torch.tensor([0.0, 2.0, 5.0, 0.0], dtype=torch.float64)
    problem = TabularProblem(
        lottery(), torch.eye(4, dtype=torch.float64), torch.full((2, 4, 2), 0.125).double()
    )
    reward = prizes[:, None].expand(4, 2)
    causal = causal_likelihood(problem, reward, 1.0).policy
    lucky = trajectory_likelihood(problem, reward, 1.0).policy
    assert float(causal[0, 0, 1]) == pytest.approx(1 / (1 + math.exp(2 - 1.5)), abs=1e-12)
    gamble = 0.3 * math.exp(5) + 0.7
    assert float(lucky[0, 0, 1]) == pytest.approx(gamble / (gamble + math.exp(2)), abs=1e-12)
    assert expected_return(lottery(), prizes, causal) > expected_return(lottery(), prizes, lucky)


def test_only_the_causal_model_reproduces_a_demonstrator_who_cannot_choose_luck() -> None:
    mdp = lottery()
    prizes = torch.tensor([0.0, 2.0, 5.0, 0.0], dtype=torch.float64)
    problem = TabularProblem(mdp, prizes.unsqueeze(1), visitation(mdp, solve(mdp, prizes).policy))
    weights, errors = {}, {}
    for model in ("causal", "trajectory"):
        learner = MaxEnt(problem, MaxEntConfig(model=model))
        learner.run()
        weights[model] = float(learner.state().tensors["reward.theta"])
        errors[model] = float((visitation(mdp, learner.policy) - problem.visits).abs().max())
    assert weights["causal"] == pytest.approx(1.0, abs=1e-4)
    assert errors["causal"] < 1e-5
    # Its features match, too, but under dynamics that are bent towards good luck.
    assert errors["trajectory"] > 0.05


def test_without_chance_both_models_are_one() -> None:
    world = chain(horizon=5)
    paths = sample_paths(world.mdp, solve(world.mdp, world.reward).policy, 6, 5, generator())
    problem = TabularProblem(world.mdp, world.features, empirical_visits(world.mdp, paths))
    reward = torch.randn(5, 2, generator=generator(3), dtype=torch.float64)
    one = causal_likelihood(problem, reward, 0.5)
    other = trajectory_likelihood(problem, reward, 0.5)
    assert one.value == pytest.approx(other.value, abs=1e-12)
    torch.testing.assert_close(one.gradient, other.gradient)
    torch.testing.assert_close(one.policy, other.policy)


# --- Known demonstrators -----------------------------------------------------------------------

WORLDS = {
    "gridworld": gridworld(6, None, discount=0.9, failure=0.3),
    "gridworld with horizon": gridworld(5, 12, discount=1.0, failure=0.3),
    "random": random_mdp(generator()),
    "objectworld": objectworld(generator(), size=7, objects=5),
    "objectworld of the paper": objectworld(generator()),
}


def shown_by(world: World, temperature: float = 1.0) -> torch.Tensor:
    return visitation(world.mdp, solve(world.mdp, world.reward, temperature).policy)


@pytest.mark.parametrize("name", WORLDS)
def test_the_visits_of_the_demonstrator_are_recovered(name: str) -> None:
    world, shown = WORLDS[name], shown_by(WORLDS[name])
    states = torch.eye(world.mdp.states, dtype=torch.float64)
    learner = MaxEnt(TabularProblem(world.mdp, states, shown), MaxEntConfig())
    learner.run()
    assert float((visitation(world.mdp, learner.policy) - shown).abs().max()) < 1e-3
    assert learner.history[-1].visit_error < 1e-3


@pytest.mark.parametrize("name", ["gridworld", "objectworld"])
def test_a_network_recovers_them_too(name: str) -> None:
    world, shown = WORLDS[name], shown_by(WORLDS[name])
    config = MaxEntConfig(iterations=20, reward=RewardConfig(kind="neural", hidden=(16, 16)))
    learner = MaxEnt(TabularProblem(world.mdp, world.features, shown), config, seed=1)
    while learner.step().visit_error > 5e-4:
        assert not learner.finished
    assert float((visitation(world.mdp, learner.policy) - shown).abs().max()) < 1e-3


def test_another_temperature_recovers_its_demonstrator() -> None:
    world = WORLDS["gridworld"]
    shown = shown_by(world, temperature=0.4)
    learner = MaxEnt(
        TabularProblem(world.mdp, world.features, shown), MaxEntConfig(temperature=0.4)
    )
    learner.run()
    assert float((visitation(world.mdp, learner.policy) - shown).abs().max()) < 1e-3


def test_more_demonstrations_lose_less_of_the_true_return() -> None:
    """The objectworld's curve in the small: only a network can represent its reward."""
    world = objectworld(generator(4), size=12, objects=10)
    demonstrator = solve(world.mdp, world.reward, 0.1).policy
    lost = {}
    for kind, count in (("linear", 256), ("neural", 4), ("neural", 256)):
        paths = sample_paths(world.mdp, demonstrator, count, 8, generator(5))
        config = MaxEntConfig(
            iterations=2,
            temperature=0.1,
            weight_decay=0.01,
            reward=RewardConfig(kind=kind, hidden=(16, 16)),
        )
        problem = TabularProblem(world.mdp, world.features, empirical_visits(world.mdp, paths))
        learner = MaxEnt(problem, config)
        learner.run()
        lost[kind, count] = expected_value_difference(
            world.mdp, world.reward, solve(world.mdp, learner.reward, 0.0).policy
        )
    assert 0 <= lost["neural", 256] < 0.5 * lost["neural", 4]
    assert lost["neural", 256] < 0.5 * lost["linear", 256]


# --- Refusals ----------------------------------------------------------------------------------


def test_an_impossible_problem_is_refused() -> None:
    problem = sampled_problem(None)
    with pytest.raises(DataError, match="1 stages, 3 states and 2 actions"):
        TabularProblem(problem.mdp, problem.features[:2], problem.visits[:, :2])
    with pytest.raises(DataError, match="discount 1"):
        MaxEnt(problem, MaxEntConfig(model="trajectory")).step()
    with pytest.raises(LearningError, match="finite"):
        causal_likelihood(problem, torch.full((3, 2), math.inf).double(), 1.0)
