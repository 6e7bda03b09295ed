# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting a reward's parameters by L-BFGS: all of them as one vector theta."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

Loss = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]
"""A loss at theta, which the parameters already hold, and its derivative by theta."""


@dataclass(frozen=True)
class Fitted:
    """Where a fit ended.

    Attributes:
        value: The loss.
        gradient: Its derivative by theta.
    """

    value: float
    gradient: NDArray[np.float64]


def fit(
    parameters: Sequence[Tensor], loss: Loss, steps: int, tolerance: float | None = None
) -> Fitted:
    """Minimise a loss and leave the parameters where it is least.

    Args:
        parameters: What theta consists of; the fit starts from what they hold.
        loss: Is asked once more at the end, at what was found.
        steps: Most steps of L-BFGS.
        tolerance: Largest gradient at which the fit ends, however little the loss still falls.
            By default it ends as SciPy sees fit.
    """

    def at(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        vector_to_parameters(torch.from_numpy(theta), parameters)
        return loss(theta)

    found = minimize(
        at,
        parameters_to_vector(parameters).detach().numpy(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps}
        if tolerance is None
        else {"maxiter": steps, "gtol": tolerance, "ftol": 0.0},
    )
    return Fitted(*at(found.x))


def with_decay(
    loss: Float[Tensor, ""],
    parameters: Sequence[Tensor],
    theta: NDArray[np.float64],
    weight_decay: float,
) -> tuple[float, NDArray[np.float64]]:
    """Return loss + weight_decay / 2 ||theta||^2 and its derivative, as a `Loss` does."""
    slopes = parameters_to_vector(torch.autograd.grad(loss, parameters)).numpy()
    decay = weight_decay * theta
    return float(loss.detach()) + 0.5 * float(decay @ theta), slopes + decay
