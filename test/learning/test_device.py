# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting a cost on another device, and back, without one at hand."""

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from point_mass import PointMass, point_mass_problem
from test_cost_update import background, make
from torch import nn
from torch.overrides import TorchFunctionMode

from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import replace
from irl_ros.learning import cost_update
from irl_ros.learning.cost_batches import CostUpdateConfig
from irl_ros.learning.device import check_device, fitted_on, placed
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.objective import ObjectiveConfig


@dataclass(frozen=True)
class Inner:
    matrix: torch.Tensor


@dataclass(frozen=True)
class Outer:
    vector: torch.Tensor
    inner: Inner | None
    count: int


def test_all_tensors_of_a_record_are_placed() -> None:
    record = Outer(torch.ones(2), Inner(torch.ones(2, 2)), 3)
    there = placed(record, "meta")
    assert there.vector.device.type == "meta"
    assert there.inner is not None
    assert there.inner.matrix.device.type == "meta"
    assert there.count == 3
    assert placed(Outer(torch.ones(1), None, 1), "meta").inner is None


def test_module_parameter_and_optimiser_go_and_the_objects_stay() -> None:
    module, extra = nn.Linear(2, 1), nn.Parameter(torch.zeros(()))
    optimiser = torch.optim.Adam([*module.parameters(), extra])
    (module(torch.ones(1, 2)).sum() + extra).backward()
    optimiser.step()
    before = list(module.parameters())
    with fitted_on("cpu", module, extra, optimiser):
        assert extra.grad is None
    assert all(a is b for a, b in zip(before, module.parameters(), strict=True))
    state = optimiser.state[extra]
    assert {value.device.type for value in state.values()} == {"cpu"}
    assert float(state["exp_avg"]) != 0.0


class Here(torch.Tensor):
    """Marks what has not been taken to the device."""


class Watch(TorchFunctionMode):
    """Lets no operation mix what is on the device with what is here.

    Everything is computed on the processor, but what chance draws, and whatever follows from what
    is marked as being here, is marked until ``to`` takes it to a device. As with a GPU, single
    numbers and indices may come from anywhere.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [*args, *(kwargs or {}).values()]
        tensors = list(_tensors(given))
        if func is torch.Tensor.__getitem__:
            tensors = tensors[:1]
        here = [isinstance(each, Here) for each in tensors]
        if any(here):
            there = [each for each in tensors if each.dim() and not isinstance(each, Here)]
            assert not there, f"{func} mixes what is here with what is on the device"
        with torch._C.DisableTorchFunctionSubclass():
            found = func(*args, **(kwargs or {}))
        taken = func is torch.Tensor.to and any(isinstance(v, torch.device) for v in given)
        chance = func in (torch.randperm, torch.randint, torch.rand)
        mark = Here if (any(here) or chance) and not taken else torch.Tensor
        return _marked(found, mark)


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _marked(found: Any, mark: type[torch.Tensor]) -> Any:
    if isinstance(found, nn.Parameter):
        return found
    if isinstance(found, torch.Tensor):
        return found.as_subclass(mark)
    if isinstance(found, tuple) and type(found) is tuple:
        return tuple(_marked(each, mark) for each in found)
    return found


@pytest.mark.parametrize("loss", ["gcl", "gan", "none"])
def test_what_is_drawn_here_is_taken_to_the_device_before_it_meets_what_is_there(
    monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    monkeypatch.setattr(cost_update, "has_explicit_gradient", lambda *_: False)
    config, objective = CostUpdateConfig(steps=3), ObjectiveConfig(loss=loss)
    fitted = []
    for watched in (False, True):
        cost, data = make(), background(0, spread=2.0)
        log_partition = nn.Parameter(torch.zeros((), dtype=torch.float64))
        optimiser = torch.optim.SGD(cost.parameters(), lr=1e-3)
        generator = torch.Generator().manual_seed(0)
        if watched:
            cost.input_scale = cost.input_scale.as_subclass(Here)
            marks = {
                name: value.as_subclass(Here) if isinstance(value, torch.Tensor) else value
                for name, value in vars(data).items()
            }
            data = dataclasses.replace(data, **marks)
        with Watch() if watched else contextlib.nullcontext():
            cost_update.update_cost(
                cost, log_partition, optimiser, data, config, objective, generator
            )
        fitted.append(nn.utils.parameters_to_vector(cost.parameters()).detach())
    assert torch.equal(*fitted)


def test_the_watch_sees_what_a_gpu_would_refuse() -> None:
    here, there = torch.ones(3).as_subclass(Here), torch.ones(3)
    with Watch():
        assert not isinstance(here.to(torch.device("cpu")) + there, Here)
        assert isinstance((here * 2).to(torch.float64), Here)
        assert not isinstance(there[torch.randperm(3)], Here)
        with pytest.raises(AssertionError, match="mixes"):
            _ = here + there
        with pytest.raises(AssertionError, match="mixes"):
            there.gather(0, torch.randperm(3))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_before_anything_is_tried() -> None:
    check_device("cpu")
    with pytest.raises(ParameterError, match="finds no GPU"):
        check_device("cuda")
    config = replace(GclConfig(), {"cost_update.device": "cuda"})
    with pytest.raises(ParameterError, match="finds no GPU"):
        GuidedCostLearning(point_mass_problem(torch.tensor([1.0, 0.5]).double()), config, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_fits_the_same_cost() -> None:
    goal = torch.tensor([1.0, 0.5]).double()
    found = {}
    for device in ("cpu", "cuda"):
        changes = {"cost_update.device": device, "cost_update.precision": "double"}
        # A longer fit amplifies rounding: one that is perturbed by 1e-15 ends elsewhere, too.
        config = replace(GclConfig(), {**changes, "iterations": 1, "cost_update.steps": 10})
        learner = GuidedCostLearning(point_mass_problem(goal), config, 0)
        learner.step(PointMass(goal))
        found[device] = torch.cat([each.flatten() for each in learner.cost.parameters()])
        assert found[device].device.type == "cpu"
    torch.testing.assert_close(found["cuda"], found["cpu"], rtol=1e-6, atol=1e-6)
