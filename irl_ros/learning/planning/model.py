# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Models of the dynamics p(x' | x, u), fitted to trajectories by maximum likelihood.

With B transitions and z = (x, u), the linear-Gaussian one is

(1)  p(x' | x, u) = N(x'; F z + f, W)
(2)  F = argmin_F sum_b ||x'_b - m' - F (z_b - m)||^2,  f = m' - F m,  m and m' the means
(3)  W = 1/B sum_b r_b r_b^T + floor I,  r_b = x'_b - F z_b - f

and any model is judged by transitions that it has not seen:

(4)  NLL = -1/B sum_b log p(x'_b | x_b, u_b)
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.transitions import Transitions


class DynamicsModel(ABC):
    """A stationary model of the dynamics: a density of the next state."""

    @abstractmethod
    def predict(
        self, states: Float[Tensor, "*batch x"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch x"]:
        """Return the mean of the next state."""

    @abstractmethod
    def log_prob(self, transitions: Transitions) -> Float[Tensor, " B"]:
        """Return log p(x' | x, u) of each transition, in nats."""

    def rollout(
        self, start: Float[Tensor, " x"], actions: Float[Tensor, "K H u"]
    ) -> Float[Tensor, "K H x"]:
        """Return the states in which each action of K sequences is applied, the first `start`.

        The last action moves to a state that is not returned, as in `Trajectories`.
        """
        states = [start.expand(len(actions), -1)]
        for step in range(actions.shape[1] - 1):
            states.append(self.predict(states[-1], actions[:, step]))
        return torch.stack(states, dim=1)


def predictive_nll(model: DynamicsModel, transitions: Transitions) -> float:
    """Return (4), in nats, of transitions that the model has not seen.

    Its difference between two models is the evidence for one of them per transition. A model
    whose covariance is true has, for Gaussian noise, the noise's entropy.
    """
    return -float(model.log_prob(transitions).mean())


@final
@dataclass(frozen=True)
class LinearModel(DynamicsModel):
    """Linear-Gaussian dynamics (1), the same at all times.

    Attributes:
        matrix: F.
        offset: f.
        covariance: W, symmetric positive definite.

    Raises:
        DataError: If shapes disagree or the covariance is not positive definite.
    """

    matrix: Float[Tensor, "x z"]
    offset: Float[Tensor, " x"]
    covariance: Float[Tensor, "x x"]

    def __post_init__(self) -> None:
        """Check the parts and factor the covariance once."""
        factor, info = torch.linalg.cholesky_ex(self.covariance)
        if int(info) != 0:
            smallest = float(torch.linalg.eigvalsh(self.covariance)[0])
            raise DataError(
                f"covariance of the dynamics has smallest eigenvalue {smallest:.3g}; it must be "
                "positive definite"
            )
        object.__setattr__(self, "_factor", factor)

    def predict(
        self, states: Float[Tensor, "*batch x"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch x"]:
        """Return F (x, u) + f."""
        return torch.cat([states, actions], dim=-1) @ self.matrix.T + self.offset

    def holding_action(self, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return the action under which the state changes the least, in the sense of squares.

        An arm that drifts is not at rest without a command, and a plan that begins with none
        begins badly.
        """
        size = len(state)
        drift = state - self.matrix[:, :size] @ state - self.offset
        action: Tensor = torch.linalg.lstsq(
            self.matrix[:, size:], drift.unsqueeze(1), driver="gelsd"
        ).solution[:, 0]
        return action

    def log_prob(self, transitions: Transitions) -> Float[Tensor, " B"]:
        """Return the logarithm of (1) for each transition."""
        factor: Tensor = self._factor  # type: ignore[attr-defined]
        residuals = transitions.next_states - self.predict(transitions.states, transitions.actions)
        whitened = torch.linalg.solve_triangular(factor, residuals.T, upper=False)
        log_det = factor.diagonal().log().sum()
        constant = 0.5 * len(self.offset) * math.log(2 * math.pi)
        log_density: Tensor = -0.5 * whitened.square().sum(dim=0) - log_det - constant
        return log_density


def fit_linear_model(transitions: Transitions, floor: float = 1e-9) -> LinearModel:
    """Fit linear-Gaussian dynamics by maximum likelihood, (2) and (3).

    F has the least norm where the data leave it open.

    Args:
        transitions: What to fit.
        floor: Variance added to every state, so that noiseless data give a density.

    Raises:
        DataError: If there are fewer transitions than coefficients of one state, so that any
            data would be explained without residual.
    """
    inputs = torch.cat([transitions.states, transitions.actions], dim=-1)
    count, size = inputs.shape
    if count <= size + 1:
        raise DataError(
            f"{count} transitions for {size + 1} coefficients of each state; give more transitions"
        )
    means = inputs.mean(dim=0), transitions.next_states.mean(dim=0)
    centred, outputs = inputs - means[0], transitions.next_states - means[1]
    # The default solver assumes full rank; this one takes redundant states as they are.
    matrix = torch.linalg.lstsq(centred, outputs, driver="gelsd").solution.T
    residuals = outputs - centred @ matrix.T
    covariance = residuals.T @ residuals / count + floor * torch.eye(len(means[1])).to(residuals)
    return LinearModel(matrix, means[1] - matrix @ means[0], covariance)
