# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which controllers have been tried, and what came of each."""

from dataclasses import dataclass

import torch

from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.trajectory import Trajectories, concatenate


@dataclass(frozen=True)
class Experience:
    """Samples of every controller so far, oldest first.

    Attributes:
        samples: All samples; None before the first.
        controllers: Controllers that produced them.
        counts: Number of samples of each controller.
    """

    samples: Trajectories | None = None
    controllers: tuple[LinearGaussianController, ...] = ()
    counts: tuple[int, ...] = ()

    def samples_of(self, controller: int) -> Trajectories:
        """Return the samples of one controller, counted from 0; -1 is the newest."""
        assert self.samples is not None
        controller %= len(self.counts)
        begin = sum(self.counts[:controller])
        return self.samples[slice(begin, begin + self.counts[controller])]

    def neighbours(self, controller: int, least: int) -> Trajectories:
        """Return the samples of the controllers whose mean paths are nearest to one's own.

        Args:
            controller: Whose neighbourhood is asked for; its own samples are included.
            least: Controllers are added, the nearest first, until so many samples are reached.
        """
        paths = torch.stack(
            [self.samples_of(k).states.mean(dim=0) for k in range(len(self.counts))]
        )
        distances = (paths - paths[controller]).square().sum(dim=(1, 2))
        nearest = torch.argsort(distances, stable=True)
        before = torch.tensor(self.counts)[nearest].cumsum(0) - torch.tensor(self.counts)[nearest]
        chosen = nearest[before < least].sort().values
        return concatenate([self.samples_of(int(k)) for k in chosen])

    def extended(
        self, controller: LinearGaussianController, samples: Trajectories
    ) -> "Experience":
        """Return the experience with a controller's samples added."""
        whole = samples if self.samples is None else concatenate([self.samples, samples])
        return Experience(whole, (*self.controllers, controller), (*self.counts, len(samples)))
