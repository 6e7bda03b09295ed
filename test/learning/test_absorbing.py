# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Attempts that end early: nothing is gained by ending early or late, nor told by dead actions."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.absorbing import Episode, absorb, acting
from irl_ros.learning.adversarial.airl import AirlConfig, airl
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.env_rollouts import EnvRollouts
from irl_ros.learning.neural_gcl import NeuralGclConfig, neural_gcl
from irl_ros.learning.neural_learning import NeuralLearning
from irl_ros.learning.problem import LearningProblem

STEPS = 20
ONE = torch.ones(1, dtype=torch.float64)


class Corridor(gymnasium.Env[np.ndarray, np.ndarray]):
    """A point on a line, with 0.1 s from action to action; it ends at its goal, 1 m away."""

    observation_space = gymnasium.spaces.Box(-10, 10, (1,), np.float64)
    action_space = gymnasium.spaces.Box(-2, 2, (1,), np.float64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self.position = 0.02 * self.np_random.standard_normal(1)
        return self.position, {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self.position = self.position + 0.1 * action
        ends = bool(self.position[0] >= 1.0)
        return self.position, 0.0, ends, False, {"is_success": ends}


def episode(leaves: bool, generator: torch.Generator) -> Episode:
    """Return an attempt of one who goes to the goal, or of one who stays where it begins."""
    states, actions = [0.02 * torch.randn(1, generator=generator, dtype=torch.float64)], []
    while len(actions) < STEPS and float(states[-1]) < 1.0:
        noise = 0.3 * torch.randn(1, generator=generator, dtype=torch.float64)
        actions.append(((1.5 * ONE if leaves else -2 * states[-1]) + noise).clamp(-2, 2))
        states.append(states[-1] + 0.1 * actions[-1])
    return Episode(torch.stack(states), torch.stack(actions))


def corridor_problem(leaves: bool, *, absorbs: bool = True, count: int = 20) -> LearningProblem:
    generator = torch.Generator().manual_seed(0)
    shown = absorb([episode(leaves, generator) for _ in range(count)], STEPS)
    return LearningProblem(
        shown,
        shown.states,
        torch.zeros(count, 1, dtype=torch.float64),
        AffineFeatures(torch.eye(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)),
        0 * ONE,
        torch.full((2,), 0.5, dtype=torch.float64),
        torch.zeros(1, 2, dtype=torch.float64),
        torch.ones(count, dtype=torch.float64),
        absorbs=absorbs,
    )


def make(name: str, problem: LearningProblem, **changes: object) -> NeuralLearning:
    settings = {
        "warm_start": False,
        "exploration": 1.0,
        "rollouts": 12,
        "iterations": 16,
        "discriminator.steps": 30,
        "discriminator.hidden": (16,),
        "discriminator.learning_rate": 3e-3,
        "cloning.policy.hidden": (16,),
        "proximal.learning_rate": 3e-3,
        "proximal.epochs": 8,
        **changes,
    }
    if name == "gail":
        return gail(problem, replace(GailConfig(), settings), 0)
    faster = {
        "reward.form": "network",
        "discriminator.remembered": 3,
        "discriminator.learning_rate": 1e-2,
    }
    return airl(problem, replace(AirlConfig(), {**settings, **faster}), 0)


def mean_length(trajectories: Trajectories) -> float:
    return float(acting(trajectories, absorbs=True).sum(dim=1).mean())


def learned_length(learning: NeuralLearning) -> float:
    source: RolloutSource = EnvRollouts(Corridor(), STEPS, absorbs=True)
    learning.run(source)
    return mean_length(source.sample(learning.policy, 40, 9).trajectories)


def test_a_padded_attempt_is_that_of_a_rollout() -> None:
    """What was done by a rollout, cut where it ended and padded again, is the rollout."""
    source = EnvRollouts(Corridor(), STEPS, absorbs=True)
    hurry = LinearGaussianController(
        torch.zeros(STEPS, 1, 2, dtype=torch.float64),
        1.5 * ONE.expand(STEPS, 1),
        0.1 * ONE.expand(STEPS, 1, 1),
    )
    done = source.sample(hurry, 3, 0).trajectories
    running = acting(done, absorbs=True)
    lengths = [int(each) for each in running.sum(dim=1)]
    assert max(lengths) < STEPS - 2
    cut = [
        Episode(states[: length + 1, :1], actions[:length])
        for states, actions, length in zip(done.states, done.actions, lengths, strict=True)
    ]
    padded = absorb(cut, STEPS)
    assert torch.equal(padded.states, done.states)
    assert torch.equal(padded.actions, done.actions * running.unsqueeze(-1))
    assert bool(padded.actions[0, lengths[0] :].eq(0).all())
    assert bool(acting(done, absorbs=False).eq(1).all())


def test_an_attempt_that_does_not_end_early_is_whole() -> None:
    whole = episode(False, torch.Generator().manual_seed(1))
    padded = absorb([whole], STEPS)
    assert torch.equal(padded.states[0, :, :1], whole.states[:-1])
    assert bool(padded.states[..., 1].eq(0).all())


def test_impossible_attempts_are_refused() -> None:
    whole = episode(False, torch.Generator().manual_seed(1))
    with pytest.raises(DataError, match="20 steps, more than 10"):
        absorb([whole], 10)
    with pytest.raises(DataError, match="0 attempts"):
        absorb([], 10)
    with pytest.raises(DataError, match="20 states and 20 actions"):
        Episode(whole.states[1:], whole.actions)
    with pytest.raises(ParameterError, match="learn with gail or airl"):
        neural_gcl(corridor_problem(True), NeuralGclConfig(warm_start=False), 0)


@pytest.mark.parametrize("name", ["gail", "airl"])
def test_actions_after_the_end_tell_nothing(name: str) -> None:
    """What is learned is the same whatever was done after the end, and only then."""
    for absorbs in (True, False):
        problem = corridor_problem(True, absorbs=absorbs)
        still = problem.demonstrations
        generator = torch.Generator().manual_seed(2)
        noise = torch.randn(still.actions.shape, generator=generator, dtype=torch.float64)
        ended = (1 - acting(still, absorbs=True)).unsqueeze(-1)
        busy = Trajectories(still.states, still.actions + ended * noise)
        learned = []
        for tried in (still, busy):
            learning = make(name, problem)
            fitted = learning.learner.fit(tried, learning.policy)
            learned.append((fitted, learning.learner.rewards(tried).tolist()))
        assert (learned[0] == learned[1]) == absorbs


@pytest.mark.parametrize("name", ["gail", "airl"])
@pytest.mark.parametrize("leaves", [True, False])
def test_attempts_learn_to_be_as_long_as_those_shown(name: str, leaves: bool) -> None:
    problem = corridor_problem(leaves)
    shown = mean_length(problem.demonstrations)
    assert (shown < 8) == leaves
    assert learned_length(make(name, problem)) == pytest.approx(shown, abs=2.0)


def test_a_positive_reward_that_ends_with_the_attempt_pays_for_staying(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same learner as above without rewards in the absorbing state: it does not leave."""
    learning = make("gail", corridor_problem(True))
    rewards = learning.learner.rewards
    monkeypatch.setattr(
        learning.learner, "rewards", lambda tried: rewards(tried) * acting(tried, absorbs=True)
    )
    assert learned_length(learning) > 14


def test_short_and_long_attempts_have_comparable_returns() -> None:
    """By a fitted GAIL the demonstrators are best; by the steps before the end they are worst."""
    problem = corridor_problem(True)
    learning = make("gail", problem)
    stays = corridor_problem(False).demonstrations
    for _ in range(5):
        learning.learner.fit(stays, learning.policy)
    batches = (problem.demonstrations, stays)
    short, long = (learning.learner.rewards(each).sum(dim=1) for each in batches)
    assert float(short.min()) > float(long.max())
    # A step of the demonstrator before the end is worth more than one of the other, but they are
    # so few that a positive constant in each step decides.
    running = acting(problem.demonstrations, absorbs=True)
    alive = (learning.learner.rewards(problem.demonstrations) * running).sum(dim=1)
    for constant, ends_early in ((5.0, False), (-5.0, True)):
        cut = alive + constant * running.sum(dim=1)
        assert (float(cut.mean()) > float((long + constant * STEPS).mean())) == ends_early
        both = short + constant * STEPS, long + constant * STEPS
        assert float(both[0].min()) > float(both[1].max())
