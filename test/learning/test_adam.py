# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Our Adam against PyTorch's, bit by bit."""

import subprocess
import sys

import torch
from torch import nn

from irl_ros.learning.adam import Adam
from irl_ros.learning.saved_state import optimiser_tensors, restore_optimiser


def start() -> list[nn.Parameter]:
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(size, dtype=torch.float64)) for size in (3, 5, 1)]


def push(parameters: list[nn.Parameter], step: int) -> None:
    """Give gradients to all but the last."""
    for index, parameter in enumerate(parameters[:-1]):
        parameter.grad = torch.sin(parameter.detach() * (index + 1) + step)


def test_it_moves_as_that_of_pytorch_does_and_goes_on_where_it_was() -> None:
    ours, theirs, resumed = start(), start(), start()
    first, second = Adam(ours, 0.1), torch.optim.Adam(theirs, lr=0.1, fused=True)
    third = Adam(resumed, 0.1)
    for step in range(6):
        if step == 3:
            with torch.no_grad():
                for here, there in zip(resumed, ours, strict=True):
                    here.copy_(there)
            restore_optimiser(third, optimiser_tensors(first))
        if step == 4:
            first.learning_rate = third.learning_rate = 0.01
            second.param_groups[0]["lr"] = 0.01
        for optimiser, parameters in ((first, ours), (second, theirs), (third, resumed)):
            optimiser.zero_grad()
            if optimiser is not third or step >= 3:
                push(parameters, step)
                optimiser.step()
    for one, two, three in zip(ours, theirs, resumed, strict=True):
        assert torch.equal(one, two)
        assert torch.equal(one, three)
    assert optimiser_tensors(first).keys() == optimiser_tensors(second).keys()
    assert not torch.equal(ours[0], start()[0])
    assert torch.equal(ours[-1], start()[-1])


def test_it_does_not_load_the_compiler() -> None:
    code = (
        "import sys, torch\n"
        "from irl_ros.learning.adam import Adam\n"
        "x = torch.nn.Parameter(torch.ones(2))\n"
        "adam = Adam([x], 0.1)\n"
        "adam.zero_grad()\n"
        "x.square().sum().backward()\n"
        "adam.step()\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
