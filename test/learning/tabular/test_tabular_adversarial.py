# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""GAIL, AIRL and cloning on finite problems against closed forms."""

import dataclasses

import pytest
import torch
from torch import nn

from irl_ros.core.errors import DataError
from irl_ros.learning.reward_tools.value_difference import expected_value_difference
from irl_ros.learning.tabular.adversarial import (
    AdversarialConfig,
    AdversarialLearner,
    Airl,
    Gail,
    count_logits,
    improved,
    policy_values,
)
from irl_ros.learning.tabular.cloning import (
    CloningConfig,
    action_counts,
    chosen_prior,
    clone,
    smoothed,
)
from irl_ros.learning.tabular.mdp import Mdp
from irl_ros.learning.tabular.problem import (
    Paths,
    TabularProblem,
    empirical_visits,
    expected_return,
    sample_paths,
)
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import gridworld
from irl_ros.learning.tabular.worlds.random_mdp import random_mdp

WORLD = gridworld(3, 6, discount=1.0, failure=0.1)
DEMONSTRATOR = solve(WORLD.mdp, WORLD.reward, 0.3).policy


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def demonstrations(count: int) -> tuple[TabularProblem, Paths]:
    paths = sample_paths(WORLD.mdp, DEMONSTRATOR, count, 6, generator())
    visits = empirical_visits(WORLD.mdp, paths)
    return TabularProblem(WORLD.mdp, WORLD.features, visits), paths


# --- The policy's step -------------------------------------------------------------------------


def test_values_are_those_of_the_policy() -> None:
    world = random_mdp(generator(), states=4, actions=3, horizon=5, discount=1.0)
    table = torch.randn(4, 3, generator=generator(1), dtype=torch.float64)
    policy = torch.rand(5, 4, 3, generator=generator(2), dtype=torch.float64).softmax(dim=-1)
    values = (policy * policy_values(world.mdp, table, policy, 0.0)).sum(dim=-1)
    found = float(world.mdp.initial @ values[0])
    assert found == pytest.approx(expected_return(world.mdp, table, policy), abs=1e-12)


def test_steps_lead_to_the_soft_optimal_policy_and_stay_there() -> None:
    table = torch.randn(9, 5, generator=generator(), dtype=torch.float64)
    optimal = solve(WORLD.mdp, table, 0.7).policy
    policy = torch.full_like(optimal, 0.2)
    for _ in range(200):
        policy = improved(policy, policy_values(WORLD.mdp, table, policy, 0.7), 1.0, 0.7)
    assert torch.allclose(policy, optimal, atol=1e-10)


# --- The discriminators ------------------------------------------------------------------------


def test_gail_s_logits_are_the_discriminator_s_optimum() -> None:
    shown, tried = torch.rand(2, 4, 3, generator=generator(), dtype=torch.float64)
    logits = count_logits(shown, tried, 0.1).requires_grad_()
    loss = ((shown + 0.1) * nn.functional.softplus(-logits)).sum()
    loss = loss + ((tried + 0.1) * nn.functional.softplus(logits)).sum()
    (slope,) = torch.autograd.grad(loss, logits)
    assert torch.allclose(slope, torch.zeros_like(slope), atol=1e-12)


def distance_to_the_demonstrator(learner: AdversarialLearner) -> float:
    """Return the total variation of both visits, as a share of all."""
    shown, found = (visitation(WORLD.mdp, p).sum(dim=0) for p in (DEMONSTRATOR, learner.policy))
    return 0.5 * float((found - shown).abs().sum()) / 6


def test_gail_matches_the_demonstrator_s_visits() -> None:
    problem, paths = demonstrations(2000)
    learner = Gail(problem, paths, AdversarialConfig(iterations=60, rollouts=200, step=0.1))
    before = distance_to_the_demonstrator(learner)
    learner.run()
    assert distance_to_the_demonstrator(learner) < min(0.06, before)


def test_airl_finds_the_demonstrator_s_visits_and_its_reward() -> None:
    problem, paths = demonstrations(2000)
    config = AdversarialConfig(iterations=40, rollouts=400, entropy_weight=1.0, weight_decay=1e-4)
    learner = Airl(problem, paths, config)
    learner.run()
    assert distance_to_the_demonstrator(learner) < 0.06
    # The unit of reward is the temperature, and a constant means nothing.
    found, true = learner.reward[:, 0], WORLD.reward / 0.3
    assert float(torch.corrcoef(torch.stack([found, true]))[0, 1]) > 0.97
    assert float((found.max() - found.min()) / (true.max() - true.min())) > 0.85


def elsewhere() -> Mdp:
    """Return the gridworld where the actions are exchanged: left is up, and so on."""
    order = [1, 2, 3, 0, 4]
    return dataclasses.replace(
        WORLD.mdp,
        successors=WORLD.mdp.successors[:, order],
        probabilities=WORLD.mdp.probabilities[:, order],
    )


def best_for(mdp: Mdp, rewards: torch.Tensor) -> torch.Tensor:
    """Return the policy that is optimal for rewards r_t(s, a)."""
    values, backwards = rewards.new_zeros(mdp.states), []
    for reward in rewards.flip(0):
        action_values = reward + mdp.expect(values)
        values = action_values.amax(dim=-1)
        chosen = nn.functional.one_hot(action_values.argmax(dim=-1), mdp.actions)
        backwards.append(chosen.to(rewards.dtype))
    return torch.stack(backwards[::-1])


def test_the_reward_without_its_shaping_transfers_to_other_dynamics() -> None:
    """Fu et al. (2018), section 6: g is good wherever it is optimised, f where it was learned."""
    problem, paths = demonstrations(2000)
    config = AdversarialConfig(iterations=40, rollouts=400, entropy_weight=1.0, weight_decay=1e-4)
    learner = Airl(problem, paths, config)
    learner.run()
    bare = learner.reward.expand(6, -1, -1)
    shaped = learner.shaped_reward

    def lost(mdp: Mdp, policy: torch.Tensor) -> float:
        return expected_value_difference(mdp, WORLD.reward, policy)

    assert lost(WORLD.mdp, best_for(WORLD.mdp, bare)) < 0.02
    assert lost(WORLD.mdp, best_for(WORLD.mdp, shaped)) < 0.02
    there = elsewhere()
    assert lost(there, best_for(there, bare)) < 0.02
    assert lost(there, best_for(there, shaped)) > 1.0
    assert lost(there, learner.policy) > 1.0


# --- Cloning -----------------------------------------------------------------------------------


def test_a_clone_of_many_is_the_demonstrator_and_of_none_undecided() -> None:
    counts = torch.tensor([[6.0, 2.0], [0.0, 0.0]], dtype=torch.float64)
    expected = torch.tensor([[7 / 10, 3 / 10], [0.5, 0.5]], dtype=torch.float64)
    assert torch.allclose(smoothed(counts, 2.0), expected)


def test_the_chosen_prior_is_the_one_that_validates() -> None:
    _, paths = demonstrations(40)
    counts = action_counts(WORLD.mdp, paths)
    assert counts.sum(dim=(1, 2)).tolist() == [6.0] * 40
    config = CloningConfig(parts=40)
    total = counts.sum(dim=0)

    def unseen(prior: float) -> float:
        return sum(float((one * smoothed(total - one, prior).log()).sum()) for one in counts)

    best = chosen_prior(counts, config)
    assert unseen(best) == max(unseen(prior) for prior in config.priors)
    assert clone(WORLD.mdp, paths, config).shape == (6, 9, 5)


def test_a_single_demonstration_is_refused() -> None:
    _, paths = demonstrations(1)
    with pytest.raises(DataError, match="at least 2"):
        clone(WORLD.mdp, paths, CloningConfig())
