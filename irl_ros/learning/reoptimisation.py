# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A cost that was learned once is optimised again: elsewhere, or on an arm that nobody taught."""

from dataclasses import dataclass, field

import torch

from irl_ros.core.action import ActionSpace
from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import ParameterError
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.task import relative_features
from irl_ros.learning.arm_problem import ArmCoordinates, arm_problem
from irl_ros.learning.controller_optimisation import ControllerOptimisation, OptimiserConfig
from irl_ros.learning.cost import Cost
from irl_ros.learning.demonstration_density import (
    DemonstrationDensityConfig,
    fit_demonstration_density,
)
from irl_ros.learning.first_sampler import FirstSamplerConfig, first_sampler, standing_still
from irl_ros.learning.motion_tracking import posture_tracking


@dataclass(frozen=True)
class ReoptimisationConfig(OptimiserConfig):
    """How a saved cost is optimised on an arm, by default as in Guided Cost Learning."""

    first_sampler: FirstSamplerConfig = field(default_factory=FirstSamplerConfig)
    density: DemonstrationDensityConfig = field(default_factory=DemonstrationDensityConfig)


def reoptimisation(
    cost: Cost,
    contract: ExecutionContract,
    horizon: int,
    config: ReoptimisationConfig,
    seed: int,
    demonstrations: Demonstrations | None = None,
) -> ControllerOptimisation:
    """Return the learner of a controller for a cost that stays as it is.

    Args:
        cost: What to lower.
        contract: Arm, start and target.
        horizon: Number of steps T of an attempt.
        config: All switches.
        seed: All randomness follows from it.
        demonstrations: With which sampling begins, of the same arm; it begins with standing still
            if there are none. They teach nothing else.

    Raises:
        DataError: If actions or their scale are not for this arm.
        ParameterError: If actions are torques and there are no demonstrations.
    """
    arm = load_arm(contract.arm)
    contract.check_actions(len(arm.joint_names))
    if demonstrations is None:
        kinematics = Kinematics(arm)
        posture = torch.tensor(contract.start, dtype=torch.float64)
        rest = kinematics.arm_state(posture, torch.zeros_like(posture))
        space, scale = ActionSpace(contract.action_space), contract.action_scale
        tracking = posture_tracking(space, contract.control_period, scale, len(posture), len(rest))
        first = standing_still(rest, tracking, horizon, config.first_sampler)
    else:
        problem = arm_problem(demonstrations, contract.target, arm)
        density = fit_demonstration_density(
            problem.demonstrations, problem.contexts, config.density, problem.weights
        )
        first = first_sampler(problem, density, config.first_sampler)
    return ControllerOptimisation(
        cost,
        relative_features(contract.target),
        first,
        config,
        seed,
        coordinates=ArmCoordinates(arm),
    )


def check_cost(learned: ExecutionContract, wanted: ExecutionContract) -> None:
    """Check that a cost weighs the actions that are wanted.

    Args:
        learned: Conditions under which it was learned.
        wanted: Conditions under which it shall be optimised.

    Raises:
        ParameterError: If it was learned with other actions.
    """
    for name, unit in (("action_space", ""), ("control_period", " s"), ("action_scale", "")):
        theirs, ours = getattr(learned, name), getattr(wanted, name)
        if theirs != ours:
            raise ParameterError(
                f"the cost was learned with {name} = {theirs}{unit}, here it is {ours}{unit}; a "
                "cost weighs actions, so choose the same"
            )
