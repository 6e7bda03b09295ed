# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole loops of GAIL and AIRL on a point mass: fresh densities, resumption, imitation."""

import copy
import dataclasses
import math
from dataclasses import replace as changed
from pathlib import Path

import pytest
import torch
from point_mass import (
    ACTION_WEIGHT,
    PERIOD,
    STEPS,
    PointMass,
    expert,
    features,
    point_mass_problem,
)

from irl_ros.core.errors import DataError, LearningError, ParameterError
from irl_ros.core.files import write_atomically
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import from_mapping, replace
from irl_ros.core.policy import Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts, Trajectories
from irl_ros.learning.adversarial.airl import AirlConfig, airl
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.artifacts import COST_FILE, cost_to_bytes, load_cost
from irl_ros.learning.controller_optimisation import OptimiserConfig, optimise_controller
from irl_ros.learning.first_sampler import FirstSamplerConfig, standing_still
from irl_ros.learning.neural_learning import NeuralLearning, log_densities
from irl_ros.learning.saved_state import read_state, write_state

GOAL = torch.tensor([0.5, 0.3], dtype=torch.float64)
SMALL = {
    "warm_start": False,
    "rollouts": 8,
    "iterations": 4,
    "discriminator.steps": 10,
    "discriminator.hidden": (16,),
    "cloning.policy.hidden": (16,),
    "proximal.epochs": 3,
}


def test_densities_are_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = point_mass_problem(GOAL)
    learning = airl(problem, replace(AirlConfig(), SMALL), 0)
    asked: list[tuple[NeuralPolicy, Trajectories]] = []

    def watched(
        policy: NeuralPolicy, steps: Trajectories, inputs: torch.Tensor | None = None
    ) -> torch.Tensor:
        asked.append((policy, steps))
        return log_densities(policy, steps, inputs)

    monkeypatch.setattr("irl_ros.learning.adversarial.airl.log_densities", watched)
    source, policies = PointMass(GOAL), []
    for _ in range(3):
        policies.append(learning.policy)
        learning.step(source)
    # Demonstrations and all remembered rollouts, by the policy of each iteration.
    assert [len(steps) for _, steps in asked] == [16, 8, 16, 16, 16, 24]
    for policy, shown, tried in zip(policies, asked[::2], asked[1::2], strict=True):
        assert shown[1] is problem.demonstrations
        for used, _ in (shown, tried):
            for name, value in policy.content.items():
                assert torch.equal(value, used.content[name]), name


def make(name: str, seed: int = 0, **changes: object) -> NeuralLearning:
    problem = point_mass_problem(GOAL)
    settings = {**SMALL, **changes}
    if name == "gail":
        return gail(problem, replace(GailConfig(), settings), seed)
    return airl(problem, replace(AirlConfig(), settings), seed)


@pytest.mark.parametrize("name", ["gail", "airl"])
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path, name: str) -> None:
    source = PointMass(GOAL)
    whole = make(name)
    whole.run(source)
    broken = make(name)
    for _ in range(2):
        broken.step(source)
    write_state(broken.state(), tmp_path / "checkpoint.safetensors")
    resumed = make(name)
    resumed.restore(read_state(tmp_path / "checkpoint.safetensors"))
    resumed.run(source)
    assert resumed.history == whole.history
    for key, value in whole.state().tensors.items():
        assert torch.equal(value, resumed.state().tensors[key]), key
    with pytest.raises(DataError, match=r"proximal.clip: 0.2 then, 0.1 now"):
        make(name, **{"proximal.clip": 0.1}).restore(whole.state())


@pytest.mark.parametrize("name", ["gail", "airl"])
def test_imitation_from_nothing_reaches_the_goal(name: str) -> None:
    learning = make(
        name,
        rollouts=16,
        iterations=24,
        **{
            "proximal.learning_rate": 1e-3,
            "proximal.epochs": 10,
            "discriminator.steps": 60,
            "discriminator.hidden": (32, 32),
            "cloning.policy.hidden": (32, 32),
        },
    )
    source = PointMass(GOAL)
    before = source.sample(learning.policy, 10, seed=9, deterministic=True)
    learning.run(source)
    after = source.sample(learning.policy, 10, seed=9, deterministic=True)
    assert before.successes == 0
    misses = [sum(each.slot_offset for each in tried.outcomes) / 10 for tried in (before, after)]
    assert misses[1] < 0.5 * misses[0]
    values = learning.history[-1].as_mapping()
    assert {"iteration", "loss", "kl", "entropy"} <= set(values)
    assert all(isinstance(value, int | float) for value in values.values())


TURN = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
WEIGHTS = torch.tensor([20.0, 20.0, 1.0, 1.0], dtype=torch.float64)
HOLD = FirstSamplerConfig(hold_deviation=1.0, hold_stiffness=0.0)


@dataclasses.dataclass(frozen=True)
class Turned:
    """A policy whose actions are turned by a right angle."""

    inner: Policy
    horizon: int = STEPS

    def action_mean(self, step: int, state: torch.Tensor) -> torch.Tensor:
        """Return the turned mean action."""
        return TURN @ self.inner.action_mean(step, state)

    def sample(self, step: int, state: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return the turned sample."""
        return TURN @ self.inner.sample(step, state, generator)

    def log_prob(self, trajectories: Trajectories) -> torch.Tensor:
        """Return the density; turning does not change it."""
        turned = Trajectories(trajectories.states, trajectories.actions @ TURN)
        return self.inner.log_prob(turned)


class Sideways:
    """The point mass with its two drives exchanged and one of them reversed."""

    horizon, control_period, state_dim, action_dim = STEPS, PERIOD, 4, 2

    def __init__(self, goal: torch.Tensor) -> None:
        self._inner = PointMass(goal)

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Run the policy from near the origin, each action turned by a right angle."""
        done = self._inner.sample(Turned(policy), count, seed, deterministic=deterministic)
        actions = done.trajectories.actions @ TURN
        return Rollouts(Trajectories(done.trajectories.states, actions), done.outcomes)

    def close(self) -> None:
        """Nothing is held."""


def true_cost(source: RolloutSource, policy: Policy) -> float:
    """Return what a policy costs by the demonstrator's 20 |p - g|^2 + |v|^2 + 2 |u|^2."""
    done = source.sample(policy, 10, 9, deterministic=True).trajectories
    far, fast = features(GOAL)(done.states).square() @ WEIGHTS, done.actions.square()
    return float((far.sum(dim=1) + ACTION_WEIGHT * fast.sum(dim=(1, 2))).mean())


def test_a_reward_learned_as_a_cost_transfers_to_other_dynamics(tmp_path: Path) -> None:
    """What was learned by one robot is saved, loaded, and optimised on another one."""
    learning = make(
        "airl",
        iterations=30,
        rollouts=16,
        warm_start=True,
        **{
            "reward.form": "cost",
            "reward.cost.kind": "affine",
            "reward.cost.action_weight": ACTION_WEIGHT,
            "discriminator.steps": 60,
            "discriminator.learning_rate": 1e-2,
            "discriminator.hidden": (32, 32),
            "discriminator.remembered": 5,
            "proximal.learning_rate": 1e-3,
        },
    )
    learning.run(PointMass(GOAL))
    cost, other = learning.learned_cost, Sideways(GOAL)
    assert cost is not None
    write_atomically(tmp_path / COST_FILE, cost_to_bytes(cost, {}))
    saved, _ = load_cost(tmp_path)
    config = from_mapping(OptimiserConfig, {"iterations": 12, "rollouts": 8})
    still = standing_still(torch.zeros(4).double(), torch.zeros(2, 4).double(), STEPS, HOLD)
    found = optimise_controller(saved, features(GOAL), still, other, config, 0)
    # The other robot is the first one turned, so its optimum costs the same.
    optimum, nothing = true_cost(PointMass(GOAL), expert(GOAL)), true_cost(other, still)
    assert true_cost(other, found) < optimum + 0.15 * (nothing - optimum)
    assert true_cost(other, learning.policy) > nothing


def test_what_a_cost_learns_is_a_function_of_states() -> None:
    with pytest.raises(ParameterError, match="leave state_only on"):
        make("airl", **{"reward.form": "cost", "reward.state_only": False})


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="sees"):
        make("gail", **{"cloning.sees": "state"})
    short = copy.copy(PointMass(GOAL))
    short.horizon = 3
    with pytest.raises(LearningError, match="they must agree"):
        make("gail").step(short)
    learning = make("gail")
    rollouts = PointMass(GOAL).sample(learning.policy, 2, 0).trajectories
    infinite = torch.full(rollouts.states.shape[:2], math.inf, dtype=torch.float64)
    with pytest.raises(LearningError, match="not finite"):
        learning._optimiser.improve(rollouts, infinite)
    assert changed(learning.config, iterations=7).iterations == 7
