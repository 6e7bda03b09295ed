# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learned costs c(y, u) = ||A f(y) + b||^2 + w_u ||u||^2 and their quadratic expansions."""

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.squared_norm import squared_norm


@dataclass(frozen=True)
class CostConfig(Parameters):
    """Form and size of the learned cost."""

    kind: str = parameter(
        "neural", choices=("neural", "affine"), doc="f is a neural network, or the identity"
    )
    hidden: tuple[int, ...] = parameter((64,), low=1, high=4096, doc="widths of the hidden layers")
    features: int = parameter(100, low=1, high=4096, doc="number of learned features f(y)")
    activation: str = parameter(
        "softplus", choices=("softplus", "relu"), doc="non-linearity of the hidden layers"
    )
    softplus_sharpness: float = parameter(
        2.0, low=0.1, high=100.0, doc="beta of the softplus; it tends to ReLU as beta grows"
    )
    initialisation: str = parameter(
        "identity", choices=("identity", "random"), doc="how the layers start"
    )
    initial_noise: float = parameter(
        0.1,
        low=0.0,
        high=10.0,
        doc="deviation of the weights around the identity, in units of a random start's",
    )
    scale: float = parameter(1.0, low=1e-6, high=1e3, doc="initial scale of A")
    action_weight: float = parameter(
        30.0, low=1e-9, high=1e9, doc="w_u, weight of ||u||^2, which is not learned"
    )


@dataclass(frozen=True)
class QuadraticCost:
    """Sum over t of 1/2 z^T C_t z + z^T c_t + const_t with z = (x_t, u_t).

    Attributes:
        matrix: C_t, symmetric.
        vector: c_t.
        constant: const_t.
    """

    matrix: Float[Tensor, "T z z"]
    vector: Float[Tensor, "T z"]
    constant: Float[Tensor, " T"]


class Cost(nn.Module):
    """Cost c(y, u) = ||A f(y) + b||^2 + w_u ||u||^2 of a cost input y and an action u.

    Guided Cost Learning (Finn, Levine and Abbeel 2016), section 5. The input is first divided by
    a fixed scale, taken from the demonstrations.

    Args:
        config: Form and size.
        input_scale: Scale of each cost input.
        generator: Source of the initial weights.

    Raises:
        ParameterError: If the identity initialisation does not fit the layer widths.
    """

    input_scale: Tensor

    def __init__(
        self, config: CostConfig, input_scale: Float[Tensor, " y"], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("input_scale", input_scale.to(torch.float64).clone())
        inputs = len(input_scale)
        widths = [inputs] if config.kind == "affine" else [inputs, *config.hidden, config.features]
        if (
            config.kind == "neural"
            and config.initialisation == "identity"
            and min(widths[1:]) < 2 * inputs
        ):
            raise ParameterError(
                f"cost widths {widths[1:]} are below {2 * inputs}, twice the {inputs} inputs; "
                "widen them or set cost.initialisation to random"
            )
        self.layers = nn.ModuleList(
            nn.Linear(width, after, dtype=torch.float64)
            for width, after in itertools.pairwise(widths)
        )
        self.transform = nn.Linear(widths[-1], widths[-1], dtype=torch.float64)
        self._initialise(generator)

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator) -> None:
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, nn.Linear)
            fan_in = layer.in_features
            noise = torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64)
            layer.weight.copy_(noise * (2.0 / fan_in) ** 0.5)
            layer.bias.zero_()
            if self.config.initialisation == "identity":
                # [I; -I] keeps the input whole through the first rectifier; then plain identity.
                layer.weight.mul_(self.config.initial_noise)
                eye = torch.eye(fan_in, dtype=torch.float64)
                block = torch.cat([eye, -eye]) if index == 0 else eye[: layer.out_features]
                layer.weight[: len(block)] = block
        shape = self.transform.weight.shape
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        if self.config.initialisation == "identity":
            self.transform.weight.copy_(self.config.scale * torch.eye(len(noise)).to(noise))
        else:
            self.transform.weight.copy_(noise * self.config.scale / len(noise) ** 0.5)
        self.transform.bias.zero_()

    def residuals(self, inputs: Float[Tensor, "*batch y"]) -> Float[Tensor, "*batch f"]:
        """Return r = A f(y) + b, whose squared norm is the state cost; precision as the inputs."""
        weight, bias = self._readout()
        return nn.functional.linear(
            self._hidden(inputs), weight.to(inputs.dtype), bias.to(inputs.dtype)
        )

    def _hidden(self, inputs: Float[Tensor, "*batch y"]) -> Float[Tensor, "*batch h"]:
        """Return what the last layer of f reads; precision as the inputs."""
        hidden = inputs / self.input_scale.to(inputs.dtype)
        for layer in list(self.layers)[:-1]:
            hidden = self._activate(nn.functional.linear(hidden, *_weights(layer, inputs.dtype)))
        return hidden

    def _readout(self) -> tuple[Float[Tensor, "f h"], Float[Tensor, " f"]]:
        """Return A f(.) + b as one linear map: the last layer of f has no activation."""
        outer, bias = self.transform.weight, self.transform.bias
        if not self.layers:
            return outer, bias
        weight, shift = _weights(self.layers[-1], outer.dtype)
        return outer @ weight, outer @ shift + bias

    def _activate(self, hidden: Float[Tensor, "*batch h"]) -> Float[Tensor, "*batch h"]:
        if self.config.activation == "relu":
            return torch.relu(hidden)
        return nn.functional.softplus(hidden, beta=self.config.softplus_sharpness)

    def state_cost(self, inputs: Float[Tensor, "*batch y"]) -> Float[Tensor, "*batch"]:
        """Return ||A f(y) + b||^2."""
        return squared_norm(self._hidden(inputs), *self._readout())

    def evaluate(
        self, inputs: Float[Tensor, "*batch y"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return c(y, u) of each step."""
        return self.state_cost(inputs) + self.config.action_weight * actions.square().sum(dim=-1)

    @torch.no_grad()
    def expand(
        self,
        features: AffineFeatures,
        states: Float[Tensor, "M T x"],
        actions: Float[Tensor, "M T u"],
    ) -> QuadraticCost:
        """Expand the cost to second order around M trajectories and average the expansions.

        The state Hessian is the Gauss-Newton one, 2 J^T J with J = dr/dx, which is positive
        semi-definite; the expansion in u is exact. It is carried out in the fewer cost inputs and
        taken to the states, of which they are affine, in the end.
        """
        hidden, jacobians = self._linearise_hidden(features(states))
        weight, bias = self._readout()
        residuals = nn.functional.linear(hidden, weight, bias)
        state_dim, action_dim = states.shape[-1], actions.shape[-1]
        steps = states.shape[1]
        moved = states @ features.matrix.mT
        hessian = 2 * jacobians.mT @ (weight.mT @ weight @ jacobians)
        gradient = 2 * (jacobians.mT @ (residuals @ weight).unsqueeze(-1)).squeeze(-1)
        curved = (hessian @ moved.unsqueeze(-1)).squeeze(-1)
        mean = features.matrix.mT @ hessian.mean(dim=0) @ features.matrix
        matrix = states.new_zeros(steps, state_dim + action_dim, state_dim + action_dim)
        matrix[:, :state_dim, :state_dim] = 0.5 * (mean + mean.mT)
        effort = 2 * self.config.action_weight
        matrix[:, state_dim:, state_dim:] = effort * torch.eye(action_dim, dtype=states.dtype)
        vector = states.new_zeros(steps, state_dim + action_dim)
        vector[:, :state_dim] = (gradient - curved).mean(dim=0) @ features.matrix
        constant = (
            residuals.square().sum(-1)
            - (gradient * moved).sum(-1)
            + 0.5 * (curved * moved).sum(-1)
        ).mean(dim=0)
        return QuadraticCost(matrix, vector, constant)

    def linearise(
        self, inputs: Float[Tensor, "*batch y"]
    ) -> tuple[Float[Tensor, "*batch f"], Float[Tensor, "*batch f y"]]:
        """Return residuals and their Jacobian."""
        hidden, jacobian = self._linearise_hidden(inputs)
        weight, bias = self._readout()
        return nn.functional.linear(hidden, weight, bias), weight @ jacobian

    def _linearise_hidden(
        self, inputs: Float[Tensor, "*batch y"]
    ) -> tuple[Float[Tensor, "*batch h"], Float[Tensor, "*batch h y"]]:
        """Return what the last layer of f reads and its Jacobian, carried through the layers."""
        hidden = inputs / self.input_scale
        jacobian = torch.diag(1 / self.input_scale).expand(*inputs.shape, -1)
        for layer in list(self.layers)[:-1]:
            assert isinstance(layer, nn.Linear)
            before = layer(hidden)
            hidden = self._activate(before)
            if self.config.activation == "relu":
                slope = (before > 0).to(before.dtype)
            else:
                slope = torch.sigmoid(self.config.softplus_sharpness * before)
            jacobian = slope.unsqueeze(-1) * (layer.weight @ jacobian)
        return hidden, jacobian


def _weights(layer: nn.Module, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, nn.Linear)
    return layer.weight.to(dtype), layer.bias.to(dtype)
