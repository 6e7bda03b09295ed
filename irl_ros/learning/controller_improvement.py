# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Improving a controller by what has been tried, whatever the cost: learned, saved or written."""

import math
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.controller_update import (
    ControllerUpdate,
    ControllerUpdateConfig,
    constrained_step,
    expected_objective,
    step_multiplier,
)
from irl_ros.learning.cost import QuadraticCost
from irl_ros.learning.dynamics import DynamicsConfig, fit_dynamics, one_step_error
from irl_ros.learning.experience import Experience
from irl_ros.learning.lqr import LinearDynamics
from irl_ros.learning.problem import Coordinates


@runtime_checkable
class StepCost(Protocol):
    """A cost c(y_t, u_t) of each step of a trajectory."""

    def evaluate(
        self, inputs: Float[Tensor, "M T y"], actions: Float[Tensor, "M T u"]
    ) -> Float[Tensor, "M T"]:
        """Return c(y_t, u_t)."""
        ...

    def expand(
        self,
        features: AffineFeatures,
        states: Float[Tensor, "M T x"],
        actions: Float[Tensor, "M T u"],
    ) -> QuadraticCost:
        """Expand the cost to second order around M trajectories and average the expansions.

        The Hessian must be positive semi-definite in the state and positive definite in the
        action.
        """
        ...


@dataclass(frozen=True)
class StepJudgement:
    """What the last step promised and brought, by the cost that it was made for.

    Attributes:
        multiplier: The next multiplier of the KL limit.
        predicted: Promised improvement; NaN before the first step.
        actual: Real improvement; NaN before the first step.
    """

    multiplier: float
    predicted: float = math.nan
    actual: float = math.nan


@dataclass(frozen=True)
class ControllerImprovement:
    """Local dynamics and KL-limited steps; the second half of the authors' algorithm 1.

    Finn, Levine and Abbeel (2016), section 4 and appendix A.

    Attributes:
        features: Cost inputs of a state.
        dynamics: How local dynamics are fitted.
        controller: Size of the steps.
        coordinates: What is known of the state's inner dependence.
        earlier: What the same robot did in another condition, see `LearningProblem`.
    """

    features: AffineFeatures
    dynamics: DynamicsConfig
    controller: ControllerUpdateConfig
    coordinates: Coordinates | None = None
    earlier: Trajectories | None = None
    _fits: list[tuple[Experience, int, LinearDynamics]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def fit_dynamics(self, experience: Experience, controller: int = -1) -> LinearDynamics:
        """Fit dynamics around a controller's samples with those of its nearest relatives.

        Judging a step, making the next and being surprised by what comes of it mostly ask for the
        same fit; the last two are kept.
        """
        controller %= len(experience.counts)
        for known, index, fit in self._fits:
            if known is experience and index == controller:
                return fit
        near = experience.neighbours(controller, self.dynamics.rollouts)
        around = experience.samples_of(controller)
        fit = fit_dynamics(near, around, self.dynamics, self.coordinates, self.earlier)
        self._fits[:] = [*self._fits[-1:], (experience, controller, fit)]
        return fit

    def surprise(self, experience: Experience, samples: Trajectories) -> float:
        """Return the error of the dynamics known so far on samples they have not seen."""
        if experience.samples is None:
            return math.nan
        return one_step_error(self.fit_dynamics(experience), samples)

    def judge(
        self,
        cost: StepCost,
        experience: Experience,
        update: ControllerUpdate | None,
        multiplier: float,
    ) -> StepJudgement:
        """Judge the last step by its own cost, now that its controller has been sampled.

        Args:
            cost: The cost that the step was made for.
            experience: With the samples of the step's controller as the newest.
            update: The step; None before the first.
            multiplier: The multiplier of the KL limit in force.
        """
        if update is None:
            return StepJudgement(multiplier)
        newest = experience.samples_of(-1)
        expansion = cost.expand(self.features, newest.states, newest.actions)
        dynamics = self.fit_dynamics(experience)
        reached = expected_objective(
            expansion, dynamics, update.controller, self.controller.temperature
        )
        predicted = update.previous_objective - update.predicted_objective
        actual = update.previous_objective - reached
        if self.controller.adapt_step:
            multiplier = step_multiplier(multiplier, predicted, actual, self.controller)
        return StepJudgement(multiplier, predicted, actual)

    def choose_base(self, cost: StepCost, experience: Experience) -> int:
        """Return the controller, counted from 0, that the next step starts from.

        The best is the one whose samples have the least c - H(q) by the cost as it is now, in the
        median: one rollout that fails by chance would hide a good controller in the mean. A step
        that a later cost regrets, into a neighbouring slot for instance, is thereby taken back:
        local steps would not find the way out. A doubtful regret does not count.
        """
        newest = len(experience.counts) - 1
        if self.controller.base == "newest":
            return newest
        costs = self._sampled_costs(cost, experience)
        free_energies = [
            float(each.quantile(0.5)) - self.controller.temperature * controller.entropy()
            for each, controller in zip(costs, experience.controllers, strict=True)
        ]
        best = int(np.argmin(free_energies))
        error = math.sqrt(
            sum(float(costs[each].var()) / len(costs[each]) for each in (best, newest))
        )
        regret = free_energies[newest] - free_energies[best]
        return best if regret > self.controller.doubt * error else newest

    def choose_delivered(self, cost: StepCost, experience: Experience) -> int:
        """Return the controller, counted from 0, that is kept when no more can be tried.

        The one whose samples have the least mean cost: it is executed without its noise, so its
        entropy is no merit.
        """
        if self.controller.base == "newest":
            return len(experience.counts) - 1
        return self.ranking(cost, experience)[0]

    def ranking(self, cost: StepCost, experience: Experience) -> list[int]:
        """Return all controllers, counted from 0; least mean cost of their samples first."""
        means = [float(each.mean()) for each in self._sampled_costs(cost, experience)]
        return [int(index) for index in np.argsort(means, kind="stable")]

    @torch.no_grad()
    def _sampled_costs(self, cost: StepCost, experience: Experience) -> tuple[Tensor, ...]:
        """Return the trajectory costs of each controller's samples."""
        assert experience.samples is not None
        inputs = self.features(experience.samples.states)
        costs = cost.evaluate(inputs, experience.samples.actions).sum(dim=1)
        return torch.split(costs, list(experience.counts))

    def step(
        self,
        cost: StepCost,
        experience: Experience,
        base: int,
        multiplier: float,
        elapsed: float,
    ) -> ControllerUpdate:
        """Take the KL-limited step from a controller that has been sampled.

        Args:
            cost: What to lower.
            experience: All samples.
            base: The controller to start from, counted from 0.
            multiplier: Multiplier of the KL limit.
            elapsed: Share of the iterations that lie behind; the limit shrinks with it.

        Raises:
            LearningError: If there is no solution within the limit.
        """
        return constrained_step(
            *self._model(cost, experience, base),
            experience.controllers[base],
            self.kl_limit(multiplier, elapsed),
            self.controller.temperature,
        )

    def stay(
        self,
        cost: StepCost,
        experience: Experience,
        base: int,
        multiplier: float,
        elapsed: float,
    ) -> ControllerUpdate:
        """Return the step that keeps the controller it starts from; arguments as for `step`."""
        controller = experience.controllers[base]
        expansion, dynamics = self._model(cost, experience, base)
        value = expected_objective(expansion, dynamics, controller, self.controller.temperature)
        limit = self.kl_limit(multiplier, elapsed)
        return ControllerUpdate(controller, math.inf, 0.0, limit, value, value)

    def kl_limit(self, multiplier: float, elapsed: float) -> float:
        """Return the KL limit of a step, nat."""
        decay: float = self.controller.kl_decay**elapsed
        return self.controller.kl_limit * multiplier * decay

    def _model(
        self, cost: StepCost, experience: Experience, base: int
    ) -> tuple[QuadraticCost, LinearDynamics]:
        around = experience.samples_of(base)
        expansion = cost.expand(self.features, around.states, around.actions)
        return expansion, self.fit_dynamics(experience, base)
