# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Moving a fit to another device and back; the meta device stands in for a GPU."""

from dataclasses import dataclass

import pytest
import torch
from point_mass import PointMass, point_mass_problem
from torch import nn

from irl_ros.core.errors import ParameterError
from irl_ros.core.parameters import replace
from irl_ros.learning.device import check_device, fitted_on, placed
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning


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
        config = replace(GclConfig(), {**changes, "iterations": 1})
        learner = GuidedCostLearning(point_mass_problem(goal), config, 0)
        learner.step(PointMass(goal))
        found[device] = torch.cat([each.flatten() for each in learner.cost.parameters()])
        assert found[device].device.type == "cpu"
    torch.testing.assert_close(found["cuda"], found["cpu"], rtol=1e-6, atol=1e-6)
