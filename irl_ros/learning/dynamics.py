# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local linear dynamics fitted to rollouts, pulled towards one pooled model."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.dynamics_prior import mixture_prior, pooled_prior, robust_prior
from irl_ros.learning.lqr import LinearDynamics
from irl_ros.learning.problem import Coordinates
from irl_ros.learning.regression import shrunk_regression, window_moments


@dataclass(frozen=True)
class DynamicsConfig(Parameters):
    """How local dynamics are fitted."""

    kinematics: bool = parameter(
        True,
        doc="fit the state's leading coordinates alone and let known kinematics give the rest",
    )
    window: int = parameter(1, low=0, high=20, doc="steps on either side that lend their samples")
    rollouts: int = parameter(
        30,
        low=1,
        high=1_000_000,
        doc="least number of rollouts used: the newest and those of the nearest paths",
    )
    prior: str = parameter(
        "robust",
        choices=("pooled", "robust", "mixture"),
        doc="one linear model of all steps, the same without contacts, or a Gaussian mixture over "
        "all transitions",
    )
    prior_strength: float = parameter(
        20.0, low=1e-6, high=1e6, doc="how many samples the prior is worth at each step"
    )
    transitions_per_component: int = parameter(
        40, low=1, high=100000, doc="transitions that each component of the mixture needs"
    )
    most_components: int = parameter(
        20, low=2, high=1000, doc="largest number of components of the mixture"
    )


def fit_dynamics(
    trajectories: Trajectories,
    around: Trajectories,
    config: DynamicsConfig,
    coordinates: Coordinates | None = None,
    earlier: Trajectories | None = None,
) -> LinearDynamics:
    """Fit x_{t+1} = F_t (x_t, u_t) + f_t with a normal-inverse-Wishart prior.

    The prior speaks of covariances of (x_t, u_t, x_{t+1}) alone; local means are kept, so with a
    strong pooled prior the model is one global linear one along the mean path.

    Where the state's rest is known to follow from its leading coordinates z, only z_{t+1} is
    regressed, on (z_t, u_t), and the change of the rest y follows from the chain rule,
    dy_{t+1} - dy_t = J(z_{t+1}) dz_{t+1} - J(z_t) dz_t: an arm's rollouts need not teach its own
    kinematics, of which a local fit knows little.

    Args:
        trajectories: Rollouts to fit.
        around: Rollouts of the controller in question; the initial state is taken from them.
        config: Window and prior.
        coordinates: What is known of the state's inner dependence.
        earlier: Motions of the same robot in another condition, which the prior is fitted to, too.
    """
    states, actions = trajectories.states, trajectories.actions
    size = states.shape[-1]
    leading = coordinates.count if coordinates is not None and config.kinematics else size
    inputs, outputs = _regression(trajectories, leading)
    _, moments, members = window_moments(inputs, outputs, config.window)
    transitions = torch.cat([inputs, outputs], dim=-1)
    if earlier is not None:
        transitions = _joined(transitions, torch.cat(_regression(earlier, leading), dim=-1))
    prior = _prior(transitions, inputs.shape[-1], config)
    fitted, covariances = shrunk_regression(
        moments, members, prior, config.prior_strength, inputs.shape[-1]
    )
    covariances = _positive(covariances)
    means = states.mean(dim=0)
    matrices = states.new_zeros(len(fitted), size, size + actions.shape[-1])
    if leading < size:
        assert coordinates is not None
        jacobians = coordinates.jacobian(means)
        fitted = jacobians[1:] @ fitted
        fitted[:, leading:, :leading] -= jacobians[:-1, leading:]
        matrices[:, leading:, leading:size] = torch.eye(size - leading, dtype=states.dtype)
        covariances = jacobians[1:] @ covariances @ jacobians[1:].mT
    matrices[..., :leading] = fitted[..., :leading]
    matrices[..., size:] = fitted[..., leading:]
    known = torch.cat([means, actions.mean(dim=0)], dim=-1)[:-1]
    offsets = means[1:] - torch.einsum("sxz,sz->sx", matrices, known)
    floor = 1e-9 * torch.eye(size, dtype=inputs.dtype)
    starts = around.states[:, 0]
    return LinearDynamics(
        matrices,
        offsets,
        covariances + floor,
        starts.mean(dim=0),
        _start_covariance(starts),
    )


def _regression(
    trajectories: Trajectories, leading: int
) -> tuple[Float[Tensor, "M S i"], Float[Tensor, "M S o"]]:
    """Return (z_t, u_t) and z_{t+1}."""
    states, actions = trajectories.states, trajectories.actions
    inputs = torch.cat([states[..., :leading], actions], dim=-1)[:, :-1]
    return inputs, states[:, 1:, :leading]


def _joined(
    transitions: Float[Tensor, "M S j"], earlier: Float[Tensor, "E S j"]
) -> Float[Tensor, "A S j"]:
    """Return both, the earlier ones with the mean of the others.

    The prior speaks of covariances alone, and a bias of the other condition is in the mean.
    """
    moved = earlier - earlier.mean(dim=(0, 1)) + transitions.mean(dim=(0, 1))
    return torch.cat([transitions, moved])


def _prior(
    transitions: Float[Tensor, "M S j"], split: int, config: DynamicsConfig
) -> Float[Tensor, "#S j j"]:
    if config.prior == "pooled":
        return pooled_prior(transitions)
    if config.prior == "robust":
        return robust_prior(transitions, split)
    return mixture_prior(transitions, config.transitions_per_component, config.most_components)


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
