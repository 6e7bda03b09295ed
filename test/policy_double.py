# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Policies whose actions are known beforehand."""

import dataclasses
from typing import Any

import numpy as np
import torch

from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.executable import ExecutablePolicy
from irl_ros.core.features import AffineFeatures
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.task import DishTask

ARM = load_arm("panda")


def contract(**changes: Any) -> ExecutionContract:
    """Return the conditions of a velocity policy for the panda from its home posture."""
    usual = ExecutionContract(
        arm=ARM.name,
        joint_names=ARM.joint_names,
        action_space="velocity",
        control_period=0.05,
        start=tuple(ARM.home.tolist()),
        target=DishTask().target_pose(4),
    )
    return dataclasses.replace(usual, **changes)


def controller(actions: np.ndarray) -> LinearGaussianController:
    """Return a controller that takes these actions, T x u, whatever the state."""
    horizon, joints = actions.shape
    return LinearGaussianController(
        gains=torch.zeros(horizon, joints, STATE_DIM, dtype=torch.float64),
        offsets=torch.tensor(actions, dtype=torch.float64),
        covariances=1e-4 * torch.eye(joints, dtype=torch.float64).repeat(horizon, 1, 1),
    )


def wave(horizon: int = 20, speed: float = 0.3) -> np.ndarray:
    """Return actions that swing the first and the last joint out and back, T x u."""
    swing = speed * np.sin(2 * np.pi * np.arange(horizon) / horizon)
    return np.outer(swing, [1.0, 0, 0, 0, 0, 0, -1.0])


def neural_policy(seed: int = 0, deviation: float = 0.5) -> NeuralPolicy:
    """Return an untrained neural policy for an arm; its actions are near 0.1 rad/s."""
    ones = torch.ones(STATE_DIM, dtype=torch.float64)
    return NeuralPolicy(
        NeuralPolicyConfig(hidden=(6,), deviation=deviation),
        AffineFeatures(torch.eye(STATE_DIM, dtype=torch.float64), 0.1 * ones),
        PolicyScales(0.2 * ones, 2 * ones, 0.1 * ones[:7], 0.5 * ones[:7]),
        len(wave()),
        torch.Generator().manual_seed(seed),
    )


def policy(actions: np.ndarray | None = None, /, **changes: Any) -> ExecutablePolicy:
    """Return a policy that takes these actions under these conditions."""
    return ExecutablePolicy(
        controller(wave() if actions is None else actions), contract(**changes), "test policy"
    )
