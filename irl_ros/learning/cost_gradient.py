# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gradient of one step on the cost, for every form of cost and objective.

Here it is left to automatic differentiation of what `objective` defines. `ExplicitGradient` has it
in closed form where the cost and the objective are the usual ones, and is what they are fitted by.
"""

from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.learning.control_variate import InputMarginals, control_variate
from irl_ros.learning.cost import Cost
from irl_ros.learning.cost_batches import Minibatch
from irl_ros.learning.importance import normalise, pareto_smooth
from irl_ros.learning.objective import (
    ObjectiveConfig,
    discriminator_loss,
    guided_cost_loss,
    inverse_temperature,
    local_constant_rate,
    monotonic,
)
from irl_ros.learning.surroundings import aside


@dataclass(frozen=True)
class Losses:
    """The terms of the objective, before their weights.

    Attributes:
        loss: L.
        rate: g_lcr.
        monotonic: g_mono.
        aside: g_aside.
    """

    loss: float
    rate: float
    monotonic: float
    aside: float


@runtime_checkable
class CostGradient(Protocol):
    """What a step on the cost follows."""

    def set(self, batch: Minibatch) -> Losses:
        """Set the gradients of all that is learned, by the objective for a minibatch."""
        ...


@final
class AutomaticGradient:
    """Differentiates the objective automatically, on whatever device the cost is.

    Args:
        cost: What is learned.
        log_partition: Learned log Z of the discriminator.
        marginals: Of the newest samples' cost inputs; None: no control variate.
        objective: What is lowered.
    """

    def __init__(
        self,
        cost: Cost,
        log_partition: Float[Tensor, ""],
        marginals: InputMarginals | None,
        objective: ObjectiveConfig,
    ) -> None:
        self._cost = cost
        self._log_partition = log_partition
        self._marginals = marginals
        self._objective = objective

    def set(self, batch: Minibatch) -> Losses:
        """Set the gradients of all that is learned, by the objective for a minibatch."""
        self._cost.zero_grad()
        self._log_partition.grad = None
        terms = self._terms(batch)
        total = self._objective.total(*terms)
        total.backward()  # type: ignore[no-untyped-call]
        return Losses(*torch.stack(terms).tolist())

    def _terms(self, batch: Minibatch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return L, g_lcr, g_mono and g_aside.

        The regularisers look at the state cost alone: the action cost is not learned.
        """
        count = len(batch.weights)
        costs = self._cost.state_cost(batch.inputs).to(batch.log_q.dtype)
        paths, beside, nearest = batch.split(costs)
        copied, state_costs = paths.tensor_split([batch.copies])
        loss = self._likelihood(state_costs.sum(dim=1) + batch.action_costs, batch)
        rising = monotonic(state_costs[:count], batch.margins)
        if batch.copies:
            rising = rising + monotonic(copied, batch.margins[: batch.copies])
        off_path = torch.zeros_like(loss)
        if len(beside):
            off_path = aside(beside, nearest, batch.rises)
        return loss, local_constant_rate(state_costs), rising, off_path

    def _likelihood(self, totals: Float[Tensor, " m"], batch: Minibatch) -> Float[Tensor, ""]:
        objective, count, log_q = self._objective, len(batch.weights), batch.log_q
        if objective.loss == "none":
            return totals.new_zeros(())
        background = objective.background(count)
        if not objective.importance_weights:
            log_q = torch.zeros_like(log_q)
        found = -totals.detach() - log_q
        if objective.pareto_smoothing:
            log_q = log_q.clone()
            log_q[background] -= pareto_smooth(found[background]) - found[background]
            found = -totals.detach() - log_q
        beta = inverse_temperature(found[background], objective)
        if objective.loss == "gan":
            log_odds = beta * (-totals - log_q - self._log_partition)
            loss = discriminator_loss(
                log_odds[:count], log_odds[count:], demonstration_weights=batch.weights
            )
        else:
            loss = guided_cost_loss(
                totals[:count],
                totals[background],
                log_q[background],
                demonstration_weights=batch.weights,
                inverse_temperature=beta,
            )
        if self._marginals is not None and batch.newest:
            paths, _, _ = batch.split(batch.inputs)
            share = normalise(beta * found[background])[-batch.newest :].sum()
            variate = control_variate(self._cost, self._marginals, paths[-batch.newest :])
            loss = loss + share * variate
        return loss
