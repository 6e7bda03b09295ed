# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstrations of which some missed their slot, with and without grades that say so."""

from dataclasses import replace

import torch

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.benchmark.learners import guided
from irl_ros.learning.gcl import GclConfig
from irl_ros.learning.problem import LearningProblem

EVERY = 4
"""Every so many demonstrations one missed."""

MISS = 0.05
"""How far beside its slot it ended, along the rack, m."""

GRADE = 0.05
"""What it is given where grades are given."""

MISPLACED = {"every": EVERY, "miss": MISS, "grade": GRADE}
"""What results of these methods depend on, beside their configuration."""

_POSITION = slice(14, 17)  # of the first tool point in the state, in the arm's base


def guided_by_misplaced(case: BenchmarkCase, config: GclConfig, *, graded: bool) -> Learned:
    """Learn where every fourth demonstration ended beside the slot that it was meant for.

    Args:
        case: With good demonstrations.
        config: Of Guided Cost Learning.
        graded: Whether the person said which were bad.
    """
    return guided(replace(case, problem=misplaced(case.problem, graded=graded)), config)


def misplaced(problem: LearningProblem, *, graded: bool) -> LearningProblem:
    """Return the problem with every fourth target moved from where the plate was really put.

    Args:
        problem: With good demonstrations.
        graded: Whether these weigh little.
    """
    bad = torch.arange(len(problem.inputs)) % EVERY == EVERY - 1
    inputs, contexts = problem.inputs.clone(), problem.contexts.clone()
    weights = problem.weights.clone()
    across = torch.tensor([0.0, MISS, 0.0], dtype=inputs.dtype)
    turned = problem.features.matrix[:3, _POSITION] @ across
    inputs[bad, :, :9] += turned.repeat(3)
    contexts[bad] -= across
    if graded:
        weights[bad] *= GRADE
    return replace(problem, inputs=inputs, contexts=contexts, weights=weights)
