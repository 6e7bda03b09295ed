# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All methods of the benchmark by name, with the one configuration that each has everywhere."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.learners import (
    HAND_WRITTEN,
    OPTIMISER,
    ORACLE_SHARPNESS,
    cloned,
    demonstration_fitted,
    fixed_then_optimised,
    guided,
    guided_repeatedly,
    hand_written,
    oracle,
    registered,
    reoptimised,
    section_of,
    taken_over,
)
from irl_ros.benchmark.misplaced import guided_by_misplaced
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import Parameters, replace, to_mapping
from irl_ros.learning.algorithms import ALGORITHMS, AlgorithmConfig
from irl_ros.learning.behaviour_cloning import BehaviourCloningConfig
from irl_ros.learning.gcl import GclConfig
from irl_ros.learning.presets import preset

FIVE = 5
"""Runs of learning whose costs are averaged."""

FIXED_ROLLOUTS = 100
"""Samples of the methods whose sampler does not adapt, as in Finn, Levine and Abbeel (2016)."""


@dataclass(frozen=True)
class Method:
    """A way from demonstrations to a policy.

    Attributes:
        name: What commands and tables call it.
        group: One of `GROUPS`.
        description: One line.
        learn: What it does.
        settings: Everything that its result depends on, to tell old results from new ones.
        tries: Whether it uses the budget at all.
        fixed: Rollouts that it gets on top of the budget.
        times: How often it gets the budget.
        demonstrations: How many it is given; 0 for all.
        cost_of: Method whose learned cost it is given.
        cost_arm: The arm that learned it, and was taught, if that is another one.
        shown: Whether it is given a demonstration of the very task.
    """

    name: str
    group: str
    description: str
    learn: Callable[[BenchmarkCase], Learned]
    settings: Mapping[str, Any] = field(default_factory=dict)
    tries: bool = True
    fixed: int = 0
    times: int = 1
    demonstrations: int = 0
    cost_of: str = ""
    cost_arm: str = ""
    shown: bool = False

    def budget(self, rollouts: int) -> int:
        """Return how many rollouts it may use when the benchmark grants so many."""
        return self.fixed + self.times * rollouts if self.tries else 0


def _configured(
    name: str,
    group: str,
    description: str,
    learn: Callable[..., Learned],
    config: Parameters,
    **others: Any,
) -> Method:
    learning = functools.partial(learn, config=config)
    return Method(name, group, description, learning, to_mapping(config), **others)


def _ablation(name: str, description: str, changes: Mapping[str, Any], **others: Any) -> Method:
    config = replace(GclConfig(), changes)
    return _configured(name, "ablation", description, guided, config, **others)


def _fixed_sampler(name: str, description: str, changes: Mapping[str, Any]) -> Method:
    config = replace(GclConfig(), {"adaptive_sampler": False, **changes})

    def learn(case: BenchmarkCase) -> Learned:
        return fixed_then_optimised(case, config, case.rollouts - FIXED_ROLLOUTS)

    settings = to_mapping(config)
    return Method(name, "method", description, learn, settings, fixed=FIXED_ROLLOUTS)


_AFFINE = replace(GclConfig(), {"cost.kind": "affine"})
_GAN = replace(GclConfig(), {"objective.loss": "gan"})
_OPEN = replace(GclConfig().first_sampler, {"stiffness": 0.0})

_MAIN = (
    _configured("gcl", "method", "Guided Cost Learning, preset default", guided, GclConfig()),
    _configured(
        "gcl_paper", "method", "Guided Cost Learning, preset paper", guided, preset("paper")
    ),
    _configured("gcl_affine", "method", "the cost is affine-quadratic", guided, _AFFINE),
    _configured("gan_gcl", "method", "the cost is learned as a discriminator", guided, _GAN),
    _configured(
        "fitted",
        "method",
        "controller fitted to the demonstrations, with tracking feedback",
        demonstration_fitted,
        GclConfig().first_sampler,
        tries=False,
    ),
    _configured(
        "fitted_open",
        "method",
        "the same without tracking feedback",
        demonstration_fitted,
        _OPEN,
        tries=False,
    ),
    _configured(
        "bc",
        "method",
        "behaviour cloning, validated",
        cloned,
        BehaviourCloningConfig(),
        tries=False,
    ),
    _fixed_sampler("relent", "relative-entropy IRL, then optimised", {}),
    _fixed_sampler(
        "path_integral",
        "path-integral IRL, then optimised",
        {"objective.importance_weights": False},
    ),
    Method(
        "hand_written",
        "method",
        "a cost written by hand, optimised",
        hand_written,
        {**OPTIMISER, "cost": repr(HAND_WRITTEN)},
    ),
    Method(
        "oracle",
        "method",
        "follows a demonstration of the task itself",
        oracle,
        {**OPTIMISER, "sharpness": ORACLE_SHARPNESS},
        shown=True,
    ),
)

_ABLATIONS = (
    _ablation(
        "no_importance_weights", "log q is left out", {"objective.importance_weights": False}
    ),
    _ablation("no_entropy", "temperature 0", {"controller.temperature": 0.0}),
    _ablation("no_lcr", "weight of g_lcr 0", {"objective.rate_weight": 0.0}),
    _ablation("no_mono", "weight of g_mono 0", {"objective.monotonic_weight": 0.0}),
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
    _ablation(
        "no_regularisers",
        "both weights 0",
        {"objective.rate_weight": 0.0, "objective.monotonic_weight": 0.0},
    ),
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
    return _configured(name, "variant", description, guided, config)


_LARGE = {"cost_update.demonstration_batch": 18, "cost_update.sample_batch": 30}
_VARIANTS = (
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
    _variant(
        "unconditional_start",
        "sampling begins with the mean demonstration, whatever its slot",
        {"density.degree": 0},
    ),
    _variant(
        "ten_at_once",
        "ten rollouts in an iteration, and twice the cost steps",
        {"rollouts": 10, "cost_update.steps": 2 * GclConfig().cost_update.steps},
    ),
    *(
        _configured(
            name,
            "variant",
            f"every fourth demonstration ended 5 cm beside its slot; {graded}",
            functools.partial(guided_by_misplaced, graded=graded == "graded"),
            GclConfig(),
        )
        for name, graded in (("misplaced", "nobody said so"), ("misplaced_graded", "graded"))
    ),
)

_GENERALISATION = (
    Method(
        "reoptimised",
        "generalisation",
        "the cost that gcl learned at the held-out slot, optimised elsewhere as it is",
        reoptimised,
        OPTIMISER,
        cost_of="gcl",
    ),
    Method(
        "other_arm",
        "generalisation",
        "the cost that gcl learned with the Panda, optimised on another arm from standing still",
        taken_over,
        OPTIMISER,
        cost_of="gcl",
        cost_arm="panda",
    ),
    Method(
        "gcl_five_times",
        "generalisation",
        "gcl five times from the same demonstrations; the mean of the five costs",
        functools.partial(guided_repeatedly, config=GclConfig(), runs=FIVE),
        to_mapping(GclConfig()),
        times=FIVE,
    ),
    Method(
        "other_arm_five_costs",
        "generalisation",
        "the same with the mean of five costs",
        taken_over,
        OPTIMISER,
        cost_of="gcl_five_times",
        cost_arm="panda",
    ),
)


def _registered(name: str, algorithm: str, policy: str) -> Method:
    config = AlgorithmConfig(algorithm=algorithm, policy=policy)
    section = f"{section_of(config)}."
    settings = {
        each: value for each, value in to_mapping(config).items() if each.startswith(section)
    }
    learn = functools.partial(registered, config=config)
    how = f"algorithm:={algorithm}" + (" policy:=neural" if policy == "neural" else "")
    return Method(name, "learner", f"what the trainer learns with {how}", learn, settings)


_KNOWN = {method.name for method in _MAIN}
_LEARNERS = (
    *(_registered(name, name, "linear_gaussian") for name in ALGORITHMS if name not in _KNOWN),
    _registered("neural_gcl", "gcl", "neural"),
)

METHODS = {
    method.name: method
    for method in (
        *_MAIN,
        *_LEARNERS,
        *_ABLATIONS,
        *_VARIANTS,
        *_GENERALISATION,
    )
}
GROUPS = ("method", "learner", "ablation", "variant", "generalisation")


def named(names: tuple[str, ...]) -> tuple[Method, ...]:
    """Return methods by their names, in the order of the tables.

    Args:
        names: Names of methods; ``methods``, ``learners``, ``ablations`` and ``variants`` stand
            for a group.

    Raises:
        ParameterError: If there is no such method.
    """
    wanted: set[str] = set()
    for name in names:
        group = [each.name for each in METHODS.values() if f"{each.group}s" == name]
        if not group and name not in METHODS:
            raise ParameterError(
                f"method = {name!r}; choose methods, learners, ablations, variants, or "
                f"some of {', '.join(METHODS)}"
            )
        wanted.update(group or [name])
    return tuple(method for name, method in METHODS.items() if name in wanted)
