# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MPPI as a policy: a new plan in every step, of which the first action is executed."""

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import LearningError
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.planning.mppi import Mppi


@final
class MppiPolicy:
    """Replans in every step from the measured state, starting with the shifted last plan.

    It executes a cost without anything having been learned for it but a model. It remembers its
    plan, so its steps are to be asked for in order; step 0 begins anew. Plans end with the task.

    Args:
        mppi: How to plan.
        base: Its mean action is the first guess of what comes into view, and the base of the path
            integral; standing still, or what imitates the demonstrations.
        seed: All randomness of ``action_mean`` follows from it.
    """

    def __init__(self, mppi: Mppi, base: Policy, seed: int) -> None:
        self._mppi = mppi
        self._base = base
        self._seed = seed
        self._plan: Float[Tensor, "H u"] = torch.zeros(0, mppi.action_dim, dtype=torch.float64)
        self._next = 0

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        return self._base.horizon

    @torch.no_grad()
    def action_mean(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return the first action of the weighted mean of the plans.

        Raises:
            LearningError: If the step is neither 0 nor the one after the last.
        """
        word = int(np.random.SeedSequence([self._seed, step]).generate_state(1)[0])
        self._replan(step, state, torch.Generator().manual_seed(word))
        return self._plan[0]

    @torch.no_grad()
    def sample(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> Float[Tensor, " u"]:
        """Draw the first action of one of the sampled plans, with the plans' weights.

        As the number of samples grows this is a draw from the path-integral optimum
        q*(u) = exp(-S / lambda) p(u) / Z of the remaining steps.

        Raises:
            LearningError: If the step is neither 0 nor the one after the last.
        """
        log_weights, actions = self._replan(step, state, generator)
        chosen = int(torch.multinomial(log_weights.exp(), 1, generator=generator))
        return actions[chosen, 0]

    def log_prob(self, trajectories: Trajectories) -> Float[Tensor, " M"]:
        """Refuse: the density of a planned action is known through samples only.

        Raises:
            LearningError: Always.
        """
        raise LearningError(
            f"the density of {len(trajectories)} trajectories under MPPI is not known; importance "
            "sampling needs a policy that has one, such as a linear-Gaussian controller"
        )

    def _replan(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> tuple[Float[Tensor, " K"], Float[Tensor, "K H u"]]:
        if step not in {0, self._next} or step >= self.horizon:
            raise LearningError(
                f"step {step} was asked of a planner of {self.horizon} steps whose next is "
                f"{self._next}; ask for its steps in order, from 0"
            )
        base = self._base_actions(step, state)
        # The shifted plan is the warm start.
        kept = self._plan[1:] if step else self._plan[:0]
        plan = torch.cat([kept, base[len(kept) :]])
        for _ in range(self._mppi.config.updates):
            update = self._mppi.update(state, plan, base, generator)
            plan = update.plan
        self._plan, self._next = plan, step + 1
        return update.log_weights, update.actions

    def _base_actions(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, "H u"]:
        """Return what the base does from here on, by the model."""
        actions = []
        for ahead in range(step, min(step + self._mppi.config.horizon, self.horizon)):
            actions.append(self._base.action_mean(ahead, state))
            state = self._mppi.simulate(state, actions[-1].expand(1, 2, -1))[0, 1]
        return torch.stack(actions)
