# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of the discriminators."""

import itertools
from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn


@final
class Perceptron(nn.Module):
    """A multilayer perceptron with tanh layers and one output.

    Args:
        inputs: Number of inputs.
        hidden: Widths of the hidden layers.
        generator: Source of the initial weights.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], generator: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(width, after, dtype=torch.float64)
            for width, after in itertools.pairwise([inputs, *hidden, 1])
        )
        with torch.no_grad():
            for layer in self.layers:
                assert isinstance(layer, nn.Linear)
                shape = layer.weight.shape
                noise = torch.randn(shape, generator=generator, dtype=torch.float64)
                layer.weight.copy_(noise / layer.in_features**0.5)
                layer.bias.zero_()

    def forward(self, inputs: Float[Tensor, "*batch i"]) -> Float[Tensor, "*batch"]:
        """Return the output."""
        hidden = inputs
        for layer in self.layers[:-1]:
            hidden = torch.tanh(layer(hidden))
        output: Tensor = self.layers[-1](hidden).squeeze(-1)
        return output
