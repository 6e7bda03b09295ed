# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the same arm did in another condition, for dynamics that are learned across conditions."""

from contextlib import closing
from dataclasses import replace

import numpy as np

from irl_ros.benchmark.case import BenchmarkCase
from irl_ros.benchmark.learners import first_controller
from irl_ros.benchmark.scenario import COLD, Scenario
from irl_ros.sim.rollouts import SimRollouts

_PURPOSE = 1_000_033
"""Sets the seed of these rollouts apart from all others that follow from a cell's."""


def elsewhere_tried(condition: str) -> str:
    """Return the condition in which an arm was tried before it came into another."""
    return "mismatched" if condition in ("matched", COLD) else "matched"


def with_earlier(case: BenchmarkCase, scenario: Scenario, arm: str, count: int) -> BenchmarkCase:
    """Return the case with rollouts of its first controller in another condition.

    They are not rollouts of the budget. Nothing but their transitions is used.

    Args:
        case: What is to be learned.
        scenario: Where.
        arm: Name of the arm.
        count: Number of rollouts.
    """
    before = replace(scenario, condition=elsewhere_tried(scenario.condition))
    words = np.random.SeedSequence(case.seed, spawn_key=(_PURPOSE,)).generate_state(1)
    with closing(SimRollouts(before.simulation(arm, case.seed), before.slot)) as other:
        rollouts = other.sample(first_controller(case), count, int(words[0]))
    return replace(case, problem=replace(case.problem, earlier=rollouts.trajectories))
