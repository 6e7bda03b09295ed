# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The direction in which all of some points lie furthest on the positive side."""

from dataclasses import dataclass

import clarabel
import numpy as np
import torch
from jaxtyping import Float
from scipy import sparse
from torch import Tensor

from irl_ros.core.errors import LearningError


@dataclass(frozen=True)
class Margin:
    """Solution of max t subject to w . d_j >= t for all j and ||w|| <= 1.

    Attributes:
        margin: t, at least 0.
        weights: w.
        multipliers: lambda_j of the first constraints, which sum to 1. They are the solution of
            the dual, the point sum_j lambda_j d_j of the convex hull that is nearest to 0.
    """

    margin: float
    weights: Float[Tensor, " f"]
    multipliers: Float[Tensor, " J"]


def widest_margin(points: Float[Tensor, "J f"]) -> Margin:
    """Return the widest margin between the origin and points d_j.

    Raises:
        LearningError: If the solver does not find the solution.
    """
    count, features = points.shape
    scale = float(points.abs().max()) or 1.0
    # Clarabel minimises c . x with b - A x in a cone; here x = (t, w).
    beaten = np.hstack([np.ones((count, 1)), -points.numpy() / scale])
    inside = np.vstack([np.zeros(1 + features), -np.eye(1 + features)[1:]])
    bound = np.zeros(count + 1 + features)
    bound[count] = 1.0
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix((1 + features, 1 + features)),
        -np.eye(1 + features)[0],
        sparse.csc_matrix(np.vstack([beaten, inside])),
        bound,
        [clarabel.NonnegativeConeT(count), clarabel.SecondOrderConeT(1 + features)],
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
        margin=max(0.0, scale * float(found[0])),
        weights=found[1:],
        multipliers=multipliers / multipliers.sum(),
    )
