# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Minibatch steps on the cost: Finn, Levine and Abbeel (2016), algorithm 2.

Each of the K steps draws demonstrations and samples, and lowers, by Adam,

(1)  L + w_lcr g_lcr + w_mono g_mono + w_aside g_aside

with L the likelihood or the discriminator's loss of `objective`, at its inverse temperature beta,
or 0 where the regularisers shall do all.
g_lcr looks at demonstrations and samples, g_mono at demonstrations and moved copies of them, and
g_aside (`surroundings`) beside them. With the demonstrations in the background,

(2)  likelihood:     dL/dtheta = sum_i v_i dc_i - sum_j w_j dc_j,
                     w proportional to (exp(-c) / q)^beta over demonstrations and samples
(3)  discriminator:  dL/dtheta = beta (sum_i v_i (1 - D_i) dc_i - 1/M sum_j D_j dc_j),
                     log odds of D = beta (-c - log Z - log q),  q of the samples alone

where v are the weights of the demonstrations, adding up to 1. By default beta is 0.1: as whole
trajectories differ by hundreds of nats, one w would be 1, or every D be 1 or 0. The factor beta of
(3) makes the regularisers weigh more beside it than beside (2).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.learning.adam import Adam
from irl_ros.learning.control_variate import InputMarginals, control_variate
from irl_ros.learning.cost import Cost
from irl_ros.learning.cost_batches import (
    CostData,
    CostUpdateConfig,
    Minibatch,
    joined,
    minibatch,
    rounded,
)
from irl_ros.learning.device import fitted_on, placed
from irl_ros.learning.importance import normalise, pareto_smooth
from irl_ros.learning.objective import (
    ObjectiveConfig,
    discriminator_loss,
    guided_cost_loss,
    inverse_temperature,
    local_constant_rate,
    monotonic,
    optimal_log_partition,
)
from irl_ros.learning.surroundings import aside, surroundings


@dataclass(frozen=True)
class CostUpdateReport:
    """Means over the gradient steps of one update.

    Attributes:
        loss: Objective without regularisers.
        rate: g_lcr before its weight.
        monotonic: g_mono before its weight.
        aside: g_aside before its weight.
        gradient_norm: Norm before clipping.
    """

    loss: float
    rate: float
    monotonic: float
    aside: float
    gradient_norm: float


def update_cost(
    cost: Cost,
    log_partition: nn.Parameter,
    optimiser: torch.optim.Optimizer | Adam,
    data: CostData,
    config: CostUpdateConfig,
    objective: ObjectiveConfig,
    generator: torch.Generator,
) -> CostUpdateReport:
    """Take K minibatch steps on the cost, in place.

    Args:
        cost: What is learned.
        log_partition: Learned log Z of the discriminator; the sampled likelihood estimates it
            anew in each step instead and leaves it alone.
        optimiser: Of the cost's parameters and of log Z.
        data: Demonstrations and background.
        config: Number of steps and size of batches.
        objective: What is lowered.
        generator: Draws the minibatches.

    Raises:
        LearningError: If the loss is no longer finite.
    """
    data = rounded(data, config)
    around = surroundings(
        data.demonstration_inputs, cost.input_scale, data.positions, objective, generator
    )
    data, around = placed(data, config.device), placed(around, config.device)
    with fitted_on(config.device, cost, log_partition, optimiser):
        totals = torch.zeros(5, dtype=torch.float64, device=config.device)
        parameters = list(cost.parameters())
        if objective.loss == "gan":
            _start_at_optimum(log_partition, cost, data)
        joint = joined(data, cost.config.action_weight)
        for step in range(config.steps):
            batch = minibatch(data, joint, around, config, objective, generator)
            loss, rate, rising, beside = _losses(
                cost, log_partition, batch, data.newest_marginals, objective
            )
            total = (
                loss
                + objective.rate_weight * rate
                + objective.monotonic_weight * rising
                + objective.aside_weight * beside
            )
            if not math.isfinite(total.item()):
                raise LearningError(
                    f"the cost objective is {total.item()} at step {step} of an update; "
                    "lower cost_update.learning_rate or cost.scale"
                )
            optimiser.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            limit = config.gradient_clip or torch.inf
            norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
            optimiser.step()
            totals += torch.stack(
                [*(each.detach() for each in (loss, rate, rising, beside)), norm]
            )
    means = (totals / config.steps).tolist()
    return CostUpdateReport(*means)


@torch.no_grad()
def _start_at_optimum(log_partition: nn.Parameter, cost: Cost, data: CostData) -> None:
    """Set log Z to what the cost asks for now; a step size made for the cost would never reach it.

    It is the best one for beta = 1 and demonstrations that count alike, and learned from there.
    Trajectory costs and densities are of the order of hundreds of nats.
    """
    shown = cost.evaluate(data.demonstration_inputs, data.demonstration_actions).sum(dim=1)
    drawn = cost.evaluate(data.sample_inputs, data.sample_actions).sum(dim=1)
    log_partition.fill_(
        optimal_log_partition(-shown - data.demonstration_log_q, -drawn - data.sample_log_q)
    )


def _state_costs(
    cost: Cost, parts: Sequence[Float[Tensor, "... y"]], dtype: torch.dtype
) -> list[Float[Tensor, "..."]]:
    """Return the state costs of several batches, evaluated together."""
    flat = [part.flatten(0, -2) for part in parts]
    costs = cost.state_cost(torch.cat(flat)).to(dtype)
    split = torch.split(costs, [len(each) for each in flat])
    return [each.reshape(part.shape[:-1]) for each, part in zip(split, parts, strict=True)]


def _losses(
    cost: Cost,
    log_partition: Float[Tensor, ""],
    batch: Minibatch,
    marginals: InputMarginals | None,
    objective: ObjectiveConfig,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return L and the regularisers g_lcr, g_mono and g_aside of (1) for one minibatch.

    The regularisers look at the state cost alone: the action cost is not learned.
    """
    trajectories, weights = batch.trajectories, batch.weights
    inputs, log_q, count = trajectories.inputs, trajectories.log_q, len(weights)
    parts = (inputs, batch.copies, batch.beside, batch.nearest)
    state_costs, copied, beside, nearest = _state_costs(cost, parts, log_q.dtype)
    totals = state_costs.sum(dim=1) + trajectories.action_costs
    background = slice(None) if objective.demonstrations_in_background else slice(count, None)
    if not objective.importance_weights:
        log_q = torch.zeros_like(log_q)
    found = -totals.detach() - log_q
    if objective.pareto_smoothing:
        log_q = log_q.clone()
        log_q[background] -= pareto_smooth(found[background]) - found[background]
        found = -totals.detach() - log_q
    beta = inverse_temperature(found[background], objective)
    if objective.loss == "none":
        loss = torch.zeros_like(found[0])
    elif objective.loss == "gan":
        log_odds = beta * (-totals - log_q - log_partition)
        loss = discriminator_loss(
            log_odds[:count], log_odds[count:], demonstration_weights=weights
        )
    else:
        loss = guided_cost_loss(
            totals[:count],
            totals[background],
            log_q[background],
            demonstration_weights=weights,
            inverse_temperature=beta,
        )
    if marginals is not None and batch.newest and objective.loss != "none":
        share = normalise(beta * found[background])[-batch.newest :].sum()
        loss = loss + share * control_variate(cost, marginals, inputs[-batch.newest :])
    margin: float | Tensor = objective.monotonic_margin
    if objective.monotonic_along == "path":
        margin = margin * batch.path
    rising = monotonic(state_costs[:count], margin)
    if len(copied):
        margins = margin if isinstance(margin, float) else margin[: len(copied)]
        rising = rising + monotonic(copied, margins)
    off_path = aside(beside, nearest, batch.rises) if len(beside) else torch.zeros_like(loss)
    return loss, local_constant_rate(state_costs), rising, off_path
