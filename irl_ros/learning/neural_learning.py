# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all methods with a neural policy share: each fits a reward, PPO improves the policy."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import LearningError, ParameterError
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Rollouts, Trajectories
from irl_ros.learning.absorbing import acting
from irl_ros.learning.behaviour_cloning import (
    BehaviourCloning,
    BehaviourCloningConfig,
    clone_behaviour,
)
from irl_ros.learning.cost import Cost
from irl_ros.learning.learning_loop import LearningLoop
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.proximal import ProximalConfig, ProximalOptimiser
from irl_ros.learning.saved_state import SavedState, under


@dataclass(frozen=True)
class NeuralLearningConfig(Parameters):
    """What all methods with a neural policy can be told."""

    iterations: int = parameter(60, low=1, high=100000, doc="outer iterations")
    rollouts: int = parameter(40, low=2, high=10000, doc="new rollouts per iteration")
    warm_start: bool = parameter(
        True, doc="begin with a policy cloned from the demonstrations, not with a random one"
    )
    exploration: float = parameter(
        0.06,
        low=0.0,
        high=1e3,
        doc="smallest standard deviation of the first policy's actions, in their unit; 0: off",
    )
    entropy_weight: float = parameter(
        1.0, low=0.0, high=1e6, doc="weight of the policy's entropy, lambda; 0: off"
    )
    cloning: BehaviourCloningConfig = field(default_factory=BehaviourCloningConfig)
    proximal: ProximalConfig = field(default_factory=ProximalConfig)


@runtime_checkable
class RewardLearner(Protocol):
    """The part in which the methods differ: a reward learned from demonstrations and rollouts."""

    def fit(self, rollouts: Trajectories, policy: NeuralPolicy) -> Mapping[str, float]:
        """Learn from new rollouts and return what is worth knowing about it.

        Args:
            rollouts: New trajectories.
            policy: What produced them.
        """
        ...

    def rewards(self, rollouts: Trajectories) -> Float[Tensor, "M T"]:
        """Return the reward of each step, without the entropy."""
        ...

    @property
    def learned_cost(self) -> Cost | None:
        """The cost as it is now; None where the reward is none that could be stored."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on exactly from here, but for the generator."""
        ...

    def restore(self, state: SavedState) -> None:
        """Go on from what `state` returned."""
        ...


@dataclass(frozen=True)
class NeuralDiagnostics:
    """Health of one iteration.

    Attributes:
        iteration: Number of the iteration, from 1.
        rollouts: Rollouts used so far.
        success_rate: Share of this iteration's rollouts that did the task.
        peak_force: Largest contact force among them, N.
        reward: Mean reward of a step of the newest rollouts, without the entropy.
        entropy: Entropy of the policy that was sampled, nat.
        kl: KL of the policy step, nat per time step.
        clipped: Share of steps whose probability changed as far as pays.
        explained: Share of the variance of the returns that the critic explains.
        deviation: Mean standard deviation of the new policy, in units of the action scale.
        fit: What the reward's learner tells about itself.
    """

    iteration: int
    rollouts: int
    success_rate: float
    peak_force: float
    reward: float
    entropy: float
    kl: float
    clipped: float
    explained: float
    deviation: float
    fit: Mapping[str, float]

    def as_mapping(self) -> dict[str, float]:
        """Return all values by name."""
        values = dataclasses.asdict(self)
        fit: dict[str, float] = values.pop("fit")
        return {**values, **fit}


@final
class NeuralLearning(LearningLoop[NeuralLearningConfig, NeuralDiagnostics, Rollouts]):
    """Alternate one fit of a reward with one policy-gradient step on it.

    Args:
        problem: Demonstrations and the context to be learned.
        config: All switches; those of the reward's learner too, for the record.
        seed: All randomness of learning and of the rollouts it asks for follows from it.
        learner: Makes the reward's learner with the generator that all randomness comes from.

    Raises:
        ParameterError: If the policy is to see the whole state, which rewards do not.
    """

    def __init__(
        self,
        problem: LearningProblem,
        config: NeuralLearningConfig,
        seed: int,
        learner: Callable[[torch.Generator], RewardLearner],
    ) -> None:
        if config.cloning.sees != "features":
            raise ParameterError(
                f"cloning.sees = {config.cloning.sees!r}; here the policy sees what the reward "
                "sees, set it to features"
            )
        super().__init__(problem, config, config.iterations, seed, NeuralDiagnostics)
        if config.warm_start:
            first = clone_behaviour(problem, config.cloning, seed)
        else:
            first = BehaviourCloning(problem, config.cloning, seed).policy
        with torch.no_grad():
            # A clone is sure of itself where demonstrators were; a search must try.
            floor = config.exploration / first.action_scale
            first.log_deviation.copy_(torch.maximum(first.log_deviation, floor.log()))
        self._optimiser = ProximalOptimiser(first, config.proximal, self.generator)
        self.learner = learner(self.generator)

    @property
    def policy(self) -> NeuralPolicy:
        """The policy as it is now."""
        return self._optimiser.policy

    @property
    def learned_cost(self) -> Cost | None:
        """The cost as it is now; None where the reward is none that could be stored."""
        return self.learner.learned_cost

    def _sample(self, source: RolloutSource) -> Rollouts:
        self._check_source(source)
        word = np.random.SeedSequence([self.seed, self.iteration]).generate_state(1)[0]
        return source.sample(self.policy, self.config.rollouts, int(word))

    def _fit_reward(self, trial: Rollouts) -> Mapping[str, float]:
        return self.learner.fit(trial.trajectories, self.policy)

    def _improve(self, trial: Rollouts, fitted: Mapping[str, float]) -> NeuralDiagnostics:
        policy, tried = self.policy, trial.trajectories
        rewards = self.learner.rewards(tried)
        # The gradient of the entropy: E[log pi] is raised by the reward -log pi.
        log_pi = log_densities(policy, tried) * acting(tried, absorbs=self.problem.absorbs)
        entropic = rewards - self.config.entropy_weight * log_pi
        report = self._optimiser.improve(tried, entropic)
        return NeuralDiagnostics(
            iteration=self.iteration + 1,
            rollouts=(self.iteration + 1) * self.config.rollouts,
            success_rate=trial.successes / len(trial.outcomes),
            peak_force=max(outcome.peak_force for outcome in trial.outcomes),
            reward=float(rewards.mean()),
            entropy=policy.entropy(),
            kl=report.kl,
            clipped=report.clipped,
            explained=report.explained,
            deviation=report.deviation,
            fit=fitted,
        )

    def _check_source(self, source: RolloutSource) -> None:
        shown = self.problem.demonstrations
        theirs = (source.horizon, source.state_dim, source.action_dim)
        ours = (shown.horizon, shown.state_dim, shown.action_dim)
        if theirs != ours:
            raise LearningError(
                f"rollouts have {theirs} steps, state and action dimensions, demonstrations "
                f"{ours}; they must agree"
            )

    def _own_state(self) -> SavedState:
        tensors = {
            **under("optimiser", self._optimiser.state()),
            **under("learner", self.learner.state()),
        }
        return SavedState(tensors, {})

    def _restore_own(self, state: SavedState) -> None:
        self._optimiser.restore(state.part("optimiser"))
        self.learner.restore(SavedState(state.part("learner"), {}))


@torch.no_grad()
def log_densities(
    policy: NeuralPolicy,
    trajectories: Trajectories,
    inputs: Float[Tensor, "M T y"] | None = None,
) -> Float[Tensor, "M T"]:
    """Return log pi(u_t | x_t) of each step by the policy as it is now.

    Actions are measured in units of the policy's action scale: a constant, which keeps densities
    of seven joints near 1.

    Args:
        policy: The policy.
        trajectories: States and actions.
        inputs: What the policy sees, where that does not follow from the states, as for
            demonstrations of other targets.
    """
    seen = policy.features(trajectories.states) if inputs is None else inputs
    densities = policy.step_log_prob(policy.observe(seen), trajectories.actions)
    return densities + policy.action_scale.log().sum()
