# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The density of the demonstrations: a linear-Gaussian controller for every task context."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.regression import shrunk_regression, window_moments


@dataclass(frozen=True)
class DemonstrationDensityConfig(Parameters):
    """How the demonstrations' density is fitted."""

    degree: int = parameter(
        2, low=0, high=3, doc="degree of the regression of the mean trajectory on the context"
    )
    ridge: float = parameter(
        1e-3, low=0.0, high=1e3, doc="ridge of that regression, relative to the demonstrations"
    )
    window: int = parameter(2, low=0, high=20, doc="steps on either side that lend their samples")
    prior_strength: float = parameter(
        20.0, low=0.0, high=1e6, doc="samples that the prior of no feedback is worth at each step"
    )
    deviation_floor: float = parameter(
        0.05, low=0.0, high=1e3, doc="smallest standard deviation of an action, in its unit"
    )


@dataclass(frozen=True)
class DemonstrationDensity:
    """q(u_t | x_t, g): how the demonstrator acts when the task's context is g.

    The mean trajectory is a polynomial of the context; deviations from it are answered by one
    time-varying linear feedback law. Kinesthetic data are few (20 demonstrations of 32 states),
    so the feedback is shrunk and the covariance has a floor: an unshrunk fit leaves no residual
    and takes the demonstrations out of the partition function.

    Attributes:
        basis: Maps a context to the regressors of the mean.
        coefficients: Coefficients of the mean of (x_t, u_t).
        gains: Feedback on deviations from the mean.
        covariances: Covariance of the actions.
    """

    basis: "ContextBasis"
    coefficients: Float[Tensor, "T p z"]
    gains: Float[Tensor, "T u x"]
    covariances: Float[Tensor, "T u u"]

    def controller(self, context: Float[Tensor, " g"]) -> LinearGaussianController:
        """Return the demonstrator's controller for a context, seen or not."""
        regressors = self.basis(context.unsqueeze(0))[0]
        means = torch.einsum("p,tpz->tz", regressors, self.coefficients)
        state_dim = self.gains.shape[2]
        offsets = means[:, state_dim:] - torch.einsum(
            "tux,tx->tu", self.gains, means[:, :state_dim]
        )
        return LinearGaussianController(self.gains, offsets, self.covariances)

    def mean_trajectory(self, context: Float[Tensor, " g"]) -> Trajectories:
        """Return the mean of states and actions for a context."""
        regressors = self.basis(context.unsqueeze(0))[0]
        means = torch.einsum("p,tpz->tz", regressors, self.coefficients).unsqueeze(0)
        state_dim = self.gains.shape[2]
        return Trajectories(means[..., :state_dim].clone(), means[..., state_dim:].clone())

    def log_prob(
        self, trajectories: Trajectories, contexts: Float[Tensor, "M g"]
    ) -> Float[Tensor, " M"]:
        """Return log q(u_1..u_T | x_1..x_T, g), each trajectory under its own context."""
        return torch.cat(
            [
                self.controller(context).log_prob(trajectories[index])
                for index, context in enumerate(contexts)
            ]
        )


@dataclass(frozen=True)
class ContextBasis:
    """Polynomial regressors of a context along the directions in which it varies.

    Attributes:
        centre: Mean of the contexts.
        directions: Directions of variation, scaled to unit deviation.
        degree: Highest power of each direction; products are included at degree 2 and above.
    """

    centre: Float[Tensor, " g"]
    directions: Float[Tensor, "d g"]
    degree: int

    def __call__(self, contexts: Float[Tensor, "M g"]) -> Float[Tensor, "M p"]:
        """Return the regressors, the constant first."""
        along = (contexts - self.centre) @ self.directions.T
        columns = [torch.ones_like(contexts[:, :1])]
        columns.extend(along**power for power in range(1, self.degree + 1))
        if self.degree >= 2 and along.shape[1] > 1:
            first, second = torch.triu_indices(along.shape[1], along.shape[1], 1)
            columns.append(along[:, first] * along[:, second])
        return torch.cat(columns, dim=1)


def fit_context_basis(contexts: Float[Tensor, "N g"], degree: int) -> ContextBasis:
    """Find the directions in which contexts vary.

    Variation below a twentieth of the largest is taken for noise of the measured targets. The
    degree is lowered until there are no more regressors than distinct contexts.
    """
    centre = contexts.mean(dim=0)
    centred = contexts - centre
    _, values, vectors = torch.linalg.svd(centred, full_matrices=False)
    deviations = values / len(contexts) ** 0.5
    varying = deviations > max(1e-6, 0.05 * float(deviations[0]))
    directions = vectors[varying] / deviations[varying].unsqueeze(1)
    distinct = len(torch.unique(contexts, dim=0))
    while degree > 0 and _regressors(len(directions), degree) > distinct:
        degree -= 1
    return ContextBasis(centre, directions, degree)


def _regressors(directions: int, degree: int) -> int:
    products = directions * (directions - 1) // 2 if degree >= 2 else 0
    return 1 + directions * degree + products


def fit_context_mean(
    regressors: Float[Tensor, "N p"], values: Float[Tensor, "N T v"], ridge: float
) -> Float[Tensor, "T p v"]:
    """Regress trajectories on the context, without a penalty on the constant.

    Args:
        regressors: Of the context of each.
        values: What is regressed.
        ridge: Relative to the number of trajectories.
    """
    penalty = ridge * len(values) * torch.eye(regressors.shape[1], dtype=values.dtype)
    penalty[0, 0] = 0.0
    gram = regressors.T @ regressors + penalty
    flat: Tensor = torch.linalg.solve(gram, regressors.T @ values.flatten(1))
    return flat.reshape(-1, *values.shape[1:]).transpose(0, 1)


def fit_demonstration_density(
    demonstrations: Trajectories,
    contexts: Float[Tensor, "N g"],
    config: DemonstrationDensityConfig,
    weights: Float[Tensor, " N"] | None = None,
) -> DemonstrationDensity:
    """Fit the demonstrator's density.

    Args:
        demonstrations: States and actions.
        contexts: What each demonstration was about, such as the target's position.
        config: Degree, shrinkage and floor.
        weights: How much each demonstration counts; all the same by default.

    Raises:
        DataError: If there are fewer than 2 demonstrations or contexts do not match.
    """
    count = len(demonstrations)
    if count < 2 or len(contexts) != count:
        raise DataError(
            f"{count} demonstrations with {len(contexts)} contexts; give at least 2, one "
            "context each"
        )
    basis = fit_context_basis(contexts, config.degree)
    regressors = basis(contexts)
    joint = torch.cat([demonstrations.states, demonstrations.actions], dim=-1)
    shares = joint.new_ones(count) if weights is None else weights / weights.mean()
    roots = shares.sqrt()
    coefficients = fit_context_mean(
        roots[:, None] * regressors, roots[:, None, None] * joint, config.ridge
    )
    residuals = joint - torch.einsum("np,tpz->ntz", regressors, coefficients)
    residuals = roots[:, None, None] * residuals
    gains, covariances = _fit_feedback(residuals, demonstrations.state_dim, config)
    return DemonstrationDensity(basis, coefficients.contiguous(), gains, covariances)


def _fit_feedback(
    residuals: Float[Tensor, "N T z"], state_dim: int, config: DemonstrationDensityConfig
) -> tuple[Float[Tensor, "T u x"], Float[Tensor, "T u u"]]:
    """Regress deviations of actions on deviations of states, shrunk towards no feedback."""
    states, actions = residuals[..., :state_dim], residuals[..., state_dim:]
    _, moments, members = window_moments(states, actions, config.window)
    pooled = torch.diag(moments.mean(dim=0).diagonal()).unsqueeze(0)
    gains, covariances = shrunk_regression(
        moments, members, pooled, config.prior_strength, state_dim
    )
    values, vectors = torch.linalg.eigh(covariances)
    values = values.clamp(min=config.deviation_floor**2)
    return gains, vectors @ torch.diag_embed(values) @ vectors.mT
