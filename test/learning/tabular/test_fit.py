# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The fit by L-BFGS against a linear system, with several parameters as one vector."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from irl_ros.learning.tabular.fit import fit, with_decay


def test_a_fit_with_decay_solves_the_regularised_normal_equations() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    targets = torch.randn(20, generator=generator, dtype=torch.float64)
    slope = nn.Parameter(torch.zeros(3, 1, dtype=torch.float64))
    offset = nn.Parameter(torch.ones(1, dtype=torch.float64))
    parameters, decay = [slope, offset], 0.7

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        gaps = (inputs @ slope).squeeze(1) + offset - targets
        return with_decay(0.5 * gaps.square().sum(), parameters, theta, decay)

    found = fit(parameters, loss, steps=200, tolerance=1e-10)
    regressors = np.column_stack([inputs.numpy(), np.ones(20)])
    normal = regressors.T @ regressors + decay * np.eye(4)
    expected = np.linalg.solve(normal, regressors.T @ targets.numpy())
    theta = torch.cat([slope.detach().flatten(), offset.detach()]).numpy()
    np.testing.assert_allclose(theta, expected, atol=1e-9)
    least = 0.5 * np.square(regressors @ expected - targets.numpy()).sum()
    assert found.value == pytest.approx(least + 0.5 * decay * expected @ expected)
    assert np.abs(found.gradient).max() <= 1e-9

    # A fit that is cut short leaves the parameters at what it returns.
    with torch.no_grad():
        slope.zero_()
    short = fit(parameters, loss, steps=1)
    again = loss(torch.cat([slope.detach().flatten(), offset.detach()]).numpy())
    assert found.value < short.value == again[0]
