# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The 2-D navigation of `family.py`: the paper's task, each seed at one of its four new starts.

Demonstrations, starts and judgement are those of `paper.py`, whose kept demonstrations are used.
"""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import paper
import torch

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.door import CountedRollouts
from irl_ros.benchmark.learners import (
    ROLLOUTS,
    cloned,
    fixed_then_optimised,
    registered,
    section_of,
    within_section,
)
from irl_ros.core.parameters import replace, to_mapping
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.algorithms import ALGORITHMS, AlgorithmConfig
from irl_ros.learning.behaviour_cloning import BehaviourCloningConfig
from irl_ros.learning.controller_optimisation import OptimiserConfig, optimise_controller
from irl_ros.learning.cost import Cost
from irl_ros.learning.experiment import Experiment, experiment_problem
from irl_ros.learning.gcl import GclConfig
from irl_ros.learning.placed_cost import PlacedCost
from irl_ros.learning.planning.cover import cover
from irl_ros.learning.planning.model import fit_linear_model
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.soft_q import QNetwork, SoftQConfig, SoftQLearning
from irl_ros.learning.planning.soft_q_policy import action_grid
from irl_ros.learning.transitions import transitions_of
from irl_ros.sim.navigation import navigation

ATTEMPTS = 3
WALKS = 10
STRONG = 1.5  # m/s^2, deviation of the actions of walks for soft Q-learning
STRONGEST = 2.0  # m/s^2, of those that it chooses from
Q_MARGIN = 0.1  # of the range of shown states, on each side, in which Q is learned
Q_MOTIONS, Q_STEPS = 8000, 4000
SOFT_Q = SoftQConfig(
    temperature=20.0, discount=0.95, learning_rate=2e-3, batch=512, target_period=40
)
BUDGET = paper.Budget(0, ATTEMPTS, Path("runs/paper"), OptimiserConfig(iterations=12, rollouts=15))
EXPERIMENT = navigation()

Learner = Callable[[BenchmarkCase, Cost | None], Learned]


def changes(experiment: Experiment) -> dict[str, Any]:
    """Return what the task and not the algorithm decides; each takes what it has a switch for."""
    weight = experiment.ground_truth.action_weight
    cost = {
        "cost.hidden": list(experiment.network.hidden),
        "cost.features": experiment.network.features,
        "cost.action_weight": weight,
    }
    return {
        **cost,
        **{f"reward.{name}": value for name, value in cost.items()},
        "action_weight": weight,
        "first_sampler.hold_deviation": experiment.exploration,
        "exploration": experiment.exploration,
    }


def configured(algorithm: str, policy: str = "linear_gaussian") -> AlgorithmConfig:
    config = AlgorithmConfig(algorithm=algorithm, policy=policy)
    return within_section(config, changes(EXPERIMENT))


def settings_of(row: str) -> dict[str, Any]:
    """Return all that the trainer's algorithm of a row can be told."""
    algorithm, policy = ("gcl", "neural") if row == "neural_gcl" else (row, "linear_gaussian")
    if algorithm not in ALGORITHMS:
        return {}
    config = configured(algorithm, policy)
    section = section_of(config)
    return {name: v for name, v in to_mapping(config).items() if name.startswith(f"{section}.")}


def guided_config() -> GclConfig:
    known = to_mapping(GclConfig())
    own = {name: value for name, value in changes(EXPERIMENT).items() if name in known}
    return replace(GclConfig(), {**own, "adaptive_sampler": False})


def trained(algorithm: str, policy: str = "linear_gaussian") -> Learner:
    config = configured(algorithm, policy)
    return lambda case, _: registered(case, config)


def known(case: BenchmarkCase, _: Cost | None) -> Learned:
    """Optimise a controller for the true cost, from exploration around the start."""
    first = walking(case.source)
    search = OptimiserConfig(case.rollouts // ROLLOUTS, ROLLOUTS)
    truth = EXPERIMENT.ground_truth
    found = optimise_controller(
        truth, case.problem.features, first, case.source, search, case.seed
    )
    return Learned(found)


def walking(
    source: RolloutSource, deviation: float = EXPERIMENT.exploration
) -> LinearGaussianController:
    """Return exploration around standing still."""
    gains = torch.zeros(source.horizon, source.action_dim, source.state_dim, dtype=torch.float64)
    variance = deviation**2 * torch.eye(source.action_dim, dtype=torch.float64)
    return LinearGaussianController(
        gains, torch.zeros_like(gains[..., 0]), variance.repeat(source.horizon, 1, 1)
    )


def planned(case: BenchmarkCase, cost: Cost | None) -> Learned:
    """Plan with the cost of Guided Cost Learning and a model fitted to a few walks."""
    assert cost is not None
    walks = case.source.sample(walking(case.source), WALKS, 10**6 + case.seed).trajectories
    model = fit_linear_model(transitions_of(walks))
    mppi = Mppi(
        MppiConfig(samples=128, horizon=30, updates=2, target_ess=5, memory=0.9),
        model.rollout,
        PlacedCost(cost, case.problem.features),
        torch.eye(case.source.action_dim, dtype=torch.float64),
    )
    base = walking(case.source)
    still = LinearGaussianController(base.gains, 0 * base.offsets, base.covariances)
    return Learned(MppiPolicy(mppi, still, case.seed))


def soft_q(case: BenchmarkCase, cost: Cost | None) -> Learned:
    """Learn Q of the cost of Guided Cost Learning around where demonstrators were, by a model.

    Walks alone leave Q free where nobody went, and the policy goes there.
    """
    assert cost is not None
    walks = case.source.sample(walking(case.source, STRONG), WALKS, 10**6 + case.seed).trajectories
    generator = torch.Generator().manual_seed(case.seed)
    seen = case.problem.demonstrations.states.flatten(0, 1)
    margin = Q_MARGIN * (seen.amax(dim=0) - seen.amin(dim=0))
    box = torch.stack([seen.amin(dim=0) - margin, seen.amax(dim=0) + margin])
    limits = STRONGEST * torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    motions = cover(fit_linear_model(transitions_of(walks)), box, limits, Q_MOTIONS, generator)
    placed = PlacedCost(cost, case.problem.features)
    with torch.no_grad():
        costs = placed(motions.states, motions.actions)
    network = QNetwork((64, 64), motions, costs, SOFT_Q.discount, generator)
    learning = SoftQLearning(network, placed, action_grid(limits, 5), SOFT_Q, generator)
    learning.learn(motions, Q_STEPS)
    return Learned(learning.policy(case.source.horizon))


LEARNERS: dict[str, Learner] = {
    "known": known,
    **{name: trained(name) for name in ALGORITHMS if name not in {"relent", "bc"}},
    "relent": lambda case, _: fixed_then_optimised(
        case, guided_config(), case.rollouts // ROLLOUTS // 2 * ROLLOUTS
    ),
    "bc": lambda case, _: cloned(case, BehaviourCloningConfig()),
    "neural_gcl": trained("gcl", "neural"),
    "mppi": planned,
    "soft_q": soft_q,
}
COST_OF = {"mppi": "gcl", "soft_q": "gcl"}
CHANGED = {
    "soft_q": [STRONG, STRONGEST, Q_MARGIN, Q_MOTIONS, Q_STEPS, to_mapping(SOFT_Q)],
}
"""What belongs to one row alone."""
SETTINGS: Mapping[str, Any] = {
    "attempts": ATTEMPTS,
    "walks": WALKS,
    "changes": changes(EXPERIMENT),
}


def prepare() -> None:
    """Teach what is not there yet."""
    for index in range(len(EXPERIMENT.shown)):
        paper.teach(paper.Job("demonstrations", "navigation", condition=index), BUDGET)


def attempts(policy: Policy, source: RolloutSource) -> Trajectories:
    """Try the mean action; a planner remembers its plan, so it has one attempt at a time."""
    if not isinstance(policy, MppiPolicy):
        return source.sample(policy, ATTEMPTS, 10**6, deterministic=True).trajectories
    tried = [source.sample(policy, 1, 10**6 + i, deterministic=True) for i in range(ATTEMPTS)]
    return concatenate([each.trajectories for each in tried])


def measure(
    row: str, seed: int, rollouts: int, cost: Cost | None
) -> tuple[dict[str, Any], Learned]:
    """Learn and judge the mean action; a planner or Q-learner is given the cost learned before."""
    context = EXPERIMENT.tested[seed % len(EXPERIMENT.tested)]
    problem = experiment_problem(EXPERIMENT, paper.shown_in(EXPERIMENT, BUDGET), context)
    with contextlib.closing(EXPERIMENT.source(context)) as source:
        door = CountedRollouts(source, rollouts)
        learned = LEARNERS[row](BenchmarkCase(problem, door, rollouts, seed, cold=False), cost)
        tried = attempts(learned.policy, source)
    found = paper.score(EXPERIMENT, context, tried)
    result = {
        "successes": round(found["success"] * ATTEMPTS),
        "trials": ATTEMPTS,
        "distance": found["distance"],
        "cost": found["cost"],
        "used": len(door.outcomes),
        "note": learned.note,
    }
    return result, learned
