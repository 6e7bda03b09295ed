# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All samples that learning has drawn, with their log densities under all that produced them."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.demonstration_density import DemonstrationDensity
from irl_ros.learning.importance import log_mixture
from irl_ros.learning.problem import LearningProblem


@dataclass(frozen=True)
class Background:
    """Samples of every controller so far; D_samp of Finn, Levine and Abbeel (2016), algorithm 1.

    Row 0 of the log densities is the demonstrations' own fitted density, rows 1.. are the
    controllers in the order they were used. Nothing is ever discarded, so one iteration costs one
    more row and the new columns: linear in the samples so far.

    Attributes:
        samples: Background samples, oldest first; None before the first iteration.
        controllers: Controllers that produced them.
        counts: Number of samples of each controller.
        log_q: log q_k(tau_j) of the samples, demonstrations' density first.
        demonstration_log_q: The same for the demonstrations.
    """

    samples: Trajectories | None
    controllers: tuple[LinearGaussianController, ...]
    counts: tuple[int, ...]
    log_q: Float[Tensor, "K M"]
    demonstration_log_q: Float[Tensor, "K N"]

    def samples_of(self, controller: int) -> Trajectories:
        """Return the samples of one controller, counted from 0; -1 is the newest."""
        assert self.samples is not None
        controller %= len(self.counts)
        begin = sum(self.counts[:controller])
        return self.samples[slice(begin, begin + self.counts[controller])]

    def neighbours(self, controller: int, count: int) -> Trajectories:
        """Return the samples of the controllers whose mean paths are nearest to one's own.

        Args:
            controller: Whose neighbourhood is asked for; its own samples are included.
            count: Number of controllers.
        """
        paths = torch.stack(
            [self.samples_of(k).states.mean(dim=0) for k in range(len(self.counts))]
        )
        distances = (paths - paths[controller]).square().sum(dim=(1, 2))
        nearest = torch.argsort(distances, stable=True)[:count]
        return concatenate([self.samples_of(int(k)) for k in nearest.sort().values])

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
    nothing = demonstrated.new_empty(1, 0)
    return Background(None, (), (), nothing, demonstrated.unsqueeze(0))


def extend(
    background: Background,
    problem: LearningProblem,
    density: DemonstrationDensity,
    controller: LinearGaussianController,
    samples: Trajectories,
) -> Background:
    """Return the background with a controller's samples added."""
    own = density.controller(problem.context)
    distributions = (own, *background.controllers, controller)
    columns = torch.stack([each.log_prob(samples) for each in distributions])
    if background.samples is None:
        log_q, joined = columns, samples
    else:
        row = controller.log_prob(background.samples).unsqueeze(0)
        log_q = torch.cat([torch.cat([background.log_q, row]), columns], dim=1)
        joined = concatenate([background.samples, samples])
    demonstrated = controller.log_prob(problem.demonstrations).unsqueeze(0)
    return replace(
        background,
        samples=joined,
        controllers=(*background.controllers, controller),
        counts=(*background.counts, len(samples)),
        log_q=log_q,
        demonstration_log_q=torch.cat([background.demonstration_log_q, demonstrated]),
    )
