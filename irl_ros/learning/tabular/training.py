# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One training run on a finite problem, from demonstrations to a run folder."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from irl_ros.core.parameters import Parameters
from irl_ros.learning.run_folder import RunFolder
from irl_ros.learning.tabular.artifacts import table_files
from irl_ros.learning.tabular.learner import IterationDiagnostics, TabularLearner

C = TypeVar("C", bound=Parameters)
D = TypeVar("D", bound=IterationDiagnostics)


def train(
    learner: TabularLearner[C, D],
    output: Path,
    *,
    resume: bool,
    facts: Mapping[str, Any],
    after_iteration: Callable[[D, RunFolder], None],
) -> RunFolder:
    """Learn reward and policy, saving every iteration.

    Args:
        learner: The algorithm, as it is made; the run that is in the folder is taken up by it.
        output: The run folder.
        resume: Continue the run that is in the folder.
        facts: Further facts for the run's record, such as what world it is.
        after_iteration: Called when an iteration has been saved; it may raise to stop.

    Raises:
        DataError: If the folder cannot be used.
        LearningError: If learning has no finite result.
    """
    named = {"algorithm": type(learner).__name__, **facts}
    folder = RunFolder(
        output, learner, lambda: table_files(learner.reward, learner.policy), named, resume=resume
    )
    with contextlib.closing(folder):
        folder.complete(learner.step, after_iteration)
    return folder
