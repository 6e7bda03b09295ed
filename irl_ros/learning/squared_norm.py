# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The squared norm of a linear map, with its gradients, by way of the Gram matrix."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


def squared_norm(
    hidden: Float[Tensor, "*batch h"], weight: Float[Tensor, "f h"], bias: Float[Tensor, " f"]
) -> Float[Tensor, "*batch"]:
    """Return ||W h + b||^2 in the precision of ``hidden``.

    With G = W^T W and v = W^T b it is h^T (p + v) + b^T b, where p = G h + v = W^T (W h + b) is
    half the gradient with respect to h as well. Where the map widens, this takes two products with
    matrices of h x h for value and gradient instead of three with f x h; where it does not, the
    squares are summed.

    Unlike a sum of squares, this one cancels where the norm is small beside ||W h||; G and v are
    therefore computed in the precision of the map.

    Args:
        hidden: h.
        weight: W.
        bias: b.
    """
    if weight.shape[0] <= weight.shape[1]:
        dtype = hidden.dtype
        mapped = nn.functional.linear(hidden, weight.to(dtype), bias.to(dtype))
        squares: Tensor = mapped.square().sum(dim=-1)
        return squares
    norms: Tensor = _SquaredNorm.apply(hidden, weight, bias)  # type: ignore[no-untyped-call]
    return norms


class _SquaredNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        flat = hidden.reshape(-1, hidden.shape[-1])
        shift = (bias @ weight).to(flat.dtype)
        pull = torch.addmm(shift, flat, (weight.mT @ weight).to(flat.dtype))
        ctx.save_for_backward(hidden, weight, bias, pull)
        constant = (bias @ bias).to(flat.dtype)
        norms: Tensor = torch.linalg.vecdot(flat, pull).add_(flat @ shift).add_(constant)
        return norms.reshape(hidden.shape[:-1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return 2 g p and the sums of 2 g (W h + b) h^T and of 2 g (W h + b)."""
        hidden, weight, bias, pull = ctx.saved_tensors
        flat = hidden.reshape(-1, hidden.shape[-1])
        if torch.is_grad_enabled():  # somebody asks for second derivatives, and p depends on h
            pull = (flat @ weight.mT.to(flat.dtype) + bias.to(flat.dtype)) @ weight.to(flat.dtype)
        doubled = 2 * gradient.reshape(-1, 1)
        first = (doubled.mT @ flat).squeeze(0).to(weight.dtype)
        second = ((doubled * flat).mT @ flat).to(weight.dtype)
        by_weight = torch.outer(bias, first) + weight @ second
        by_bias = weight @ first + bias * doubled.sum().to(bias.dtype)
        return (doubled * pull).reshape(hidden.shape), by_weight, by_bias
