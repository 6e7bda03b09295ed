# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning: fit a policy to the demonstrated actions, and nothing else.

Pomerleau (1991). With weights v_i of the demonstrations and noise e on the scaled inputs,

(1)  L = -sum_i v_i sum_t log pi(u_it | x_it + sigma e) / (T sum_i v_i),  e ~ N(0, I)
(2)  pi(u | x) = N(u; mu(x, t), diag(s)^2),  s not below a floor

is lowered by Adam on minibatches of time steps. The policy delivered is the one with the least
(1) of demonstrations left out, without noise.
"""

import copy
import dataclasses
import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError, LearningError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.rollout import RolloutSource
from irl_ros.learning.learning_loop import ArmIterations
from irl_ros.learning.problem import LearningProblem, hold_out
from irl_ros.learning.saved_state import (
    SavedState,
    optimiser_tensors,
    restore_optimiser,
    under,
)


@dataclass(frozen=True)
class BehaviourCloningConfig(Parameters):
    """How a policy is cloned from demonstrations."""

    sees: str = parameter(
        "features",
        choices=("features", "state", "both"),
        doc="the policy sees the cost inputs, relative to the target, the whole state, or both",
    )
    policy: NeuralPolicyConfig = field(default_factory=NeuralPolicyConfig)
    iterations: int = parameter(120, low=1, high=100000, doc="largest number of iterations")
    steps: int = parameter(50, low=1, high=100000, doc="gradient steps per iteration")
    batch: int = parameter(256, low=1, high=100000, doc="time steps in a minibatch")
    learning_rate: float = parameter(2e-3, low=1e-7, high=1.0, doc="step size of Adam")
    input_noise: float = parameter(
        0.05,
        low=0.0,
        high=10.0,
        doc="standard deviation of noise on the inputs, in units of their scale; 0: off",
    )
    deviation_floor: float = parameter(
        0.02, low=1e-6, high=10.0, doc="smallest standard deviation, in units of the action scale"
    )
    validation_share: float = parameter(
        0.3, low=0.0, high=0.9, doc="share of demonstrations that judge and are not learned from"
    )
    patience: int = parameter(
        15, low=1, high=100000, doc="iterations without a better validation that end learning"
    )


@dataclass(frozen=True)
class CloningDiagnostics:
    """Health of one iteration of behaviour cloning.

    Attributes:
        iteration: Number of the iteration, from 1.
        training_nll: Negative log likelihood of a demonstrated action, nat, mean over minibatches.
        validation_nll: The same on demonstrations not learned from; NaN without any.
        best_iteration: Iteration whose policy is kept.
        deviation: Mean standard deviation of the policy, in units of the action scale.
    """

    iteration: int
    training_nll: float
    validation_nll: float
    best_iteration: int
    deviation: float

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        return dataclasses.asdict(self)


def clone_behaviour(
    problem: LearningProblem, config: BehaviourCloningConfig, seed: int
) -> NeuralPolicy:
    """Return the policy that maximises the likelihood of the demonstrated actions.

    Args:
        problem: Demonstrations, and the context in which the policy is to act.
        config: All switches.
        seed: All randomness follows from it.

    Raises:
        LearningError: If the likelihood is no longer finite.
    """
    learner = BehaviourCloning(problem, config, seed)
    while not learner.finished:
        learner.step()
    return learner.policy


class BehaviourCloning(ArmIterations[BehaviourCloningConfig, CloningDiagnostics]):
    """Minimise (1), stopped where unseen demonstrations fit best.

    Noise on the inputs with the action unchanged teaches the policy to act the
    same beside the demonstrated path, which a clone is otherwise never told.

    Args:
        problem: Demonstrations, and the context in which the policy is to act.
        config: All switches.
        seed: All randomness follows from it.
    """

    def __init__(
        self, problem: LearningProblem, config: BehaviourCloningConfig, seed: int
    ) -> None:
        super().__init__(problem, config, config.iterations, seed, CloningDiagnostics)
        learned, held_out = hold_out(problem, config.validation_share)
        self._current = NeuralPolicy(
            config.policy,
            self._features(problem),
            policy_scales(self._inputs(problem), problem.demonstrations.actions),
            problem.demonstrations.horizon,
            self.generator,
        )
        self.policy = copy.deepcopy(self._current)
        self.optimiser = torch.optim.Adam(self._current.parameters(), lr=config.learning_rate)
        self._learned = self._steps(learned)
        self._held_out = None if held_out is None else self._steps(held_out)

    @property
    def learned_cost(self) -> None:
        """A clone knows no cost."""
        return

    @property
    def finished(self) -> bool:
        """Whether all iterations are done, or the validation has not improved for long."""
        waited = self.iteration - self.history[-1].best_iteration if self.history else 0
        return super().finished or waited >= self.config.patience

    def step(self, source: RolloutSource | None = None) -> CloningDiagnostics:
        """Take some gradient steps and keep the policy if unseen demonstrations fit better.

        Args:
            source: Not used: a clone tries nothing.

        Raises:
            LearningError: If the likelihood is no longer finite.
        """
        total = 0.0
        for _ in range(self.config.steps):
            total += self._descend()
        training = total / self.config.steps
        validation = math.nan
        if self._held_out is not None:
            with torch.no_grad():
                validation = float(self._current_loss(*self._held_out))
        best = self._best_so_far(validation)
        if best:
            self.policy = copy.deepcopy(self._current)
        return self._told(
            CloningDiagnostics(
                iteration=self.iteration + 1,
                training_nll=training,
                validation_nll=validation,
                best_iteration=self.iteration + 1 if best else self.history[-1].best_iteration,
                deviation=float(self._current.log_deviation.detach().exp().mean()),
            )
        )

    def _own_state(self) -> SavedState:
        tensors = {
            **under("current", self._current.state_dict()),
            **under("best", self.policy.state_dict()),
            **under("adam", optimiser_tensors(self.optimiser)),
        }
        return SavedState(tensors, {})

    def _restore_own(self, state: SavedState) -> None:
        self._current.load_state_dict(state.part("current"))
        self.policy.load_state_dict(state.part("best"))
        restore_optimiser(self.optimiser, state.part("adam"))

    def _best_so_far(self, validation: float) -> bool:
        before = [entry.validation_nll for entry in self.history]
        # Without validation the newest policy is the one that is kept.
        return math.isnan(validation) or not before or validation < min(before)

    def _descend(self) -> float:
        observations, actions, weights = self._learned
        chosen = torch.randint(len(actions), (self.config.batch,), generator=self.generator)
        seen = observations[chosen]
        if self.config.input_noise > 0:
            noise = torch.randn(seen.shape, generator=self.generator, dtype=torch.float64)
            noise[:, -1] = 0.0  # the time is known
            seen = seen + self.config.input_noise * noise
        loss = self._current_loss(seen, actions[chosen], weights[chosen])
        if not bool(torch.isfinite(loss)):
            raise LearningError(
                f"the likelihood is {float(loss.detach())}; lower behaviour cloning's "
                "learning_rate"
            )
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        with torch.no_grad():
            self._current.log_deviation.clamp_(min=math.log(self.config.deviation_floor))
        return float(loss.detach())

    def _current_loss(
        self,
        observations: Float[Tensor, "S o"],
        actions: Float[Tensor, "S u"],
        weights: Float[Tensor, " S"],
    ) -> Float[Tensor, ""]:
        """Return (1) of some time steps."""
        log_q = self._current.step_log_prob(observations, actions)
        return -(weights * log_q).sum() / weights.sum()

    def _features(self, problem: LearningProblem) -> AffineFeatures:
        """Return what the policy sees of a state."""
        seen, eye = problem.features, torch.eye(problem.demonstrations.state_dim).double()
        whole = AffineFeatures(eye, torch.zeros_like(eye[0]))
        if self.config.sees == "state":
            return whole
        if self.config.sees == "features":
            return seen
        return AffineFeatures(
            torch.cat([seen.matrix, whole.matrix]), torch.cat([seen.offset, whole.offset])
        )

    def _inputs(self, problem: LearningProblem) -> Float[Tensor, "N T y"]:
        """Return what it sees of the demonstrations, each relative to its own target."""
        states = problem.demonstrations.states
        if self.config.sees == "state":
            return states
        if self.config.sees == "features":
            return problem.inputs
        return torch.cat([problem.inputs, states], dim=-1)

    def _steps(
        self, problem: LearningProblem
    ) -> tuple[Float[Tensor, "S o"], Float[Tensor, "S u"], Float[Tensor, " S"]]:
        """Return observations, actions and weights of all time steps of all demonstrations."""
        observations = self._current.observe(self._inputs(problem)).flatten(0, 1)
        actions = problem.demonstrations.actions
        weights = problem.weights.unsqueeze(1).expand(actions.shape[:2]).flatten()
        return observations, actions.flatten(0, 1), weights


def policy_scales(inputs: Float[Tensor, "N T y"], actions: Float[Tensor, "N T u"]) -> PolicyScales:
    """Return centre and scale of each input and action in the demonstrations.

    What hardly varies in the demonstrations is not magnified: no scale is below a twentieth of
    the largest of its kind.

    Raises:
        DataError: If neither states nor actions ever vary.
    """
    seen, done = inputs.flatten(0, 1), actions.flatten(0, 1)
    scales = [values.std(dim=0) for values in (seen, done)]
    if any(float(scale.max()) == 0.0 for scale in scales):
        raise DataError("the demonstrations never move; record ones that do")
    floored = [scale.clamp(min=0.05 * float(scale.max())) for scale in scales]
    return PolicyScales(seen.mean(dim=0), floored[0], done.mean(dim=0), floored[1])
