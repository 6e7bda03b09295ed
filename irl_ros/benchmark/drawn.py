# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An arm and a start that nobody chose: drawn for each seed, so that nothing was tuned on them."""

from dataclasses import replace

import numpy as np

from irl_ros.sim.change import ChangeConfig

GAIN = (0.75, 1.1)
"""Range of the factor on a joint's command."""

BIAS = 0.08
"""Largest velocity added to a joint's command, rad/s."""

START_SHIFT = (0.05, 0.25, 0.05)
"""Largest displacement of the plate at the start along x, y and z, m."""

_PURPOSE = 1_000_003
"""Sets these numbers apart from all others that follow from a seed."""


def drawn(seed: int) -> ChangeConfig:
    """Return the arm of a seed: every value uniform in its range, on its own.

    Args:
        seed: Everything follows from it; no method's randomness does.
    """
    source = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_PURPOSE,)))
    gain = source.uniform(*GAIN, size=7)
    bias = source.uniform(-BIAS, BIAS, size=7)
    shift = np.array(START_SHIFT) * source.uniform(-1.0, 1.0, size=3)
    return ChangeConfig(
        gain=tuple(gain.round(4).tolist()),
        bias=tuple(bias.round(4).tolist()),
        start_shift=tuple(shift.round(4).tolist()),
    )


def changed_too(arm: ChangeConfig, change: ChangeConfig) -> ChangeConfig:
    """Return a drawn arm with further changes on top.

    Args:
        arm: As drawn.
        change: What else is not as taught.
    """
    return replace(
        change,
        gain=tuple(np.multiply(arm.gain, change.gain).tolist()),
        bias=tuple(np.add(arm.bias, change.bias).tolist()),
        start_shift=tuple(np.add(arm.start_shift, change.start_shift).tolist()),
    )
