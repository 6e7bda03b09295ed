# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy linear-quadratic control with linear-Gaussian dynamics.

Levine and Abbeel (2014); Finn, Levine and Abbeel (2016), appendix A; with a temperature alpha and
a discount gamma. With g = (1, x), led by a constant, and h = (u, 1, x), the matrices hold the
linear terms as well: c_t in C_t, f_t in F_t and k_t in K_t. In (1) to (4) costs are in units of
alpha, alpha/2 h^T C_t h, and V_{T+1} = 0.

(1)  Q_t = C_t + gamma F_t^T V_{t+1} F_t
(2)  q(u | x) = N(K_t g, Q_uu^-1),  K_t = -Q_uu^-1 Q_ug
(3)  V_t = Q_gg + Q_gu K_t
(4)  -log Z = 1/2 E[g_1^T V_1 g_1] + 1/2 sum_{t<T} gamma^t tr(V_{t+1,xx} W_t)
              + 1/2 sum_t gamma^(t-1) log |Q_t,uu / (2 pi)|
(5)  mean and covariance of x_{t+1}: those of F_x x + F_u u + f and noise W, u by the controller
(6)  E[c_t] = 1/2 tr(C_t E[z z^T]) + c_t^T E[z] + const_t,  z = (x_t, u_t)
(7)  KL_t = 1/2 (tr(C_old^-1 S) + d^T C_old^-1 d - dim u + log |C_old| - log |C_new|),
     d and S: mean, and covariance with C_new added, of what both mean actions differ by

The controller minimises E_q[sum_t gamma^(t-1) (c_t - alpha H(q_t))], as that of
`tabular.soft_control` does with r = -c. K_t does not depend on alpha: as alpha goes to 0 the
covariance Q_uu^-1, proportional to it, vanishes, and the optimal controller without entropy is
left.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg.lapack import dpotrf, dpotrs
from torch import Tensor

from irl_ros.core.errors import LearningError, ParameterError
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
        log_partition: -E[V_1(x_1)] / alpha, the expected soft value. Where nothing is discounted
            and the dynamics are deterministic it is the mean over x_1 of the log of the integral
            of exp(-c / alpha) over all actions.
    """

    controller: LinearGaussianController
    log_partition: float


def solve(
    cost: QuadraticCost,
    dynamics: LinearDynamics,
    *,
    temperature: float = 1.0,
    discount: float = 1.0,
) -> SoftSolution:
    """Find the time-varying linear-Gaussian controller of least cost less entropy, by (1) to (4).

    Args:
        cost: c_t.
        dynamics: Where x' comes from.
        temperature: alpha > 0.
        discount: gamma, above 0 and at most 1.

    Raises:
        ParameterError: If temperature or discount is out of its range.
        LearningError: If a Q_uu is not positive definite.
    """
    controller, factors, values = _recursion(cost, dynamics, temperature, discount)
    cholesky, value = torch.from_numpy(factors), torch.from_numpy(values)
    weights = discount ** torch.arange(controller.horizon, dtype=value.dtype)
    # Integrating exp(-Q) over u leaves (2 pi)^(d/2) |Q_uu|^(-1/2) exp(-V).
    integrals = (weights[:, None] * cholesky.diagonal(dim1=-2, dim2=-1).log()).sum()
    dimensions = controller.action_dim * weights.sum()
    integrals = integrals - 0.5 * dimensions * math.log(2 * math.pi)
    later = weights[1:, None, None]
    noise = 0.5 * (later * value[1:, 1:, 1:] * dynamics.covariances).sum()
    mean = dynamics.initial_mean
    start = 0.5 * (value[0, 1:, 1:] * dynamics.initial_covariance).sum()
    start = start + 0.5 * mean @ value[0, 1:, 1:] @ mean + value[0, 0, 1:] @ mean
    start = start + 0.5 * value[0, 0, 0]
    return SoftSolution(controller, -float(start + noise + integrals))


def optimal_controller(
    cost: QuadraticCost, dynamics: LinearDynamics, temperature: float = 1.0
) -> LinearGaussianController:
    """Return the controller of `solve` without discount, and without the value of the problem.

    Raises:
        ParameterError: If the temperature is out of its range.
        LearningError: If a Q_uu is not positive definite.
    """
    return _recursion(cost, dynamics, temperature, discount=1.0)[0]


def _recursion(
    cost: QuadraticCost, dynamics: LinearDynamics, temperature: float, discount: float
) -> tuple[LinearGaussianController, Float[ndarray, "T u u"], Float[ndarray, "T g g"]]:
    """Do (1) to (3); return the controller, Cholesky factors of Q_uu and V_t of (1, x)."""
    if not 0 < temperature < math.inf:
        raise ParameterError(f"temperature {temperature}; give a finite one above 0")
    if not 0 < discount <= 1:
        raise ParameterError(f"discount {discount}; give one above 0, at most 1")
    steps, size = cost.vector.shape
    state_dim = dynamics.initial_mean.shape[0]
    action_dim = size - state_dim
    costs, forward = _with_constant(cost, dynamics, action_dim)
    costs /= temperature
    forward *= math.sqrt(discount)  # it stands on both sides of V
    u, x = slice(0, action_dim), slice(action_dim, None)
    gains = np.empty((steps, action_dim, 1 + state_dim))
    factors = np.empty((steps, action_dim, action_dim))
    values = np.empty((steps, 1 + state_dim, 1 + state_dim))
    # NumPy and LAPACK: one step after the other, calls cost more than arithmetic.
    with np.errstate(over="ignore", invalid="ignore"):
        for step in reversed(range(steps)):
            quadratic = costs[step]
            if step + 1 < steps:
                moved = forward[step]
                quadratic = quadratic + moved.T.dot(values[step + 1].dot(moved))
            factors[step], info = dpotrf(quadratic[u, u], lower=1)
            if info != 0:
                raise LearningError(
                    f"Q_uu of step {step} is not positive definite; "
                    "the controller update needs a stronger pull to the previous controller"
                )
            gains[step] = -dpotrs(factors[step], quadratic[u, x], lower=1)[0]
            value = quadratic[x, x] + quadratic[x, u].dot(gains[step])
            value = 0.5 * (value + value.T)
            values[step] = value
    inverses = torch.cholesky_inverse(torch.from_numpy(factors))
    controller = LinearGaussianController(
        torch.from_numpy(gains[..., 1:].copy()),
        torch.from_numpy(gains[..., 0].copy()),
        0.5 * (inverses + inverses.mT).contiguous(),
    )
    return controller, factors, values


def _with_constant(
    cost: QuadraticCost, dynamics: LinearDynamics, action_dim: int
) -> tuple[Float[ndarray, "T h h"], Float[ndarray, "S g h"]]:
    """Return C_t and F_t with the linear terms in them: h is (u, 1, x), g is (1, x)."""
    steps, size = cost.vector.shape
    state_dim = size - action_dim
    matrix, vector = cost.matrix.numpy(), cost.vector.numpy()
    costs = np.empty((steps, size + 1, size + 1))
    # Where the action and the state stand in (x, u), and where in (u, 1, x).
    places = (
        (slice(state_dim, None), slice(None, action_dim)),
        (slice(None, state_dim), slice(action_dim + 1, None)),
    )
    for row, to_row in places:
        costs[:, to_row, action_dim] = costs[:, action_dim, to_row] = vector[:, row]
        for column, to_column in places:
            costs[:, to_row, to_column] = matrix[:, row, column]
    costs[:, action_dim, action_dim] = 2 * cost.constant.numpy()
    matrices = dynamics.matrices.numpy()
    forward = np.zeros((len(matrices), state_dim + 1, size + 1))
    forward[:, 0, action_dim] = 1.0
    forward[:, 1:, action_dim] = dynamics.offsets.numpy()
    for column, to_column in places:
        forward[:, 1:, to_column] = matrices[:, :, column]
    return costs, forward


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
    """Return the distribution (5) of (x_t, u_t) for every step when the controller runs."""
    gains, state_dim = controller.gains, controller.state_dim
    into_x, into_u = dynamics.matrices.tensor_split([state_dim], dim=-1)
    closed = (into_x + into_u @ gains[:-1]).numpy()
    steady = torch.einsum("sxu,su->sx", into_u, controller.offsets[:-1]) + dynamics.offsets
    noise = into_u @ controller.covariances[:-1] @ into_u.mT + dynamics.covariances
    mean, covariance = dynamics.initial_mean.numpy(), dynamics.initial_covariance.numpy()
    means, covariances = [mean], [covariance]
    # An unstable loop may overflow; whoever asked sees values that are not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        for loop, drift, spread in zip(closed, steady.numpy(), noise.numpy(), strict=True):
            mean = loop @ mean + drift
            covariance = loop @ covariance @ loop.T + spread
            covariance = 0.5 * (covariance + covariance.T)
            means.append(mean)
            covariances.append(covariance)
    x, xx = torch.from_numpy(np.stack(means)), torch.from_numpy(np.stack(covariances))
    u = torch.einsum("tux,tx->tu", gains, x) + controller.offsets
    ux = gains @ xx
    uu = ux @ gains.mT + controller.covariances
    joint = torch.cat([torch.cat([xx, ux.mT], dim=-1), torch.cat([ux, uu], dim=-1)], dim=-2)
    return Marginals(torch.cat([x, u], dim=-1), joint)


def expected_cost(cost: QuadraticCost, marginals: Marginals) -> Float[Tensor, " T"]:
    """Return (6), E[c_t] of each step, exact for a quadratic cost."""
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
    """Return (7), E_new[KL(new(u|x_t) || old(u|x_t))] of each step in nats.

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
