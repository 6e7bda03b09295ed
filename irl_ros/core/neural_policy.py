# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A Gaussian policy whose mean is a neural network."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from irl_ros.core.errors import DataError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories


@dataclass(frozen=True)
class NeuralPolicyConfig(Parameters):
    """Form and size of a neural policy."""

    hidden: tuple[int, ...] = parameter(
        (64, 64), low=1, high=4096, doc="widths of the hidden layers; none gives a linear policy"
    )
    deviation: float = parameter(
        0.5,
        low=1e-4,
        high=100.0,
        doc="initial standard deviation of the actions, in units of their scale",
    )


@dataclass(frozen=True)
class PolicyScales:
    """Fixed normalisation of what a policy sees and of what it does.

    Attributes:
        input_centre: Subtracted from the inputs.
        input_scale: The inputs are divided by it afterwards.
        action_centre: Action that the network's output 0 stands for.
        action_scale: Action that an output of 1 adds.

    Raises:
        DataError: If a scale is not positive.
    """

    input_centre: Float[Tensor, " y"]
    input_scale: Float[Tensor, " y"]
    action_centre: Float[Tensor, " u"]
    action_scale: Float[Tensor, " u"]

    def __post_init__(self) -> None:
        """Check the scales."""
        if not (bool((self.input_scale > 0).all()) and bool((self.action_scale > 0).all())):
            raise DataError("a scale of the policy is not positive; give positive scales")


@final
class NeuralPolicy(nn.Module):
    """q(u_t | x_t) = N(m + s * f_theta(o_t), diag(s * sigma)^2) with o_t = (y_t, t / T).

    f_theta is a multilayer perceptron with tanh layers, y_t the normalised features of the state,
    m and s centre and scale of the actions; sigma does not depend on the state. The time is an
    input because the best action of a task with an end depends on the time that is left.

    It is a `StorablePolicy`: what it returns as such carries no gradient. `observe` and
    `step_log_prob` are differentiable.

    Args:
        config: Form and size.
        features: What the policy sees of the state; the identity shows it everything.
        scales: Fixed normalisation.
        horizon: Number of steps T.
        generator: Source of the initial weights.
    """

    feature_matrix: Tensor
    feature_offset: Tensor
    input_centre: Tensor
    input_scale: Tensor
    action_centre: Tensor
    action_scale: Tensor

    def __init__(
        self,
        config: NeuralPolicyConfig,
        features: AffineFeatures,
        scales: PolicyScales,
        horizon: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config = config
        self._horizon = horizon
        self.register_buffer("feature_matrix", features.matrix.clone())
        self.register_buffer("feature_offset", features.offset.clone())
        for field in fields(PolicyScales):
            self.register_buffer(field.name, getattr(scales, field.name).clone())
        widths = [len(scales.input_centre) + 1, *config.hidden, len(scales.action_centre)]
        self.layers = nn.ModuleList(
            nn.Linear(width, after, dtype=torch.float64)
            for width, after in itertools.pairwise(widths)
        )
        deviation = torch.full((widths[-1],), math.log(config.deviation), dtype=torch.float64)
        self.log_deviation = nn.Parameter(deviation)
        self._initialise(generator)

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator) -> None:
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            shape = layer.weight.shape
            noise = torch.randn(shape, generator=generator, dtype=torch.float64)
            # Actions begin near their centre whatever the state.
            gain = 0.01 if layer is self.layers[-1] else 1.0
            layer.weight.copy_(gain * noise / layer.in_features**0.5)
            layer.bias.zero_()

    @property
    def horizon(self) -> int:
        """Number of steps T."""
        return self._horizon

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return self.feature_matrix.shape[1]

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return self.action_centre.shape[0]

    @property
    def content(self) -> Mapping[str, Tensor]:
        """Every tensor that decides what the policy does, by name."""
        whole: Mapping[str, Tensor] = self.state_dict()
        return whole

    @property
    def features(self) -> AffineFeatures:
        """What the policy sees of the state, before normalisation."""
        return AffineFeatures(self.feature_matrix, self.feature_offset)

    def observe(self, inputs: Float[Tensor, "*batch T y"]) -> Float[Tensor, "*batch T o"]:
        """Return what the network reads at each step of whole trajectories.

        Args:
            inputs: Features of the states, from the first step on.
        """
        steps = torch.arange(inputs.shape[-2], dtype=inputs.dtype) / self._horizon
        times = steps.unsqueeze(-1).expand(*inputs.shape[:-1], 1)
        return torch.cat([(inputs - self.input_centre) / self.input_scale, times], dim=-1)

    def mean(self, observations: Float[Tensor, "*batch o"]) -> Float[Tensor, "*batch u"]:
        """Return the mean action for what `observe` returns."""
        hidden = observations
        for layer in self.layers[:-1]:
            hidden = torch.tanh(layer(hidden))
        action: Tensor = self.action_centre + self.action_scale * self.layers[-1](hidden)
        return action

    def step_log_prob(
        self, observations: Float[Tensor, "*batch o"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch"]:
        """Return log q(u_t | x_t) of single steps."""
        log_deviation = self.log_deviation + self.action_scale.log()
        whitened = (actions - self.mean(observations)) / log_deviation.exp()
        constant = 0.5 * self.action_dim * math.log(2 * math.pi)
        log_q: Tensor = -0.5 * whitened.square().sum(dim=-1) - log_deviation.sum() - constant
        return log_q

    @torch.no_grad()
    def action_mean(self, step: int, state: Float[Tensor, " x"]) -> Float[Tensor, " u"]:
        """Return the mean action of step ``step`` in the state."""
        inputs = (self.features(state) - self.input_centre) / self.input_scale
        time = inputs.new_tensor([step / self._horizon])
        return self.mean(torch.cat([inputs, time]))

    @torch.no_grad()
    def sample(
        self, step: int, state: Float[Tensor, " x"], generator: torch.Generator
    ) -> Float[Tensor, " u"]:
        """Draw an action of step ``step`` in the state."""
        noise = torch.randn(self.action_dim, generator=generator, dtype=state.dtype)
        deviation = self.action_scale * self.log_deviation.exp()
        return self.action_mean(step, state) + deviation * noise

    @torch.no_grad()
    def log_prob(self, trajectories: Trajectories) -> Float[Tensor, " M"]:
        """Return sum_t log q(u_t | x_t) of each trajectory, by the weights as they are now."""
        observations = self.observe(self.features(trajectories.states))
        return self.step_log_prob(observations, trajectories.actions).sum(dim=1)

    @torch.no_grad()
    def entropy(self) -> float:
        """Return sum_t H(q(. | x_t)) in nats; it does not depend on the states."""
        log_deviation = float((self.log_deviation + self.action_scale.log()).sum())
        constant = 0.5 * self.action_dim * (1 + math.log(2 * math.pi))
        return self._horizon * (log_deviation + constant)


def neural_policy(
    config: NeuralPolicyConfig, horizon: int, content: Mapping[str, Tensor]
) -> NeuralPolicy:
    """Return the policy with a given `NeuralPolicy.content`.

    Args:
        config: Form and size.
        horizon: Number of steps T.
        content: Tensors by name.

    Raises:
        KeyError: If a tensor is missing.
        RuntimeError: If a tensor does not fit the form.
        DataError: If a value is not finite or a scale not positive.
    """
    for name, tensor in content.items():
        if not bool(torch.isfinite(tensor).all()):
            raise DataError(f"{name} of the policy holds values that are not finite")
    policy = NeuralPolicy(
        config,
        AffineFeatures(content["feature_matrix"], content["feature_offset"]),
        PolicyScales(**{field.name: content[field.name] for field in fields(PolicyScales)}),
        horizon,
        torch.Generator(),
    )
    policy.load_state_dict(content)
    return policy
