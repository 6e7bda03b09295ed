# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a policy that was learned loses by the true reward.

The expected value difference of Levine, Popovic and Koltun (2011). With rho the visits of a
policy, pi* the one that is optimal for the true reward r, and c the true cost of rollouts, M of
pi* and L of pi,

(1)  V^pi* - V^pi = sum_{t, s, a} (rho_pi*(s, a) - rho_pi(s, a)) r(s, a)
(2)  E_pi[c] - E_pi*[c], about  mean_pi c - mean_pi* c,  of standard error
     sqrt(var_pi* c / M + var_pi c / L)
"""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.tabular.mdp import Mdp, by_action
from irl_ros.learning.tabular.soft_control import solve, visitation


def expected_value_difference(
    mdp: Mdp, reward: Float[Tensor, " S"] | Float[Tensor, "S A"], policy: Float[Tensor, "T S A"]
) -> float:
    """Return (1) from the initial states, by the true reward; 0 for an optimal policy.

    As a measure of a learned reward, pi is the policy that is optimal for it.

    Args:
        mdp: The process.
        reward: The true reward.
        policy: pi_t(a | s).
    """
    best = solve(mdp, reward, temperature=0.0).policy
    gain = visitation(mdp, best) - visitation(mdp, policy)
    return float((gain * by_action(mdp, reward)).sum())


@dataclass(frozen=True)
class ValueDifference:
    """A difference of expected costs, estimated from rollouts.

    Attributes:
        mean: Estimate.
        standard_error: Of the estimate.
    """

    mean: float
    standard_error: float


def sampled_value_difference(
    best: Float[Tensor, " M"], other: Float[Tensor, " L"]
) -> ValueDifference:
    """Return (2), how much more a policy costs than the best one, from true trajectory costs.

    Args:
        best: True costs of M rollouts of the policy that is optimal for the true cost.
        other: Those of L rollouts of the policy in question.

    Raises:
        DataError: If one of the two has fewer than two rollouts.
    """
    if min(len(best), len(other)) < 2:
        raise DataError(f"{len(best)} and {len(other)} rollouts; give at least 2 of each")
    variance = float(best.var() / len(best) + other.var() / len(other))
    return ValueDifference(float(other.mean() - best.mean()), math.sqrt(variance))
