# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cost inputs near the demonstrations, where nothing was shown and nothing need have been tried.

The likelihood speaks of demonstrations and of what the sampler did. Elsewhere a network is free,
and whoever optimises its cost from elsewhere, at another place or with another arm, stays in
whatever hollow it happens to have there. Two things hold of most tasks that are worth showing:
beside all that was shown it is worse, and it gets better on the way that was shown, also for one
who goes beside it or stands still. Inputs of which that can be asked are drawn here.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from irl_ros.learning.objective import ObjectiveConfig

_KEPT = 2000  # inputs beside the demonstrations that an update draws from
_ASIDE = (-2.0, -0.3)  # decimal logarithms of how large a displacement is, least and most,
_COPIED = (-1.5, -0.5)  # in differences between two inputs that were demonstrated


@dataclass(frozen=True)
class Surroundings:
    """What an update of the cost needs to know of the demonstrations' surroundings.

    Attributes:
        shown: Cost inputs of the demonstrations.
        places: 1 for inputs that say where the robot is, 0 for those that say how it moves.
        aside: Inputs beside the demonstrations.
        nearest: Which of all demonstrated inputs is the nearest to each, by its places.
        rises: How much more each has to cost than that one.
    """

    shown: Float[Tensor, "N T y"]
    places: Float[Tensor, " y"]
    aside: Float[Tensor, "B y"]
    nearest: Int[Tensor, " B"]
    rises: Float[Tensor, " B"]

    def beside(self, shape: tuple[int, int], generator: torch.Generator) -> Int[Tensor, "s b"]:
        """Draw inputs beside the demonstrations for each of s steps; return their numbers."""
        return torch.randint(max(1, len(self.aside)), shape, generator=generator)

    def displacements(self, shape: tuple[int, int], generator: torch.Generator) -> "Displacements":
        """Draw what makes copies of demonstrations, c for each of s steps.

        A copy is moved aside as a whole, slowed down and drifts.
        """
        like = self.shown.new_empty(shape[0] * shape[1], self.shown.shape[-1])
        added = _displaced(like, self.shown, self.places, _COPIED, generator)
        factors = _stillness(len(like), self.places, generator)
        width = like.shape[1]
        return Displacements(factors.view(*shape, width), added.view(*shape, width))


@dataclass(frozen=True)
class Displacements:
    """Copies are y * factors + added, in every step of a demonstration.

    Attributes:
        factors: 1 for places, less for motion.
        added: The same for places and for motion.
    """

    factors: Float[Tensor, "s c y"]
    added: Float[Tensor, "s c y"]


def surroundings(
    inputs: Float[Tensor, "N T y"],
    scale: Float[Tensor, " y"],
    positions: slice,
    config: ObjectiveConfig,
    generator: torch.Generator,
) -> Surroundings:
    """Draw inputs beside the demonstrations, none where g_aside has no weight.

    A demonstrated input is displaced by a random share, even in its logarithm, of the difference
    between two others: as far, and in such directions, as the task itself goes. Every second one
    has a share and a difference for each input by itself, mostly small beside the largest of them:
    so tool points are displaced of which the others stay, which is a tool that tilts, though a
    plate that was always shown upright has no such difference. How much more it has to cost
    grows with its distance d from all that was shown as r (1 - exp(-d / d_0)): steep beside the
    path, where a plate hits what it is to pass, and no demand on the shape far away.
    d is the root mean square over the positions, in their scales.

    Args:
        inputs: Cost inputs of the demonstrations.
        scale: Scale of each.
        positions: Those that say where the robot is; distance is measured in them.
        config: r and d_0.
        generator: Draws them.
    """
    places = torch.zeros_like(inputs[0, 0])
    places[positions] = 1.0
    flat = inputs.flatten(0, 1)
    count = _KEPT if config.aside_weight else 0
    base = flat[torch.randint(len(flat), (count,), generator=generator)]
    moved = _displaced(base, inputs, places, _ASIDE, generator, each=config.aside_each)
    aside = base * _stillness(count, places, generator) + moved
    unit = scale[positions].to(flat.dtype)
    apart, nearest = torch.cdist(aside[:, positions] / unit, flat[:, positions] / unit).min(1)
    distances = apart / len(unit) ** 0.5
    rises = config.aside_rise * -torch.expm1(-distances.double() / config.aside_distance)
    return Surroundings(inputs, places, aside, nearest, rises)


def _displaced(
    like: Float[Tensor, "n y"],
    inputs: Float[Tensor, "N T y"],
    places: Float[Tensor, " y"],
    reach: tuple[float, float],
    generator: torch.Generator,
    *,
    each: bool = False,
) -> Float[Tensor, "n y"]:
    """Draw displacements, of places and of motion each with its own size.

    With ``each``, every second one has a size and a difference for each input by itself.
    """
    flat, (count, width) = inputs.flatten(0, 1), like.shape
    pairs = torch.randint(len(flat), (2, count, 1), generator=generator).repeat(1, 1, width)
    drawn = _uniform((count, 2), like, generator)
    shares = drawn[:, :1] * places + drawn[:, 1:] * (1 - places)
    if each:
        pairs[:, 1::2] = torch.randint(len(flat), (2, count // 2, width), generator=generator)
        shares[1::2] = _uniform((count // 2, width), like, generator)
    low, high = reach
    sizes = 10 ** (low + (high - low) * shares)
    return sizes * (flat.gather(0, pairs[0]) - flat.gather(0, pairs[1]))


def _stillness(
    count: int, places: Float[Tensor, " y"], generator: torch.Generator
) -> Float[Tensor, "n y"]:
    """Draw factors that leave places alone and slow motion down."""
    return places + _uniform((count, 1), places, generator) * (1 - places)


def _uniform(shape: tuple[int, int], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64).to(like.dtype)


def aside(
    costs: Float[Tensor, " b"], nearest: Float[Tensor, " b"], rises: Float[Tensor, " b"]
) -> Float[Tensor, ""]:
    """Return g_aside = mean max(0, c(nearest) + rise - c(y))^2 of inputs y beside what was shown.

    Args:
        costs: State costs c(y).
        nearest: State costs of the demonstrated inputs nearest to each.
        rises: How much more each has to cost.
    """
    return torch.relu(nearest + rises - costs).square().mean()
