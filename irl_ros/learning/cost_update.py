# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Minibatch steps on the cost: Finn, Levine and Abbeel (2016), algorithm 2."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.adam import Adam
from irl_ros.learning.control_variate import InputMarginals, control_variate
from irl_ros.learning.cost import Cost
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
from irl_ros.learning.surroundings import Surroundings, aside, surroundings

_BESIDE = 200
"""Inputs beside the demonstrations in each step."""


@dataclass(frozen=True)
class CostUpdateConfig(Parameters):
    """How the cost is fitted in each iteration."""

    steps: int = parameter(100, low=1, high=100000, doc="gradient steps per iteration, K")
    learning_rate: float = parameter(2e-3, low=1e-7, high=1.0, doc="step size of Adam")
    rate_decay: float = parameter(
        1.0, low=1e-6, high=1.0, doc="share of the step size that is left at the last iteration"
    )
    demonstration_batch: int = parameter(10, low=1, high=10000, doc="demonstrations per step")
    sample_batch: int = parameter(10, low=1, high=10000, doc="background samples per step")
    newest_share: float = parameter(
        0.5,
        low=0.0,
        high=1.0,
        doc="share of that batch from the newest rollouts; the rest is uniform",
    )
    gradient_clip: float = parameter(
        10.0, low=0.0, high=1e9, doc="largest gradient norm; 0 switches clipping off"
    )
    precision: str = parameter(
        "single",
        choices=("single", "double"),
        doc="arithmetic of the state costs in a step; weights and sums over time stay double",
    )
    device: str = parameter(
        "cpu", choices=("cpu", "cuda"), doc="where the cost is fitted; cuda is a GPU"
    )


@dataclass(frozen=True)
class CostData:
    """What a cost update reads.

    Attributes:
        demonstration_inputs: Cost inputs of the demonstrations.
        demonstration_actions: Their actions.
        demonstration_weights: How much each counts.
        demonstration_log_q: Their log densities, fused by the shares of a minibatch.
        demonstration_path: How far each of their steps goes, 1 on average.
        sample_inputs: Cost inputs of the background samples.
        sample_actions: Their actions.
        sample_log_q: Their log densities, fused likewise.
        newest: Number of samples of the newest controller, which stand last.
        positions: Cost inputs that say where the robot is.
        newest_marginals: What the model expects of their cost inputs; None: no control variate.
    """

    demonstration_inputs: Float[Tensor, "N T y"]
    demonstration_actions: Float[Tensor, "N T u"]
    demonstration_weights: Float[Tensor, " N"]
    demonstration_log_q: Float[Tensor, " N"]
    demonstration_path: Float[Tensor, "N S"]
    sample_inputs: Float[Tensor, "M T y"]
    sample_actions: Float[Tensor, "M T u"]
    sample_log_q: Float[Tensor, " M"]
    newest: int
    positions: slice
    newest_marginals: InputMarginals | None = None


def batch_counts(
    demonstrations: int, counts: Sequence[int], config: CostUpdateConfig
) -> Float[Tensor, " K"]:
    """Return how many members of a background batch come from each distribution, in expectation.

    Args:
        demonstrations: Number of demonstrations in the background; 0 if they stay out of it.
        counts: Number of samples of each controller, oldest first.
        config: Sizes and shares of the batch.
    """
    newest = min(_newest_in_batch(config), counts[-1])
    total = sum(counts)
    others = min(config.sample_batch - _newest_in_batch(config), total)
    shares = [float(min(config.demonstration_batch, demonstrations))]
    shares += [others * count / total for count in counts]
    shares[-1] += newest
    return torch.tensor(shares, dtype=torch.float64)


def _newest_in_batch(config: CostUpdateConfig) -> int:
    return round(config.newest_share * config.sample_batch)


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
    data = _rounded(data, config)
    around = surroundings(
        data.demonstration_inputs, cost.input_scale, data.positions, objective, generator
    )
    data, around = placed(data, config.device), placed(around, config.device)
    with fitted_on(config.device, cost, log_partition, optimiser):
        totals = torch.zeros(5, dtype=torch.float64, device=config.device)
        parameters = list(cost.parameters())
        newest = min(_newest_in_batch(config), data.newest)
        if objective.loss == "gan":
            _start_at_optimum(log_partition, cost, data)
        joint = _joined(data, cost.config.action_weight)
        for step in range(config.steps):
            demonstrations = _choose(
                len(data.demonstration_inputs), config.demonstration_batch, generator
            )
            samples = _background_batch(data, config, generator)
            drawn = _drawn(around, demonstrations, objective, generator)
            loss, rate, rising, beside = _losses(
                cost, log_partition, data, joint, demonstrations, samples, drawn, objective, newest
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

    Trajectory costs and densities are of the order of hundreds of nats.
    """
    shown = cost.evaluate(data.demonstration_inputs, data.demonstration_actions).sum(dim=1)
    drawn = cost.evaluate(data.sample_inputs, data.sample_actions).sum(dim=1)
    log_partition.fill_(
        optimal_log_partition(-shown - data.demonstration_log_q, -drawn - data.sample_log_q)
    )


@dataclass(frozen=True)
class _Joint:
    """Demonstrations and samples, one after the other, of which every step reads a few.

    Attributes:
        inputs: Cost inputs.
        action_costs: Summed over time; they are not learned.
        log_q: Fused log densities.
    """

    inputs: Float[Tensor, "J T y"]
    action_costs: Float[Tensor, " J"]
    log_q: Float[Tensor, " J"]


def _joined(data: CostData, action_weight: float) -> _Joint:
    actions = torch.cat([data.demonstration_actions, data.sample_actions])
    return _Joint(
        torch.cat([data.demonstration_inputs, data.sample_inputs]),
        action_weight * actions.square().sum(dim=(1, 2)),
        torch.cat([data.demonstration_log_q, data.sample_log_q]),
    )


@dataclass(frozen=True)
class _Drawn:
    """Inputs of one step near the demonstrations.

    Attributes:
        copies: Demonstrations moved aside, the first ones of the batch.
        beside: Inputs beside all demonstrations.
        nearest: The demonstrated inputs nearest to them.
        rises: How much more the former have to cost than the latter.
    """

    copies: Float[Tensor, "c T y"]
    beside: Float[Tensor, "b y"]
    nearest: Float[Tensor, "b y"]
    rises: Float[Tensor, " b"]


def _drawn(
    around: Surroundings,
    demonstrations: Int[Tensor, " n"],
    objective: ObjectiveConfig,
    generator: torch.Generator,
) -> _Drawn:
    copies = around.copies(demonstrations[: objective.monotonic_copies], generator)
    count = _BESIDE if objective.aside_weight else 0
    return _Drawn(copies, *around.beside(count, generator))


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
    data: CostData,
    joint: _Joint,
    demonstrations: Int[Tensor, " n"],
    samples: Int[Tensor, " m"],
    drawn: _Drawn,
    objective: ObjectiveConfig,
    newest: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the objective and the regularisers of one minibatch, whose newest samples are last.

    The regularisers look at the state cost alone: the action cost is not learned.
    """
    chosen = torch.cat([demonstrations, samples + len(data.demonstration_inputs)])
    inputs = joint.inputs[chosen]
    log_q = joint.log_q[chosen]
    parts = (inputs, drawn.copies, drawn.beside, drawn.nearest)
    state_costs, copied, beside, nearest = _state_costs(cost, parts, log_q.dtype)
    totals = state_costs.sum(dim=1) + joint.action_costs[chosen]
    count = len(demonstrations)
    background = slice(None) if objective.demonstrations_in_background else slice(count, None)
    if not objective.importance_weights:
        log_q = torch.zeros_like(log_q)
    weights = data.demonstration_weights[demonstrations]
    found = -totals.detach() - log_q
    if objective.pareto_smoothing:
        log_q[background] -= pareto_smooth(found[background]) - found[background]
        found = -totals.detach() - log_q
    beta = inverse_temperature(found[background], objective)
    if objective.loss == "gan":
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
    if data.newest_marginals is not None and newest:
        share = normalise(beta * found[background])[-newest:].sum()
        loss = loss + share * control_variate(cost, data.newest_marginals, inputs[-newest:])
    margin: float | Tensor = objective.monotonic_margin
    if objective.monotonic_along == "path":
        margin = margin * data.demonstration_path[demonstrations]
    rising = monotonic(state_costs[:count], margin)
    if len(copied):
        margins = margin if isinstance(margin, float) else margin[: len(copied)]
        rising = rising + monotonic(copied, margins)
    off_path = aside(beside, nearest, drawn.rises) if len(beside) else torch.zeros_like(loss)
    return loss, local_constant_rate(state_costs), rising, off_path


def _rounded(data: CostData, config: CostUpdateConfig) -> CostData:
    """Return the data with cost inputs in the precision that the state costs are computed in."""
    if config.precision == "double":
        return data
    return replace(
        data,
        demonstration_inputs=data.demonstration_inputs.to(torch.float32),
        sample_inputs=data.sample_inputs.to(torch.float32),
    )


def _choose(total: int, count: int, generator: torch.Generator) -> Int[Tensor, " n"]:
    return torch.randperm(total, generator=generator)[:count]


def _background_batch(
    data: CostData, config: CostUpdateConfig, generator: torch.Generator
) -> Int[Tensor, " m"]:
    """Draw background samples: a set share from the newest controller, the others from all."""
    total = len(data.sample_inputs)
    newest = _newest_in_batch(config)
    recent = total - data.newest + _choose(data.newest, newest, generator)
    return torch.cat([_choose(total, config.sample_batch - newest, generator), recent])
