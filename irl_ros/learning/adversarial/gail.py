# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Generative adversarial imitation learning: Ho and Ermon (2016)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import parameter
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.adversarial.discriminator import DiscriminatorConfig, fit_discriminator
from irl_ros.learning.adversarial.perceptron import Perceptron
from irl_ros.learning.neural_learning import NeuralLearning, NeuralLearningConfig
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.saved_state import (
    SavedState,
    batch_tensors,
    batches_from,
    optimiser_tensors,
    restore_optimiser,
    under,
)


@dataclass(frozen=True)
class GailConfig(NeuralLearningConfig):
    """Everything that GAIL can be told."""

    entropy_weight: float = parameter(
        1e-3, low=0.0, high=1e6, doc="weight of the policy's entropy, lambda; 0: off"
    )
    discriminator: DiscriminatorConfig = field(
        default_factory=lambda: DiscriminatorConfig(remembered=1)
    )


def gail(problem: LearningProblem, config: GailConfig, seed: int) -> NeuralLearning:
    """Return the learner that matches the demonstrated occupancy of states and actions.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness follows from it.
    """
    return NeuralLearning(
        problem,
        config,
        seed,
        lambda generator: GailReward(problem, config.discriminator, generator),
    )


@final
class GailReward:
    """The reward -log D(s, a) of a discriminator of states and actions.

    Ho and Ermon (2016), algorithm 1: D is trained towards 1 on the policy and towards 0 on the
    demonstrations by ascending E_pi log D + E_E log(1 - D) (their equation 17), and the policy
    lowers the cost log D (their equation 18). With logit l that a step was *demonstrated*,
    D = sigmoid(-l) and the reward is

        -log D = log(1 + exp(l)),

    which is positive everywhere: harmless only because every attempt has the same length.

    Args:
        problem: Demonstrations; cost inputs are seen, in units of their scale.
        config: Size and fitting of the discriminator.
        generator: Source of all randomness.
    """

    def __init__(
        self, problem: LearningProblem, config: DiscriminatorConfig, generator: torch.Generator
    ) -> None:
        self._problem = problem
        self._config = config
        self._generator = generator
        shown = problem.demonstrations
        self._action_scale = shown.actions.flatten(0, 1).std(dim=0).clamp(min=1e-6)
        self._shown = self._pairs(problem.inputs, shown.actions)
        self.network = Perceptron(self._shown.shape[-1], config.hidden, generator)
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=config.learning_rate)
        self._remembered: list[Trajectories] = []

    def fit(self, rollouts: Trajectories, policy: NeuralPolicy) -> Mapping[str, float]:
        """Tell demonstrated steps from those of the newest rollouts."""
        self._remembered = [*self._remembered, rollouts][-self._config.remembered :]
        tried = self._seen(concatenate(self._remembered)).flatten(0, 1)
        shown = self._shown.flatten(0, 1)
        weights = self._problem.weights.repeat_interleave(self._shown.shape[1])

        def logits(pairs: Tensor, chosen: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
            return self.network(pairs[chosen])  # type: ignore[no-any-return]

        return fit_discriminator(
            self.network,
            self._optimiser,
            (lambda chosen: logits(shown, chosen), weights),
            (lambda chosen: logits(tried, chosen), len(tried)),
            self._config,
            self._generator,
        )

    @torch.no_grad()
    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return -log D of each step."""
        return nn.functional.softplus(self.network(self._seen(rollouts)))

    def _seen(self, rollouts: Trajectories) -> Float[Tensor, "M T i"]:
        return self._pairs(self._problem.features(rollouts.states), rollouts.actions)

    def _pairs(
        self, inputs: Float[Tensor, "M T y"], actions: Float[Tensor, "M T u"]
    ) -> Float[Tensor, "M T i"]:
        return torch.cat([inputs / self._problem.input_scale, actions / self._action_scale], -1)

    @property
    def learned_cost(self) -> None:
        """The reward is no cost of trajectories that could be stored as one."""
        return

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on exactly from here, but for the generator."""
        return {
            **under("network", self.network.state_dict()),
            **under("adam", optimiser_tensors(self._optimiser)),
            **under("remembered", batch_tensors(self._remembered)),
        }

    def restore(self, state: SavedState) -> None:
        """Go on from what `state` returned."""
        self.network.load_state_dict(state.part("network"))
        restore_optimiser(self._optimiser, state.part("adam"))
        self._remembered = batches_from(state.part("remembered"))
