# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gridworld of `family.py`: every algorithm gets the same paths and is judged by its policy.

Five by five cells, reward 1 in the last corner and -1 in the middle, 15 decisions, one move in
twenty fails. The demonstrator is soft-optimal; paths, dynamics and one feature for each cell are
what an algorithm knows.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from irl_ros.learning.planning.soft_q import SoftQConfig, SoftQLearning
from irl_ros.learning.planning.soft_q_policy import ActionCells
from irl_ros.learning.reward_tools.value_difference import expected_value_difference
from irl_ros.learning.tabular.adversarial import AdversarialConfig, Airl, Gail
from irl_ros.learning.tabular.cloning import CloningConfig, clone
from irl_ros.learning.tabular.feature_matching import FeatureMatching, FeatureMatchingConfig
from irl_ros.learning.tabular.max_margin_planning import MaxMarginConfig, MaxMarginPlanning
from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig
from irl_ros.learning.tabular.problem import (
    Paths,
    TabularProblem,
    empirical_visits,
    sample_paths,
)
from irl_ros.learning.tabular.sampled_maxent import SampledMaxEnt, SampledMaxEntConfig
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import gridworld
from irl_ros.learning.transitions import Transitions

SIZE, STEPS, FAILURE, TEMPERATURE, DEMONSTRATIONS = 5, 15, 0.05, 0.15, 40
DECAY = 0.01
ADVERSARIAL_ROLLOUTS = 2000
WORLD = gridworld(SIZE, STEPS, discount=1.0, failure=FAILURE)
DEMONSTRATOR = solve(WORLD.mdp, WORLD.reward, TEMPERATURE).policy
SETTINGS = {
    "world": [SIZE, STEPS, FAILURE, TEMPERATURE, DEMONSTRATIONS],
    "decay": DECAY,
    "adversarial_rollouts": ADVERSARIAL_ROLLOUTS,
}
CHANGED = {"soft_q": 1}
"""Raised for a row whose learner has changed."""


@dataclasses.dataclass(frozen=True)
class Case:
    """What an algorithm is given."""

    problem: TabularProblem
    shown: Paths
    rollouts: int
    seed: int


Policy = tuple[Tensor, int]
"""What is judged, and how many rollouts it took."""


def case_of(seed: int, rollouts: int) -> Case:
    generator = torch.Generator().manual_seed(seed)
    shown = sample_paths(WORLD.mdp, DEMONSTRATOR, DEMONSTRATIONS, STEPS, generator)
    visits = empirical_visits(WORLD.mdp, shown)
    return Case(TabularProblem(WORLD.mdp, WORLD.features, visits), shown, rollouts, seed)


def judge(policy: Tensor) -> dict[str, float]:
    """Return what the policy loses by the true reward, and how far its visits are off."""
    shown, found = (visitation(WORLD.mdp, each).sum(dim=0) for each in (DEMONSTRATOR, policy))
    return {
        "lost": expected_value_difference(WORLD.mdp, WORLD.reward, policy),
        "distance": 0.5 * float((found - shown).abs().sum()) / STEPS,
    }


# --- What learns -------------------------------------------------------------------------------


def known(_: Case) -> Policy:
    return DEMONSTRATOR, 0


def maxent(model: str) -> Callable[[Case], Policy]:
    def learn(case: Case) -> Policy:
        config = MaxEntConfig(model=model, weight_decay=DECAY, iterations=2)
        learner = MaxEnt(case.problem, config, case.seed)
        learner.run()
        return learner.policy, 0

    return learn


def matching(method: str) -> Callable[[Case], Policy]:
    def learn(case: Case) -> Policy:
        config = FeatureMatchingConfig(method=method, epsilon=0.05, iterations=60)
        learner = FeatureMatching(case.problem, config)
        learner.run()
        return learner.policy, 0

    return learn


def planning(case: Case) -> Policy:
    config = MaxMarginConfig(iterations=200, regularisation=DECAY)
    learner = MaxMarginPlanning(case.problem, config)
    learner.run()
    return learner.policy, 0


def sampled(**changes: Any) -> Callable[[Case], Policy]:
    def learn(case: Case) -> Policy:
        config = SampledMaxEntConfig(
            iterations=case.rollouts // 10, rollouts=10, weight_decay=DECAY, **changes
        )
        learner = SampledMaxEnt(case.problem, case.shown, config, case.seed)
        learner.run()
        return learner.policy, learner.rollouts

    return learn


def adversarial(kind: type[Gail] | type[Airl], **changes: Any) -> Callable[[Case], Policy]:
    def learn(case: Case) -> Policy:
        # Few rollouts are kept, many are not needed again.
        few = case.rollouts < ADVERSARIAL_ROLLOUTS
        each = 10 if few else 40
        config = AdversarialConfig(
            iterations=case.rollouts // each,
            rollouts=each,
            remembered=case.rollouts if few else 1,
            **changes,
        )
        learner = kind(case.problem, case.shown, config, case.seed)
        learner.run()
        return learner.policy, case.rollouts

    return learn


def cloned(case: Case) -> Policy:
    return clone(WORLD.mdp, case.shown, CloningConfig()), 0


class Table(nn.Module):
    """Q_t(s, a) of states (t, s), with nothing after the last decision."""

    def __init__(self) -> None:
        super().__init__()
        shape = (STEPS + 1, WORLD.mdp.states, WORLD.mdp.actions)
        self.values = nn.Parameter(torch.zeros(shape, dtype=torch.float64))

    def forward(self, states: Tensor, actions: Tensor) -> Tensor:
        step, cell = states[..., 0].long(), states[..., 1].long()
        found = self.values[step, cell, actions[..., 0].long()]
        over = torch.full_like(found, -torch.tensor(float(WORLD.mdp.actions)).log())
        return torch.where(step == STEPS, over, found)


def soft_q(case: Case) -> Policy:
    """Learn the policy of maximum entropy's reward from random walks and the demonstrations."""
    config = MaxEntConfig(weight_decay=DECAY, iterations=2)
    learner = MaxEnt(case.problem, config, case.seed)
    learner.run()
    reward, mdp = learner.reward, WORLD.mdp
    walks = sample_paths(
        mdp,
        torch.full((STEPS, mdp.states, mdp.actions), 1 / mdp.actions, dtype=torch.float64),
        case.rollouts,
        STEPS,
        torch.Generator().manual_seed(1000 + case.seed),
    )
    states, actions = (
        torch.cat([getattr(walks, name), getattr(case.shown, name)])
        for name in ("states", "actions")
    )
    # What happens does not depend on the time: each transition counts at all of them.
    steps = torch.arange(STEPS, dtype=torch.float64).repeat_interleave(states[:, 1:].numel())
    before, done, after = (
        each.flatten().double().repeat(STEPS)
        for each in (states[:, :-1], actions[:, :-1], states[:, 1:])
    )
    motions = Transitions(
        torch.stack([steps, before], dim=1),
        done.unsqueeze(1),
        torch.stack([steps + 1, after], dim=1),
    )
    cells = ActionCells(
        torch.arange(mdp.actions, dtype=torch.float64).unsqueeze(1),
        torch.zeros(1, dtype=torch.float64),
    )
    learning = SoftQLearning(
        Table(),
        lambda states, actions: -reward[states[..., 1].long(), actions[..., 0].long()],
        cells,
        SoftQConfig(discount=0.9999, learning_rate=0.05, batch=4096, target_period=100),
        torch.Generator().manual_seed(case.seed),
    )
    learning.learn(motions, 2500)
    table = learning.network.values.detach()[:STEPS]
    return table.softmax(dim=-1), case.rollouts


LEARNERS: dict[str, Callable[[Case], Policy]] = {
    "known": known,
    "maxent": maxent("causal"),
    "maxent_trajectory": maxent("trajectory"),
    "matching_program": matching("program"),
    "matching_projection": matching("projection"),
    "max_margin_planning": planning,
    "gcl": sampled(),
    "relent": sampled(adaptive_sampler=False),
    "gan_gcl": sampled(loss="gan"),
    "gail": adversarial(Gail, step=0.1),
    "airl": adversarial(Airl, entropy_weight=1.0),
    "bc": cloned,
    "soft_q": soft_q,
}


def budgets(row: str, rollouts: int) -> tuple[int, ...]:
    """Return the numbers of rollouts that a row is measured with."""
    return (rollouts, ADVERSARIAL_ROLLOUTS) if row in {"gail", "airl"} else (rollouts,)


def measure(row: str, seed: int, rollouts: int) -> dict[str, Any]:
    policy, used = LEARNERS[row](case_of(seed, rollouts))
    return {**judge(policy), "used": used}
