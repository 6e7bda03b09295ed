# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a method is given, and what it hands back."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.policy import Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.cost import Cost
from irl_ros.learning.problem import LearningProblem


@dataclass(frozen=True)
class BenchmarkCase:
    """One task for a method; it learns from nothing else.

    Attributes:
        problem: Demonstrations, none of them where the task is to be done.
        source: Where controllers can be tried, as often as the budget allows.
        rollouts: The budget.
        seed: All randomness of the method follows from it.
        cold: Whether sampling begins by standing still.
        learned_cost: A cost that was learned elsewhere; None unless the method asks for one.
        shown: A demonstration of the very task; None unless the method asks for one.
        rest: State of the arm where it starts; None unless the method knows nothing else of it.
    """

    problem: LearningProblem
    source: RolloutSource
    rollouts: int
    seed: int
    cold: bool
    learned_cost: Cost | None = None
    shown: Trajectories | None = None
    rest: Float[Tensor, " x"] | None = None


@dataclass(frozen=True)
class Learned:
    """What a method delivers.

    Attributes:
        policy: What is executed and judged.
        cost: The learned cost; None if the method has none.
        note: Why learning ended early; empty if it did not.
    """

    policy: Policy
    cost: Cost | None = None
    note: str = ""
