# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The direction in which all of some points lie furthest on the positive side."""

from dataclasses import dataclass
from typing import Any, Literal

import clarabel
import numpy as np
import torch
from jaxtyping import Float
from scipy import sparse
from torch import Tensor

from irl_ros.core.errors import LearningError

Weights = Literal["any", "nonnegative", "semidefinite"]
"""Where weights may lie."""


@dataclass(frozen=True)
class Margin:
    """Solution of max t - p sum_j xi_j subject to w . d_j >= t - xi_j, xi >= 0, ||w|| <= 1.

    Attributes:
        margin: t - p sum_j xi_j, at least 0.
        weights: w.
        multipliers: lambda_j of the first constraints, which sum to 1 and do not exceed the price
            of slack p. They are the solution of the dual: sum_j lambda_j d_j is the point nearest
            to 0, or, where w is confined to a cone, the one whose projection onto it is shortest.
    """

    margin: float
    weights: Float[Tensor, " f"]
    multipliers: Float[Tensor, " J"]


def widest_margin(
    points: Float[Tensor, "J f"], *, weights: Weights = "any", slack_price: float = 1.0
) -> Margin:
    """Return the widest margin between the origin and points d_j.

    Args:
        points: d_j.
        weights: Where w must lie. Where it shall be semidefinite, it is the lower triangle of a
            symmetric matrix by rows, sqrt(2) times what is off the diagonal.
        slack_price: p; below 1 some points may lie within the margin.

    Raises:
        LearningError: If the solver does not find the solution.
    """
    count, features = points.shape
    scale = float(points.abs().max()) or 1.0
    # Clarabel minimises c . x with b - A x in the cones; here x = (t, w, xi).
    begin = np.eye(1 + features + count)
    beaten = np.hstack([np.ones((count, 1)), -points.numpy() / scale, -np.eye(count)])
    paid = begin[1 + features :]
    inside = np.vstack([np.zeros_like(begin[:1]), begin[1 : 1 + features]])
    confined = begin[1 : 1 + features] if weights != "any" else begin[:0]
    rows = np.vstack([beaten, -paid, -inside, -confined])
    bound = np.zeros(len(rows))
    bound[2 * count] = 1.0
    cones: list[Any] = [
        clarabel.NonnegativeConeT(2 * count),
        clarabel.SecondOrderConeT(1 + features),
    ]
    if weights == "nonnegative":
        cones.append(clarabel.NonnegativeConeT(features))
    elif weights == "semidefinite":
        cones.append(clarabel.PSDTriangleConeT(round((2 * features) ** 0.5 - 0.5)))
    price = np.concatenate([[-1.0], np.zeros(features), np.full(count, slack_price)])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix((len(price), len(price))),
        price,
        sparse.csc_matrix(rows),
        bound,
        cones,
        settings,
    ).solve()
    if solution.status not in {clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved}:
        raise LearningError(
            f"the program of {count} points with {features} features ended with "
            f"{solution.status}; give finite feature counts"
        )
    found = torch.tensor(solution.x, dtype=torch.float64)
    multipliers = torch.tensor(solution.z[:count], dtype=torch.float64).clamp(min=0)
    return Margin(
        margin=max(0.0, -scale * float(solution.obj_val)),
        weights=found[1 : 1 + features],
        multipliers=multipliers / multipliers.sum(),
    )
