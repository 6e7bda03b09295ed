# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All algorithms that learn on an arm, by name, behind one configuration."""

from dataclasses import dataclass, field

from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import Parameters, parameter, replace
from irl_ros.learning.adversarial.airl import AirlConfig, airl
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.behaviour_cloning import BehaviourCloning, BehaviourCloningConfig
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.learner import Learner
from irl_ros.learning.max_margin import MaximumMargin, MaximumMarginConfig
from irl_ros.learning.maxent import MaximumEntropy, MaximumEntropyConfig
from irl_ros.learning.neural_gcl import NeuralGclConfig, neural_gcl
from irl_ros.learning.problem import LearningProblem
from irl_ros.learning.relative_entropy import (
    RelativeEntropy,
    RelativeEntropyConfig,
    RelentConfig,
)

ALGORITHMS = ("gcl", "relent", "gan_gcl", "maxent", "max_margin", "gail", "airl", "bc")
POLICIES = ("linear_gaussian", "neural")
_WITHOUT_NEURAL = {
    "relent": "its sampler is linear-Gaussian, and so is what it optimises for its cost",
    "maxent": "what it expects is computed for linear-Gaussian controllers alone",
    "max_margin": "it improves linear-Gaussian controllers alone",
}


@dataclass(frozen=True)
class AlgorithmConfig(Parameters):
    """Which algorithm learns, and the switches of each."""

    algorithm: str = parameter("gcl", choices=ALGORITHMS, doc="what learns")
    policy: str = parameter(
        "linear_gaussian",
        choices=POLICIES,
        doc="kind of policy of gcl and gan_gcl; relent, maxent and max_margin always have a "
        "linear-Gaussian one, gail, airl and bc a neural one",
    )
    gcl: GclConfig = field(default_factory=GclConfig)
    relent: RelentConfig = field(default_factory=RelentConfig)
    neural_gcl: NeuralGclConfig = field(default_factory=NeuralGclConfig)
    maxent: MaximumEntropyConfig = field(default_factory=MaximumEntropyConfig)
    max_margin: MaximumMarginConfig = field(default_factory=MaximumMarginConfig)
    gail: GailConfig = field(default_factory=GailConfig)
    airl: AirlConfig = field(default_factory=AirlConfig)
    bc: BehaviourCloningConfig = field(default_factory=BehaviourCloningConfig)

    def __post_init__(self) -> None:
        """Check what a single value cannot tell."""
        super().__post_init__()
        if self.policy == "neural" and self.algorithm in _WITHOUT_NEURAL:
            raise ParameterError(
                f"algorithm = {self.algorithm!r} with policy = 'neural': "
                f"{_WITHOUT_NEURAL[self.algorithm]}; leave policy at 'linear_gaussian'"
            )


def make_learner(config: AlgorithmConfig, problem: LearningProblem, seed: int) -> Learner:
    """Return the configured algorithm for a problem.

    Relative-entropy IRL and GAN-GCL are Guided Cost Learning with one switch each; the former
    ends with a controller for its cost.

    Args:
        config: Which algorithm, and its switches.
        problem: Demonstrations and the context to be learned.
        seed: All randomness follows from it.
    """
    if config.algorithm == "bc":
        return BehaviourCloning(problem, config.bc, seed)
    if config.algorithm == "gail":
        return gail(problem, config.gail, seed)
    if config.algorithm == "airl":
        return airl(problem, config.airl, seed)
    if config.algorithm == "maxent":
        return MaximumEntropy(problem, config.maxent, seed)
    if config.algorithm == "max_margin":
        return MaximumMargin(problem, config.max_margin, seed)
    if config.algorithm == "relent":
        return RelativeEntropy(problem, RelativeEntropyConfig(config.gcl, config.relent), seed)
    changes = {"objective.loss": "gan"} if config.algorithm == "gan_gcl" else {}
    if config.policy == "neural":
        return neural_gcl(problem, replace(config.neural_gcl, changes), seed)
    return GuidedCostLearning(problem, replace(config.gcl, changes), seed)
