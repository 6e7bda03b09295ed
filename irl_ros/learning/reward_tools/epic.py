# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Canonical forms of costs and the distance between them that shaping and scale do not change.

The equivalent-policy invariant comparison (EPIC) of Gleave, Dennis, Legg, Russell and Leike
(2021), definitions 4.1, 4.5 and 4.7. With the discount g and independent random S, S' and A,

(1)  C(c)(s, a, s') = c(s, a, s') + E[g c(s', A, S') - c(s, A, S') - g c(S, A, S')]
(2)  distance = sqrt((1 - rho) / 2),  rho Pearson's correlation
(3)  EPIC(c, c') = (2) of C(c) and C(c') over transitions

(1) is the same for costs that differ by shaping; (2) is 0 for those that differ by a shift and a
positive scale. EPIC is about rewards; a reward is a negated cost, and (1) and (2) treat the two
alike.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.transitions import Transitions

TransitionCost = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Costs " B" of states "B x", actions "B u" and next states "B x"."""


def canonical_table(
    costs: Float[Tensor, "S A S"],
    states: Float[Tensor, " S"],
    actions: Float[Tensor, " A"],
    discount: float,
) -> Float[Tensor, "S A S"]:
    """Return (1), the canonically shaped cost of a finite problem.

    S and S' are drawn from ``states``, A from ``actions``.

    Args:
        costs: c(s, a, s').
        states: Probabilities of S and S'.
        actions: Probabilities of A.
        discount: g.
    """
    expected = torch.einsum("sat,a,t->s", costs, actions, states)
    mean = expected @ states
    canonical = costs + discount * expected - expected[:, None, None] - discount * mean
    return _without_rounding(canonical, costs)


def canonical_costs(
    cost: TransitionCost, transitions: Transitions, others: Transitions, discount: float
) -> Float[Tensor, " B"]:
    """Return (1) for transitions, the expectations taken over samples.

    S and S' are the states of ``others``, S' in another order, and A its actions. The cost is
    asked about changes of the state that the dynamics need not allow.

    Args:
        cost: c(x, u, x').
        transitions: Where the canonical cost is wanted.
        others: What the expectations are taken over; its next states are not used.
        discount: Discount of the decision problem.
    """
    actions = others.actions
    # In their own order S' and A would depend on each other: actions were chosen in states.
    reached = others.states.roll(len(others) // 2 + 1, dims=0)

    def expected(states: Float[Tensor, "C x"]) -> Float[Tensor, " C"]:
        means = [
            cost(state.expand_as(reached), actions, reached).mean() for state in states.unbind()
        ]
        return torch.stack(means)

    own = cost(transitions.states, transitions.actions, transitions.next_states)
    change = discount * expected(transitions.next_states) - expected(transitions.states)
    return _without_rounding(own + change - discount * expected(others.states).mean(), own)


def _without_rounding(
    canonical: Float[Tensor, "*shape"], costs: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Return exact zeros where nothing but rounding is left of the costs."""
    return torch.where(canonical.abs() <= 1e-12 * costs.abs().max(), 0.0, canonical)


def pearson_correlation(
    first: Float[Tensor, "*shape"],
    second: Float[Tensor, "*shape"],
    weights: Float[Tensor, "*shape"] | None = None,
) -> float:
    """Return Pearson's correlation coefficient, between -1 and 1.

    Args:
        first: One number for each transition.
        second: Another one.
        weights: Probabilities of the transitions; all the same by default.

    Raises:
        DataError: If one of the two is constant, so that there is no correlation.
    """
    shares = torch.ones_like(first) if weights is None else weights
    shares = shares / shares.sum()
    one, two = first - (shares * first).sum(), second - (shares * second).sum()
    deviations = [float((shares * each.square()).sum().sqrt()) for each in (one, two)]
    sizes = [float((shares * each.square()).sum().sqrt()) for each in (first, second)]
    if any(spread <= 1e-12 * size for spread, size in zip(deviations, sizes, strict=True)):
        raise DataError("a cost is the same for all transitions; there is nothing to compare")
    correlation = float((shares * one * two).sum()) / (deviations[0] * deviations[1])
    return min(1.0, max(-1.0, correlation))


def pearson_distance(correlation: float) -> float:
    """Return (2): 0 for the same up to scale and shift, 1 for the opposite."""
    return math.sqrt(0.5 * (1 - correlation))


def epic_distance(
    first: Float[Tensor, "S A S"],
    second: Float[Tensor, "S A S"],
    coverage: Float[Tensor, "S A S"],
    states: Float[Tensor, " S"],
    actions: Float[Tensor, " A"],
    discount: float,
) -> float:
    """Return (3), the EPIC distance of two costs of a finite problem, between 0 and 1.

    Transitions are weighed by ``coverage``. Potential-based shaping, a shift and a positive scale
    do not change it.

    Args:
        first: c(s, a, s').
        second: The other cost.
        coverage: Probabilities of the transitions that the costs are compared on.
        states: Probabilities of states in the canonical form.
        actions: Probabilities of actions there.
        discount: Discount of the decision problem.

    Raises:
        DataError: If a canonical cost is constant: shaping of nothing.
    """
    forms = [canonical_table(each, states, actions, discount) for each in (first, second)]
    return pearson_distance(pearson_correlation(forms[0], forms[1], coverage))
