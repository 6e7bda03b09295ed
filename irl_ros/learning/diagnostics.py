# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one iteration of learning tells about itself."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostics:
    """Health of one iteration of Guided Cost Learning.

    Attributes:
        iteration: Number of the iteration, from 1.
        rollouts: Rollouts used so far.
        success_rate: Share of this iteration's rollouts that did the task.
        peak_force: Largest contact force among them, N.
        demonstration_cost: Mean trajectory cost of the demonstrations after the cost update.
        sample_cost: Mean trajectory cost of the newest samples.
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
        gradient_norm: Mean norm before clipping.
        base: Iteration whose controller the step starts from.
        dual: eta of the controller step.
        kl: KL of the controller step, nat.
        kl_limit: Its limit, nat.
        step_multiplier: Multiplier of the KL limit in force.
        predicted_improvement: What the previous controller step promised, by the previous cost.
        actual_improvement: What it brought, by the previous cost.
        entropy: Entropy of the new controller, nat.
        smallest_variance: Smallest eigenvalue of its covariances.
        dynamics_error: One-step error of the previous dynamics on the new rollouts, relative.
    """

    iteration: int
    rollouts: int
    success_rate: float
    peak_force: float
    demonstration_cost: float
    sample_cost: float
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
    gradient_norm: float
    base: int
    dual: float
    kl: float
    kl_limit: float
    step_multiplier: float
    predicted_improvement: float
    actual_improvement: float
    entropy: float
    smallest_variance: float
    dynamics_error: float

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        return dataclasses.asdict(self)
