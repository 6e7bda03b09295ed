# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Adversarial inverse reinforcement learning: Fu, Luo and Levine (2018), algorithm 1.

(1)  D = exp(f) / (exp(f) + pi(a | s)),  log odds  l = f - log pi
(2)  f(s, a, s', t) = g(s[, a]) + gamma h(s', t + 1) - h(s, t),  their equation 4 with time,
     and h is 0 after the end
(3)  reward of the policy  log D - log(1 - D) = f - log pi

D tells demonstrated steps, 1, from those of the newest iterations, 0, by raising
E_E[log D] + E_pi[log(1 - D)] (`discriminator`). In (3), -log pi is the entropy, and its weight is
``entropy_weight``, 1 in the paper. With a g of states alone, dynamics without chance and a policy
that is optimal for f, g is the demonstrators' reward but for a constant, and h its value.
"""

from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.errors import ParameterError
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adversarial.discriminator import (
    DiscriminatorConfig,
    DiscriminatorReward,
    Logits,
    action_deviations,
)
from irl_ros.learning.adversarial.perceptron import Perceptron
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.neural_learning import (
    NeuralLearning,
    NeuralLearningConfig,
    log_densities,
)
from irl_ros.learning.problem import LearningProblem


@dataclass(frozen=True)
class ShapedRewardConfig(Parameters):
    """Form of f = g + gamma h' - h."""

    form: str = parameter(
        "cost",
        choices=("cost", "network"),
        doc="g is minus a cost, which is stored and can be optimised elsewhere, or a free "
        "network, which is kept in the checkpoint alone",
    )
    state_only: bool = parameter(
        True, doc="g learns from states alone, so that the reward transfers to other dynamics"
    )
    discount: float = parameter(1.0, low=0.0, high=1.0, doc="gamma of the shaping term")
    cost: CostConfig = field(default_factory=CostConfig)

    def __post_init__(self) -> None:
        """Check what a single value cannot tell."""
        super().__post_init__()
        if self.form == "cost" and not self.state_only:
            raise ParameterError(
                "form = 'cost' with state_only = False: what a cost learns depends on states "
                "alone; leave state_only on"
            )


@dataclass(frozen=True)
class AirlConfig(NeuralLearningConfig):
    """Everything that AIRL can be told."""

    reward: ShapedRewardConfig = field(default_factory=ShapedRewardConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)


def airl(problem: LearningProblem, config: AirlConfig, seed: int) -> NeuralLearning:
    """Return the learner that recovers a reward, apart from what dynamics and shaping add to it.

    With ``entropy_weight`` 1 the policy's reward is (3), as in the paper.

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
    """f of (2).

    h sees the time, as the value function of a task with an end does, and is 0 after the end; g
    does not, so that it says what is good and not when. As a cost, g(s, a) is
    -||A f(y) + b||^2 - w_u ||u||^2 with w_u given: an action's price may be known, and where it
    is none, g of states is still determined but for a constant.

    Args:
        input_scale: Scale of each cost input.
        action_scale: Scale of each action.
        horizon: Number of steps T.
        config: Form.
        hidden: Widths of the hidden layers of h, and of g where it is a network.
        generator: Source of the initial weights.
    """

    input_scale: Tensor
    action_scale: Tensor

    def __init__(
        self,
        input_scale: Float[Tensor, " y"],
        action_scale: Float[Tensor, " u"],
        horizon: int,
        config: ShapedRewardConfig,
        hidden: tuple[int, ...],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self._config = config
        self._horizon = horizon
        self.register_buffer("input_scale", input_scale, persistent=False)
        self.register_buffer("action_scale", action_scale, persistent=False)
        inputs = len(input_scale)
        seen = inputs if config.state_only else inputs + len(action_scale)
        self.reward: Perceptron | Cost = (
            Perceptron(seen, hidden, generator)
            if config.form == "network"
            else Cost(config.cost, input_scale, generator)
        )
        self.shaping = Perceptron(inputs + 1, hidden, generator)

    def forward(
        self,
        inputs: Float[Tensor, "*batch y"],
        actions: Float[Tensor, "*batch u"],
        successors: Float[Tensor, "*batch y"],
        times: Float[Tensor, "*batch"],
    ) -> Float[Tensor, "*batch"]:
        """Return (2) for steps that are not the last.

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
        scaled = inputs / self.input_scale
        seen = torch.cat([scaled, (times / self._horizon).unsqueeze(-1)], dim=-1)
        return self.shaping(seen)  # type: ignore[no-any-return]

    def bare(
        self, inputs: Float[Tensor, "*batch y"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return g, the reward without shaping."""
        if isinstance(self.reward, Cost):
            return -self.reward.evaluate(inputs, actions)
        seen = inputs / self.input_scale
        if not self._config.state_only:
            seen = torch.cat([seen, actions / self.action_scale], dim=-1)
        return self.reward(seen)  # type: ignore[no-any-return]


@final
class AirlReward(DiscriminatorReward):
    """The reward f of a discriminator (1).

    The densities of all steps in (1) are those of the policy as it is now. The entropy of (3) is
    added by `NeuralLearning`. The last step of an attempt has no successor on record and is left
    out of the fit.

    Args:
        problem: Demonstrations; cost inputs are seen, in units of their scale.
        reward: Form of f.
        config: Size and fitting of the discriminator.
        generator: Source of all randomness.
    """

    network: ShapedReward

    def __init__(
        self,
        problem: LearningProblem,
        reward: ShapedRewardConfig,
        config: DiscriminatorConfig,
        generator: torch.Generator,
    ) -> None:
        network = ShapedReward(
            problem.input_scale,
            action_deviations(problem),
            problem.demonstrations.horizon,
            reward,
            config.hidden,
            generator,
        )
        super().__init__(problem, network, config, generator)

    def _counted(self, horizon: int) -> int:
        return horizon - 1

    def _logits(
        self, inputs: Float[Tensor, "M T y"], trajectories: Trajectories, policy: NeuralPolicy
    ) -> Logits:
        """Return l of (1), with the densities of the policy as it is now.

        After an early end there is nothing to choose, and log pi is 0.
        """
        log_pi = log_densities(policy, trajectories, inputs) * self._acting(trajectories)
        log_pi = log_pi[:, :-1].flatten()
        counted = self._counted(trajectories.horizon)
        now, after = inputs[:, :-1].flatten(0, 1), inputs[:, 1:].flatten(0, 1)
        done = self._effective(trajectories)[:, :-1].flatten(0, 1)

        def logits(chosen: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
            times = (chosen % counted).to(now.dtype)
            shaped = self.network(now[chosen], done[chosen], after[chosen], times)
            return shaped - log_pi[chosen]  # type: ignore[no-any-return]

        return logits

    @torch.no_grad()
    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return (2) of each step; h is 0 after the last one."""
        seen, done = self._problem.features(rollouts.states), self._effective(rollouts)
        times = torch.arange(rollouts.horizon, dtype=seen.dtype).expand(len(seen), -1)
        shaped = self.network(seen[:, :-1], done[:, :-1], seen[:, 1:], times[:, :-1])
        last = self.network.bare(seen[:, -1], done[:, -1])
        last = last - self.network.value(seen[:, -1], times[:, -1])
        return torch.cat([shaped, last.unsqueeze(1)], dim=1)

    @torch.no_grad()
    def bare(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return g of each step, the reward that can be taken elsewhere."""
        seen = self._problem.features(rollouts.states)
        return self.network.bare(seen, self._effective(rollouts))

    @property
    def learned_cost(self) -> Cost | None:
        """The cost -g as it is now; None where g is a free network."""
        return self.network.reward if isinstance(self.network.reward, Cost) else None
