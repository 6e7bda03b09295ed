# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much two learned costs agree on what was shown or tried."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.cost import Cost
from irl_ros.learning.reward_tools.epic import (
    TransitionCost,
    canonical_costs,
    pearson_correlation,
    pearson_distance,
)
from irl_ros.learning.transitions import Transitions, transitions_of

_OTHERS = 100


@dataclass(frozen=True)
class CostComparison:
    """Agreement of two costs.

    Attributes:
        correlation: Pearson's correlation of the costs of all steps, as they are.
        epic: EPIC distance: 0 where they differ by scale, shift and shaping only, 1 where one is
            the negative of the other.
        transitions: On how many transitions.
    """

    correlation: float
    epic: float
    transitions: int


@torch.no_grad()
def compare_costs(
    first: TransitionCost, second: TransitionCost, transitions: Transitions, discount: float
) -> CostComparison:
    """Compare two costs on transitions.

    A hundred of them, evenly spaced, also give the distributions of states and actions that the
    canonical form is about.

    Args:
        first: c(x, u, x').
        second: The other cost.
        transitions: Where they are compared.
        discount: Discount of the decision problem, 1 for attempts of a fixed length.

    Raises:
        DataError: If a cost is constant there.
    """
    parts = transitions.states, transitions.actions, transitions.next_states
    plain = pearson_correlation(first(*parts), second(*parts))
    spaced = torch.linspace(0, len(transitions) - 1, min(_OTHERS, len(transitions)))
    others = transitions[spaced.round().long()]
    forms = [canonical_costs(each, transitions, others, discount) for each in (first, second)]
    epic = pearson_distance(pearson_correlation(forms[0], forms[1]))
    return CostComparison(plain, epic, len(transitions))


def compare_learned_costs(
    first: Cost,
    second: Cost,
    inputs: Float[Tensor, "N T y"],
    actions: Float[Tensor, "N T u"],
    generator: torch.Generator,
    count: int = 500,
) -> CostComparison:
    """Compare two learned costs on demonstrations.

    A cost sees inputs y, each demonstration's relative to its own target; so the transitions are
    those of the inputs. Attempts have a fixed length: the discount is 1.

    Args:
        first: A cost.
        second: Another one with the same inputs.
        inputs: Cost inputs of the demonstrations.
        actions: Their actions.
        generator: Draws the transitions.
        count: How many are drawn.

    Raises:
        DataError: If a cost has other inputs or is constant there.
    """
    sizes = {len(first.input_scale), len(second.input_scale), inputs.shape[-1]}
    if len(sizes) != 1:
        raise DataError(
            f"the costs have {len(first.input_scale)} and {len(second.input_scale)} inputs, the "
            f"demonstrations {inputs.shape[-1]}; compare costs of the same task"
        )
    whole = transitions_of(Trajectories(inputs, actions))
    chosen = torch.randperm(len(whole), generator=generator)[:count]
    return compare_costs(_of_transition(first), _of_transition(second), whole[chosen], 1.0)


def _of_transition(cost: Cost) -> TransitionCost:
    def evaluate(inputs: Tensor, actions: Tensor, _: Tensor) -> Tensor:
        return cost.evaluate(inputs, actions)

    return evaluate
