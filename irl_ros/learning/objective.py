# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The Guided Cost Learning objective and its regularisers.

Finn, Levine and Abbeel (2016), equations 2 and 3 for (1), section 5 for the regularisers (5) and
(6); Finn, Christiano, Abbeel and Levine (2016), equation 3 and section 3.1, for (3). i counts
demonstrations, j the background; c is the cost of a trajectory, or c_t of a step; beta = 1 is the
papers' form.

(1)  L = 1/N sum_i c(tau_i) + log Z,  Z = 1/M sum_j w_j,  w_j = exp(-c(tau_j)) / q(tau_j)
(2)  tempered:  L = 1/N sum_i c(tau_i) + 1/beta log 1/M sum_j w_j^beta
(3)  L = -1/N sum_i log D_i - 1/M sum_j log(1 - D_j),  the samples alone being the background,
     D = 1 / (1 + exp(-l)),  l = beta (-c - log Z - log q)  with a learned log Z
(4)  dL/dlog Z = beta (1/N sum_i (1 - D_i) - 1/M sum_j D_j) = 0  at the best Z of (3)
(5)  g_lcr = sum_t ((c_{t+1} - c_t) - (c_t - c_{t-1}))^2
(6)  g_mono = sum_t max(0, c_t - c_{t-1} + margin_t)^2

Let p = exp(-c) / Z. At the Z of (4) and for N = M, the gradient of (3) by the cost is beta times
that of (2) with demonstrations and samples as background, whose density is the power mean

(7)  ((p^beta + q^beta) / 2)^(1 / beta),

kept as it is. With beta = 1 it is the mixture of both, and this the identity of the second paper.
For a q that stays, the free optimum of (2) and of (3) is p proportional to
p_E^(1 / beta) q^(1 - 1 / beta), p_E being the demonstrators' density: p_E once q is.
"""

import math
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float
from scipy.optimize import brentq
from torch import Tensor, nn

from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.importance import temper

Term = TypeVar("Term", float, Tensor)


@dataclass(frozen=True)
class ObjectiveConfig(Parameters):
    """Switches of the objective."""

    loss: str = parameter(
        "gcl",
        choices=("gcl", "gan", "none"),
        doc="sampled likelihood of Guided Cost Learning, GAN-GCL's discriminator, or nothing: the "
        "regularisers alone, an ablation",
    )
    importance_weights: bool = parameter(
        True, doc="divide by the density of the background samples; off gives a biased ablation"
    )
    demonstrations_in_background: bool = parameter(
        True, doc="add the demonstrations of each batch to the background samples"
    )
    fusion: str = parameter(
        "balance",
        choices=("balance", "equal"),
        doc="shares in the fused density: as sampled (balance heuristic) or 1/K",
    )
    cost_temperature: float = parameter(
        10.0,
        low=1.0,
        high=1e4,
        doc="divides the log weights, or a discriminator's log odds; 1 is the paper's objective",
    )
    target_ess: float = parameter(
        0.0,
        low=0.0,
        high=1e4,
        doc="effective sample size sought by tempering instead; 0: off",
    )
    pareto_smoothing: bool = parameter(
        False, doc="smooth the largest weights of a batch; it takes 25 in the background to begin"
    )
    control_variate: bool = parameter(
        False, doc="take off the noise that the linear-Gaussian model of the newest rollouts knows"
    )
    rate_weight: float = parameter(
        0.1, low=0.0, high=1e6, doc="weight of the local-constant-rate regulariser g_lcr"
    )
    monotonic_weight: float = parameter(
        30.0, low=0.0, high=1e6, doc="weight of the monotonic regulariser g_mono"
    )
    monotonic_margin: float = parameter(
        0.45,
        low=-1e6,
        high=1e6,
        doc="g_mono penalises c_t - c_(t-1) above minus this; the paper prints -1",
    )
    monotonic_along: str = parameter(
        "path",
        choices=("path", "time"),
        doc="the margin is for a step of average length, and less while a demonstrator waits, or "
        "for every step",
    )
    monotonic_copies: int = parameter(
        5,
        low=0,
        high=10000,
        doc="demonstrations of a batch that g_mono sees moved aside and slowed down, too",
    )
    aside_weight: float = parameter(
        10.0, low=0.0, high=1e6, doc="weight of g_aside: beside all that was shown it costs more"
    )
    aside_rise: float = parameter(
        30.0, low=0.0, high=1e6, doc="how much more it costs far away from all that was shown"
    )
    aside_distance: float = parameter(
        0.13,
        low=1e-6,
        high=1e6,
        doc="distance, in scales of the cost inputs, where it costs 63 % of that more",
    )
    aside_each: bool = parameter(
        True, doc="for half of what lies beside it, displace each cost input by itself: tilts, too"
    )

    def background(self, demonstrations: int) -> slice:
        """Return which of demonstrations and samples estimate Z, the former coming first."""
        return slice(0 if self.demonstrations_in_background else demonstrations, None)

    def total(self, loss: Term, rate: Term, monotonic: Term, aside: Term) -> Term:
        """Return the weighted sum of all terms, which is lowered."""
        return (
            loss
            + self.rate_weight * rate
            + self.monotonic_weight * monotonic
            + self.aside_weight * aside
        )


def guided_cost_loss(
    demonstration_costs: Float[Tensor, " N"],
    background_costs: Float[Tensor, " M"],
    background_log_q: Float[Tensor, " M"],
    *,
    demonstration_weights: Float[Tensor, " N"] | None = None,
    inverse_temperature: float = 1.0,
) -> Float[Tensor, ""]:
    """Return (1), the negative log likelihood of the demonstrations, Z from the background.

    With an inverse temperature beta below 1 it is (2), whose gradient is more even and whose
    fixed point is the same once the samples follow the model.

    Args:
        demonstration_costs: c(tau_i) of the demonstrations.
        background_costs: c(tau_j) of the background samples.
        background_log_q: log q(tau_j), fused over all distributions that were sampled.
        demonstration_weights: How much each demonstration counts; all the same by default.
        inverse_temperature: beta.
    """
    shown = demonstration_costs.mean()
    if demonstration_weights is not None:
        shown = (demonstration_weights * demonstration_costs).sum() / demonstration_weights.sum()
    log_weights = -background_costs - background_log_q
    log_sum = torch.logsumexp(inverse_temperature * log_weights, 0)
    log_mean = log_sum - math.log(len(background_costs))
    return shown + log_mean / inverse_temperature


def discriminator_loss(
    demonstration_log_odds: Float[Tensor, " N"],
    sample_log_odds: Float[Tensor, " M"],
    *,
    demonstration_weights: Float[Tensor, " N"],
) -> Float[Tensor, ""]:
    """Return (3), the loss of a discriminator between demonstrations and samples.

    With beta = 1 the log odds are log p - log q, and D = p / (p + q). At the Z of (4) the gradient
    by the cost is beta times that of `guided_cost_loss` with the density (7).

    Args:
        demonstration_log_odds: l of the demonstrations.
        sample_log_odds: l of the samples.
        demonstration_weights: How much each demonstration counts.
    """
    shown = nn.functional.softplus(-demonstration_log_odds)
    shown = (demonstration_weights * shown).sum() / demonstration_weights.sum()
    return shown + nn.functional.softplus(sample_log_odds).mean()


def optimal_log_partition(
    demonstration_log_ratios: Float[Tensor, " N"], sample_log_ratios: Float[Tensor, " M"]
) -> float:
    """Return the log Z of (4) with beta = 1, which minimises `discriminator_loss` for a cost.

    The loss is convex in log Z; where it is least, as many demonstrations are doubted as samples
    are believed.

    Args:
        demonstration_log_ratios: -c - log q of the demonstrations.
        sample_log_ratios: -c - log q of the samples.
    """
    shown = demonstration_log_ratios.detach()
    drawn = sample_log_ratios.detach()

    def doubt(log_partition: float) -> float:
        believed = torch.sigmoid(drawn - log_partition).mean()
        return float(believed - torch.sigmoid(log_partition - shown).mean())

    every = torch.cat([shown, drawn])
    # Far outside all ratios one of the two means is 1 and the other 0.
    low, high = float(every.min()) - 40.0, float(every.max()) + 40.0
    return float(brentq(doubt, low, high, xtol=1e-9))


def inverse_temperature(log_weights: Float[Tensor, " M"], config: ObjectiveConfig) -> float:
    """Return beta, the inverse temperature that the configuration asks for."""
    if config.target_ess > 0:
        return temper(log_weights.detach(), config.target_ess)
    return 1.0 / config.cost_temperature


def loss_bound(
    demonstration_log_q: Float[Tensor, " N"], background_count: int
) -> Float[Tensor, ""]:
    """Return the value the loss cannot fall below while the demonstrations are in the background.

    L >= log(N / M) - 1/N sum_i log q(tau_i), from keeping only the demonstrations' terms of the
    sum and Jensen's inequality. A demonstration density that is close to degenerate makes it void.
    """
    share = len(demonstration_log_q) / background_count
    return torch.log(demonstration_log_q.new_tensor(share)) - demonstration_log_q.mean()


def local_constant_rate(costs: Float[Tensor, "M T"]) -> Float[Tensor, ""]:
    """Return g_lcr of (5), averaged over trajectories."""
    return costs.diff(n=2, dim=1).square().sum(dim=1).mean()


def monotonic(
    costs: Float[Tensor, "N T"], margin: float | Float[Tensor, "N S"]
) -> Float[Tensor, ""]:
    """Return g_mono of (6), averaged over trajectories.

    The paper prints margin -1, which forbids only rises above 1; a positive margin demands a
    strict decrease, which is what its text asks for.

    Args:
        costs: State costs c_t of the demonstrations.
        margin: How much each step has to fall; one number for all, or one for each.
    """
    return torch.relu(costs.diff(dim=1) + margin).square().sum(dim=1).mean()
