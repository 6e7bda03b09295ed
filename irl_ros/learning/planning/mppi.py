# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Model predictive path integral control: sampled plans, weighted by their cost.

Williams et al. (2017), algorithms 1 and 2; alpha as in Williams et al. (2018). A plan u is
improved by K noisy copies of it, e_k ~ N(0, Sigma) in each step. With v the base, where actions
cost nothing beside c, and d_t = (1 - alpha) (u_t - v_t),

(1)  S_k = sum_t c(x_t, u_t + e_kt) + lambda d_t^T Sigma^-1 (e_kt + d_t / 2)
(2)  w_k = exp(-S_k / lambda) / sum_k exp(-S_k / lambda)
(3)  u_t <- u_t + sum_k w_k e_kt
(4)  free energy  F = -lambda log 1/K sum_k exp(-S_k / lambda)

so that the mean of exp(-S / lambda) is that of exp(-c / lambda) under N(u - d, Sigma). Noise that
remembers has the covariance memory^|t - s| Sigma between steps, which then stands for Sigma.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import LearningError, ParameterError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.importance import temper

Simulate = Callable[[Tensor, Tensor], Tensor]
"""States "K H x" in which the actions "K H u" are applied, from a start " x"."""

StateActionCost = Callable[[Tensor, Tensor], Tensor]
"""Costs "*batch" of states "*batch x" and actions "*batch u"."""


@dataclass(frozen=True)
class MppiConfig(Parameters):
    """How plans are sampled and weighted."""

    samples: int = parameter(256, low=2, high=1_000_000, doc="K, plans sampled per update")
    horizon: int = parameter(20, low=1, high=10_000, doc="H, steps that a plan looks ahead")
    updates: int = parameter(1, low=1, high=1000, doc="updates of the plan in every step")
    temperature: float = parameter(
        1.0, low=1e-9, high=1e9, doc="lambda, the cost by which a weight falls to 1/e"
    )
    target_ess: float = parameter(
        0.0,
        low=0.0,
        high=1e6,
        doc="effective number of plans sought by raising the temperature; 0: off",
    )
    base_share: float = parameter(
        1.0,
        low=0.0,
        high=1.0,
        doc="alpha: 1 adds no cost to actions, 0 the full cost of departing from the base",
    )
    memory: float = parameter(
        0.0, low=0.0, high=0.999, doc="correlation of the noise between neighbouring steps"
    )


@dataclass(frozen=True)
class PlanUpdate:
    """A plan and the samples it was made from.

    Attributes:
        plan: The new mean of the action sequence.
        actions: The sampled action sequences, within their limits.
        log_weights: Logarithms of their weights, which sum to one.
        free_energy: (4), an estimate of the soft value.
    """

    plan: Float[Tensor, "H u"]
    actions: Float[Tensor, "K H u"]
    log_weights: Float[Tensor, " K"]
    free_energy: float


@final
class Mppi:
    """Information-theoretic MPPI, all samples at once.

    Args:
        config: How plans are sampled and weighted.
        simulate: The model; its rollouts need not be differentiable.
        cost: Cost of states and actions. A learned cost already prices actions, which is what
            alpha = 1 is for; with alpha = 0 every action u whose base is v costs
            lambda/2 (u - v)^T Sigma^-1 (u - v) more.
        covariance: Sigma of the action noise.
        limits: Lowest and highest action; none by default.

    Raises:
        ParameterError: If the covariance is not positive definite or the limits are crossed.
    """

    def __init__(
        self,
        config: MppiConfig,
        simulate: Simulate,
        cost: StateActionCost,
        covariance: Float[Tensor, "u u"],
        limits: Float[Tensor, "2 u"] | None = None,
    ) -> None:
        factor, info = torch.linalg.cholesky_ex(covariance)
        if int(info) != 0:
            raise ParameterError(
                f"covariance of the action noise {covariance.tolist()} is not positive definite"
            )
        if limits is not None and not bool((limits[0] < limits[1]).all()):
            raise ParameterError(f"action limits {limits.tolist()}; give lower before upper ones")
        self.config = config
        self.simulate = simulate
        self.cost = cost
        self.limits = limits
        self.action_dim = len(covariance)
        self._factor = factor

    def update(
        self,
        start: Float[Tensor, " x"],
        plan: Float[Tensor, "H u"],
        base: Float[Tensor, "H u"],
        generator: torch.Generator,
    ) -> PlanUpdate:
        """Improve a plan once, by (1) to (3): sample around it, weight, take the weighted mean.

        Args:
            start: State in which the plan begins.
            plan: u, what is sampled around.
            base: v, where actions cost nothing.
            generator: Source of the noise.

        Raises:
            LearningError: If no sampled plan has a finite cost.
        """
        config, horizon = self.config, len(plan)
        over_time = _time_factor(horizon, config.memory).to(plan)
        white = torch.randn(
            config.samples, horizon, self.action_dim, generator=generator, dtype=plan.dtype
        )
        noise = over_time @ white @ self._factor.T
        actions = self._limited(plan + noise)
        costs = self.cost(self.simulate(start, actions), actions).sum(dim=1)
        if config.base_share < 1:
            departure = (1 - config.base_share) * (plan - base)
            precise = torch.cholesky_solve(departure, over_time)
            precise = torch.cholesky_solve(precise.T, self._factor).T
            drift = (precise * (noise + 0.5 * departure)).sum(dim=(1, 2))
            costs = costs + config.temperature * drift
        log_weights = -torch.nan_to_num(costs, nan=math.inf) / config.temperature
        finite = log_weights > -math.inf
        if not bool(finite.any()):
            raise LearningError(
                f"none of {config.samples} sampled plans has a finite cost; the model diverges: "
                "lower the noise or the horizon, or fit the model to more data"
            )
        free_energy = -config.temperature * (
            float(torch.logsumexp(log_weights, 0)) - math.log(config.samples)
        )
        if config.target_ess:
            log_weights = temper(log_weights[finite], config.target_ess) * log_weights
        log_weights = torch.log_softmax(log_weights, dim=0)
        change = torch.einsum("k,khu->hu", log_weights.exp(), noise)
        return PlanUpdate(self._limited(plan + change), actions, log_weights, free_energy)

    def _limited(self, actions: Float[Tensor, "*batch u"]) -> Float[Tensor, "*batch u"]:
        if self.limits is None:
            return actions
        return torch.minimum(torch.maximum(actions, self.limits[0]), self.limits[1])


def _time_factor(horizon: int, memory: float) -> Float[Tensor, "H H"]:
    """Return a factor A of the correlations memory^|t - s| = A A^T of a stationary process.

    e_0 = n_0 and e_t = memory e_(t-1) + sqrt(1 - memory^2) n_t: every step keeps the variance.
    """
    lags = torch.arange(horizon).unsqueeze(1) - torch.arange(horizon)
    factor = torch.tril(memory ** lags.clamp(min=0).to(torch.float64))
    factor[:, 1:] *= math.sqrt(1 - memory**2)
    return factor
