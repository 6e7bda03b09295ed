# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the parts of learning grow with the size of the problem."""

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.cost import Cost, CostConfig, QuadraticCost
from irl_ros.learning.cost_batches import CostData, CostUpdateConfig
from irl_ros.learning.cost_update import update_cost
from irl_ros.learning.dynamics import DynamicsConfig, fit_dynamics
from irl_ros.learning.lqr import LinearDynamics, propagate, solve
from irl_ros.learning.objective import ObjectiveConfig

ACTIONS = 7
COST_STEPS = 4


@dataclass(frozen=True)
class Size:
    """Size of a problem, by default about that of the dish task.

    Attributes:
        steps: T.
        states: Dimension of the state, and of what the cost sees of it.
        samples: M.
    """

    steps: int = 100
    states: int = 32
    samples: int = 40


# Powers of the terms that dominate for large sizes.
DEMANDED = {
    "cost update": {"steps": 1, "states": 1, "samples": 0},
    "dynamics fit": {"steps": 1, "states": 3, "samples": 1},
    "controller solution": {"steps": 1, "states": 3},
    "density of one controller": {"steps": 1, "states": 1, "samples": 1},
}
AXES = {
    "steps": (50, 100, 200, 400),
    "states": (16, 32, 64, 128),
    "samples": (20, 40, 80, 160),
}


def growth(rounds: int, sizes: int) -> list[dict[str, Any]]:
    """Measure every part along every axis, round by round.

    Args:
        rounds: How often; the fastest counts.
        sizes: How many of the sizes of each axis.
    """
    rows = []
    for part, demanded in DEMANDED.items():
        for axis, power in demanded.items():
            values = AXES[axis][:sizes]
            seconds = _fastest(part, axis, values, rounds)
            rows.append(
                {
                    "part": part,
                    "axis": axis,
                    "sizes": list(values),
                    "seconds": seconds,
                    "measured": exponent(values, seconds),
                    "demanded": power,
                }
            )
    return rows


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the power of the size that fits the seconds best, by least squares of logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _fastest(part: str, axis: str, values: Sequence[int], rounds: int) -> list[float]:
    prepared = [PREPARE[part](dataclasses.replace(Size(), **{axis: value})) for value in values]
    best = [float("inf")] * len(prepared)
    for _ in range(rounds):
        for index, work in enumerate(prepared):
            began = time.perf_counter()
            work()
            best[index] = min(best[index], time.perf_counter() - began)
    return best


def _noise(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def cost_update_of(size: Size, steps: int = COST_STEPS) -> Callable[[], object]:
    """Return an update of a cost, with a number of gradient steps."""
    config = CostConfig(initialisation="random")
    cost = Cost(config, torch.ones(size.states), torch.Generator().manual_seed(0))
    log_partition = nn.Parameter(torch.zeros((), dtype=torch.float64))
    optimiser = torch.optim.Adam(cost.parameters(), lr=1e-6, fused=True)
    shown, drawn = 20, size.samples
    data = CostData(
        demonstration_inputs=_noise(shown, size.steps, size.states),
        demonstration_actions=_noise(shown, size.steps, ACTIONS),
        demonstration_weights=torch.ones(shown, dtype=torch.float64),
        demonstration_log_q=_noise(shown),
        demonstration_path=torch.ones(shown, size.steps - 1, dtype=torch.float64),
        sample_inputs=_noise(drawn, size.steps, size.states),
        sample_actions=_noise(drawn, size.steps, ACTIONS),
        sample_log_q=_noise(drawn),
        newest=10,
        positions=slice(None),
    )
    return functools.partial(
        update_cost,
        cost,
        log_partition,
        optimiser,
        data,
        CostUpdateConfig(steps=steps),
        ObjectiveConfig(),
        torch.Generator().manual_seed(0),
    )


def _dynamics_fit(size: Size) -> Callable[[], object]:
    tried = Trajectories(
        _noise(size.samples, size.steps, size.states), _noise(size.samples, size.steps, ACTIONS)
    )
    return functools.partial(fit_dynamics, tried, tried, DynamicsConfig())


def _controller(size: Size) -> LinearGaussianController:
    return LinearGaussianController(
        0.1 * _noise(size.steps, ACTIONS, size.states),
        _noise(size.steps, ACTIONS),
        torch.eye(ACTIONS, dtype=torch.float64).repeat(size.steps, 1, 1),
    )


def _controller_solution(size: Size) -> Callable[[], object]:
    eye = torch.eye(size.states, dtype=torch.float64)
    steer = 0.1 * _noise(size.steps - 1, size.states, ACTIONS)
    dynamics = LinearDynamics(
        torch.cat([0.9 * eye.expand(size.steps - 1, -1, -1), steer], dim=-1),
        0.1 * _noise(size.steps - 1, size.states),
        1e-4 * eye.expand(size.steps - 1, -1, -1),
        _noise(size.states),
        1e-2 * eye,
    )
    joint = size.states + ACTIONS
    cost = QuadraticCost(
        torch.eye(joint, dtype=torch.float64).repeat(size.steps, 1, 1),
        _noise(size.steps, joint),
        torch.zeros(size.steps, dtype=torch.float64),
    )
    return lambda: propagate(solve(cost, dynamics).controller, dynamics)


def _density(size: Size) -> Callable[[], object]:
    tried = Trajectories(
        _noise(size.samples, size.steps, size.states), _noise(size.samples, size.steps, ACTIONS)
    )
    return functools.partial(_controller(size).log_prob, tried)


PREPARE: dict[str, Callable[[Size], Callable[[], object]]] = {
    "cost update": cost_update_of,
    "dynamics fit": _dynamics_fit,
    "controller solution": _controller_solution,
    "density of one controller": _density,
}
