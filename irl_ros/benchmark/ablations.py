# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Guided Cost Learning with one thing changed: left out, or done in another way."""

import functools
from collections.abc import Mapping
from typing import Any

from irl_ros.benchmark.learners import guided
from irl_ros.benchmark.method import Method, configured
from irl_ros.benchmark.misplaced import MISPLACED, guided_by_misplaced
from irl_ros.core.parameters import replace
from irl_ros.learning.gcl import GclConfig

PLAIN: Mapping[str, Any] = {
    "objective.rate_weight": 0.0,
    "objective.monotonic_weight": 0.0,
    "objective.aside_weight": 0.0,
}
"""The likelihood alone, without regularisers."""


def _ablation(name: str, description: str, changes: Mapping[str, Any], **others: Any) -> Method:
    config = replace(GclConfig(), changes)
    return configured(name, "ablation", description, guided, config, **others)


ABLATIONS = (
    _ablation(
        "no_importance_weights", "log q is left out", {"objective.importance_weights": False}
    ),
    _ablation("no_entropy", "temperature 0", {"controller.temperature": 0.0}),
    _ablation("no_lcr", "weight of g_lcr 0", {"objective.rate_weight": 0.0}),
    _ablation("no_mono", "weight of g_mono 0", {"objective.monotonic_weight": 0.0}),
    _ablation(
        "no_copies",
        "g_mono looks at demonstrations alone, not at moved copies",
        {"objective.monotonic_copies": 0},
    ),
    _ablation("no_aside", "weight of g_aside 0", {"objective.aside_weight": 0.0}),
    _ablation(
        "aside_together",
        "g_aside displaces all inputs together, never one by itself",
        {"objective.aside_each": False},
    ),
    _ablation(
        "no_head_start",
        "no more cost steps in the first iteration than in others",
        {"cost_update.first_times": 1},
    ),
    _ablation(
        "no_audition",
        "the last rollouts have noise like all others",
        {"controller.audition": False},
    ),
    _ablation(
        "mono_in_time",
        "g_mono asks the same fall of every step",
        {"objective.monotonic_along": "time"},
    ),
    _ablation(
        "doubt_two",
        "an earlier controller must be better by two standard errors",
        {"controller.doubt": 2.0},
    ),
    _ablation("no_regularisers", "all three weights 0", PLAIN),
    _ablation("no_likelihood", "the regularisers alone make the cost", {"objective.loss": "none"}),
    _ablation(
        "no_demonstrations_in_z",
        "the background is rollouts only",
        {"objective.demonstrations_in_background": False},
    ),
    _ablation(
        "unshrunk_density",
        "the demonstrations' density is fitted without a prior",
        {"density.prior_strength": 0.0, "density.window": 0, "density.deviation_floor": 1e-3},
    ),
    _ablation("no_tempering", "temperature of the weights 1", {"objective.cost_temperature": 1.0}),
    *(
        _ablation(f"kl_{limit}", f"KL limit {limit} nat", {"controller.kl_limit": float(limit)})
        for limit in (1, 5, 15, 100, 300)
    ),
    _ablation("no_kl_limit", "KL limit 1e6 nat", {"controller.kl_limit": 1e6}),
    _ablation("fixed_kl_limit", "KL limit not adapted", {"controller.adapt_step": False}),
    *(
        _ablation(f"demonstrations_{n}", f"learned from {n}", {}, demonstrations=n)
        for n in (1, 2, 5, 10)
    ),
)


def _variant(name: str, description: str, changes: Mapping[str, Any]) -> Method:
    config = replace(GclConfig(), changes)
    return configured(name, "variant", description, guided, config)


EARLIER = 20
"""Rollouts in another condition that come before learning where dynamics are carried over."""

_LARGE = {"cost_update.demonstration_batch": 18, "cost_update.sample_batch": 30}
VARIANTS = (
    _variant(
        "ess_tempering",
        "weights tempered to an effective sample size of 12 of 20",
        {"objective.target_ess": 12.0},
    ),
    _variant("large_batches", "18 demonstrations and 30 samples in each cost step", _LARGE),
    _variant(
        "pareto_smoothing",
        "the same, and the largest weights are Pareto-smoothed",
        {**_LARGE, "objective.pareto_smoothing": True},
    ),
    _variant(
        "control_variate",
        "the linear-quadratic model's control variate",
        {"objective.control_variate": True},
    ),
    _variant(
        "dynamics_newest", "dynamics from the newest rollouts alone", {"dynamics.rollouts": 1}
    ),
    _variant(
        "dynamics_all",
        "dynamics from the rollouts of all iterations",
        {"dynamics.rollouts": 10**6},
    ),
    configured(
        "dynamics_elsewhere",
        "variant",
        f"the dynamics' prior knows {EARLIER} rollouts of the first sampler in another condition",
        guided,
        GclConfig(),
        also={"earlier": EARLIER},
        earlier=EARLIER,
    ),
    _variant(
        "unconditional_start",
        "sampling begins with the mean demonstration, whatever its slot",
        {"density.degree": 0, "first_sampler.kind": "demonstrations"},
    ),
    _variant(
        "ten_at_once",
        "ten rollouts in an iteration, and twice the cost steps",
        {"rollouts": 10, "cost_update.steps": 2 * GclConfig().cost_update.steps},
    ),
    *(
        configured(
            name,
            "variant",
            f"every fourth demonstration ended 5 cm beside its slot; {graded}",
            functools.partial(guided_by_misplaced, graded=graded == "graded"),
            GclConfig(),
            also=MISPLACED,
        )
        for name, graded in (("misplaced", "nobody said so"), ("misplaced_graded", "graded"))
    ),
)
