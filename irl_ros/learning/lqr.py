# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy linear-quadratic control with linear-Gaussian dynamics."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import LearningError
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.cost import QuadraticCost


@dataclass(frozen=True)
class LinearDynamics:
    """Linear-Gaussian dynamics x_{t+1} = F_t (x_t, u_t) + f_t + noise of covariance W_t.

    The axis S counts the T-1 transitions.

    Attributes:
        matrices: F_t for the T-1 transitions.
        offsets: f_t.
        covariances: W_t.
        initial_mean: Mean of x_1.
        initial_covariance: Covariance of x_1.
    """

    matrices: Float[Tensor, "S x z"]
    offsets: Float[Tensor, "S x"]
    covariances: Float[Tensor, "S x x"]
    initial_mean: Float[Tensor, " x"]
    initial_covariance: Float[Tensor, "x x"]


@dataclass(frozen=True)
class SoftSolution:
    """The maximum-entropy controller of a linear-quadratic problem and its value.

    Attributes:
        controller: The optimal q(u_t | x_t).
        log_partition: log of the integral of exp(-c) over all actions, averaged over x_1 and the
            dynamics noise as the expected soft value; exact for deterministic dynamics.
    """

    controller: LinearGaussianController
    log_partition: float


def solve(cost: QuadraticCost, dynamics: LinearDynamics) -> SoftSolution:
    """Minimise E_q[c] - H(q) over time-varying linear-Gaussian controllers.

    Backward recursion (Levine and Abbeel 2014; Finn, Levine and Abbeel 2016, appendix A):
    Q_t = C_t + F_t^T V_{t+1} F_t, K_t = -Q_uu^-1 Q_ux, k_t = -Q_uu^-1 q_u, covariance Q_uu^-1.

    Raises:
        LearningError: If a Q_uu is not positive definite.
    """
    steps = cost.matrix.shape[0]
    state_dim = dynamics.initial_mean.shape[0]
    action_dim = cost.matrix.shape[1] - state_dim
    gains = cost.matrix.new_empty(steps, action_dim, state_dim)
    offsets = cost.matrix.new_empty(steps, action_dim)
    covariances = cost.matrix.new_empty(steps, action_dim, action_dim)
    x, u = slice(0, state_dim), slice(state_dim, None)
    soft_constant = cost.matrix.new_zeros(())
    value = cost.matrix.new_zeros(state_dim, state_dim)
    slope = cost.matrix.new_zeros(state_dim)
    for step in reversed(range(steps)):
        quadratic, linear = cost.matrix[step], cost.vector[step]
        soft_constant = soft_constant + cost.constant[step]
        if step + 1 < steps:
            forward, drift = dynamics.matrices[step], dynamics.offsets[step]
            pulled = forward.T @ value
            quadratic = quadratic + pulled @ forward
            linear = linear + pulled @ drift + forward.T @ slope
            soft_constant = soft_constant + 0.5 * drift @ value @ drift + slope @ drift
            soft_constant = soft_constant + 0.5 * (value * dynamics.covariances[step]).sum()
        factor, info = torch.linalg.cholesky_ex(quadratic[u, u])
        if int(info) != 0:
            raise LearningError(
                f"Q_uu of step {step} is not positive definite; "
                "the controller update needs a stronger pull to the previous controller"
            )
        inverse = torch.cholesky_inverse(factor)
        gains[step] = -inverse @ quadratic[u, x]
        offsets[step] = -inverse @ linear[u]
        covariances[step] = 0.5 * (inverse + inverse.T)
        value = quadratic[x, x] + quadratic[x, u] @ gains[step]
        value = 0.5 * (value + value.T)
        slope = linear[x] + quadratic[x, u] @ offsets[step]
        # Integrating exp(-Q) over u leaves (2 pi)^(d/2) |Q_uu|^(-1/2) exp(-V).
        soft_constant = soft_constant + 0.5 * linear[u] @ offsets[step]
        soft_constant = soft_constant + factor.diagonal().log().sum()
        soft_constant = soft_constant - 0.5 * action_dim * math.log(2 * math.pi)
    mean = dynamics.initial_mean
    second_moment = dynamics.initial_covariance + torch.outer(mean, mean)
    soft_value = 0.5 * (value * second_moment).sum() + slope @ mean + soft_constant
    controller = LinearGaussianController(gains, offsets, covariances)
    return SoftSolution(controller, -float(soft_value))


@dataclass(frozen=True)
class Marginals:
    """Gaussian marginals of (x_t, u_t) under a controller and linear dynamics.

    Attributes:
        means: Means of (x_t, u_t).
        covariances: Covariances of (x_t, u_t).
    """

    means: Float[Tensor, "T z"]
    covariances: Float[Tensor, "T z z"]


def propagate(controller: LinearGaussianController, dynamics: LinearDynamics) -> Marginals:
    """Return the distribution of (x_t, u_t) for every step when the controller runs."""
    steps, state_dim = controller.horizon, controller.state_dim
    size = state_dim + controller.action_dim
    means = controller.gains.new_empty(steps, size)
    covariances = controller.gains.new_empty(steps, size, size)
    mean, covariance = dynamics.initial_mean, dynamics.initial_covariance
    x, u = slice(0, state_dim), slice(state_dim, None)
    for step in range(steps):
        gain = controller.gains[step]
        cross = gain @ covariance
        means[step, x] = mean
        means[step, u] = gain @ mean + controller.offsets[step]
        covariances[step, x, x] = covariance
        covariances[step, u, x] = cross
        covariances[step, x, u] = cross.T
        covariances[step, u, u] = cross @ gain.T + controller.covariances[step]
        if step + 1 < steps:
            forward = dynamics.matrices[step]
            mean = forward @ means[step] + dynamics.offsets[step]
            covariance = forward @ covariances[step] @ forward.T + dynamics.covariances[step]
            covariance = 0.5 * (covariance + covariance.T)
    return Marginals(means, covariances)


def expected_cost(cost: QuadraticCost, marginals: Marginals) -> Float[Tensor, " T"]:
    """Return E[c_t] of each step, exact for a quadratic cost."""
    second_moments = marginals.covariances + torch.einsum(
        "ti,tj->tij", marginals.means, marginals.means
    )
    return (
        0.5 * (cost.matrix * second_moments).sum(dim=(1, 2))
        + (cost.vector * marginals.means).sum(dim=1)
        + cost.constant
    )


def kl_divergence(
    new: LinearGaussianController, old: LinearGaussianController, marginals: Marginals
) -> Float[Tensor, " T"]:
    """Return E_new[KL(new(u|x_t) || old(u|x_t))] of each step in nats.

    Args:
        new: The controller that runs.
        old: The controller it is compared with.
        marginals: Distribution of (x_t, u_t) under ``new``.
    """
    state_dim = new.state_dim
    mean = marginals.means[:, :state_dim]
    covariance = marginals.covariances[:, :state_dim, :state_dim]
    precision = torch.linalg.inv(old.covariances)
    gain_gap = new.gains - old.gains
    mean_gap = torch.einsum("tux,tx->tu", gain_gap, mean) + new.offsets - old.offsets
    spread = gain_gap @ covariance @ gain_gap.mT + new.covariances
    divergence: Tensor = 0.5 * (
        (precision * spread).sum(dim=(1, 2))
        + torch.einsum("tu,tuv,tv->t", mean_gap, precision, mean_gap)
        - new.action_dim
        + torch.logdet(old.covariances)
        - torch.logdet(new.covariances)
    )
    return divergence
