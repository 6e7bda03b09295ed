# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All methods of the benchmark by name, with the one configuration that each has everywhere."""

import functools
from collections.abc import Mapping
from typing import Any

from irl_ros.benchmark.ablations import ABLATIONS, PLAIN, VARIANTS
from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.learners import (
    CLONING,
    FITTED,
    HAND_WRITTEN,
    OPTIMISER,
    TRACKING,
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
    tracked,
    tracked_by_another,
)
from irl_ros.benchmark.method import Method, configured
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import replace, to_mapping
from irl_ros.learning.algorithms import ALGORITHMS, AlgorithmConfig
from irl_ros.learning.gcl import GclConfig
from irl_ros.learning.presets import preset

FIVE = 5
"""Runs of learning whose costs are averaged."""

FIXED_ROLLOUTS = 100
"""Samples of the methods whose sampler does not adapt, as in Finn, Levine and Abbeel (2016)."""


def _fixed_sampler(name: str, description: str, changes: Mapping[str, Any]) -> Method:
    config = replace(GclConfig(), {"adaptive_sampler": False, **changes})

    def learn(case: BenchmarkCase) -> Learned:
        return fixed_then_optimised(case, config, case.rollouts - FIXED_ROLLOUTS)

    settings = to_mapping(config)
    return Method(name, "method", description, learn, settings, fixed=FIXED_ROLLOUTS)


_AFFINE = replace(GclConfig(), {"cost.kind": "affine"})
_GAN = replace(GclConfig(), {"objective.loss": "gan"})
_FITTED = replace(GclConfig().first_sampler, {"kind": "demonstrations", "stiffness": 8.0})
_OPEN = replace(_FITTED, {"stiffness": 0.0})

_MAIN = (
    configured("gcl", "method", "Guided Cost Learning, preset default", guided, GclConfig()),
    configured(
        "gcl_paper", "method", "Guided Cost Learning, preset paper", guided, preset("paper")
    ),
    configured("gcl_affine", "method", "the cost is affine-quadratic", guided, _AFFINE),
    configured("gan_gcl", "method", "the cost is learned as a discriminator", guided, _GAN),
    configured(
        "fitted",
        "method",
        "controller fitted to the demonstrations, with tracking feedback of 8 /s",
        demonstration_fitted,
        _FITTED,
        also=FITTED,
        tries=False,
    ),
    configured(
        "fitted_open",
        "method",
        "the same without tracking feedback",
        demonstration_fitted,
        _OPEN,
        also=FITTED,
        tries=False,
    ),
    configured(
        "bc",
        "method",
        "behaviour cloning, validated",
        cloned,
        CLONING,
        tries=False,
    ),
    _fixed_sampler("relent", "relative-entropy IRL, then optimised", {}),
    _fixed_sampler(
        "relent_plain", "the same without regularisers of the cost, then optimised", PLAIN
    ),
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
        "tracked",
        "method",
        "follows what the demonstrations predict for the slot, optimised",
        tracked,
        {**OPTIMISER, **TRACKING},
    ),
    Method(
        "oracle",
        "method",
        "follows a demonstration of the task itself",
        oracle,
        {**OPTIMISER, **TRACKING},
        shown=True,
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
        taught_arm="panda",
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
        "reoptimised_five_costs",
        "generalisation",
        "the mean of those five costs, optimised elsewhere as it is",
        reoptimised,
        OPTIMISER,
        cost_of="gcl_five_times",
    ),
    Method(
        "reoptimised_no_likelihood",
        "generalisation",
        "the cost that no_likelihood learned, optimised elsewhere as it is",
        reoptimised,
        OPTIMISER,
        cost_of="no_likelihood",
    ),
    Method(
        "other_arm_five_costs",
        "generalisation",
        "the mean of those five costs, optimised on another arm from standing still",
        taken_over,
        OPTIMISER,
        cost_of="gcl_five_times",
        taught_arm="panda",
    ),
    Method(
        "other_arm_no_likelihood",
        "generalisation",
        "the cost that no_likelihood learned with the Panda, optimised on another arm likewise",
        taken_over,
        OPTIMISER,
        cost_of="no_likelihood",
        taught_arm="panda",
    ),
    Method(
        "other_arm_tracked",
        "generalisation",
        "another arm's tool follows the path that the Panda's demonstrations predict, optimised",
        tracked_by_another,
        {**OPTIMISER, **TRACKING},
        taught_arm="panda",
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
        *ABLATIONS,
        *VARIANTS,
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
