# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tabular algorithms learn from: a world, and how demonstrators visit it."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.problem import digest
from irl_ros.learning.saved_state import Part
from irl_ros.learning.tabular.mdp import Mdp, by_action
from irl_ros.learning.tabular.soft_control import visitation


@dataclass(frozen=True)
class World:
    """A process with its true reward and what a learner may know of each state.

    Attributes:
        mdp: The process.
        features: phi(s).
        reward: r(s), which learners do not see.
    """

    mdp: Mdp
    features: Float[Tensor, "S f"]
    reward: Float[Tensor, " S"]


@dataclass(frozen=True)
class Paths:
    """States and actions of N demonstrations with T steps each.

    Attributes:
        states: s_t.
        actions: a_t.
    """

    states: Int[Tensor, "N T"]
    actions: Int[Tensor, "N T"]


@dataclass(frozen=True)
class TabularProblem:
    """What every tabular algorithm learns from.

    Attributes:
        mdp: The process.
        features: phi(s) or phi(s, a), what a reward may depend on.
        visits: How often demonstrators are in a state and choose an action, discounted: those of
            `empirical_visits`, or of `visitation` where the demonstrator itself is known.

    Raises:
        DataError: If the parts disagree in number.
    """

    mdp: Mdp
    features: Float[Tensor, "S f"] | Float[Tensor, "S A f"]
    visits: Float[Tensor, "T S A"]

    def __post_init__(self) -> None:
        """Check the parts against each other."""
        stages, *cells = self.mdp.stages, self.mdp.states, self.mdp.actions
        if [*self.visits.shape] != [stages, *cells] or [*self.features.shape[:-1]] not in (
            cells[:1],
            cells,
        ):
            raise DataError(
                f"visits {tuple(self.visits.shape)} and features {tuple(self.features.shape)} in "
                f"a process of {stages} stages, {cells[0]} states and {cells[1]} actions"
            )

    def feature_counts(self, visits: Float[Tensor, "T S A"]) -> Float[Tensor, " f"]:
        """Return mu = sum over t, s, a of rho_t(s, a) phi(s, a)."""
        table = visits.sum(dim=0)
        if self.features.dim() == 2:
            return table.sum(dim=-1) @ self.features
        return torch.einsum("sa,saf->f", table, self.features)


def parts_of(problem: TabularProblem, shown: Paths | None) -> tuple[Part, ...]:
    """Return what tells a problem from another, part by part.

    Args:
        problem: Process, features and demonstrated visits.
        shown: The demonstrations themselves, where an algorithm learns from them, too.
    """
    mdp = problem.mdp
    timing = torch.tensor([mdp.horizon or 0, mdp.discount], dtype=torch.float64)
    paths = () if shown is None else (shown.states, shown.actions)
    process = digest(mdp.successors, mdp.probabilities, mdp.initial, timing)
    return (
        Part("process", process, "another process"),
        Part("features", digest(problem.features), "other features"),
        Part("demonstrations", digest(problem.visits, *paths), "other demonstrations"),
    )


def sample_paths(
    mdp: Mdp, policy: Float[Tensor, "T S A"], count: int, steps: int, generator: torch.Generator
) -> Paths:
    """Let a policy run.

    Args:
        mdp: The process.
        policy: pi_t(a | s).
        count: How often, N.
        steps: For how many steps, at most the horizon.
        generator: Source of all randomness.
    """
    state = torch.multinomial(mdp.initial, count, replacement=True, generator=generator)
    states, actions = [], []
    for step in range(steps):
        choice = policy[min(step, len(policy) - 1)][state]
        action = torch.multinomial(choice, 1, generator=generator).squeeze(1)
        states.append(state)
        actions.append(action)
        branch = torch.multinomial(mdp.probabilities[state, action], 1, generator=generator)
        state = mdp.successors[state, action].gather(1, branch).squeeze(1)
    return Paths(torch.stack(states, dim=1), torch.stack(actions, dim=1))


def new_paths(
    mdp: Mdp, policy: Float[Tensor, "T S A"], count: int, seed: int, iteration: int
) -> Paths:
    """Let a policy run to the horizon, by a seed and the number of the iteration alone.

    Args:
        mdp: The process, with a horizon.
        policy: pi_t(a | s).
        count: How often.
        seed: The learner's.
        iteration: Its iteration.
    """
    word = np.random.SeedSequence([seed, iteration]).generate_state(1)[0]
    return sample_paths(mdp, policy, count, mdp.stages, torch.Generator().manual_seed(int(word)))


def joined(first: Paths, second: Paths) -> Paths:
    """Return the paths of both, in this order."""
    return Paths(
        torch.cat([first.states, second.states]), torch.cat([first.actions, second.actions])
    )


def check_whole_paths(mdp: Mdp, paths: Paths) -> None:
    """Refuse paths that are not those of an undiscounted process from beginning to end.

    Raises:
        DataError: If the process is discounted or its horizon is not that of the paths.
    """
    steps = paths.states.shape[1]
    if mdp.horizon != steps or mdp.discount != 1:
        raise DataError(
            f"paths of {steps} steps, horizon {mdp.horizon}, discount {mdp.discount}: give a "
            "process with the horizon of its paths and discount 1"
        )


def empirical_visits(mdp: Mdp, paths: Paths) -> Float[Tensor, "T S A"]:
    """Return 1/N sum over paths of gamma^(t-1) for each visit, as `visitation` would.

    Raises:
        DataError: If the process has a horizon and the paths another length.
    """
    count, steps = paths.states.shape
    if mdp.horizon not in {None, steps}:
        raise DataError(f"paths of {steps} steps in a process with horizon {mdp.horizon}")
    weights = mdp.discount ** torch.arange(steps, dtype=torch.float64) / count
    cells = paths.states * mdp.actions + paths.actions
    if mdp.horizon is not None:
        cells = cells + torch.arange(steps) * mdp.states * mdp.actions
    visits = weights.new_zeros(mdp.stages * mdp.states * mdp.actions)
    visits.index_add_(0, cells.flatten(), weights.expand(count, steps).flatten())
    return visits.reshape(mdp.stages, mdp.states, mdp.actions)


def expected_return(
    mdp: Mdp,
    reward: Float[Tensor, " S"] | Float[Tensor, "S A"],
    policy: Float[Tensor, "T S A"],
) -> float:
    """Return E[sum_t gamma^(t-1) r(s_t, a_t)] when a policy runs."""
    return float((visitation(mdp, policy) * by_action(mdp, reward)).sum())
