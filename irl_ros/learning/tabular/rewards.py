# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rewards r(s) or r(s, a) that are learned, all outputs at once."""

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.parameters import Parameters, parameter


@dataclass(frozen=True)
class RewardConfig(Parameters):
    """Form of a tabular reward."""

    kind: str = parameter(
        "linear", choices=("linear", "neural"), doc="reward theta . phi, or a network of phi"
    )
    hidden: tuple[int, ...] = parameter(
        (32, 32), low=1, high=4096, doc="widths of the network's hidden layers"
    )


class LinearReward(nn.Module):
    """Reward r = theta . phi, at first 0.

    Args:
        features: phi.
    """

    def __init__(self, features: Float[Tensor, "*cells f"]) -> None:
        super().__init__()
        self.features = features
        self.theta = nn.Parameter(features.new_zeros(features.shape[-1]))

    def forward(self) -> Float[Tensor, "*cells"]:
        """Return r of all states, or of all states and actions."""
        return self.features @ self.theta


class NeuralReward(nn.Module):
    """Reward r = f(phi) of a network with tanh layers, at first close to 0.

    Args:
        features: phi; each is first shifted and scaled to mean 0 and variance 1.
        hidden: Widths of the hidden layers.
        generator: Source of the initial weights.
    """

    def __init__(
        self,
        features: Float[Tensor, "*cells f"],
        hidden: tuple[int, ...],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        flat = features.flatten(end_dim=-2)
        self.inputs = (features - flat.mean(dim=0)) / flat.std(dim=0).clamp(min=1e-9)
        widths = [features.shape[-1], *hidden, 1]
        self.layers = nn.ModuleList(
            nn.Linear(width, after, dtype=features.dtype)
            for width, after in itertools.pairwise(widths)
        )
        with torch.no_grad():
            for layer in self.layers:
                assert isinstance(layer, nn.Linear)
                noise = torch.randn(
                    layer.weight.shape, generator=generator, dtype=layer.weight.dtype
                )
                # The output starts small: a large first reward is hard to take back.
                scale = 1.0 if layer.out_features > 1 else 0.1
                layer.weight.copy_(noise * scale / layer.in_features**0.5)
                layer.bias.zero_()

    def forward(self) -> Float[Tensor, "*cells"]:
        """Return r of all states, or of all states and actions."""
        hidden = self.inputs
        for index, layer in enumerate(self.layers):
            hidden = layer(torch.tanh(hidden) if index else hidden)
        return hidden.squeeze(-1)


def make_reward(
    features: Float[Tensor, "*cells f"], config: RewardConfig, generator: torch.Generator
) -> LinearReward | NeuralReward:
    """Return the reward that a configuration asks for."""
    if config.kind == "linear":
        return LinearReward(features)
    return NeuralReward(features, config.hidden, generator)
