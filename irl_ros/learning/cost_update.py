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
from dataclasses import dataclass

import torch
from torch import nn

from irl_ros.core.errors import LearningError
from irl_ros.learning.adam import Adam
from irl_ros.learning.cost import Cost
from irl_ros.learning.cost_batches import CostData, CostUpdateConfig, minibatches, rounded
from irl_ros.learning.cost_gradient import AutomaticGradient, CostGradient, Losses
from irl_ros.learning.device import fitted_on, placed
from irl_ros.learning.explicit_gradient import ExplicitGradient, has_explicit_gradient
from irl_ros.learning.objective import ObjectiveConfig, optimal_log_partition
from irl_ros.learning.surroundings import surroundings


@dataclass(frozen=True)
class CostUpdateReport(Losses):
    """Means over the gradient steps of one update.

    Attributes:
        gradient_norm: Norm before clipping.
    """

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
        LearningError: If the objective or its gradient is no longer finite; the step is not taken.
    """
    data = rounded(data, config)
    around = surroundings(
        data.demonstration_inputs, cost.input_scale, data.positions, objective, generator
    )
    totals = dict.fromkeys(("loss", "rate", "monotonic", "aside", "gradient_norm"), 0.0)
    with fitted_on(config.device, cost, log_partition, optimiser):
        if objective.loss == "gan":
            _start_at_optimum(log_partition, cost, placed(data, config.device))
        gradient = _gradient(cost, log_partition, data, config, objective)
        batches = minibatches(
            data, cost.config.action_weight, around, config, objective, generator
        )
        for step, batch in enumerate(batches):
            losses = gradient.set(batch)
            total = objective.total(**vars(losses))
            norm = _limit_gradient(cost, config.gradient_clip)
            if not (math.isfinite(total) and math.isfinite(norm)):
                raise LearningError(
                    f"the cost objective is {total:.3g}, its gradient {norm:.3g} at step {step} "
                    "of an update; lower cost_update.learning_rate or cost.scale"
                )
            optimiser.step()
            for name, value in (*vars(losses).items(), ("gradient_norm", norm)):
                totals[name] += value
    return CostUpdateReport(**{name: value / config.steps for name, value in totals.items()})


def _gradient(
    cost: Cost,
    log_partition: nn.Parameter,
    data: CostData,
    config: CostUpdateConfig,
    objective: ObjectiveConfig,
) -> CostGradient:
    """Return the quickest way to the gradient."""
    marginals = data.newest_marginals
    if config.device == "cpu" and has_explicit_gradient(cost, marginals, objective):
        return ExplicitGradient(cost, objective)
    return AutomaticGradient(
        cost, log_partition, marginals and placed(marginals, config.device), objective
    )


def _limit_gradient(cost: Cost, limit: float) -> float:
    """Scale the gradient to a norm, if it is larger and the norm not 0; return what it was."""
    gradients = [each.grad for each in cost.parameters() if each.grad is not None]
    norms = [torch.linalg.vector_norm(each) for each in gradients]
    norm = float(torch.linalg.vector_norm(torch.stack(norms)))
    if 0 < limit < norm:
        for gradient in gradients:
            gradient *= limit / norm
    return norm


@torch.no_grad()
def _start_at_optimum(log_partition: nn.Parameter, cost: Cost, data: CostData) -> None:
    """Set log Z to what the cost asks for now; a step size made for the cost would never reach it.

    It is the best one for beta = 1 and demonstrations that count alike, and learned from there.
    Trajectory costs and densities are of the order of hundreds of nats.
    """
    shown = cost.evaluate(data.demonstration_inputs, data.demonstration_actions).sum(dim=1)
    drawn = cost.evaluate(data.sample_inputs, data.sample_actions).sum(dim=1)
    ratios = (-shown - data.demonstration_log_q, -drawn - data.sample_log_q)
    if all(bool(torch.isfinite(each).all()) for each in ratios):
        log_partition.fill_(optimal_log_partition(*ratios))
