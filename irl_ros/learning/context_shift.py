# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations of other contexts as they would look in the one to be learned."""

from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.learning.demonstration_density import (
    ContextBasis,
    DemonstrationDensityConfig,
    fit_context_basis,
    fit_context_mean,
)
from irl_ros.learning.problem import LearningProblem


@final
@dataclass(frozen=True)
class ContextShift:
    """What the mean of the cost inputs owes to the context.

    Cost inputs are relative to each demonstration's own target, but where motions begin is not: a
    far target is approached from farther away. A method that matches second moments would take
    this spread for the demonstrator's carelessness and imitate it by noise.

    Attributes:
        basis: Maps a context to the regressors of the mean.
        coefficients: Coefficients of the mean.
    """

    basis: ContextBasis
    coefficients: Float[Tensor, "T p y"]

    def __call__(self, problem: LearningProblem) -> LearningProblem:
        """Return a problem whose demonstrations keep nothing but their own deviation."""
        here, there = self.basis(problem.context.unsqueeze(0)), self.basis(problem.contexts)
        shift = torch.einsum("np,tpy->nty", here - there, self.coefficients)
        return replace(problem, inputs=problem.inputs + shift)


def fit_context_shift(
    problem: LearningProblem, config: DemonstrationDensityConfig
) -> ContextShift:
    """Regress the cost inputs on the context, as the demonstrations' density does the states."""
    basis = fit_context_basis(problem.contexts, config.degree)
    coefficients = fit_context_mean(basis(problem.contexts), problem.inputs, config.ridge)
    return ContextShift(basis, coefficients)
