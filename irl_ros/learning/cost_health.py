# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well a fitted cost explains the demonstrations, and how far its weights can be trusted."""

import math

import torch

from irl_ros.learning.cost import Cost
from irl_ros.learning.cost_batches import CostData
from irl_ros.learning.importance import effective_sample_size, normalise, pareto_shape
from irl_ros.learning.objective import ObjectiveConfig, guided_cost_loss, loss_bound
from irl_ros.learning.problem import LearningProblem

_TRUSTED_SHAPE = 0.7


@torch.no_grad()
def cost_health(
    cost: Cost, data: CostData, objective: ObjectiveConfig, held_out: LearningProblem | None
) -> dict[str, float]:
    """Measure a cost on the whole background; the keys are fields of `Diagnostics`.

    Args:
        cost: The cost.
        data: All demonstrations and samples with their fused densities.
        objective: Whether the demonstrations belong to the background.
        held_out: Demonstrations that learning has not seen.
    """
    demonstrated = cost.evaluate(data.demonstration_inputs, data.demonstration_actions).sum(dim=1)
    sampled = cost.evaluate(data.sample_inputs, data.sample_actions).sum(dim=1)
    costs, log_q, inside, bound = sampled, data.sample_log_q, 0, math.nan
    if objective.demonstrations_in_background:
        costs = torch.cat([demonstrated, sampled])
        log_q = torch.cat([data.demonstration_log_q, data.sample_log_q])
        inside = len(demonstrated)
        bound = float(loss_bound(data.demonstration_log_q, len(costs)))
    log_weights = -costs - log_q
    loss = float(guided_cost_loss(demonstrated, costs, log_q))
    log_partition = loss - float(demonstrated.mean())
    effective = effective_sample_size(log_weights)
    weights = normalise(log_weights)
    shape = pareto_shape(log_weights)
    error = math.sqrt(max(0.0, 1 / effective - 1 / len(costs)))
    unseen = math.nan
    if held_out is not None:
        held = cost.evaluate(held_out.inputs, held_out.demonstrations.actions).sum(dim=1)
        unseen = float(held.mean()) + log_partition
    return {
        "demonstration_cost": float(demonstrated.mean()),
        "sample_cost": float(sampled[-data.newest :].mean()),
        "held_out_nll": unseen,
        "log_partition": log_partition,
        "log_partition_error": math.nan if shape > _TRUSTED_SHAPE else error,
        "bound_gap": loss - bound,
        "effective_samples": effective,
        "pareto_shape": shape,
        "largest_weight": float(weights.max()),
        "demonstration_share": float(weights[:inside].sum()),
    }
