# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Finite Markov decision processes with known, possibly sparse, dynamics."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from scipy import sparse
from torch import Tensor

from irl_ros.core.errors import DataError


@dataclass(frozen=True)
class Mdp:
    """A finite Markov decision process without its reward.

    An action leads to one of B successors. A matrix p(s' | s, a) is the case B = S; where only
    neighbours can be reached, B is small and large worlds stay affordable. A successor that is
    listed twice has the sum of its probabilities.

    Finite processes take T decisions, others never end and need a discount below 1. Tables over
    time have the axis T; where nothing ends all steps are alike and the axis has length 1.

    Attributes:
        successors: States s' that may follow s and a.
        probabilities: p(s' | s, a) of each.
        initial: p(s_1).
        horizon: Number T of decisions; None: without end.
        discount: gamma, by which each later step counts less.

    Raises:
        DataError: If something is not a distribution, points outside, or never ends undiscounted.
    """

    successors: Int[Tensor, "S A B"]
    probabilities: Float[Tensor, "S A B"]
    initial: Float[Tensor, " S"]
    horizon: int | None
    discount: float = 1.0

    def __post_init__(self) -> None:
        """Check that distributions are distributions and that values are finite."""
        if self.probabilities.dtype != torch.float64 or self.initial.dtype != torch.float64:
            raise DataError("probabilities are not float64; give torch.float64")
        for name, table in (("p(s' | s, a)", self.probabilities), ("p(s_1)", self.initial)):
            total = table.sum(dim=-1)
            if bool((table < 0).any()) or not torch.allclose(total, torch.ones_like(total)):
                raise DataError(f"{name} is not a distribution; make it positive with sum 1")
        if not 0 <= int(self.successors.min()) <= int(self.successors.max()) < self.states:
            raise DataError(f"a successor is not one of the states 0 to {self.states - 1}")
        if not 0 < self.discount <= 1 or (self.horizon is None and self.discount == 1):
            raise DataError(
                f"discount {self.discount} with horizon {self.horizon}; give one above 0, at most "
                "1, and below 1 where the horizon is None"
            )
        if self.horizon is not None and self.horizon < 1:
            raise DataError(f"a horizon of {self.horizon} decisions; give at least 1, or None")

    @property
    def states(self) -> int:
        """Number S of states."""
        return self.successors.shape[0]

    @property
    def actions(self) -> int:
        """Number A of actions."""
        return self.successors.shape[1]

    @property
    def stages(self) -> int:
        """Length of the axis T: the horizon, or 1 where all steps are alike."""
        return self.horizon or 1

    def expect(self, values: Float[Tensor, " S"]) -> Float[Tensor, "S A"]:
        """Return E[v(s') | s, a]."""
        return (self.probabilities * values[self.successors]).sum(dim=-1)

    def flow(self, visits: Float[Tensor, "S A"]) -> Float[Tensor, " S"]:
        """Return sum over s, a of visits(s, a) p(s' | s, a), the adjoint of `expect`."""
        shares = (visits.unsqueeze(-1) * self.probabilities).flatten()
        return visits.new_zeros(self.states).index_add(0, self.successors.flatten(), shares)

    def chain(self, policy: Float[Tensor, "S A"]) -> sparse.csc_array:
        """Return the matrix p(s' | s) of the Markov chain under a policy."""
        shares = (policy.unsqueeze(-1) * self.probabilities).flatten()
        rows = torch.arange(self.states).repeat_interleave(self.successors[0].numel())
        entries = (shares.numpy(), (rows.numpy(), self.successors.flatten().numpy()))
        return sparse.csc_array(entries, shape=(self.states, self.states))


def dense_mdp(
    transitions: Float[Tensor, "S A S"],
    initial: Float[Tensor, " S"],
    horizon: int | None,
    discount: float = 1.0,
) -> Mdp:
    """Return the process with the transition matrix p(s' | s, a)."""
    successors = torch.arange(len(transitions)).expand(transitions.shape)
    return Mdp(successors, transitions, initial, horizon, discount)


def by_action(
    mdp: Mdp, reward: Float[Tensor, " S"] | Float[Tensor, "S A"]
) -> Float[Tensor, "S A"]:
    """Return r(s, a) of a reward that may depend on the state alone."""
    return reward.unsqueeze(-1).expand(-1, mdp.actions) if reward.dim() == 1 else reward
