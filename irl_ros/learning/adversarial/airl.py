# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Adversarial inverse reinforcement learning: Fu, Luo and Levine (2018)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.adversarial.discriminator import (
    DiscriminatorConfig,
    Logits,
    fit_discriminator,
)
from irl_ros.learning.adversarial.perceptron import Perceptron
from irl_ros.learning.neural_learning import (
    NeuralLearning,
    NeuralLearningConfig,
    log_densities,
)
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
class ShapedRewardConfig(Parameters):
    """Form of f = g + gamma h' - h."""

    state_only: bool = parameter(
        True, doc="g sees states alone, so that the reward transfers to other dynamics"
    )
    discount: float = parameter(1.0, low=0.0, high=1.0, doc="gamma of the shaping term")


@dataclass(frozen=True)
class AirlConfig(NeuralLearningConfig):
    """Everything that AIRL can be told."""

    reward: ShapedRewardConfig = field(default_factory=ShapedRewardConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)


def airl(problem: LearningProblem, config: AirlConfig, seed: int) -> NeuralLearning:
    """Return the learner that recovers a reward, apart from what dynamics and shaping add to it.

    With ``entropy_weight`` 1 the policy's reward is f - log pi, as in the paper's algorithm 1.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches.
        seed: All randomness follows from it.
    """
    return NeuralLearning(
        problem,
        config,
        seed,
        lambda generator: AirlReward(problem, config.reward, config.discriminator, generator),
    )


@final
class ShapedReward(nn.Module):
    """f(s, a, s') = g(s[, a]) + gamma h(s', t + 1) - h(s, t): Fu et al. (2018), equation 4.

    h sees the time, as the value function of a task with an end does, and is 0 after the end; g
    does not, so that it says what is good and not when.

    Args:
        inputs: Number of cost inputs.
        actions: Dimension of the action.
        horizon: Number of steps T.
        config: Form.
        hidden: Widths of the hidden layers of g and h.
        generator: Source of the initial weights.
    """

    def __init__(
        self,
        inputs: int,
        actions: int,
        horizon: int,
        config: ShapedRewardConfig,
        hidden: tuple[int, ...],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self._config = config
        self._horizon = horizon
        seen = inputs if config.state_only else inputs + actions
        self.reward = Perceptron(seen, hidden, generator)
        self.shaping = Perceptron(inputs + 1, hidden, generator)

    def forward(
        self,
        inputs: Float[Tensor, "*batch y"],
        actions: Float[Tensor, "*batch u"],
        successors: Float[Tensor, "*batch y"],
        times: Float[Tensor, "*batch"],
    ) -> Float[Tensor, "*batch"]:
        """Return f of steps that are not the last.

        Args:
            inputs: Cost inputs of s.
            actions: a.
            successors: Cost inputs of s'.
            times: Number t of each step, from 0.
        """
        after = self.value(successors, times + 1)
        before = self.value(inputs, times)
        shaped: Tensor = self.bare(inputs, actions) + self._config.discount * after - before
        return shaped

    def value(
        self, inputs: Float[Tensor, "*batch y"], times: Float[Tensor, "*batch"]
    ) -> Float[Tensor, "*batch"]:
        """Return h(s, t)."""
        seen = torch.cat([inputs, (times / self._horizon).unsqueeze(-1)], dim=-1)
        return self.shaping(seen)  # type: ignore[no-any-return]

    def bare(
        self, inputs: Float[Tensor, "*batch y"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return g, the reward without shaping."""
        seen = inputs if self._config.state_only else torch.cat([inputs, actions], dim=-1)
        return self.reward(seen)  # type: ignore[no-any-return]


@final
class AirlReward:
    """The reward f of a discriminator with logit f - log pi.

    Fu et al. (2018), algorithm 1: D = exp(f) / (exp(f) + pi(a | s)) tells demonstrated steps from
    those of the newest iterations; the densities of all of them are those of the policy as it is
    now. Log D - log(1 - D) = f - log pi is the policy's reward, in which -log pi is the entropy
    that `NeuralLearning` adds. The last step of an attempt has no successor on record and is left
    out of the fit.

    Args:
        problem: Demonstrations; cost inputs are seen, in units of their scale.
        reward: Form of f.
        config: Size and fitting of the discriminator.
        generator: Source of all randomness.
    """

    def __init__(
        self,
        problem: LearningProblem,
        reward: ShapedRewardConfig,
        config: DiscriminatorConfig,
        generator: torch.Generator,
    ) -> None:
        self._problem = problem
        self._config = config
        self._generator = generator
        shown = problem.demonstrations
        self._action_scale = shown.actions.flatten(0, 1).std(dim=0).clamp(min=1e-6)
        self.network = ShapedReward(
            problem.inputs.shape[-1],
            shown.action_dim,
            shown.horizon,
            reward,
            config.hidden,
            generator,
        )
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=config.learning_rate)
        self._remembered: list[Trajectories] = []

    def fit(self, rollouts: Trajectories, policy: NeuralPolicy) -> Mapping[str, float]:
        """Tell demonstrated steps from those of the newest iterations."""
        self._remembered = [*self._remembered, rollouts][-self._config.remembered :]
        tried = concatenate(self._remembered)
        shown, inputs = self._problem.demonstrations, self._problem.inputs
        weights = self._problem.weights.repeat_interleave(shown.horizon - 1)
        tried_inputs = self._problem.features(tried.states)
        return fit_discriminator(
            self.network,
            self._optimiser,
            (self._logits(inputs, shown.actions, log_densities(policy, shown, inputs)), weights),
            (
                self._logits(tried_inputs, tried.actions, log_densities(policy, tried)),
                len(tried) * (tried.horizon - 1),
            ),
            self._config,
            self._generator,
        )

    def _logits(
        self,
        inputs: Float[Tensor, "M T y"],
        actions: Float[Tensor, "M T u"],
        log_pi: Float[Tensor, "M T"],
    ) -> Logits:
        """Return f - log pi as a function of the numbers of steps, the last ones left out."""
        seen, done = self._scaled(inputs, actions)
        horizon = seen.shape[1]
        now, after = seen[:, :-1].flatten(0, 1), seen[:, 1:].flatten(0, 1)
        done, log_pi = done[:, :-1].flatten(0, 1), log_pi[:, :-1].flatten()

        def logits(chosen: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
            times = (chosen % (horizon - 1)).to(now.dtype)
            shaped = self.network(now[chosen], done[chosen], after[chosen], times)
            return shaped - log_pi[chosen]  # type: ignore[no-any-return]

        return logits

    @torch.no_grad()
    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return f of each step; h is 0 after the last one."""
        seen, done = self._scaled(self._problem.features(rollouts.states), rollouts.actions)
        times = torch.arange(rollouts.horizon, dtype=seen.dtype).expand(len(seen), -1)
        shaped = self.network(seen[:, :-1], done[:, :-1], seen[:, 1:], times[:, :-1])
        last = self.network.bare(seen[:, -1], done[:, -1])
        last = last - self.network.value(seen[:, -1], times[:, -1])
        return torch.cat([shaped, last.unsqueeze(1)], dim=1)

    @torch.no_grad()
    def bare(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return g of each step, the reward that can be taken elsewhere."""
        inputs = self._problem.features(rollouts.states)
        return self.network.bare(*self._scaled(inputs, rollouts.actions))

    def _scaled(
        self, inputs: Float[Tensor, "M T y"], actions: Float[Tensor, "M T u"]
    ) -> tuple[Float[Tensor, "M T y"], Float[Tensor, "M T u"]]:
        return inputs / self._problem.input_scale, actions / self._action_scale

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
