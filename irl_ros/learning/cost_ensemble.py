# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several learned costs of one task: where they disagree, none of them should be believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.cost import Cost


@dataclass(frozen=True)
class CostEnsemble:
    """E state costs on one scale.

    A learned cost is fixed only up to what does not change its optimum, so each member's
    logarithm is brought to mean 0 and deviation 1 on what was demonstrated. Members that were
    learned from other seeds agree where they saw the same and go apart elsewhere (ensembles as
    measures of ignorance: Lakshminarayanan, Pritzel and Blundell 2017).

    Attributes:
        members: The costs.
        centres: Mean of each member's log cost of the demonstrations.
        scales: Its deviation.
    """

    members: tuple[Cost, ...]
    centres: Float[Tensor, " E"]
    scales: Float[Tensor, " E"]

    def disagreement(self, inputs: Float[Tensor, "*batch y"]) -> Float[Tensor, "*batch"]:
        """Return the deviation of the standardised log costs: an out-of-distribution score."""
        logs = _logs(self.members, inputs)
        return ((logs - self.centres) / self.scales).std(dim=-1)


def cost_ensemble(members: Sequence[Cost], shown: Float[Tensor, "*batch y"]) -> CostEnsemble:
    """Put learned costs on one scale.

    Args:
        members: Two or more costs of the same inputs.
        shown: Demonstrated cost inputs.

    Raises:
        DataError: If there are fewer than two costs, or one does not vary on what was shown.
    """
    if len(members) < 2:
        raise DataError(f"{len(members)} costs cannot disagree; give at least 2")
    logs = _logs(members, shown).flatten(0, -2)
    scales = logs.std(dim=0)
    if not bool((scales > 0).all()):
        raise DataError("a cost is the same everywhere on the demonstrations; leave it out")
    return CostEnsemble(tuple(members), logs.mean(dim=0), scales)


@torch.no_grad()
def _logs(members: Sequence[Cost], inputs: Float[Tensor, "*batch y"]) -> Float[Tensor, "*batch E"]:
    costs = torch.stack([member.state_cost(inputs) for member in members], dim=-1)
    return costs.clamp(min=torch.finfo(costs.dtype).tiny).log()
