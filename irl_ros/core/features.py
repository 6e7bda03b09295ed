# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cost inputs as affine functions of the state."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class AffineFeatures:
    """Cost input y = F x - f of a state x.

    The state of an arm holds its tool points, so points relative to a target pose are affine in
    it; this keeps every derivative of a cost with respect to the state exact and cheap.

    Attributes:
        matrix: F.
        offset: f.
    """

    matrix: Float[Tensor, "y x"]
    offset: Float[Tensor, " y"]

    def __call__(self, states: Float[Tensor, "*batch x"]) -> Float[Tensor, "*batch y"]:
        """Return the cost inputs of a batch of states."""
        return states @ self.matrix.T - self.offset
