# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Importance weights of background samples, in log space throughout.

Samples tau_j came from K distributions q_k, m_k from each; exp(-c) is what they stand for.

(1)  q(tau) = sum_k s_k q_k(tau),  s_k = m_k / sum m (balance heuristic, Veach and Guibas 1995)
     or 1 / K (Finn, Levine and Abbeel 2016, section 4.3)
(2)  log w_j = -c(tau_j) - log q(tau_j)
(3)  effective sample size = (sum_j w_j)^2 / sum_j w_j^2
(4)  w_j^beta with the largest beta <= 1 for which (3) meets a target
(5)  the largest weights, beyond a threshold, are taken for draws of a generalised Pareto
     distribution of shape k and scale sigma, P(w > t + x) = (1 + k x / sigma)^(-1 / k), and
     replaced by its quantiles at (r - 1/2) / R, r = 1..R (Vehtari et al. 2024, section 3.2)
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

_LEAST_TAIL = 5


def log_mixture(
    log_q: Float[Tensor, "K M"], counts: Float[Tensor, " K"], *, equal: bool = False
) -> Float[Tensor, " M"]:
    """Return log q of (1) for each sample, fused over all K distributions that were sampled.

    With the balance heuristic each distribution enters with the share of samples that it produced,
    which keeps the estimate of the partition function unbiased as long as all are about the same
    task. For a minibatch that share is the one in the batch, in expectation. Demonstrations at
    other targets are samples of other tasks: taken for this one's, they overestimate it.

    Args:
        log_q: log q_k(tau_j).
        counts: How many of the samples each distribution produced, in expectation.
        equal: Weigh all distributions 1/K, whatever their share, as the paper prints.
    """
    used = counts > 0
    shares = torch.where(used, torch.ones_like(counts) if equal else counts, 0.0)
    log_shares = (shares / shares.sum()).log()
    return torch.logsumexp(log_q[used] + log_shares[used].unsqueeze(1), dim=0)


def normalise(log_weights: Float[Tensor, " M"]) -> Float[Tensor, " M"]:
    """Return weights that sum to one."""
    return torch.softmax(log_weights, dim=0)


def effective_sample_size(log_weights: Float[Tensor, " M"]) -> float:
    """Return (3), between 1 and M."""
    return math.exp(
        2 * float(torch.logsumexp(log_weights, 0)) - float(torch.logsumexp(2 * log_weights, 0))
    )


def temper(log_weights: Float[Tensor, " M"], target: float) -> float:
    """Return beta of (4), at which the effective sample size meets a target.

    The effective sample size falls as beta grows, so
    beta is found by bisection; it is 1 where the target is met without tempering.

    Args:
        log_weights: log w of each sample.
        target: Wanted effective sample size; it can at most be just below M, which is what
            larger values ask for.
    """
    target = min(target, 0.99 * len(log_weights))
    if effective_sample_size(log_weights) >= target:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if effective_sample_size(middle * log_weights) >= target:
            low = middle
        else:
            high = middle
    return low


@dataclass(frozen=True)
class ParetoTail:
    """The generalised Pareto distribution of the largest of M weights, the largest being 1.

    Attributes:
        count: How many weights belong to the tail.
        threshold: The largest weight below the tail.
        shape: k.
        scale: sigma.
    """

    count: int
    threshold: float
    shape: float
    scale: float


def pareto_tail(log_weights: Float[Tensor, " M"]) -> ParetoTail | None:
    """Fit the largest weights by the empirical-Bayes estimator of Zhang and Stephens (2009).

    With fewer than 25 samples there is no tail to fit, nor where all but a few weights vanish
    beside the largest.
    """
    count = len(log_weights)
    tail = int(min(0.2 * count, 3 * count**0.5))
    if tail < _LEAST_TAIL:
        return None
    ordered = torch.sort((log_weights - log_weights.max()).exp()).values
    threshold = ordered[-tail - 1]
    excess = ordered[-tail:] - threshold
    # The reciprocal of a subnormal number is infinite; such weights have vanished, too.
    excess = excess[excess > 1e8 * torch.finfo(excess.dtype).tiny]
    if len(excess) < _LEAST_TAIL:
        return None
    size = len(excess)
    prior = 3.0
    grid_size = 30 + int(size**0.5)
    index = torch.arange(1, grid_size + 1).to(excess)
    quartile = excess[max(int(size / 4 + 0.5) - 1, 0)]
    grid = 1 / excess[-1] + (1 - (grid_size / (index - 0.5)).sqrt()) / (prior * quartile)
    shapes = torch.log1p(-grid.unsqueeze(1) * excess).mean(dim=1)
    log_profile = size * ((-grid / shapes).log() - shapes - 1)
    weights = torch.softmax(log_profile, dim=0)
    rate = (weights * grid).sum()
    shape = float(torch.log1p(-rate * excess).mean())
    # A weak prior towards 0.5, as in Pareto-smoothed importance sampling.
    mild = (size * shape + 10 * 0.5) / (size + 10)
    return ParetoTail(tail, float(threshold), mild, -shape / float(rate))


def pareto_shape(log_weights: Float[Tensor, " M"]) -> float:
    """Return the shape k of a generalised Pareto tail fitted to the largest weights.

    Above about 0.7 the importance estimate cannot be trusted (Vehtari, Simpson, Gelman, Yao and
    Gabry 2024). With fewer than 25 samples there is no tail to fit and the result is NaN; where
    all but a few weights vanish beside the largest it is infinite.
    """
    if int(min(0.2 * len(log_weights), 3 * len(log_weights) ** 0.5)) < _LEAST_TAIL:
        return math.nan
    tail = pareto_tail(log_weights)
    return math.inf if tail is None else tail.shape


def pareto_smooth(log_weights: Float[Tensor, " M"]) -> Float[Tensor, " M"]:
    """Replace the largest weights by quantiles of their Pareto tail, by (5).

    None becomes larger than the largest was. Where no tail can
    be fitted the weights are returned as they are.
    """
    tail = pareto_tail(log_weights)
    if tail is None:
        return log_weights
    shift = log_weights.max()
    ranks = (torch.arange(tail.count).to(log_weights) + 0.5) / tail.count
    if abs(tail.shape) < 1e-9:
        excess = -tail.scale * torch.log1p(-ranks)
    else:
        excess = tail.scale * torch.expm1(-tail.shape * torch.log1p(-ranks)) / tail.shape
    expected = (tail.threshold + excess).clamp(max=1.0).log() + shift
    smoothed = log_weights.clone()
    smoothed[torch.argsort(log_weights)[-tail.count :]] = expected
    return smoothed
