# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the gradient steps on a cost read: all data, and the minibatch of one step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.control_variate import InputMarginals
from irl_ros.learning.device import placed
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.surroundings import Displacements, Surroundings

Values = TypeVar("Values", Tensor, ndarray)

_BESIDE = 200
"""Inputs beside the demonstrations in each step."""

_BLOCK = 100
"""Steps for which chance is drawn at once."""


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
class Minibatch:
    """What one gradient step reads.

    Attributes:
        inputs: Cost inputs of all steps of copies of the first demonstrations, moved aside, of the
            demonstrations, and of samples, the newest last; then inputs beside all demonstrations,
            and the demonstrated ones nearest to each.
        action_costs: Of demonstrations and samples, summed over time; they are not learned.
        log_q: Their fused log densities.
        newest: Number of newest samples.
        weights: How much each demonstration counts.
        margins: How much each of their steps has to fall.
        copies: Number of copies.
        rises: How much more inputs beside the demonstrations have to cost than the nearest.
    """

    inputs: Float[Tensor, "n y"]
    action_costs: Float[Tensor, " m"]
    log_q: Float[Tensor, " m"]
    newest: int
    weights: Float[Tensor, " d"]
    margins: Float[Tensor, "d S"]
    copies: int
    rises: Float[Tensor, " b"]

    def split(self, values: Values) -> tuple[Values, Values, Values]:
        """Return what belongs to the steps of trajectories, beside, and to the nearest.

        Args:
            values: Something of every input, in the same order; the first result has one more
                axis, for trajectories.
        """
        count = len(values) - 2 * len(self.rises)
        paths = values[:count].reshape(-1, self.margins.shape[1] + 1, *values.shape[1:])
        return paths, values[count : count + len(self.rises)], values[count + len(self.rises) :]


@dataclass(frozen=True)
class _Draws:
    """What chance decides about some steps, s of them.

    Attributes:
        demonstrations: Which demonstrations are read.
        samples: Which samples, the newest last.
        copies: What is done to the first demonstrations, in each step anew.
        beside: Which inputs beside the demonstrations are read.
    """

    demonstrations: Int[Tensor, "s d"]
    samples: Int[Tensor, "s m"]
    copies: Displacements
    beside: Int[Tensor, "s b"]


def minibatches(
    data: CostData,
    action_weight: float,
    around: Surroundings,
    config: CostUpdateConfig,
    objective: ObjectiveConfig,
    generator: torch.Generator,
) -> Iterator[Minibatch]:
    """Draw what each of the steps of an update reads.

    All minibatches have the same size, and the inputs of one may be overwritten by the next.
    Chance is drawn for many steps at once, and on the processor wherever the data are, so that the
    same seed draws the same everywhere.

    Args:
        data: Demonstrations and background.
        action_weight: w_u of the cost.
        around: What lies near the demonstrations.
        config: Number of steps, size of the batches and where they are read.
        objective: Says what it needs.
        generator: Draws them.
    """
    reader = _Reader(data, action_weight, around, config, objective)
    for begin in range(0, config.steps, _BLOCK):
        steps = min(_BLOCK, config.steps - begin)
        yield from reader.read(_drawn(data, around, config, objective, steps, generator))


def _drawn(
    data: CostData,
    around: Surroundings,
    config: CostUpdateConfig,
    objective: ObjectiveConfig,
    steps: int,
    generator: torch.Generator,
) -> _Draws:
    shown = len(data.demonstration_inputs)
    demonstrations, samples = [], []
    for _ in range(steps):
        demonstrations.append(_choose(shown, config.demonstration_batch, generator))
        samples.append(_background_batch(data, config, generator))
    copied = min(objective.monotonic_copies, len(demonstrations[0]))
    return _Draws(
        torch.stack(demonstrations),
        torch.stack(samples),
        around.displacements((steps, copied), generator),
        around.beside((steps, _BESIDE if objective.aside_weight else 0), generator),
    )


class _Reader:
    """Puts minibatches together."""

    def __init__(
        self,
        data: CostData,
        action_weight: float,
        around: Surroundings,
        config: CostUpdateConfig,
        objective: ObjectiveConfig,
    ) -> None:
        self._device = config.device
        data, self._around = placed(data, self._device), placed(around, self._device)
        self._newest = min(_newest_in_batch(config), data.newest)
        actions = torch.cat([data.demonstration_actions, data.sample_actions])
        self._inputs = torch.cat([data.demonstration_inputs, data.sample_inputs])
        self._shown = data.demonstration_inputs.flatten(0, 1)
        self._action_costs = action_weight * actions.square().sum(dim=(1, 2))
        self._log_q = torch.cat([data.demonstration_log_q, data.sample_log_q])
        self._weights = data.demonstration_weights
        along = data.demonstration_path
        self._margins = objective.monotonic_margin * (
            along if objective.monotonic_along == "path" else torch.ones_like(along)
        )

    def read(self, draws: _Draws) -> Iterator[Minibatch]:
        """Return the minibatches of some steps."""
        draws = placed(draws, self._device)
        demonstrations, beside = draws.demonstrations, draws.beside
        chosen = torch.cat([demonstrations, draws.samples + len(self._weights)], dim=1)
        _, horizon, width = self._inputs.shape
        copied, count, outside = (each.shape[1] for each in (draws.copies.added, chosen, beside))
        sizes = [copied * horizon, count * horizon, outside, outside]
        buffer = self._inputs.new_empty(sum(sizes), width)
        copies, trajectories, aside, nearest = torch.split(buffer, sizes)
        copies = copies.view(copied, horizon, width)
        trajectories = trajectories.view(count, horizon, width)
        action_costs, log_q = self._action_costs[chosen], self._log_q[chosen]
        weights, margins = self._weights[demonstrations], self._margins[demonstrations]
        nearest_to, rises = self._around.nearest[beside], self._around.rises[beside]
        factors, added = (each.unsqueeze(2) for each in (draws.copies.factors, draws.copies.added))
        for step in range(len(chosen)):
            originals = self._inputs[demonstrations[step, :copied]]
            torch.addcmul(added[step], originals, factors[step], out=copies)
            torch.index_select(self._inputs, 0, chosen[step], out=trajectories)
            torch.index_select(self._around.aside, 0, beside[step], out=aside)
            torch.index_select(self._shown, 0, nearest_to[step], out=nearest)
            yield Minibatch(
                inputs=buffer,
                action_costs=action_costs[step],
                log_q=log_q[step],
                newest=self._newest,
                weights=weights[step],
                margins=margins[step],
                copies=copied,
                rises=rises[step],
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
