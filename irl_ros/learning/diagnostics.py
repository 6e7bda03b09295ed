# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one iteration of learning tells about itself."""

from dataclasses import dataclass

from irl_ros.learning.local_learning import LocalDiagnostics


@dataclass(frozen=True)
class Diagnostics(LocalDiagnostics):
    """Health of one iteration of Guided Cost Learning.

    Attributes:
        held_out_nll: Negative log likelihood of held-out demonstrations, nat; NaN without any.
        log_partition: Estimate of log Z over the whole background.
        log_partition_error: Its standard error by the delta method; NaN where the tail of the
            weights is too heavy for one.
        bound_gap: Loss above its provable lower bound.
        effective_samples: Effective sample size of the background.
        pareto_shape: Tail shape k of the weights; above 0.7 they cannot be trusted.
        largest_weight: Largest normalised weight.
        demonstration_share: Share of the weight that lies on demonstrations.
        loss: Objective, mean over the gradient steps.
        rate_penalty: g_lcr, mean over the gradient steps.
        monotonic_penalty: g_mono, mean over the gradient steps.
        aside_penalty: g_aside, mean over the gradient steps.
        gradient_norm: Mean norm before clipping.
    """

    held_out_nll: float
    log_partition: float
    log_partition_error: float
    bound_gap: float
    effective_samples: float
    pareto_shape: float
    largest_weight: float
    demonstration_share: float
    loss: float
    rate_penalty: float
    monotonic_penalty: float
    aside_penalty: float
    gradient_norm: float
