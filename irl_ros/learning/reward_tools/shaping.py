# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Potential-based shaping: what can be added to a cost without changing what is optimal.

Ng, Harada and Russell (1999), there for rewards, Phi negated. With a potential Phi and a discount
gamma the cost

(1)  c'(x, u, x') = c(x, u, x') + gamma Phi(x') - Phi(x)

has the same optimal policies, hard and soft: the terms telescope, so the cost of every trajectory
changes by -Phi(x_1) alone. Where an attempt ends after T steps the last one gets -Phi(x_T) only.
For Phi = 1/2 x^T S x and gamma = 1, along x' = F_t (x, u) + f_t + noise of covariance W_t, it adds

(2)  F_t^T S F_t - [S, 0; 0, 0]  to C_t,  F_t^T S f_t  to c_t,
     1/2 f_t^T S f_t + 1/2 tr(S W_t)  to const_t

to a quadratic cost of (x, u). A potential Phi = w . phi is found, to be removed, as

(3)  w = argmin_w sum (c - w . (gamma phi(x') - phi(x)))^2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.lqr import LinearDynamics


def shape_table(
    costs: Float[Tensor, "S A S"], potential: Float[Tensor, " S"], discount: float
) -> Float[Tensor, "S A S"]:
    """Return (1) as a table."""
    return costs + discount * potential - potential[:, None, None]


def shape_quadratic(
    cost: QuadraticCost, dynamics: LinearDynamics, potential: Float[Tensor, "x x"]
) -> QuadraticCost:
    """Shape a quadratic cost by Phi(x) = 1/2 x^T S x, undiscounted, along linear dynamics.

    Adds (2), and -S alone to C_T, the last step's; gains and covariances of the optimal controller
    stay, log Z grows by 1/2 x_1^T S x_1.

    Args:
        cost: What is shaped.
        dynamics: Where x' comes from.
        potential: S, symmetric.
    """
    state = slice(0, len(potential))
    matrix, vector, constant = cost.matrix.clone(), cost.vector.clone(), cost.constant.clone()
    matrix[:, state, state] -= potential
    pulled = dynamics.matrices.mT @ potential
    matrix[:-1] += pulled @ dynamics.matrices
    vector[:-1] += torch.einsum("szx,sx->sz", pulled, dynamics.offsets)
    constant[:-1] += 0.5 * torch.einsum(
        "sx,xy,sy->s", dynamics.offsets, potential, dynamics.offsets
    )
    constant[:-1] += 0.5 * (potential * dynamics.covariances).sum(dim=(1, 2))
    return QuadraticCost(matrix, vector, constant)


@dataclass(frozen=True)
class Unshaped:
    """A cost without the potential that explains the most of it.

    Attributes:
        costs: What is left of each transition's cost.
        weights: The potential that was removed, Phi(x) = weights . phi(x).
    """

    costs: Float[Tensor, " B"]
    weights: Float[Tensor, " p"]


def remove_potential(
    costs: Float[Tensor, " B"],
    features: Float[Tensor, "B p"],
    next_features: Float[Tensor, "B p"],
    discount: float,
) -> Unshaped:
    """Remove from costs the part that a potential explains.

    The rest of (3) is what stays. Costs that differ by a potential in the span of phi leave the
    same rest, which is thus a canonical form on these transitions.

    Args:
        costs: c(x, u, x') of B transitions.
        features: phi(x).
        next_features: phi(x'); zero where an attempt ends.
        discount: Discount of the decision problem.

    Raises:
        DataError: If there are not more transitions than features.
    """
    if len(costs) <= features.shape[1]:
        raise DataError(
            f"{len(costs)} transitions for a potential of {features.shape[1]} features; any cost "
            "would vanish: give more transitions"
        )
    regressors = discount * next_features - features
    weights = torch.linalg.lstsq(regressors, costs.unsqueeze(1), driver="gelsd").solution[:, 0]
    return Unshaped(costs - regressors @ weights, weights)
