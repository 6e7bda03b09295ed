# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gradient of one step on the cost in closed form, for the usual cost and objective.

A fit takes thousands of steps on small arrays, where automatic differentiation spends much of its
time on calling operations. Here are few, and those on the smallest arrays are left to NumPy, which
calls quicker.

The cost has one hidden layer. With k its sharpness, s the scale of the inputs and W = A W_2,
b = A b_2 + b_A its read-out,

(1)  z = k (W_1 y / s + b_1),  h = softplus(z) / k or max(0, z),  c_t = ||W h + b||^2
(2)  p = W^T (W h + b) = G h + v,  c_t = h^T (p + v) + b^T b,  as in `squared_norm`.

Derivatives by the state costs c_t, c being that of a trajectory and w as in `cost_update`:

(3)  L:        v_i in demonstrations, -w_j in the background
(4)  g_lcr:    2/M (a_(t-1) - 2 a_t + a_(t+1)),  a_t = c_(t+1) - 2 c_t + c_(t-1)
(5)  g_mono:   2/N (r_t - r_(t+1)),  r_t = max(0, c_t - c_(t-1) + margin_t)
(6)  g_aside:  -2/B max(0, c(nearest) + rise - c(y)) beside, the opposite in the nearest.

With d = 2 dL/dc_t of all inputs,

(7)  dL/dW = b (sum d h)^T + W (sum d h h^T),  dL/db = W (sum d h) + b sum d
(8)  dL/dz = d p h'(z),

and the rest is the chain rule through products of small matrices.
"""

import math
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from irl_ros.learning.control_variate import InputMarginals
from irl_ros.learning.cost import Cost
from irl_ros.learning.cost_batches import Minibatch
from irl_ros.learning.cost_gradient import Losses
from irl_ros.learning.objective import ObjectiveConfig, inverse_temperature

_STRAIGHT = 20.0
"""Above this a softplus is the identity, as in PyTorch."""


def has_explicit_gradient(
    cost: Cost, marginals: InputMarginals | None, objective: ObjectiveConfig
) -> bool:
    """Whether `ExplicitGradient` knows the gradient."""
    usual = objective.loss != "gan" and not objective.pareto_smoothing and marginals is None
    # Where the read-out does not widen, `squared_norm` sums the squares, which cancels less.
    return usual and len(cost.layers) == 2 and cost.config.features > cost.config.hidden[-1]


@final
class ExplicitGradient:
    """(1) to (8), on the processor.

    Args:
        cost: What is learned, with one hidden layer and a read-out that widens.
        objective: What is lowered; neither a discriminator's loss nor with smoothed weights.
    """

    def __init__(self, cost: Cost, objective: ObjectiveConfig) -> None:
        self._objective = objective
        self._network = _Network(cost)

    def set(self, batch: Minibatch) -> Losses:
        """Set the gradients of the cost's parameters, by the objective for a minibatch."""
        costs = self._network.costs(batch.inputs).numpy().astype(np.float64)
        slopes = np.zeros_like(costs)
        with np.errstate(all="ignore"):  # what is no longer finite is for the caller to see
            losses = self._differentiate(batch, costs, slopes)
        self._network.pull_back(batch.inputs, torch.from_numpy(slopes))
        return losses

    def _differentiate(
        self, batch: Minibatch, costs: Float[ndarray, " n"], slopes: Float[ndarray, " n"]
    ) -> Losses:
        """Return the terms of the objective; add their derivatives by all costs to the slopes."""
        objective, shown = self._objective, len(batch.weights)
        paths, beside, nearest = batch.split(costs)
        by_paths, by_beside, by_nearest = batch.split(slopes)
        copied, tried = slice(0, batch.copies), slice(batch.copies, None)
        loss = 0.0
        if objective.loss != "none":
            totals = paths[tried].sum(axis=1) + batch.action_costs.numpy()
            loss, by_totals = self._likelihood(totals, batch)
            by_paths[tried] += by_totals[:, np.newaxis]
        rate = _add_rate(paths[tried], by_paths[tried], objective.rate_weight)
        margins = batch.margins.numpy()
        rising = 0.0
        for rows, margin in (
            (slice(batch.copies, batch.copies + shown), margins),
            (copied, margins[: batch.copies]),
        ):
            rising += _add_monotonic(
                paths[rows], by_paths[rows], margin, objective.monotonic_weight
            )
        lacking = np.maximum(nearest + batch.rises.numpy() - beside, 0.0)
        count = max(1, len(lacking))
        off_path = float(lacking @ lacking) / count
        lacking *= 2 * objective.aside_weight / count
        by_nearest += lacking
        by_beside -= lacking
        return Losses(loss, rate, rising, off_path)

    def _likelihood(
        self, totals: Float[ndarray, " m"], batch: Minibatch
    ) -> tuple[float, Float[ndarray, " m"]]:
        """Return L and (3)."""
        objective, weights = self._objective, batch.weights.numpy()
        background = objective.background(len(weights))
        log_weights = -totals[background]
        if objective.importance_weights:
            log_weights -= batch.log_q.numpy()[background]
        beta = inverse_temperature(torch.from_numpy(log_weights), objective)
        tempered = beta * log_weights
        largest = float(tempered.max())
        powers = np.exp(tempered - largest)
        total = float(powers.sum())
        shares = weights / weights.sum()
        slopes = np.zeros_like(totals)
        slopes[: len(weights)] = shares
        slopes[background] -= powers / total
        log_partition = (largest + math.log(total / len(powers))) / beta
        return float(shares @ totals[: len(weights)]) + log_partition, slopes


def _add_rate(costs: Float[ndarray, "M T"], slopes: Float[ndarray, "M T"], weight: float) -> float:
    """Return g_lcr; add (4)."""
    bends = np.diff(costs, n=2, axis=1)
    value = float(np.vdot(bends, bends)) / len(costs)
    bends *= 2 * weight / len(costs)
    slopes[:, 2:] += bends
    slopes[:, :-2] += bends
    bends *= 2
    slopes[:, 1:-1] -= bends
    return value


def _add_monotonic(
    costs: Float[ndarray, "N T"],
    slopes: Float[ndarray, "N T"],
    margins: Float[ndarray, "N S"],
    weight: float,
) -> float:
    """Return g_mono; add (5)."""
    count = max(1, len(costs))
    lacking = np.maximum(np.diff(costs, axis=1) + margins, 0.0)
    value = float(np.vdot(lacking, lacking)) / count
    lacking *= 2 * weight / count
    slopes[:, 1:] += lacking
    slopes[:, :-1] -= lacking
    return value


class _Network:
    """(1) and (2), and then (7) and (8).

    Every array of the size of the batch is kept from step to step: to ask the system for memory
    each time would cost more than some of what is done with it.
    """

    def __init__(self, cost: Cost) -> None:
        first, last = cost.layers
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        self._first, self._last, self._outer = first, last, cost.transform
        self._relu = cost.config.activation == "relu"
        self._sharpness = 1.0 if self._relu else cost.config.softplus_sharpness
        self._factors = self._sharpness / cost.input_scale
        self._kept: list[Tensor] = []

    @torch.no_grad()
    def costs(self, inputs: Float[Tensor, "n y"]) -> Float[Tensor, " n"]:
        """Return the state costs (2) in the precision of the inputs."""
        dtype, sharpness, outer = inputs.dtype, self._sharpness, self._outer.weight
        shape = (len(inputs), len(self._first.bias))
        if not self._kept or self._kept[0].shape != shape:
            self._kept = [inputs.new_empty(shape) for _ in range(5)]
        before, slope, hidden, pull, scratch = self._kept
        first = (self._first.weight * self._factors).to(dtype)
        torch.addmm((sharpness * self._first.bias).to(dtype), inputs, first.mT, out=before)
        if self._relu:
            torch.clamp(before, min=0.0, out=hidden)
            torch.gt(before, 0.0, out=slope)
        else:
            torch.clamp(before, max=_STRAIGHT, out=slope).exp_()
            # log(1 + e) is quicker than log1p(e) and as exact beside 1; of a unit that gives less
            # than the last digit of 1 nothing is left, nor of its part in (7).
            torch.add(slope, 1.0, out=scratch)
            torch.log(scratch, out=hidden)
            torch.maximum(hidden, before, out=hidden)
            slope /= scratch
        # hidden is k h; the read-out is divided by k instead.
        self._weight = outer @ self._last.weight
        self._bias = torch.addmv(self._outer.bias, outer, self._last.bias)
        weight = self._weight / sharpness
        shift = (self._bias @ weight).to(dtype)
        torch.addmm(shift, hidden, (weight.mT @ weight).to(dtype), out=pull)
        costs: Tensor = torch.linalg.vecdot(hidden, pull)
        costs += torch.mv(hidden, shift)
        costs += (self._bias @ self._bias).to(dtype)
        return costs

    @torch.no_grad()
    def pull_back(self, inputs: Float[Tensor, "n y"], slopes: Float[Tensor, " n"]) -> None:
        """Set all gradients, for derivatives by the costs that were returned last."""
        _, slope, hidden, pull, scratch = self._kept
        doubled, double = (2 * slopes).to(hidden.dtype), self._bias.dtype
        column = doubled.unsqueeze(1)
        torch.mul(hidden, column, out=scratch)
        squares = (scratch.mT @ hidden).to(double) / self._sharpness**2
        sums = torch.mv(hidden.mT, doubled).to(double) / self._sharpness
        by_weight = torch.addmm(torch.outer(self._bias, sums), self._weight, squares)
        by_bias = torch.addmv(2 * slopes.sum() * self._bias, self._weight, sums)
        torch.mul(pull, column, out=scratch)
        scratch *= slope
        first, last, outer = self._first, self._last, self._outer
        first.weight.grad = (scratch.mT @ inputs).to(double) * self._factors
        first.bias.grad = scratch.sum(dim=0).to(double) * self._sharpness
        last.weight.grad = outer.weight.mT @ by_weight
        last.bias.grad = outer.weight.mT @ by_bias
        outer.weight.grad = torch.addmm(torch.outer(by_bias, last.bias), by_weight, last.weight.mT)
        outer.bias.grad = by_bias
