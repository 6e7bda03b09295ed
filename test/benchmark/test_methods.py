# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The registry: every method is what it says, and sees no more than the others."""

import pytest

from irl_ros.benchmark.learners import iterations
from irl_ros.benchmark.methods import GROUPS, METHODS, named
from irl_ros.benchmark.misplaced import MISPLACED
from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import to_mapping
from irl_ros.learning.algorithms import ALGORITHMS
from irl_ros.learning.gcl import GclConfig


def test_the_issues_methods_are_there() -> None:
    assert {"gcl", "gcl_paper", "gcl_affine", "gan_gcl", "fitted", "bc", "relent"} <= set(METHODS)
    assert {"path_integral", "hand_written", "oracle", "reoptimised"} <= set(METHODS)
    assert {method.group for method in METHODS.values()} == set(GROUPS)


def test_every_algorithm_of_the_trainer_is_a_method() -> None:
    assert {*ALGORITHMS, "neural_gcl"} <= set(METHODS)
    assert METHODS["gail"].settings["gail.proximal.clip"] == 0.2
    assert all(name.startswith("neural_gcl.") for name in METHODS["neural_gcl"].settings)


def test_few_methods_are_given_more_than_the_demonstrations() -> None:
    assert [name for name, method in METHODS.items() if method.shown] == ["oracle"]
    assert [name for name, method in METHODS.items() if method.cost_of] == [
        "reoptimised",
        "other_arm",
        "reoptimised_five_costs",
        "reoptimised_no_likelihood",
        "other_arm_five_costs",
        "other_arm_no_likelihood",
    ]
    assert METHODS["other_arm"].taught_arm == "panda"


def test_budgets_are_equal() -> None:
    for name, method in METHODS.items():
        expected = {
            "relent": 190,
            "relent_plain": 190,
            "gcl_five_times": 450,
            "path_integral": 190,
            "fitted": 0,
            "fitted_open": 0,
            "bc": 0,
        }
        assert method.budget(90) == expected.get(name, 90)


def test_an_ablation_differs_from_the_default_in_what_it_says() -> None:
    default = to_mapping(GclConfig())
    for method in named(("ablations", "variants")):
        changed = {name for name, value in method.settings.items() if value != default.get(name)}
        assert changed or method.demonstrations, method.name
    assert [name for name, method in METHODS.items() if method.earlier] == ["dynamics_elsewhere"]
    assert METHODS["no_entropy"].settings["controller.temperature"] == 0.0


def test_settings_hold_the_constants_that_results_depend_on() -> None:
    for name in ("fitted", "fitted_open"):
        assert METHODS[name].settings["density"] == to_mapping(GclConfig().density)
    assert METHODS["oracle"].settings["action_weight"] == GclConfig().cost.action_weight
    for name in ("misplaced", "misplaced_graded"):
        assert METHODS[name].settings.items() >= MISPLACED.items()
    assert METHODS["gcl"].settings == to_mapping(GclConfig())


def test_names_and_groups_select_in_the_order_of_the_tables() -> None:
    assert [method.name for method in named(("bc", "gcl"))] == ["gcl", "bc"]
    rest = [each for each in METHODS.values() if each.group == "generalisation"]
    chosen = named(("methods", "learners", "ablations", "variants", "gcl"))
    assert len(chosen) == len(METHODS) - len(rest)
    with pytest.raises(ParameterError, match="choose methods, learners, ablations, variants"):
        named(("gcll",))


@pytest.mark.parametrize("rollouts", [0, 5, 95])
def test_a_budget_that_does_not_divide_is_refused(rollouts: int) -> None:
    assert iterations(90, 10) == 9
    with pytest.raises(ParameterError, match="multiple of 10"):
        iterations(rollouts, 10)
