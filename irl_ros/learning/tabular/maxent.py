# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy inverse reinforcement learning with known dynamics.

Ziebart, Maas, Bagnell and Dey (2008), "Maximum entropy inverse reinforcement learning" ("2008"),
and Ziebart, Bagnell and Dey (2010) for the causal model ("2010"). Demonstrated visits are rho~,
their sources nu~ (`sources_of`); a reward r_theta gives values V and expected visits rho_theta.

(1)  causal, 2010:            L = sum_t <rho~_t, r_theta> - <nu~_t, V_t>
(2)  trajectory-level, 2008:  L = sum_t <rho~_t, r_theta> - alpha sum_s p~(s_1) log Z(s_1)
(3)  gradient of both:        dL/dr(s, a) = sum_t rho~_t(s, a) - rho_theta,t(s, a)

so that r = theta . phi has dL/dtheta = mu~ - mu_theta, demonstrated minus expected feature counts;
a network's parameters follow by the chain rule.

(1) over alpha is the log likelihood of the demonstrated actions, sum log pi_theta(a | s), where an
action knows only the past. (2) over alpha is that of whole trajectories, as if the demonstrator
chose its luck, too. Where dynamics are deterministic they are the same.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from irl_ros.core.errors import LearningError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.saved_state import SavedState, under
from irl_ros.learning.tabular.fit import fit
from irl_ros.learning.tabular.learner import IterationDiagnostics, TabularLearner
from irl_ros.learning.tabular.mdp import by_action
from irl_ros.learning.tabular.messages import infer
from irl_ros.learning.tabular.problem import TabularProblem
from irl_ros.learning.tabular.rewards import RewardConfig, make_reward
from irl_ros.learning.tabular.soft_control import solve, sources_of, visitation


@dataclass(frozen=True)
class MaxEntConfig(Parameters):
    """Everything that maximum-entropy learning can be told."""

    iterations: int = parameter(100, low=1, high=100000, doc="most iterations")
    inner_iterations: int = parameter(
        50, low=1, high=1000, doc="steps of L-BFGS in one iteration, which starts it afresh"
    )
    tolerance: float = parameter(
        1e-6, low=0.0, high=1.0, doc="largest gradient at which learning is finished"
    )
    model: str = parameter(
        "causal",
        choices=("causal", "trajectory"),
        doc="whether the demonstrator reacts to the dynamics' luck, or is taken to choose it",
    )
    temperature: float = parameter(
        1.0, low=1e-6, high=1e6, doc="alpha: how far from optimal the demonstrator acts"
    )
    weight_decay: float = parameter(
        0.0, low=0.0, high=1e6, doc="weight of 1/2 ||theta||^2, subtracted from the likelihood"
    )
    reward: RewardConfig = field(default_factory=RewardConfig)


@dataclass(frozen=True)
class MaxEntDiagnostics(IterationDiagnostics):
    """Health of one iteration.

    Attributes:
        log_likelihood: L, over alpha: nat for each demonstration, up to what does not depend on r.
        gradient_norm: Largest entry of the gradient by theta, the weight decay's part included.
        visit_error: Largest difference of demonstrated and expected visits, summed over time.
    """

    log_likelihood: float
    gradient_norm: float
    visit_error: float


@dataclass(frozen=True)
class Likelihood:
    """L(theta) at some reward, with what it took to compute it.

    Attributes:
        value: L / alpha.
        gradient: Its derivative (3) by r(s, a).
        policy: pi_theta.
        values: V_1(s).
    """

    value: float
    gradient: Float[Tensor, "S A"]
    policy: Float[Tensor, "T S A"]
    values: Float[Tensor, " S"]


def causal_likelihood(
    problem: TabularProblem,
    reward: Float[Tensor, "S A"],
    temperature: float,
    start: Float[Tensor, " S"] | None = None,
) -> Likelihood:
    """Return (1) and its gradient.

    Args:
        problem: Process and demonstrated visits.
        reward: r(s, a).
        temperature: alpha.
        start: Values to start from, where there is no horizon.
    """
    sources = sources_of(problem.mdp, problem.visits)
    solution = solve(problem.mdp, reward, temperature, start)
    value = (problem.visits * reward).sum() - (sources * solution.values).sum()
    excess = problem.visits - visitation(problem.mdp, solution.policy, sources)
    return Likelihood(
        value=float(value) / temperature,
        gradient=excess.sum(dim=0) / temperature,
        policy=solution.policy,
        values=solution.values[0],
    )


def trajectory_likelihood(
    problem: TabularProblem, reward: Float[Tensor, "S A"], temperature: float
) -> Likelihood:
    """Return (2) and its gradient; the policy is that of the model, p(a_t | s_t, O)."""
    starts = problem.visits[0].sum(dim=-1)
    posterior = infer(problem.mdp, reward, temperature, starts)
    value = (problem.visits * reward).sum() / temperature - posterior.log_partition
    gradient = (problem.visits - posterior.visits).sum(dim=0) / temperature
    values = temperature * posterior.log_backward[0].logsumexp(dim=-1)
    return Likelihood(float(value), gradient, posterior.policy, values)


class MaxEnt(TabularLearner[MaxEntConfig, MaxEntDiagnostics]):
    """Learn the reward under which the demonstrations are most likely.

    Args:
        problem: Process, features and demonstrated visits.
        config: All switches.
        seed: What the initial weights of a network follow from.
    """

    def __init__(self, problem: TabularProblem, config: MaxEntConfig, seed: int = 0) -> None:
        super().__init__(problem, config, config.iterations, MaxEntDiagnostics, seed=seed)
        self._model = make_reward(problem.features, config.reward, self.generator)

    @property
    def reward(self) -> Float[Tensor, "S A"]:
        """The learned reward r(s, a)."""
        return by_action(self.problem.mdp, self._model().detach())

    @property
    def policy(self) -> Float[Tensor, "T S A"]:
        """The soft-optimal policy of the learned reward."""
        return self._likelihood(self.reward, None).policy

    def _step(self, iteration: int) -> MaxEntDiagnostics:
        weights, decay = list(self._model.parameters()), self.config.weight_decay
        last: Likelihood | None = None

        def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            nonlocal last
            table = by_action(self.problem.mdp, self._model())
            last = self._likelihood(table.detach(), last)
            slopes = torch.autograd.grad(table, weights, last.gradient)
            slope = decay * theta - parameters_to_vector(slopes).numpy()
            return 0.5 * decay * float(theta @ theta) - last.value, slope

        found = fit(weights, loss, self.config.inner_iterations, self.config.tolerance)
        assert last is not None
        if not math.isfinite(found.value):
            raise LearningError(
                f"the likelihood is {found.value} in iteration {iteration}; raise weight_decay"
            )
        expected = visitation(self.problem.mdp, last.policy).sum(dim=0)
        return MaxEntDiagnostics(
            iteration=iteration,
            log_likelihood=last.value,
            gradient_norm=float(np.abs(found.gradient).max()),
            visit_error=float((self.problem.visits.sum(dim=0) - expected).abs().max()),
        )

    def _likelihood(self, reward: Float[Tensor, "S A"], near: Likelihood | None) -> Likelihood:
        temperature = self.config.temperature
        if self.config.model == "trajectory":
            return trajectory_likelihood(self.problem, reward, temperature)
        start = near.values if near else None
        return causal_likelihood(self.problem, reward, temperature, start)

    def _found(self, last: MaxEntDiagnostics) -> bool:
        return last.gradient_norm <= self.config.tolerance

    def _own_state(self) -> SavedState:
        return SavedState(under("reward", self._model.state_dict()), {})

    def _restore_own(self, state: SavedState) -> None:
        self._model.load_state_dict(state.part("reward"))
