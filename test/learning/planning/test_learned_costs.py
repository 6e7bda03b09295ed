# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Costs learned from demonstrations, saved, loaded, and executed without a learned policy."""

from pathlib import Path

import pytest
import torch
from point_mass import ACTION_WEIGHT, STEPS, PointMass, features, point_mass_problem

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import replace
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Outcome, Rollouts, Trajectories, concatenate
from irl_ros.learning.adversarial.airl import AirlConfig, AirlReward, airl
from irl_ros.learning.adversarial.perceptron import Perceptron
from irl_ros.learning.artifacts import COST_FILE, cost_to_bytes, load_cost
from irl_ros.learning.cost import Cost, QuadraticCost
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.lqr import LinearDynamics, solve
from irl_ros.learning.placed_cost import PlacedCost
from irl_ros.learning.planning.cover import cover
from irl_ros.learning.planning.model import LinearModel, fit_linear_model
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.soft_q import QNetwork, SoftQConfig, SoftQLearning
from irl_ros.learning.planning.soft_q_policy import action_grid
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.transitions import transitions_of

GOAL = torch.tensor([1.0, 0.5], dtype=torch.float64)
ELSEWHERE = torch.tensor([-0.6, 0.8], dtype=torch.float64)
SETTINGS = {
    "iterations": 6,
    "rollouts": 8,
    "cost.hidden": (16,),
    "cost.features": 16,
    "cost.action_weight": ACTION_WEIGHT,
    "first_sampler.kind": "hold",
    "first_sampler.hold_deviation": 0.5,
    "first_sampler.hold_stiffness": 0.0,
    "controller.kl_limit": 20.0,
    "cost_update.steps": 100,
    "objective.monotonic_weight": 10.0,
}


def stored(cost: Cost, folder: Path) -> Cost:
    write_atomically(folder / COST_FILE, cost_to_bytes(cost, {}))
    return load_cost(folder)[0]


def wandering(deviation: float) -> LinearGaussianController:
    return LinearGaussianController(
        torch.zeros(STEPS, 2, 4, dtype=torch.float64),
        torch.zeros(STEPS, 2, dtype=torch.float64),
        deviation**2 * torch.eye(2, dtype=torch.float64).repeat(STEPS, 1, 1),
    )


def planned(cost: Cost, goal: torch.Tensor) -> MppiPolicy:
    """Plan with a cost at a goal, on dynamics fitted to five walks near the origin."""
    walks = PointMass(goal).sample(wandering(1.0), 5, seed=7).trajectories
    mppi = Mppi(
        MppiConfig(samples=64, horizon=15, updates=2, target_ess=5, memory=0.8),
        fit_linear_model(transitions_of(walks)).rollout,
        PlacedCost(cost, features(goal)),
        torch.eye(2, dtype=torch.float64),
    )
    return MppiPolicy(mppi, wandering(1.0), seed=0)


def test_mppi_executes_a_cost_of_guided_cost_learning(tmp_path: Path) -> None:
    """At the goal it was learned for, and at one where nothing was shown or tried."""
    learner = GuidedCostLearning(point_mass_problem(GOAL), replace(GclConfig(), SETTINGS), seed=0)
    unlearned = Cost(learner.config.cost, torch.ones(4).double(), torch.Generator())
    learner.run(PointMass(GOAL))
    cost = stored(learner.learned_cost, tmp_path)
    for goal in (GOAL, ELSEWHERE):
        done = PointMass(goal).sample(planned(cost, goal), 1, seed=3, deterministic=True)
        assert done.outcomes[0].slot_offset < 0.1
    done = PointMass(GOAL).sample(planned(unlearned, GOAL), 1, seed=3, deterministic=True)
    assert done.outcomes[0].slot_offset > 0.3


# --- Soft Q-learning on a line -----------------------------------------------------------------

HURRY, EFFORT, MOVES = 2.0, 0.5, 15
ONE = torch.ones(1, 1, dtype=torch.float64)
BOX = torch.tensor([[-1.0], [2.5]], dtype=torch.float64)
LIMITS = torch.tensor([[-2.0], [2.0]], dtype=torch.float64)

STILL = LinearGaussianController(
    0 * ONE.expand(MOVES, 1, 1), 0 * ONE.expand(MOVES, 1), 0.5 * ONE.expand(MOVES, 1, 1)
)


class Line:
    """A point on a line: x' = x + 0.5 u, from near 0."""

    horizon, control_period, state_dim, action_dim = MOVES, 0.1, 1, 1
    gain = 0.5

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Run the policy."""
        generator = torch.Generator().manual_seed(seed)
        states = torch.empty(count, MOVES, 1, dtype=torch.float64)
        actions = torch.empty_like(states)
        for index in range(count):
            state = 0.05 * torch.randn(1, generator=generator, dtype=torch.float64)
            for step in range(MOVES):
                if deterministic:
                    action = policy.action_mean(step, state)
                else:
                    action = policy.sample(step, state, generator)
                states[index, step], actions[index, step] = state, action
                state = state + self.gain * action
        outcome = Outcome(True, "", False, 0.0, 0.0, 0.0, 0.0)
        return Rollouts(Trajectories(states, actions), (outcome,) * count)

    def close(self) -> None:
        """Nothing is held."""


def on_the_line(goal: float) -> AffineFeatures:
    return AffineFeatures(ONE, goal * ONE[0])


def line_expert(goal: float, gain: float = Line.gain) -> LinearGaussianController:
    """Return the soft optimum of 2 (x - g)^2 + 0.5 u^2."""
    matrix = 2 * torch.diag(torch.tensor([HURRY, EFFORT], dtype=torch.float64))
    vector = torch.tensor([-2 * HURRY * goal, 0.0], dtype=torch.float64)
    zeros = torch.zeros(MOVES, dtype=torch.float64)
    moves = torch.tensor([[1.0, gain]], dtype=torch.float64).expand(MOVES - 1, 1, 2)
    still = 0 * ONE
    noise = 1e-9 * ONE.expand(MOVES - 1, 1, 1)
    dynamics = LinearDynamics(moves, zeros[1:, None], noise, still[0], 0.0025 * ONE)
    quadratic = QuadraticCost(matrix.expand(MOVES, 2, 2), vector.expand(MOVES, 2), zeros)
    return solve(quadratic, dynamics).controller


def line_problem(goal: float, count: int = 12) -> LearningProblem:
    goals = torch.linspace(goal - 0.5, goal + 0.5, count, dtype=torch.float64)
    shown = concatenate(
        [
            Line().sample(line_expert(float(each)), 1, seed).trajectories
            for seed, each in enumerate(goals)
        ]
    )
    return LearningProblem(
        shown,
        shown.states - goals[:, None, None],
        goals.unsqueeze(1),
        on_the_line(goal),
        torch.tensor([goal], dtype=torch.float64),
        ONE[0],
        -ONE,
        torch.ones(count, dtype=torch.float64),
    )


def line_cost(policy: Policy, goal: float, line: Line | None = None) -> float:
    """Return what mean actions cost by the demonstrator's cost."""
    done = (line or Line()).sample(policy, 5, 1, deterministic=True).trajectories
    paid = HURRY * (done.states - goal).square() + EFFORT * done.actions.square()
    return float(paid.sum(dim=(1, 2)).mean())


def test_a_covered_box_is_even_and_follows_the_model() -> None:
    model = LinearModel(torch.tensor([[1.0, 0.5]]).double(), 0 * ONE[0], ONE)
    motions = cover(model, BOX, LIMITS, 4000, torch.Generator().manual_seed(0))
    for found, (low, high) in ((motions.states, BOX), (motions.actions, LIMITS)):
        assert float(low) <= float(found.min()) < float(found.max()) <= float(high)
        quarters = torch.histc(found, 4, float(low), float(high))
        assert float((quarters / 1000 - 1).abs().max()) < 0.15
    torch.testing.assert_close(motions.next_states, motions.states + 0.5 * motions.actions)
    with pytest.raises(ParameterError, match="give low below high"):
        cover(model, BOX.flip(0), LIMITS, 4, torch.Generator())


def test_soft_q_learning_optimises_a_cost_of_guided_cost_learning(tmp_path: Path) -> None:
    """Its policy costs hardly more than the optimum, by the cost that was never seen."""
    goal = 1.0
    small = {
        "iterations": 5,
        "cost.kind": "affine",
        "cost.action_weight": EFFORT,
        "first_sampler.hold_stiffness": 0.0,
    }
    settings = replace(GclConfig(), {**SETTINGS, **small})
    learner = GuidedCostLearning(line_problem(goal), settings, seed=0)
    learner.run(Line())
    placed = PlacedCost(stored(learner.learned_cost, tmp_path), on_the_line(goal))

    # Transitions that cover the line and all actions, from a model fitted to four walks.
    walks = transitions_of(Line().sample(STILL, 4, seed=7).trajectories)
    motions = cover(fit_linear_model(walks), BOX, LIMITS, 600, torch.Generator().manual_seed(1))
    with torch.no_grad():
        costs = placed(motions.states, motions.actions)
    generator = torch.Generator().manual_seed(0)
    config = SoftQConfig(temperature=0.05, discount=0.9, batch=600, target_period=40)
    network = QNetwork((24, 24), motions, costs, config.discount, generator)
    cells = action_grid(LIMITS, 25)
    learning = SoftQLearning(network, placed, cells, config, generator)
    learning.learn(motions, 1500)
    optimum, nothing = line_cost(line_expert(goal), goal), line_cost(STILL, goal)
    found = line_cost(learning.policy(MOVES), goal)
    assert optimum <= found < optimum + 0.1 * (nothing - optimum)


# --- AIRL's network of states on another robot -------------------------------------------------


class Reversed(Line):
    """The point with half the gain, backwards: x' = x - 0.25 u."""

    gain = -0.25


def test_a_network_of_states_that_airl_learned_transfers_to_other_dynamics() -> None:
    """Planned with, it costs little more than the optimum; the policy it came with goes astray."""
    goal = 1.0
    settings = {
        "iterations": 15,
        "rollouts": 10,
        "exploration": 0.5,
        "reward.form": "network",
        "discriminator.steps": 40,
        "discriminator.hidden": (16,),
        "discriminator.learning_rate": 1e-2,
        "discriminator.remembered": 3,
        "cloning.policy.hidden": (16,),
        "cloning.iterations": 10,
        "proximal.learning_rate": 2e-3,
    }
    learning = airl(line_problem(goal), replace(AirlConfig(), settings), 0)
    learning.run(Line())
    reward = learning.learner
    assert isinstance(reward, AirlReward)
    assert isinstance(reward.network.reward, Perceptron)

    def objective(states: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        # The price of an action is known, as in every cost here; g knows none.
        return EFFORT * actions.square().sum(dim=-1) - reward.bare(Trajectories(states, actions))

    other = Reversed()
    model = fit_linear_model(transitions_of(other.sample(STILL, 4, seed=7).trajectories))
    config = MppiConfig(samples=64, horizon=8, updates=2, target_ess=5)
    found = MppiPolicy(Mppi(config, model.rollout, objective, ONE), STILL, seed=0)
    optimum = line_cost(line_expert(goal, other.gain), goal, other)
    nothing = line_cost(STILL, goal, other)
    assert optimum <= line_cost(found, goal, other) < optimum + 0.15 * (nothing - optimum)
    assert line_cost(learning.policy, goal, other) > nothing
    assert line_cost(learning.policy, goal) < optimum + 0.15 * (nothing - optimum)  # at home
