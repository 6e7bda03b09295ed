# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Saved costs that nobody learned."""

from pathlib import Path
from typing import Any

import torch
from policy_double import contract

from irl_ros.learning.artifacts import cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig


def save_cost(path: Path, seed: int, **changes: Any) -> Path:
    """Store a random cost, as if learned under usual conditions but for the changes."""
    config = CostConfig(initialisation="random", action_weight=1e-3)
    scale = torch.ones(18, dtype=torch.float64)
    cost = Cost(config, scale, torch.Generator().manual_seed(seed))
    path.write_bytes(cost_to_bytes(cost, contract(**changes).to_metadata()))
    return path
