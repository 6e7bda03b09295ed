# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One training run from demonstrations to a run folder, whatever the arm behind it."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import LearningError
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.artifacts import delivered_files
from irl_ros.learning.learner import Learner, Report
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.run_folder import RunFolder


def train(
    demonstrations: Demonstrations,
    source: RolloutSource,
    contract: ExecutionContract,
    make_learner: Callable[[LearningProblem, int], Learner],
    *,
    seed: int,
    output: Path,
    resume: bool,
    baseline_rollouts: int = 0,
    facts: Mapping[str, Any],
    after_iteration: Callable[[Report, RunFolder], None],
) -> RunFolder:
    """Learn cost and policy, saving every iteration.

    Args:
        demonstrations: What was shown.
        source: Where controllers are tried.
        contract: Arm, start and target; the target is where the task is learned.
        make_learner: Makes the algorithm for a problem and a seed.
        seed: All randomness follows from it.
        output: The run folder.
        resume: Continue the run that is in the folder.
        baseline_rollouts: Attempts of the first policy's mean action, which are not learned
            from; they tell what imitation alone achieves.
        facts: Further facts for the run's record.
        after_iteration: Called when an iteration has been saved; it may raise to stop.

    Raises:
        DataError: If the demonstrations do not suffice or the folder cannot be used.
        LearningError: If learning has no finite result.
        RolloutError: If the source cannot deliver.
    """
    problem = arm_problem(demonstrations, contract.target, load_arm(contract.arm))
    return complete(
        make_learner(problem, seed),
        source,
        contract,
        output=output,
        resume=resume,
        baseline_rollouts=baseline_rollouts,
        facts=facts,
        after_iteration=after_iteration,
    )


def complete(
    learner: Learner,
    source: RolloutSource,
    contract: ExecutionContract,
    *,
    output: Path,
    resume: bool,
    baseline_rollouts: int = 0,
    facts: Mapping[str, Any],
    after_iteration: Callable[[Report, RunFolder], None],
) -> RunFolder:
    """Let a learner do all its iterations, saving each; arguments are those of `train`.

    Raises:
        DataError: If the folder cannot be used.
        LearningError: If learning has no finite result.
        RolloutError: If the source cannot deliver.
    """
    if abs(source.control_period - contract.control_period) > 1e-9:
        raise LearningError(
            f"rollouts have steps of {source.control_period:g} s, demonstrations of "
            f"{contract.control_period:g} s; resample them to that period"
        )

    def files() -> dict[str, bytes]:
        return delivered_files(learner.policy, learner.learned_cost, contract.to_metadata())

    folder = RunFolder(output, learner, files, facts, resume=resume)
    with contextlib.closing(folder):
        if baseline_rollouts and not folder.resumed:
            tried = source.sample(
                learner.policy, baseline_rollouts, learner.seed, deterministic=True
            )
            score = {"successes": tried.successes, "trials": baseline_rollouts}
            folder.note("before_learning", score)
        folder.complete(lambda: learner.step(source), after_iteration)
    return folder
