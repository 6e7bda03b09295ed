# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Products of cost inputs, the features of costs that are quadratic in them."""

import torch
from jaxtyping import Float
from torch import Tensor


def second_moments(
    inputs: Float[Tensor, "M T y"], weights: Float[Tensor, " M"] | None = None
) -> Float[Tensor, "y y"]:
    """Return the mean of sum_t y_t y_t^T over trajectories.

    Args:
        inputs: Scaled cost inputs.
        weights: How much each trajectory counts; all the same by default.
    """
    shares = inputs.new_ones(len(inputs)) if weights is None else weights
    return torch.einsum("m,mty,mtz->yz", shares / shares.sum(), inputs, inputs)
