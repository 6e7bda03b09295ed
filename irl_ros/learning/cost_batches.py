# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the gradient steps on a cost read: all data, and the minibatch of one step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.control_variate import InputMarginals
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.surroundings import Surroundings

_BESIDE = 200
"""Inputs beside the demonstrations in each step."""


@dataclass(frozen=True)
class CostUpdateConfig(Parameters):
    """How the cost is fitted in each iteration."""

    steps: int = parameter(100, low=1, high=100000, doc="gradient steps per iteration, K")
    first_times: int = parameter(
        10,
        low=1,
        high=10000,
        doc="times as many in the first iteration, before a controller is improved by a cost that "
        "knows little yet",
    )
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

    def within(self, *, first: bool) -> "CostUpdateConfig":
        """Return the settings of the first iteration, or of any later one."""
        return replace(self, steps=self.first_times * self.steps) if first else self


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


def rounded(data: CostData, config: CostUpdateConfig) -> CostData:
    """Return the data with cost inputs in the precision that the state costs are computed in."""
    if config.precision == "double":
        return data
    return replace(
        data,
        demonstration_inputs=data.demonstration_inputs.to(torch.float32),
        sample_inputs=data.sample_inputs.to(torch.float32),
    )


@dataclass(frozen=True)
class Joint:
    """Demonstrations and samples, one after the other, of which every step reads a few.

    Attributes:
        inputs: Cost inputs.
        action_costs: Summed over time; they are not learned.
        log_q: Fused log densities.
    """

    inputs: Float[Tensor, "J T y"]
    action_costs: Float[Tensor, " J"]
    log_q: Float[Tensor, " J"]


def joined(data: CostData, action_weight: float) -> Joint:
    """Return demonstrations and samples together, what is not learned computed once."""
    actions = torch.cat([data.demonstration_actions, data.sample_actions])
    return Joint(
        torch.cat([data.demonstration_inputs, data.sample_inputs]),
        action_weight * actions.square().sum(dim=(1, 2)),
        torch.cat([data.demonstration_log_q, data.sample_log_q]),
    )


@dataclass(frozen=True)
class Minibatch:
    """What one gradient step reads.

    Attributes:
        trajectories: Demonstrations and samples, the newest samples last.
        weights: How much each demonstration counts.
        path: How far each step of the demonstrations goes, 1 on average.
        newest: Number of newest samples.
        copies: The first of the demonstrations, moved aside.
        beside: Inputs beside all demonstrations.
        nearest: The demonstrated inputs nearest to them.
        rises: How much more the former have to cost than the latter.
    """

    trajectories: Joint
    weights: Float[Tensor, " n"]
    path: Float[Tensor, "n S"]
    newest: int
    copies: Float[Tensor, "c T y"]
    beside: Float[Tensor, "b y"]
    nearest: Float[Tensor, "b y"]
    rises: Float[Tensor, " b"]


def minibatch(
    data: CostData,
    joint: Joint,
    around: Surroundings,
    config: CostUpdateConfig,
    objective: ObjectiveConfig,
    generator: torch.Generator,
) -> Minibatch:
    """Draw what one step reads.

    Args:
        data: Demonstrations and background.
        joint: The same, joined.
        around: What lies near the demonstrations.
        config: Sizes of the batch.
        objective: Says what it needs.
        generator: Draws it.
    """
    shown = len(data.demonstration_inputs)
    demonstrations = _choose(shown, config.demonstration_batch, generator)
    samples = _background_batch(data, config, generator)
    chosen = torch.cat([demonstrations, samples + shown])
    copies = around.copies(demonstrations[: objective.monotonic_copies], generator)
    beside = around.beside(_BESIDE if objective.aside_weight else 0, generator)
    return Minibatch(
        Joint(joint.inputs[chosen], joint.action_costs[chosen], joint.log_q[chosen]),
        data.demonstration_weights[demonstrations],
        data.demonstration_path[demonstrations],
        min(_newest_in_batch(config), data.newest),
        copies,
        *beside,
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
