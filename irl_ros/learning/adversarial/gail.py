# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Generative adversarial imitation learning: Ho and Ermon (2016), algorithm 1.

The discriminator D is to be 1 on the policy's steps and 0 on demonstrated ones. With the logit l
that a step was *demonstrated*, D = sigmoid(-l), and each iteration

(1)  ascends  E_pi[log D(s, a)] + E_E[log(1 - D(s, a))],  their equation 17 (`discriminator`),
(2)  takes one step of PPO towards a larger  E_pi[sum_t r - lambda log pi],  their equation 18
     with TRPO replaced (`proximal`), for the reward
(3)  r(s, a) = -log D(s, a) = log(1 + exp(l(s, a))).

(3) is positive everywhere: harmless only because every attempt has the same length, that of one
that ended early too (`absorbing`).
"""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import parameter
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adversarial.discriminator import (
    DiscriminatorConfig,
    DiscriminatorReward,
    Logits,
    action_deviations,
)
from irl_ros.learning.adversarial.perceptron import Perceptron
from irl_ros.learning.neural_learning import NeuralLearning, NeuralLearningConfig
from irl_ros.learning.problem import LearningProblem


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
class GailReward(DiscriminatorReward):
    """The reward (3) of a discriminator of states and actions, which `fit` trains by (1).

    Args:
        problem: Demonstrations; cost inputs are seen, in units of their scale.
        config: Size and fitting of the discriminator.
        generator: Source of all randomness.
    """

    def __init__(
        self, problem: LearningProblem, config: DiscriminatorConfig, generator: torch.Generator
    ) -> None:
        self._scales = (problem.input_scale, action_deviations(problem))
        width = sum(len(scale) for scale in self._scales)
        network = Perceptron(width, config.hidden, generator)
        super().__init__(problem, network, config, generator)

    def _logits(
        self, inputs: Float[Tensor, "M T y"], trajectories: Trajectories, policy: NeuralPolicy
    ) -> Logits:
        pairs = self._pairs(inputs, self._effective(trajectories)).flatten(0, 1)

        def logits(chosen: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
            return self.network(pairs[chosen])  # type: ignore[no-any-return]

        return logits

    @torch.no_grad()
    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return (3), -log D, of each step."""
        inputs = self._problem.features(rollouts.states)
        pairs = self._pairs(inputs, self._effective(rollouts))
        return nn.functional.softplus(self.network(pairs))

    def _pairs(
        self, inputs: Float[Tensor, "M T y"], actions: Float[Tensor, "M T u"]
    ) -> Float[Tensor, "M T i"]:
        input_scale, action_scale = self._scales
        return torch.cat([inputs / input_scale, actions / action_scale], dim=-1)
