# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local linear dynamics fitted to rollouts, pulled towards one pooled model."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.lqr import LinearDynamics
from irl_ros.learning.regression import shrunk_regression, window_moments


@dataclass(frozen=True)
class DynamicsConfig(Parameters):
    """How local dynamics are fitted."""

    window: int = parameter(1, low=0, high=20, doc="steps on either side that lend their samples")
    iterations: int = parameter(
        3, low=1, high=100, doc="newest iterations whose rollouts are used"
    )
    prior_strength: float = parameter(
        20.0, low=1e-6, high=1e6, doc="how many samples the pooled model is worth at each step"
    )


def fit_dynamics(
    trajectories: Trajectories, newest: Trajectories, config: DynamicsConfig
) -> LinearDynamics:
    """Fit x_{t+1} = F_t (x_t, u_t) + f_t with a normal-inverse-Wishart prior.

    The prior is the pooled covariance of (x_t, u_t, x_{t+1}) about the mean trajectory over all
    steps; local means are kept, so a strong prior gives one global linear model along the path.

    Args:
        trajectories: Rollouts to fit.
        newest: Rollouts of the newest controller; the initial state is taken from them.
        config: Window and prior.
    """
    inputs = torch.cat([trajectories.states, trajectories.actions], dim=-1)[:, :-1]
    outputs = trajectories.states[:, 1:]
    size = inputs.shape[-1]
    means, moments, members = window_moments(inputs, outputs, config.window)
    pooled = _pooled_covariance(inputs, outputs)
    matrices, covariances = shrunk_regression(
        moments, members, pooled, config.prior_strength, size
    )
    offsets = means[:, size:] - torch.einsum("sxz,sz->sx", matrices, means[:, :size])
    floor = 1e-9 * torch.eye(outputs.shape[-1], dtype=inputs.dtype)
    starts = newest.states[:, 0]
    return LinearDynamics(
        matrices,
        offsets,
        _positive(covariances) + floor,
        starts.mean(dim=0),
        _start_covariance(starts),
    )


def _pooled_covariance(
    inputs: Float[Tensor, "M S z"], outputs: Float[Tensor, "M S x"]
) -> Float[Tensor, "j j"]:
    """Return the covariance of (x, u, x') over all trajectories and steps about the global mean.

    Differences along the path tell as much about how the arm answers as differences between
    rollouts do, hence the global mean.
    """
    joint = torch.cat([inputs, outputs], dim=-1).flatten(0, 1)
    return torch.cov(joint.T)


def _start_covariance(starts: Float[Tensor, "M x"]) -> Float[Tensor, "x x"]:
    floor = 1e-8 * torch.eye(starts.shape[1], dtype=starts.dtype)
    if len(starts) < 2:
        return floor
    return torch.cov(starts.T) + floor


def _positive(covariances: Float[Tensor, "S x x"]) -> Float[Tensor, "S x x"]:
    values, vectors = torch.linalg.eigh(covariances)
    clipped: Tensor = vectors @ torch.diag_embed(values.clamp(min=0.0)) @ vectors.mT
    return clipped


def one_step_error(dynamics: LinearDynamics, trajectories: Trajectories) -> float:
    """Return the root mean square error of predicted next states, relative to their change."""
    inputs = torch.cat([trajectories.states, trajectories.actions], dim=-1)[:, :-1]
    predicted = torch.einsum("sxz,msz->msx", dynamics.matrices, inputs) + dynamics.offsets
    error = (predicted - trajectories.states[:, 1:]).square().sum()
    change = trajectories.states.diff(dim=1).square().sum()
    return float((error / change.clamp(min=1e-12)).sqrt())
