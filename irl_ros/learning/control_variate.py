# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An analytic control variate for the sampled partition function, from the linear-Gaussian model.

The gradient of log Z is a mean over samples, and noisy with few of them. Expanded around the mean
path of the controller that was sampled, the cost is quadratic and its mean under the fitted model
is known; the difference of the samples' mean and this one has expectation zero and moves with the
noise of the gradient, so it can be taken off.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.cost import Cost
from irl_ros.learning.lqr import LinearDynamics, propagate


@dataclass(frozen=True)
class InputMarginals:
    """Gaussian marginals of the cost inputs along a controller's path.

    Attributes:
        means: Of each step.
        covariances: Likewise.
    """

    means: Float[Tensor, "T y"]
    covariances: Float[Tensor, "T y y"]


def input_marginals(
    controller: LinearGaussianController, dynamics: LinearDynamics, features: AffineFeatures
) -> InputMarginals:
    """Return what the model expects of the cost inputs when a controller runs.

    Args:
        controller: What runs.
        dynamics: The fitted model.
        features: Cost inputs of a state.
    """
    marginals = propagate(controller, dynamics)
    state = slice(0, controller.state_dim)
    matrix = features.matrix
    return InputMarginals(
        features(marginals.means[:, state]),
        matrix @ marginals.covariances[:, state, state] @ matrix.mT,
    )


def control_variate(
    cost: Cost, marginals: InputMarginals, inputs: Float[Tensor, "M T y"]
) -> Float[Tensor, ""]:
    """Return mean_j c_2(tau_j) - E[c_2], c_2 the Gauss-Newton expansion around the mean path.

    With residuals r and their Jacobian J there, c_2 = sum_t |r_t + J_t (y_t - mean_t)|^2 and
    E[c_2] = sum_t |r_t|^2 + tr(J_t C_t J_t^T).

    Args:
        cost: Differentiated through r and J; the action cost is not learned and left out.
        marginals: Of the controller that produced the samples.
        inputs: Cost inputs of the samples, in the precision wanted.
    """
    dtype = inputs.dtype
    residuals, jacobians = cost.linearise(marginals.means)
    deviations = inputs - marginals.means.to(dtype)
    moved = (jacobians.to(dtype) @ deviations.unsqueeze(-1)).squeeze(-1) + residuals.to(dtype)
    seen = moved.square().sum(dim=(1, 2)).mean()
    spread = ((jacobians @ marginals.covariances) * jacobians).sum()
    expected = residuals.square().sum() + spread
    return seen.to(expected.dtype) - expected
