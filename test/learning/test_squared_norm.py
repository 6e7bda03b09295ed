# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The squared norm of a linear map: value, gradients and rounding."""

import pytest
import torch

from irl_ros.learning.squared_norm import squared_norm


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("outputs", [3, 5, 9])
def test_value_and_both_derivatives_are_those_of_a_sum_of_squares(outputs: int) -> None:
    hidden, weight, bias = draw(2, 4, 5), draw(outputs, 5, seed=1), draw(outputs, seed=2)
    truth = (hidden @ weight.T + bias).square().sum(dim=-1)
    torch.testing.assert_close(squared_norm(hidden, weight, bias), truth)
    parts = tuple(part.requires_grad_() for part in (hidden, weight, bias))
    # Both compare with finite differences.
    assert torch.autograd.gradcheck(squared_norm, parts)
    assert torch.autograd.gradgradcheck(squared_norm, parts)


def test_single_precision_rounds_hardly_more_than_a_sum_of_squares() -> None:
    hidden = draw(500, 64).abs()
    weight, bias = draw(100, 64, seed=1), draw(100, seed=2)
    bias -= weight @ hidden.mean(dim=0)  # costs are least where demonstrations end
    truth = squared_norm(hidden, weight, bias)
    ours = squared_norm(hidden.float(), weight, bias).double()
    rounded = hidden.float() @ weight.float().T + bias.float()
    squares = rounded.square().sum(dim=-1).double()
    assert float((ours - truth).abs().max()) < 10 * float((squares - truth).abs().max())
    assert float(((ours - truth) / truth).abs().max()) < 1e-5


def test_gradients_of_single_precision_are_in_the_precision_of_the_map() -> None:
    hidden = draw(7, 4).float().requires_grad_()
    weight, bias = draw(6, 4, seed=1).requires_grad_(), draw(6, seed=2).requires_grad_()
    value = squared_norm(hidden, weight, bias)
    found = torch.autograd.grad(value.sum(), (hidden, weight, bias))
    assert [each.dtype for each in found] == [torch.float32, torch.float64, torch.float64]
    exact = (hidden.double() @ weight.T + bias).square().sum()
    for ours, truth in zip(found, torch.autograd.grad(exact, (hidden, weight, bias)), strict=True):
        torch.testing.assert_close(ours.double(), truth.double(), rtol=1e-5, atol=1e-4)
