# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that irl_ros raises on purpose; each message gives value, limit and remedy."""


class IrlRosError(Exception):
    """Base of every error that irl_ros raises on purpose."""


class ParameterError(IrlRosError):
    """A configuration value has an unknown name, a wrong type or lies outside its range."""


class DataError(IrlRosError):
    """Recorded or stored data cannot be used as it is."""


class SafetyError(IrlRosError):
    """A safety rule refused a command."""


class LearningError(IrlRosError):
    """A learning step cannot continue, such as a controller update without a solution."""


class RolloutError(IrlRosError):
    """A rollout source failed to deliver the rollouts asked of it."""
