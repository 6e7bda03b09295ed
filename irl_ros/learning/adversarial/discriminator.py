# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting a discriminator of single steps, whatever its logit is made of."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.core.parameters import Parameters, parameter


@dataclass(frozen=True)
class DiscriminatorConfig(Parameters):
    """How a discriminator is fitted in each iteration."""

    hidden: tuple[int, ...] = parameter((64, 64), low=1, high=4096, doc="widths of its layers")
    steps: int = parameter(100, low=1, high=100000, doc="gradient steps per iteration")
    batch: int = parameter(256, low=1, high=100000, doc="time steps of each kind in a minibatch")
    learning_rate: float = parameter(1e-3, low=1e-7, high=1.0, doc="step size of Adam")
    gradient_clip: float = parameter(10.0, low=1e-6, high=1e9, doc="largest gradient norm")
    remembered: int = parameter(
        20, low=1, high=100000, doc="newest iterations whose rollouts stand against demonstrations"
    )


Logits = Callable[[Int[Tensor, " b"]], Float[Tensor, " b"]]


def fit_discriminator(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    shown: tuple[Logits, Float[Tensor, " S"]],
    tried: tuple[Logits, int],
    config: DiscriminatorConfig,
    generator: torch.Generator,
) -> dict[str, float]:
    """Raise E_shown log D + E_tried log(1 - D), with D = sigmoid(logit) the odds of being shown.

    At its optimum the logit is the log ratio of both densities: Goodfellow et al. (2014),
    proposition 1.

    Args:
        network: What is fitted.
        optimiser: Of its parameters.
        shown: Logits of numbered demonstrated steps, and how much each of them counts.
        tried: Logits of numbered steps of rollouts, and how many there are.
        config: Number of steps and size of batches.
        generator: Draws the minibatches.

    Returns:
        Mean loss, share of demonstrated and of tried steps that were told right.

    Raises:
        LearningError: If the loss is no longer finite.
    """
    shown_logits, weights = shown
    tried_logits, count = tried
    totals = torch.zeros(3, dtype=torch.float64)
    parameters = list(network.parameters())
    for _ in range(config.steps):
        chosen = torch.multinomial(weights, config.batch, replacement=True, generator=generator)
        real = shown_logits(chosen)
        fake = tried_logits(torch.randint(count, (config.batch,), generator=generator))
        loss = nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()
        if not bool(torch.isfinite(loss)):
            raise LearningError(
                f"the discriminator's loss is {float(loss.detach())}; lower its learning_rate"
            )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
        optimiser.step()
        right = torch.stack([(real > 0).double().mean(), (fake < 0).double().mean()])
        totals += torch.cat([loss.detach().reshape(1), right])
    loss_mean, shown_right, tried_right = (totals / config.steps).tolist()
    return {"loss": loss_mean, "shown_right": shown_right, "tried_right": tried_right}
