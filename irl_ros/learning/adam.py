# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Adam for fits that begin often and take many small steps."""

from collections.abc import Iterable, Mapping
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

_DECAYS = (0.9, 0.999)
_EPSILON = 1e-8


@final
class Adam:
    """The optimiser of Kingma and Ba (2015), bit by bit that of PyTorch with ``fused=True``.

    Making one of those loads PyTorch's compiler, which takes two seconds and is of no use here,
    and each of its steps goes through hooks that nobody has set.

    Attributes:
        learning_rate: Step size of the next steps.
        state: Number of steps and moments of each parameter that has been moved so far.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float) -> None:
        self._parameters = list(parameters)
        self.learning_rate = learning_rate
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        moved = [each for each in self._parameters if each.grad is not None]
        states = [self.state.get(each) or self._begun(each) for each in moved]
        adam(
            moved,  # type: ignore[arg-type]
            [each.grad for each in moved if each.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=_DECAYS[0],
            beta2=_DECAYS[1],
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=_EPSILON,
            maximize=False,
        )

    def _begun(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        self.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
        return self.state[parameter]

    def state_dict(self) -> dict[str, Any]:
        """Return the state by number of the parameter, as PyTorch's optimisers do."""
        numbered = enumerate(self._parameters)
        return {"state": {index: self.state[p] for index, p in numbered if p in self.state}}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Take back what `state_dict` returned."""
        self.state = {
            self._parameters[index]: {name: value.clone() for name, value in moments.items()}
            for index, moments in saved["state"].items()
        }
