# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small ensemble of neural networks as a model of non-linear dynamics.

Lakshminarayanan, Pritzel and Blundell (2017); Chua, Calandra, McAllister and Levine (2018). Each
of E networks gives mean and logarithmic deviation of the change of the state, in scaled units:

(1)  p_e(x' | x, u) = N(x'; x + mu_e(x, u), diag(sigma_e(x, u))^2)
(2)  log sigma_e = low + (high - low) sigmoid(output), scaled
(3)  p(x' | x, u) = 1/E sum_e p_e(x' | x, u)
(4)  L = -1/E sum_e 1/B sum_b log p_e(x'_b | x_b, u_b),  another minibatch for every network

(4) is lowered by Adam; the weights with the largest (3) of held-out transitions are kept.
"""

import copy
import itertools
import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.errors import DataError
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.learning.planning.model import DynamicsModel
from irl_ros.learning.transitions import Transitions

_CHECK_PERIOD = 25  # gradient steps between two looks at the held-out transitions
_LARGEST_LOG_DEVIATION = 2.0


@dataclass(frozen=True)
class EnsembleConfig(Parameters):
    """Size of the ensemble and how it is trained."""

    members: int = parameter(4, low=1, high=100, doc="networks")
    hidden: tuple[int, ...] = parameter((64, 64), low=1, high=4096, doc="widths of hidden layers")
    learning_rate: float = parameter(3e-3, low=1e-7, high=1.0, doc="of Adam")
    batch: int = parameter(256, low=1, high=1_000_000, doc="transitions in a gradient step")
    steps: int = parameter(2000, low=1, high=10_000_000, doc="most gradient steps")
    held_out_share: float = parameter(
        0.2, low=0.01, high=0.9, doc="share of the transitions that decide when to stop"
    )
    patience: int = parameter(
        20, low=1, high=100_000, doc="looks at them without improvement that end the training"
    )
    smallest_deviation: float = parameter(
        1e-3, low=1e-9, high=1.0, doc="least predicted deviation, in units of the state's change"
    )


@final
class GaussianEnsemble(nn.Module, DynamicsModel):
    """The density (3) of E networks, all equally likely.

    Networks differ where data are few, which widens (3) there. In a rollout every path keeps one
    network (TS-infinity of Chua et al.), so that a plan must be good by all of them.

    Args:
        config: Size.
        transitions: Scales of inputs and outputs are taken from these.
        generator: Source of the initial weights.
    """

    input_centre: Tensor
    input_scale: Tensor
    output_centre: Tensor
    output_scale: Tensor

    def __init__(
        self, config: EnsembleConfig, transitions: Transitions, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        inputs = torch.cat([transitions.states, transitions.actions], dim=-1)
        change = transitions.next_states - transitions.states
        for name, values in (("input", inputs), ("output", change)):
            self.register_buffer(f"{name}_centre", values.mean(dim=0))
            scale = values.std(dim=0, correction=0)
            self.register_buffer(f"{name}_scale", torch.where(scale > 1e-12, scale, 1.0))
        widths = [inputs.shape[1], *config.hidden, 2 * change.shape[1]]
        weights, biases = [], []
        for width, after in itertools.pairwise(widths):
            shape = (config.members, width, after)
            noise = torch.randn(shape, generator=generator, dtype=torch.float64)
            weights.append(nn.Parameter(noise / width**0.5))
            biases.append(nn.Parameter(torch.zeros(config.members, 1, after, dtype=torch.float64)))
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList(biases)

    def outputs(
        self, states: Float[Tensor, "E B x"], actions: Float[Tensor, "E B u"]
    ) -> tuple[Float[Tensor, "E B x"], Float[Tensor, "E B x"]]:
        """Return mean and log deviation of the scaled change, of every network for its own batch.

        By (2) the log deviation is bounded smoothly from both sides.
        """
        hidden = (torch.cat([states, actions], dim=-1) - self.input_centre) / self.input_scale
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if index + 1 < len(self.weights):
                hidden = nn.functional.silu(hidden)
        mean, raw = hidden.chunk(2, dim=-1)
        low, high = math.log(self.config.smallest_deviation), _LARGEST_LOG_DEVIATION
        return mean, low + (high - low) * torch.sigmoid(raw)

    def member_log_prob(
        self,
        states: Float[Tensor, "E B x"],
        actions: Float[Tensor, "E B u"],
        next_states: Float[Tensor, "E B x"],
    ) -> Float[Tensor, "E B"]:
        """Return log p_e(x' | x, u) of (1), of every network for its own batch."""
        mean, log_deviation = self.outputs(states, actions)
        change = (next_states - states - self.output_centre) / self.output_scale
        error = (change - mean) * torch.exp(-log_deviation)
        density = -0.5 * error.square() - log_deviation - self.output_scale.log()
        return (density - 0.5 * math.log(2 * math.pi)).sum(dim=-1)

    def predict(
        self, states: Float[Tensor, "*batch x"], actions: Float[Tensor, "*batch u"]
    ) -> Float[Tensor, "*batch x"]:
        """Return the mean of the next state over all networks."""
        flat = states.reshape(-1, states.shape[-1])
        mean, _ = self.outputs(
            self._to_all(flat), self._to_all(actions.reshape(-1, actions.shape[-1]))
        )
        change = self.output_centre + self.output_scale * mean.mean(dim=0)
        return states + change.reshape(states.shape)

    def log_prob(self, transitions: Transitions) -> Float[Tensor, " B"]:
        """Return the logarithm of (3) for each transition."""
        each = self.member_log_prob(
            self._to_all(transitions.states),
            self._to_all(transitions.actions),
            self._to_all(transitions.next_states),
        )
        return torch.logsumexp(each, dim=0) - math.log(self.config.members)

    def rollout(
        self, start: Float[Tensor, " x"], actions: Float[Tensor, "K H u"]
    ) -> Float[Tensor, "K H x"]:
        """Return the states of K action sequences, path k by the mean of network k mod E."""
        count, members = len(actions), self.config.members
        padded = -(-count // members)
        chosen = torch.arange(padded * members).reshape(padded, members).T % count
        # With fewer paths than a multiple of E some are computed twice; the surplus is dropped.
        own = actions[chosen]
        states = [start.expand(members, padded, -1)]
        for step in range(actions.shape[1] - 1):
            mean, _ = self.outputs(states[-1], own[:, :, step])
            states.append(states[-1] + self.output_centre + self.output_scale * mean)
        paths = torch.stack(states, dim=2)
        return paths.transpose(0, 1).flatten(0, 1)[:count]

    def _to_all(self, values: Float[Tensor, "B d"]) -> Float[Tensor, "E B d"]:
        return values.expand(self.config.members, -1, -1)


def fit_ensemble(
    transitions: Transitions, config: EnsembleConfig, generator: torch.Generator
) -> GaussianEnsemble:
    """Fit an ensemble by (4), until held-out transitions become less likely.

    Args:
        transitions: What to fit.
        config: Size and training.
        generator: All randomness follows from it.

    Raises:
        DataError: If there are too few transitions to hold one out and learn from the rest.
    """
    count = len(transitions)
    held_out = round(config.held_out_share * count)
    if not 0 < held_out < count:
        raise DataError(f"{count} transitions; give enough to hold out and to learn from")
    order = torch.randperm(count, generator=generator)
    judge, learn = transitions[order[:held_out]], transitions[order[held_out:]]
    model = GaussianEnsemble(config, learn, generator)
    optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    best, best_score, waited = copy.deepcopy(model.state_dict()), -math.inf, 0
    for step in range(config.steps):
        if step % _CHECK_PERIOD == 0:
            with torch.no_grad():
                score = float(model.log_prob(judge).mean())
            waited += 1
            if score > best_score:
                best, best_score, waited = copy.deepcopy(model.state_dict()), score, 0
            if waited >= config.patience:
                break
        rows: Int[Tensor, "E B"] = torch.randint(
            len(learn), (config.members, min(config.batch, len(learn))), generator=generator
        )
        loss = -model.member_log_prob(
            learn.states[rows], learn.actions[rows], learn.next_states[rows]
        ).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    model.load_state_dict(best)
    return model.requires_grad_(requires_grad=False)
