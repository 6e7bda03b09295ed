# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A neural policy for a cost that is given: a saved one, optimised by trying alone."""

from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.cost import Cost
from irl_ros.learning.neural_learning import NeuralLearning, NeuralLearningConfig
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import SavedState


def neural_search(
    problem: LearningProblem, cost: Cost, config: NeuralLearningConfig, seed: int
) -> NeuralLearning:
    """Return the learner of a policy that lowers E[c] - H for a cost that stays as it is.

    Args:
        problem: Where the task is to be done. Of the demonstrations the policy has its scales, and
            with ``warm_start`` its beginning.
        cost: What to lower.
        config: All switches.
        seed: All randomness follows from it.
    """
    return NeuralLearning(problem, config, seed, lambda _: GivenCost(problem, cost))


@final
class GivenCost:
    """The reward -c of a cost that is not learned.

    Args:
        problem: Where the task is to be done.
        cost: The cost.
    """

    def __init__(self, problem: LearningProblem, cost: Cost) -> None:
        self._problem = problem
        self.learned_cost = cost

    def fit(self, rollouts: Trajectories, policy: NeuralPolicy) -> Mapping[str, float]:
        """Return the mean cost of a rollout; nothing is learned from it."""
        return {"sample_cost": -float(self.rewards(rollouts).sum(dim=1).mean())}

    @torch.no_grad()
    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return -c of each step."""
        inputs = self._problem.features(rollouts.states)
        return -self.learned_cost.evaluate(inputs, rollouts.actions)

    def state(self) -> dict[str, Tensor]:
        """Return the cost, by which another one is told."""
        return dict(self.learned_cost.state_dict())

    def restore(self, state: SavedState) -> None:
        """Check that the state was saved with the same cost.

        Raises:
            DataError: If it was another one.
        """
        own = self.state()
        if own.keys() != state.tensors.keys() or not all(
            torch.equal(value, state.tensors[name]) for name, value in own.items()
        ):
            raise DataError(
                "the checkpoint was written with another cost; resume with the same one or "
                "choose another output folder"
            )
