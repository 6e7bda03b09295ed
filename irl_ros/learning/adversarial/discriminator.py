# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Discriminators of single steps, whatever their logit is made of, and rewards made of them.

With l(s, a) the log odds that a step was demonstrated, E the demonstrated steps and pi those of
the newest iterations' rollouts, Adam lowers on minibatches

(1)  L = -E_E[log sigmoid(l)] - E_pi[log(1 - sigmoid(l))],

which is least, Goodfellow et al. (2014), proposition 1, where

(2)  l = log rho_E(s, a) - log rho_pi(s, a)

is the log ratio of both densities of steps. Ho and Ermon's D is 1 - sigmoid(l), that of Fu et al.
sigmoid(l).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.absorbing import acting
from irl_ros.learning.cost import Cost
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
class DiscriminatorConfig(Parameters):
    """How a discriminator is fitted in each iteration."""

    hidden: tuple[int, ...] = parameter((64, 64), low=1, high=4096, doc="widths of its layers")
    steps: int = parameter(100, low=1, high=100000, doc="gradient steps per iteration")
    batch: int = parameter(256, low=1, high=100000, doc="time steps of each kind in a minibatch")
    learning_rate: float = parameter(1e-3, low=1e-7, high=1.0, doc="step size of Adam")
    gradient_clip: float = parameter(10.0, low=1e-6, high=1e9, doc="largest gradient norm")
    remembered: int = parameter(
        20, low=1, high=100000, doc="newest iterations whose rollouts stand against demonstrations"
    )


Logits = Callable[[Int[Tensor, " b"]], Float[Tensor, " b"]]


def fit_discriminator(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    shown: tuple[Logits, Float[Tensor, " S"]],
    tried: tuple[Logits, int],
    config: DiscriminatorConfig,
    generator: torch.Generator,
) -> dict[str, float]:
    """Lower (1); at its optimum the logits are (2).

    Args:
        network: What is fitted.
        optimiser: Of its parameters.
        shown: Logits of numbered demonstrated steps, and how much each of them counts.
        tried: Logits of numbered steps of rollouts, and how many there are.
        config: Number of steps and size of batches.
        generator: Draws the minibatches.

    Returns:
        Mean loss, share of demonstrated and of tried steps that were told right.

    Raises:
        LearningError: If the loss is no longer finite.
    """
    shown_logits, weights = shown
    tried_logits, count = tried
    totals = torch.zeros(3, dtype=torch.float64)
    parameters = list(network.parameters())
    for _ in range(config.steps):
        chosen = torch.multinomial(weights, config.batch, replacement=True, generator=generator)
        real = shown_logits(chosen)
        fake = tried_logits(torch.randint(count, (config.batch,), generator=generator))
        loss = nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()
        if not bool(torch.isfinite(loss)):
            raise LearningError(
                f"the discriminator's loss is {float(loss.detach())}; lower its learning_rate"
            )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
        optimiser.step()
        right = torch.stack([(real > 0).double().mean(), (fake < 0).double().mean()])
        totals += torch.cat([loss.detach().reshape(1), right])
    loss_mean, shown_right, tried_right = (totals / config.steps).tolist()
    return {"loss": loss_mean, "shown_right": shown_right, "tried_right": tried_right}


class DiscriminatorReward(ABC):
    """A reward made of a discriminator: what GAIL and AIRL have in common.

    Demonstrated steps stand against those of the newest iterations. Inputs are seen in units of
    the problem's scale, actions in units of their deviation in the demonstrations.

    Args:
        problem: Demonstrations.
        network: What the logit is made of.
        config: Fitting of the discriminator.
        generator: Draws the minibatches.
    """

    def __init__(
        self,
        problem: LearningProblem,
        network: nn.Module,
        config: DiscriminatorConfig,
        generator: torch.Generator,
    ) -> None:
        self._problem = problem
        self._config = config
        self._generator = generator
        self._optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
        self._remembered: list[Trajectories] = []
        self.network = network

    def fit(self, rollouts: Trajectories, policy: NeuralPolicy) -> Mapping[str, float]:
        """Tell demonstrated steps from those of the newest iterations.

        Args:
            rollouts: New trajectories.
            policy: What produced them.
        """
        self._remembered = [*self._remembered, rollouts][-self._config.remembered :]
        tried, shown = concatenate(self._remembered), self._problem.demonstrations
        counted = self._counted(shown.horizon)
        return fit_discriminator(
            self.network,
            self._optimiser,
            (
                self._logits(self._problem.inputs, shown, policy),
                self._problem.weights.repeat_interleave(counted),
            ),
            (
                self._logits(self._problem.features(tried.states), tried, policy),
                len(tried) * counted,
            ),
            self._config,
            self._generator,
        )

    @abstractmethod
    def _logits(
        self, inputs: Float[Tensor, "M T y"], trajectories: Trajectories, policy: NeuralPolicy
    ) -> Logits:
        """Return the logit as a function of the numbers of steps, trajectory after trajectory."""

    def _acting(self, trajectories: Trajectories) -> Float[Tensor, "M T"]:
        """Return 1 for each step whose action has an effect, 0 after an early end."""
        return acting(trajectories, absorbs=self._problem.absorbs)

    def _effective(self, trajectories: Trajectories) -> Float[Tensor, "M T u"]:
        """Return the actions, 0 where they have no effect: they must not tell who acts."""
        return trajectories.actions * self._acting(trajectories).unsqueeze(-1)

    def _counted(self, horizon: int) -> int:
        """Return how many steps of each trajectory the discriminator is fitted to."""
        return horizon

    @property
    def learned_cost(self) -> Cost | None:
        """The cost as it is now; None where the reward is none that could be stored."""
        return None

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


def action_deviations(problem: LearningProblem) -> Float[Tensor, " u"]:
    """Return the standard deviation of each action in the demonstrations, not below 1e-6.

    Actions after an early end do not count.
    """
    shown = problem.demonstrations
    actions = shown.actions.flatten(0, 1)
    if problem.absorbs:
        actions = actions[acting(shown, absorbs=True).flatten() > 0]
    deviations: Tensor = actions.std(dim=0)
    return deviations.clamp(min=1e-6)
