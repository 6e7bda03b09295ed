# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A learning problem: demonstrations, what the cost may see, and the context to be learned."""

import hashlib
import math
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from irl_ros.core.errors import DataError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.trajectory import Trajectories


@runtime_checkable
class Coordinates(Protocol):
    """The leading part of a state from which the rest follows, as tool points from joints."""

    @property
    def count(self) -> int:
        """Number of leading dimensions z."""
        ...

    def jacobian(self, states: Float[Tensor, "T x"]) -> Float[Tensor, "T x z"]:
        """Return the derivative of whole states with respect to their leading part."""
        ...


@dataclass(frozen=True)
class LearningProblem:
    """What every algorithm of this layer learns from.

    Attributes:
        demonstrations: N demonstrated trajectories.
        inputs: Cost inputs of the demonstrations, each relative to its own target.
        contexts: What each demonstration was about, such as its target's position.
        features: Cost inputs in the context to be learned.
        context: The context to be learned, not necessarily a demonstrated one.
        input_scale: Fixed scale of every cost input.
        weights: How much each demonstration counts, greater than zero.
        tracking: Feedback u = tracking (x - x_reference) that pulls the state back to a reference
            at unit rate, 1/s.
        coordinates: What is known of the state's inner dependence; None if nothing.
        positions: Cost inputs that say where the robot is, all by default; the others say how
            fast it moves.
        absorbs: Whether the last component of a state is 1 once an attempt has ended early, see
            `absorb`; GAIL and AIRL then leave actions after the end out.
        earlier: What the same robot did where it answers commands otherwise, which tells how it
            moves; None if nobody looked. Nothing else is learned from it.

    Raises:
        DataError: If the parts disagree in number or dimension.
    """

    demonstrations: Trajectories
    inputs: Float[Tensor, "N T y"]
    contexts: Float[Tensor, "N g"]
    features: AffineFeatures
    context: Float[Tensor, " g"]
    input_scale: Float[Tensor, " y"]
    tracking: Float[Tensor, "u x"]
    weights: Float[Tensor, " N"]
    coordinates: Coordinates | None = None
    positions: slice = field(default_factory=lambda: slice(None))
    absorbs: bool = False
    earlier: Trajectories | None = None

    def __post_init__(self) -> None:
        """Check the parts against each other."""
        count, horizon = len(self.demonstrations), self.demonstrations.horizon
        if self.inputs.shape[:2] != (count, horizon) or {
            len(self.contexts),
            len(self.weights),
        } != {count}:
            raise DataError(
                f"{count} demonstrations of {horizon} steps, but cost inputs "
                f"{tuple(self.inputs.shape)}, contexts {tuple(self.contexts.shape)} and "
                f"{len(self.weights)} weights"
            )
        if not bool((self.weights > 0).all()):
            raise DataError("a demonstration has a weight of 0 or less; leave it out instead")
        if bool((self.input_scale <= 0).any()):
            raise DataError("a scale of a cost input is not positive; give positive scales")


def group_scale(inputs: Float[Tensor, "N T y"], groups: tuple[slice, ...]) -> Float[Tensor, " y"]:
    """Return one scale for each group of cost inputs: its root mean square in the demonstrations.

    Positions and velocities each keep their own shape in space, which a scale per dimension
    would distort.

    Args:
        inputs: Cost inputs of the demonstrations.
        groups: Which dimensions share a scale.
    """
    scale = inputs.new_ones(inputs.shape[-1])
    for group in groups:
        scale[group] = inputs[..., group].square().mean().sqrt().clamp(min=1e-9)
    return scale


def path_shares(problem: LearningProblem) -> Float[Tensor, "N S"]:
    """Return how far each step of a demonstration goes, 1 on average; 0 where it waits.

    Args:
        problem: Its scaled positions are what distance is measured in.
    """
    scaled = (problem.inputs / problem.input_scale)[..., problem.positions]
    steps: Tensor = scaled.diff(dim=1).norm(dim=-1)
    return steps / steps.mean().clamp(min=1e-12)


def hold_out(
    problem: LearningProblem, share: float
) -> tuple[LearningProblem, LearningProblem | None]:
    """Split evenly spaced demonstrations off, the share rounded down; at least 2 are left.

    Args:
        problem: All demonstrations.
        share: Share of them that is split off.

    Returns:
        The problem that is learned, and the one held out, None if it would be empty.
    """
    total = len(problem.demonstrations)
    count = min(math.floor(share * total + 1e-9), total - 2)
    if count <= 0:
        return problem, None
    chosen = {round((index + 0.5) * total / count - 0.5) for index in range(count)}
    kept = [index for index in range(total) if index not in chosen]
    return _subset(problem, kept), _subset(problem, sorted(chosen))


def _subset(problem: LearningProblem, indices: list[int]) -> LearningProblem:
    return replace(
        problem,
        demonstrations=problem.demonstrations[indices],
        inputs=problem.inputs[indices],
        contexts=problem.contexts[indices],
        weights=problem.weights[indices],
    )


def fingerprint(problem: LearningProblem) -> str:
    """Return a sum that differs where demonstrations, target, scale or earlier motions differ."""
    earlier = problem.earlier
    return digest(
        problem.demonstrations.states,
        problem.demonstrations.actions,
        problem.contexts,
        problem.context,
        problem.input_scale,
        problem.weights,
        *([] if earlier is None else [earlier.states, earlier.actions]),
    )


def digest(*tensors: Tensor) -> str:
    """Return a sum that differs where one of the tensors does."""
    sums = hashlib.sha256()
    for tensor in tensors:
        sums.update(tensor.numpy().tobytes())
    return sums.hexdigest()
