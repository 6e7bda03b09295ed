# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of sampling, fitting the reward and improving the policy, whatever is sampled."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from irl_ros.learning.learner import Report

S = TypeVar("S")
D = TypeVar("D", bound=Report)
T = TypeVar("T")


class SamplingLoop(ABC, Generic[S, D, T]):
    """Sample, fit the reward, improve the policy, and again.

    What differs between algorithms is what a trial is and where it comes from, and each of the
    three.
    """

    def _round(self, source: S) -> D:
        """Sample, fit the reward, improve the policy; return the iteration's diagnostics."""
        trial = self._sample(source)
        fitted = self._fit_reward(trial)
        return self._improve(trial, fitted)

    @abstractmethod
    def _sample(self, source: S) -> T:
        """Try the policy as it is now."""

    @abstractmethod
    def _fit_reward(self, trial: T) -> Mapping[str, Any]:
        """Fit the reward, or cost, in place, and return what is worth knowing about it."""

    @abstractmethod
    def _improve(self, trial: T, fitted: Mapping[str, Any]) -> D:
        """Improve the policy by the reward, and return the iteration's diagnostics."""
