# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Control as inference: forward and backward messages of the model with optimality variables.

Levine (2018), "Reinforcement learning and control as probabilistic inference", section 2: each
step has a binary variable O_t with p(O_t = 1 | s, a) = exp(r(s, a) / alpha), and to act well is to
act as if all of them were known to be 1,

(1)  p(tau | O) = 1/Z p(s_1) prod_t p(s_{t+1} | s_t, a_t) exp(sum_t r(s_t, a_t) / alpha).

(2)  log b_t(s, a) = r(s, a) / alpha + log E[b_{t+1}(s') | s, a],  b_t(s) = sum_a b_t(s, a)
(3)  f_{t+1}(s') = sum_{s, a} f_t(s) exp(r(s, a) / alpha) p(s' | s, a),  f_1(s) = p(s_1)
(4)  p(s_t, a_t | O) = f_t(s_t) b_t(s_t, a_t) / Z,  Z = sum_s p(s_1) b_1(s)

This is the trajectory-level model of Ziebart, Maas, Bagnell and Dey (2008). Where dynamics are
deterministic, alpha log b is the Q of `soft_control`. Where they are not, the expectation stands
inside the logarithm: conditioning on success also supposes lucky dynamics, and the policy
b_t(s, a) / b_t(s) seeks risk.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.learning.tabular.mdp import Mdp, by_action


@dataclass(frozen=True)
class Posterior:
    """What conditioning on optimality says about every step.

    Attributes:
        log_backward: log b_t(s, a).
        log_forward: log f_t(s).
        visits: p(s_t, a_t | O).
        policy: p(a_t | s_t, O).
        log_partition: log Z.
    """

    log_backward: Float[Tensor, "T S A"]
    log_forward: Float[Tensor, "T S"]
    visits: Float[Tensor, "T S A"]
    policy: Float[Tensor, "T S A"]
    log_partition: float


def infer(
    mdp: Mdp,
    reward: Float[Tensor, " S"] | Float[Tensor, "S A"],
    temperature: float = 1.0,
    starts: Float[Tensor, " S"] | None = None,
) -> Posterior:
    """Pass the messages (2) and (3) and combine them by (4).

    Args:
        mdp: A process with a horizon and no discount.
        reward: r(s) or r(s, a).
        temperature: alpha > 0.
        starts: p(s_1 | O), where it is known how trajectories start, whatever becomes of them;
            log Z is then the mean of log b_1(s_1). Without it starts are conditioned on O as well.

    Raises:
        DataError: If the process is discounted or has no horizon: (1) is a distribution over
            trajectories of one length.
    """
    if mdp.horizon is None or mdp.discount != 1:
        raise DataError(
            f"horizon {mdp.horizon}, discount {mdp.discount}: trajectories need a horizon and "
            "discount 1; use soft_control for discounted processes"
        )
    log_optimal = by_action(mdp, reward) / temperature
    following = log_optimal.new_zeros(mdp.states)
    log_backward = []
    for _ in range(mdp.horizon):
        log_backward.append(log_optimal + _log_expect(mdp, following))
        following = log_backward[-1].logsumexp(dim=-1)
    if starts is None:
        log_first = mdp.initial.log()
        log_partition = (log_first + following).logsumexp(dim=0)
    else:
        log_partition = (starts * following).sum()
        log_first = starts.log() - following + log_partition
    log_forward = [log_first]
    for _ in range(mdp.horizon - 1):
        log_forward.append(_log_flow(mdp, log_forward[-1].unsqueeze(-1) + log_optimal))
    forward, backward = torch.stack(log_forward), torch.stack(log_backward[::-1])
    return Posterior(
        log_backward=backward,
        log_forward=forward,
        visits=(forward.unsqueeze(-1) + backward - log_partition).exp(),
        policy=backward.softmax(dim=-1),
        log_partition=float(log_partition),
    )


def _log_expect(mdp: Mdp, log_values: Float[Tensor, " S"]) -> Float[Tensor, "S A"]:
    return (mdp.probabilities.log() + log_values[mdp.successors]).logsumexp(dim=-1)


def _log_flow(mdp: Mdp, log_visits: Float[Tensor, "S A"]) -> Float[Tensor, " S"]:
    """Return log of `Mdp.flow`, each sum relative to its own largest term."""
    terms = (log_visits.unsqueeze(-1) + mdp.probabilities.log()).flatten()
    targets = mdp.successors.flatten()
    nothing = terms.new_full((mdp.states,), -math.inf)
    largest = nothing.scatter_reduce(0, targets, terms, "amax").clamp(min=-1e300)
    shares = (terms - largest[targets]).exp()
    return largest + torch.zeros_like(largest).index_add(0, targets, shares).log()
