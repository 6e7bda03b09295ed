# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The background samples with their log densities under all that produced them."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.learning.demonstration_density import DemonstrationDensity
from irl_ros.learning.experience import Experience
from irl_ros.learning.importance import log_mixture
from irl_ros.learning.problem import LearningProblem


@dataclass(frozen=True)
class Background:
    """Samples of every controller so far; D_samp of Finn, Levine and Abbeel (2016), algorithm 1.

    Row 0 of the log densities is the demonstrations' own fitted density, rows 1.. are the
    controllers in the order they were used. Nothing is ever discarded, so one iteration costs one
    more row and the new columns: linear in the samples so far.

    Attributes:
        experience: The samples and the controllers that produced them.
        log_q: log q_k(tau_j) of the samples, demonstrations' density first.
        demonstration_log_q: The same for the demonstrations.
    """

    experience: Experience
    log_q: Float[Tensor, "K M"]
    demonstration_log_q: Float[Tensor, "K N"]

    def fused_log_q(
        self, counts: Float[Tensor, " K"], *, equal: bool
    ) -> tuple[Float[Tensor, " N"], Float[Tensor, " M"]]:
        """Return the fused log densities of the demonstrations and of the samples.

        Args:
            counts: How many samples of each distribution an estimate uses, the demonstrations'
                density first.
            equal: Weigh all distributions equally instead of by their share of samples.
        """
        joint = torch.cat([self.demonstration_log_q, self.log_q], dim=1)
        fused = log_mixture(joint, counts, equal=equal)
        split = self.demonstration_log_q.shape[1]
        return fused[:split], fused[split:]


def empty_background(problem: LearningProblem, density: DemonstrationDensity) -> Background:
    """Return the background before any rollout."""
    demonstrated = density.log_prob(problem.demonstrations, problem.contexts)
    return Background(Experience(), demonstrated.new_empty(1, 0), demonstrated.unsqueeze(0))


def extend(
    background: Background,
    problem: LearningProblem,
    density: DemonstrationDensity,
    experience: Experience,
) -> Background:
    """Return the background of an experience that has one more controller."""
    before = background.experience.samples
    newest, samples = experience.controllers[-1], experience.samples_of(-1)
    own = density.controller(problem.context)
    log_q = torch.stack([each.log_prob(samples) for each in (own, *experience.controllers)])
    if before is not None:
        row = newest.log_prob(before).unsqueeze(0)
        log_q = torch.cat([torch.cat([background.log_q, row]), log_q], dim=1)
    demonstrated = newest.log_prob(problem.demonstrations).unsqueeze(0)
    return Background(experience, log_q, torch.cat([background.demonstration_log_q, demonstrated]))
