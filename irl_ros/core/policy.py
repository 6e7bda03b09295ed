# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Policies that an arm can execute, the time-varying linear-Gaussian controller among them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Trajectories


@runtime_checkable
class Policy(Protocol):
    """What an arm executes: an action for every step and state, and how likely each action is."""

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        ...

    def action_mean(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return the mean action of step ``step`` in the state."""
        ...

    def sample(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> Float[Tensor, " u"]:
        """Draw an action of step ``step`` in the state."""
        ...

    def log_prob(self, trajectories: Trajectories) -> Float[Tensor, " M"]:
        """Return log q(u_1..u_T | x_1..x_T) of each trajectory, the last step included."""
        ...


@runtime_checkable
class StorablePolicy(Policy, Protocol):
    """A policy that is nothing but tensors, so it can be stored, checked and sent to an arm."""

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        ...

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        ...

    @property
    def content(self) -> Mapping[str, Tensor]:
        """Every tensor that decides what the policy does, by name."""
        ...


@dataclass(frozen=True)
class LinearGaussianController:
    """Time-varying linear-Gaussian controller q(u_t | x_t) = N(K_t x_t + k_t, C_t).

    Guided Cost Learning (Finn, Levine and Abbeel 2016), section 4.

    Attributes:
        gains: K_t.
        offsets: k_t.
        covariances: C_t, symmetric positive definite.

    Raises:
        DataError: If shapes disagree, a value is not finite or a covariance is not positive
            definite.
    """

    gains: Float[Tensor, "T u x"]
    offsets: Float[Tensor, "T u"]
    covariances: Float[Tensor, "T u u"]

    def __post_init__(self) -> None:
        """Check the parts against each other and factor the covariances once."""
        steps, actions, _ = self.gains.shape
        if self.offsets.shape != (steps, actions) or self.covariances.shape != (
            steps,
            actions,
            actions,
        ):
            raise DataError(
                f"gains {tuple(self.gains.shape)}, offsets {tuple(self.offsets.shape)} and "
                f"covariances {tuple(self.covariances.shape)} disagree"
            )
        for name in ("gains", "offsets", "covariances"):
            if not bool(torch.isfinite(getattr(self, name)).all()):
                raise DataError(f"{name} of the controller hold values that are not finite")
        factors, info = torch.linalg.cholesky_ex(self.covariances)
        if bool((info != 0).any()):
            step = int(torch.nonzero(info)[0])
            smallest = float(torch.linalg.eigvalsh(self.covariances[step])[0])
            raise DataError(
                f"covariance of step {step} has smallest eigenvalue {smallest:.3g}; "
                "it must be positive definite"
            )
        object.__setattr__(self, "_factors", factors)

    @property
    def _cholesky(self) -> Float[Tensor, "T u u"]:
        return self._factors  # type: ignore[attr-defined, no-any-return]

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        return self.gains.shape[0]

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return self.gains.shape[1]

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return self.gains.shape[2]

    @property
    def content(self) -> Mapping[str, Tensor]:
        """Every tensor that decides what the policy does, by name."""
        return {
            "gains": self.gains,
            "offsets": self.offsets,
            "covariances": self.covariances,
        }

    def action_mean(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return K_t x + k_t."""
        return self.gains[step] @ state + self.offsets[step]

    def sample(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> Float[Tensor, " u"]:
        """Draw an action from N(K_t x + k_t, C_t)."""
        noise = torch.randn(self.action_dim, generator=generator, dtype=state.dtype)
        return self.action_mean(step, state) + self._cholesky[step] @ noise

    def log_prob(self, trajectories: Trajectories) -> Float[Tensor, " M"]:
        """Return sum_t log N(u_t; K_t x_t + k_t, C_t) of each trajectory.

        Initial-state and dynamics densities are left out: they are common to all controllers and
        to the model, so they cancel in every importance weight.
        """
        means = torch.einsum("tux,mtx->mtu", self.gains, trajectories.states) + self.offsets
        residuals = (trajectories.actions - means).permute(1, 2, 0)
        whitened = torch.linalg.solve_triangular(self._cholesky, residuals, upper=False)
        log_det = self._cholesky.diagonal(dim1=-2, dim2=-1).log().sum()
        constant = 0.5 * self.horizon * self.action_dim * math.log(2 * math.pi)
        log_q: Tensor = -0.5 * whitened.square().sum(dim=(0, 1)) - log_det - constant
        return log_q

    def entropy(self) -> float:
        """Return sum_t H(q(. | x_t)) in nats; it does not depend on the states."""
        log_det = self._cholesky.diagonal(dim1=-2, dim2=-1).log().sum()
        steps, actions = self.offsets.shape
        return float(log_det) + 0.5 * steps * actions * (1 + math.log(2 * math.pi))
