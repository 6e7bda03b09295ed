# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The maximum-entropy policy of a soft Q function over cells of actions."""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import ParameterError
from irl_ros.core.trajectory import Trajectories


@dataclass(frozen=True)
class ActionCells:
    """Actions on a grid, each standing for the cell around it; or single actions.

    Attributes:
        actions: Middles of the A cells, or the actions.
        widths: Of a cell; all 0 if there is nothing between the actions.

    Raises:
        ParameterError: If some widths are 0 and some are not.
    """

    actions: Float[Tensor, "A u"]
    widths: Float[Tensor, " u"]

    def __post_init__(self) -> None:
        """Check the widths."""
        if bool((self.widths < 0).any()) or len(set((self.widths > 0).tolist())) != 1:
            raise ParameterError(
                f"cells of widths {self.widths.tolist()}; give positive ones, or 0 for all"
            )

    @property
    def log_measure(self) -> float:
        """Logarithm of a cell's volume; 0 for single actions, which are counted."""
        return float(self.widths.log().sum()) if bool((self.widths > 0).all()) else 0.0

    def evaluate(
        self, network: nn.Module, states: Float[Tensor, "*batch x"]
    ) -> Float[Tensor, "*batch A"]:
        """Return Q(x, u) of every state with every action."""
        shape = (*states.shape[:-1], len(self.actions))
        values: Tensor = network(
            states.unsqueeze(-2).expand(*shape, -1), self.actions.expand(*shape, -1)
        )
        return values


def action_grid(limits: Float[Tensor, "2 u"], cells: int) -> ActionCells:
    """Return a grid of equal cells that fill a box; their number grows with the dimensions.

    Args:
        limits: Lowest and highest action.
        cells: Number of cells along every dimension.

    Raises:
        ParameterError: If the box is empty or would need more than 100000 cells.
    """
    low, high = limits
    if cells < 1 or cells ** len(low) > 100_000 or not bool((low < high).all()):
        raise ParameterError(
            f"{cells} cells along each of {len(low)} dimensions from {low.tolist()} to "
            f"{high.tolist()}; give at least 1 and not above 100000 in all, and limits in order"
        )
    widths = (high - low) / cells
    middles = torch.arange(cells, dtype=low.dtype) + 0.5
    axes = [start + width * middles for start, width in zip(low, widths, strict=True)]
    return ActionCells(torch.cartesian_prod(*axes).reshape(-1, len(low)), widths)


def soft_value(
    action_values: Float[Tensor, "*batch A"], temperature: float, log_measure: float
) -> Float[Tensor, "*batch"]:
    """Return V = alpha log int exp(Q / alpha) du, the integral by the midpoint rule."""
    return temperature * (torch.logsumexp(action_values / temperature, dim=-1) + log_measure)


@final
class SoftQPolicy:
    """pi(u | x) = exp((Q(x, u) - V(x)) / alpha), the same in every step.

    Args:
        network: Q(x, u).
        cells: What actions there are.
        temperature: alpha.
        horizon: Number of steps T for which it is executed.
    """

    def __init__(
        self, network: nn.Module, cells: ActionCells, temperature: float, horizon: int
    ) -> None:
        self._network = network
        self._cells = cells
        self._temperature = temperature
        self._horizon = horizon

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        return self._horizon

    @torch.no_grad()
    def value(self, states: Float[Tensor, "*batch x"]) -> Float[Tensor, "*batch"]:
        """Return V(x)."""
        values = self._cells.evaluate(self._network, states)
        return soft_value(values, self._temperature, self._cells.log_measure)

    @torch.no_grad()
    def log_probabilities(self, states: Float[Tensor, "*batch x"]) -> Float[Tensor, "*batch A"]:
        """Return the logarithm of every cell's probability."""
        values = self._cells.evaluate(self._network, states)
        return torch.log_softmax(values / self._temperature, dim=-1)

    def action_mean(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return the mean action E[u | x]."""
        return self.log_probabilities(state).exp() @ self._cells.actions

    def sample(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> Float[Tensor, " u"]:
        """Draw a cell with its probability, and an action of the cell evenly."""
        chances = self.log_probabilities(state).exp()
        chosen = int(torch.multinomial(chances, 1, generator=generator))
        offset = torch.rand(len(self._cells.widths), generator=generator, dtype=state.dtype) - 0.5
        return self._cells.actions[chosen] + offset * self._cells.widths

    def log_prob(self, trajectories: Trajectories) -> Float[Tensor, " M"]:
        """Return the sum over t of log pi(u_t | x_t): that of the action's cell.

        It is -inf for actions outside all cells.
        """
        distance = trajectories.actions.unsqueeze(-2) - self._cells.actions
        # An action on the border of two cells may belong to either.
        inside = (distance.abs() <= 0.5 * self._cells.widths + 1e-9).all(dim=-1)
        log_density = self.log_probabilities(trajectories.states) - self._cells.log_measure
        return torch.where(inside, log_density, -math.inf).amax(dim=-1).sum(dim=-1)
