# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transitions that cover a box of states and actions, which walks do not."""

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import ParameterError
from irl_ros.learning.planning.model import DynamicsModel
from irl_ros.learning.transitions import Transitions


def cover(
    model: DynamicsModel,
    states: Float[Tensor, "2 x"],
    actions: Float[Tensor, "2 u"],
    count: int,
    generator: torch.Generator,
) -> Transitions:
    """Draw states and actions evenly from their boxes, and let a model say what follows.

    Args:
        model: Tells the next state.
        states: Lowest and highest state.
        actions: Lowest and highest action.
        count: Number of transitions B.
        generator: Draws states and actions.

    Raises:
        ParameterError: If a box is empty.
    """
    drawn = []
    for low, high in (states, actions):
        if not bool((low < high).all()):
            raise ParameterError(
                f"box from {low.tolist()} to {high.tolist()}; give low below high"
            )
        even = torch.rand(count, len(low), generator=generator, dtype=torch.float64)
        drawn.append(low + (high - low) * even)
    return Transitions(drawn[0], drawn[1], model.predict(drawn[0], drawn[1]))
