# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Soft Q-learning for small continuous problems: Haarnoja, Tang, Abbeel and Levine (2017).

With the reward r = -c of a cost, temperature alpha and discount gamma (their theorems 1 and 2):

(1)  Q(x, u) = r(x, u) + gamma E[V(x')]
(2)  V(x) = alpha log int exp(Q(x, u) / alpha) du
(3)  pi(u | x) = exp((Q(x, u) - V(x)) / alpha)

They estimate the integral from samples and draw actions with a second network; where actions have
few dimensions, cells do both, and (3) is then exact up to the width of a cell.
"""

import copy
import itertools
import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import LearningError, ParameterError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.planning.mppi import StateActionCost
from irl_ros.learning.planning.soft_q_policy import ActionCells, SoftQPolicy, soft_value
from irl_ros.learning.transitions import Transitions


@dataclass(frozen=True)
class SoftQConfig(Parameters):
    """What is optimal, and how it is learned."""

    temperature: float = parameter(
        1.0, low=1e-9, high=1e9, doc="alpha, what a nat of entropy is worth"
    )
    discount: float = parameter(0.95, low=0.0, high=0.9999, doc="gamma, weight of the next step")
    learning_rate: float = parameter(3e-3, low=1e-9, high=10.0, doc="of Adam")
    batch: int = parameter(
        256, low=1, high=10_000_000, doc="transitions in a gradient step; all of them if fewer"
    )
    target_period: int = parameter(
        50, low=1, high=1_000_000, doc="gradient steps for which the targets are kept"
    )


@final
class QNetwork(nn.Module):
    """Q(x, u) as a multilayer perceptron of the scaled state and action.

    Args:
        hidden: Widths of the hidden layers.
        transitions: Inputs are scaled by their spread in these.
        costs: Costs of these transitions.
        discount: With the costs it sets the scale of Q, about that of r / (1 - gamma).
        generator: Source of the initial weights.
    """

    input_centre: Tensor
    input_scale: Tensor
    output_centre: Tensor
    output_scale: Tensor

    def __init__(
        self,
        hidden: tuple[int, ...],
        transitions: Transitions,
        costs: Float[Tensor, " B"],
        discount: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        inputs = torch.cat([transitions.states, transitions.actions], dim=-1)
        self.register_buffer("input_centre", inputs.mean(dim=0))
        self.register_buffer("input_scale", inputs.std(dim=0).clamp(min=1e-9))
        self.register_buffer("output_centre", -costs.mean() / (1 - discount))
        self.register_buffer("output_scale", costs.std().clamp(min=1e-9) / (1 - discount))
        self.layers = nn.ModuleList()
        for width, after in itertools.pairwise([inputs.shape[1], *hidden, 1]):
            layer = nn.Linear(width, after, dtype=torch.float64)
            noise = torch.randn(after, width, generator=generator, dtype=torch.float64)
            with torch.no_grad():
                layer.weight.copy_(noise / width**0.5)
                layer.bias.zero_()
            self.layers.append(layer)

    def forward(
        self, states: Float[Tensor, "*batch x"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return Q(x, u)."""
        hidden = (torch.cat([states, actions], dim=-1) - self.input_centre) / self.input_scale
        for index, layer in enumerate(self.layers):
            hidden = layer(hidden)
            if index + 1 < len(self.layers):
                hidden = torch.tanh(hidden)
        return self.output_centre + self.output_scale * hidden[..., 0]


@final
class SoftQLearning:
    """Learns Q from transitions, whoever made them: a policy, a person or a model.

    Args:
        network: Q(x, u) of states and actions.
        cost: c(x, u), such as a `PlacedCost`.
        cells: What actions there are.
        config: What is optimal, and how it is learned.
        generator: Draws the minibatches.
    """

    def __init__(
        self,
        network: nn.Module,
        cost: StateActionCost,
        cells: ActionCells,
        config: SoftQConfig,
        generator: torch.Generator,
    ) -> None:
        self.network = network
        self.config = config
        self._cost = cost
        self._cells = cells
        self._generator = generator
        self._optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)

    def learn(self, transitions: Transitions, steps: int) -> float:
        """Take gradient steps on 1/2 (Q - (r + gamma V'))^2, with targets that are kept.

        Args:
            transitions: What is learned from.
            steps: Number of gradient steps.

        Returns:
            The root mean square of Q - (r + gamma V') in the last steps with the same target.

        Raises:
            ParameterError: If no step is asked for.
            LearningError: If Q diverges.
        """
        if steps < 1:
            raise ParameterError(f"steps = {steps}; give at least 1")
        with torch.no_grad():
            rewards = -self._cost(transitions.states, transitions.actions)
        count, squares = len(transitions), list[float]()
        for step in range(steps):
            if step % self.config.target_period == 0:
                targets, squares = self._targets(transitions, rewards), []
            rows = torch.randperm(count, generator=self._generator)[: self.config.batch]
            found = self.network(transitions.states[rows], transitions.actions[rows])
            square = (found - targets[rows]).square().mean()
            self._optimiser.zero_grad()
            (0.5 * square).backward()
            self._optimiser.step()
            squares.append(square.item())
        error = math.sqrt(sum(squares) / len(squares))
        if not math.isfinite(error):
            raise LearningError(
                f"Q diverges: its error is {error}; lower the learning rate or the discount"
            )
        return error

    @torch.no_grad()
    def _targets(
        self, transitions: Transitions, rewards: Float[Tensor, " B"]
    ) -> Float[Tensor, " B"]:
        """Return r + gamma V(x') by the network as it is now."""
        following = self._cells.evaluate(self.network, transitions.next_states)
        values = soft_value(following, self.config.temperature, self._cells.log_measure)
        return rewards + self.config.discount * values

    def policy(self, horizon: int) -> SoftQPolicy:
        """Return the policy (3) of Q as it is now."""
        network = copy.deepcopy(self.network).requires_grad_(requires_grad=False)
        return SoftQPolicy(network, self._cells, self.config.temperature, horizon)
