# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The KL-limited maximum-entropy controller step and the rule that sets its size.

Finn, Levine and Abbeel (2016), appendix A, with alpha for the weight of the entropy, there 1:

(1)  min_q  E_q[c] - alpha H(q)  subject to  KL(q || p) <= epsilon,  p the previous controller
(2)  q_eta = argmin_q  E_q[c - eta log p(u | x)] / (eta + alpha) - H(q),
     the Lagrangian of (1) over eta + alpha: one solution of `lqr` at that temperature
(3)  KL(q_eta || p) = epsilon  determines eta, or eta = 0 where (2) stays within the limit anyway
(4)  m <- m predicted / (2 max(1e-4, predicted - actual)),  the factor between 0.1 and 5,
     the best step of a quadratic model of the improvement; m multiplies epsilon
"""

import functools
import math
from dataclasses import dataclass

import torch
from scipy.optimize import brentq

from irl_ros.core.errors import DataError, LearningError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.lqr import (
    LinearDynamics,
    Marginals,
    expected_cost,
    kl_divergence,
    optimal_controller,
    propagate,
)

_LOWEST_DUAL = 1e-6
_HIGHEST_DUAL = 1e16
_TOLERANCE = 1e-10  # of the KL, relative to its limit


@dataclass(frozen=True)
class ControllerUpdateConfig(Parameters):
    """Size of the controller steps."""

    kl_limit: float = parameter(
        40.0, unit="nat", low=1e-3, high=1e6, doc="KL limit of one step, summed over the T steps"
    )
    kl_decay: float = parameter(
        0.03, low=1e-6, high=1.0, doc="share of the KL limit that is left at the last iteration"
    )
    adapt_step: bool = parameter(
        True, doc="scale the KL limit by predicted against actual improvement"
    )
    smallest_multiplier: float = parameter(
        0.2, low=1e-3, high=1.0, doc="smallest multiplier of the KL limit"
    )
    largest_multiplier: float = parameter(
        10.0, low=1.0, high=1e3, doc="largest multiplier of the KL limit"
    )
    base: str = parameter(
        "best",
        choices=("best", "newest"),
        doc="controller that a step starts from: the best so far by the current cost, or the last",
    )
    doubt: float = parameter(
        1.0,
        low=0.0,
        high=100.0,
        doc="standard errors by which an earlier controller must be better to be gone back to",
    )
    audition: bool = parameter(
        True,
        doc="spend the last rollouts on trying the best controllers without noise; the cheapest "
        "is delivered (maximum entropy and margin choose by feature counts and hold none)",
    )
    last_step: bool = parameter(
        False,
        doc="improve after the last rollouts, too; what is delivered has then never been tried",
    )
    temperature: float = parameter(
        1.0, low=0.0, high=1e6, doc="weight of the entropy; at 0 the noise collapses step by step"
    )


@dataclass(frozen=True)
class ControllerUpdate:
    """A controller step and what it promises.

    Attributes:
        controller: The new controller.
        dual: eta, the multiplier of the KL constraint; 0 where the limit does not bind.
        kl: KL(new || previous) summed over steps, nat.
        kl_limit: The limit it was given, nat.
        previous_objective: E[c] - temperature H of the previous controller under the model.
        predicted_objective: The same of the new controller.
    """

    controller: LinearGaussianController
    dual: float
    kl: float
    kl_limit: float
    previous_objective: float
    predicted_objective: float


def constrained_step(
    cost: QuadraticCost,
    dynamics: LinearDynamics,
    previous: LinearGaussianController,
    kl_limit: float,
    temperature: float = 1.0,
) -> ControllerUpdate:
    """Solve (1): minimise E_q[c] - temperature H(q) subject to KL(q || previous) <= kl_limit.

    The dual variable eta of (3) is found by Brent's method on its logarithm.

    Raises:
        LearningError: If no eta gives a solution within the limit.
    """
    pull = _pull(previous)

    @functools.lru_cache(maxsize=2)  # the dual variable that is found was the last to be tried
    def attempt(dual: float) -> tuple[LinearGaussianController, Marginals, float] | None:
        try:
            surrogate = _surrogate(cost, pull, dual)
            controller = optimal_controller(surrogate, dynamics, dual + temperature)
        except (LearningError, DataError):
            return None
        marginals = propagate(controller, dynamics)
        kl = float(kl_divergence(controller, previous, marginals).sum())
        return (controller, marginals, kl) if math.isfinite(kl) else None

    def excess(log_dual: float) -> float:
        result = attempt(math.exp(log_dual))
        # Without a solution the pull to the previous controller is too weak: as if KL were huge.
        over = 1e3 if result is None else math.log(max(result[-1], 1e-12) / kl_limit)
        return over if abs(over) > _TOLERANCE else 0.0

    low, high = math.log(_LOWEST_DUAL), math.log(1.0)
    # The KL falls as the dual variable grows: what is too little at 1 is too little below.
    if excess(high) <= 0 and excess(low) <= 0:
        free = temperature > 0 and attempt(0.0) is not None
        dual = 0.0 if free else _LOWEST_DUAL
    else:
        while excess(high) > 0:
            low, high = high, high + math.log(100.0)
            if high > math.log(_HIGHEST_DUAL):
                raise LearningError(
                    f"no dual variable up to {_HIGHEST_DUAL:g} brings the KL below "
                    f"{kl_limit:g} nat; check the cost and the dynamics for huge values"
                )
        dual = math.exp(float(brentq(excess, low, high, xtol=1e-12, rtol=1e-10)))
    result = attempt(dual)
    if result is None:
        raise LearningError(f"the controller update has no solution at dual variable {dual:g}")
    controller, marginals, kl = result
    promised = float(expected_cost(cost, marginals).sum()) - temperature * controller.entropy()
    return ControllerUpdate(
        controller,
        dual,
        kl,
        kl_limit,
        expected_objective(cost, dynamics, previous, temperature),
        promised,
    )


def expected_objective(
    cost: QuadraticCost,
    dynamics: LinearDynamics,
    controller: LinearGaussianController,
    temperature: float,
) -> float:
    """Return E[c] - temperature H(q), what a controller step minimises, under the model."""
    mean = float(expected_cost(cost, propagate(controller, dynamics)).sum())
    return mean - temperature * controller.entropy()


def _surrogate(cost: QuadraticCost, pull: QuadraticCost, dual: float) -> QuadraticCost:
    """Return c - eta log p(u | x) of (2), up to a constant."""
    return QuadraticCost(
        cost.matrix + dual * pull.matrix, cost.vector + dual * pull.vector, cost.constant
    )


def _pull(previous: LinearGaussianController) -> QuadraticCost:
    """Return -log previous(u|x), up to a constant."""
    precision = torch.linalg.inv(previous.covariances)
    # -log N(u; K x + k, C) = 1/2 |D z - k|^2 in the metric C^-1, D = (-K, I).
    eye = torch.eye(previous.action_dim, dtype=precision.dtype).expand_as(precision)
    difference = torch.cat([-previous.gains, eye], dim=-1)
    pulled = difference.mT @ precision
    offsets = previous.offsets.unsqueeze(-1)
    return QuadraticCost(
        pulled @ difference,
        -(pulled @ offsets).squeeze(-1),
        torch.zeros(previous.horizon, dtype=precision.dtype),
    )


def step_multiplier(
    multiplier: float, predicted: float, actual: float, config: ControllerUpdateConfig
) -> float:
    """Return the next multiplier of the KL limit, by (4).

    Both improvements are measured by the previous cost.

    Args:
        multiplier: The multiplier in force.
        predicted: Improvement that the last step promised.
        actual: Improvement that it brought.
        config: Smallest and largest multiplier.
    """
    change = predicted / (2 * max(1e-4, predicted - actual))
    change = min(max(change, 0.1), 5.0)
    return min(max(multiplier * change, config.smallest_multiplier), config.largest_multiplier)
