# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gradient in closed form against automatic differentiation of the definitions."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import nn

from irl_ros.core.parameters import replace
from irl_ros.learning.control_variate import InputMarginals, control_variate
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_batches import (
    CostData,
    CostUpdateConfig,
    Minibatch,
    minibatches,
    rounded,
)
from irl_ros.learning.cost_gradient import AutomaticGradient, CostGradient, Losses
from irl_ros.learning.explicit_gradient import ExplicitGradient, has_explicit_gradient
from irl_ros.learning.importance import normalise, pareto_smooth
from irl_ros.learning.objective import ObjectiveConfig
from irl_ros.learning.surroundings import surroundings

INPUTS, ACTIONS, STEPS = 4, 2, 9
POSITIONS = slice(0, 2)
SCALE = torch.tensor([0.5, 1.0, 2.0, 3.0], dtype=torch.float64)
DOUBLE = CostUpdateConfig(steps=3, precision="double")
COST = CostConfig(hidden=(7,), features=9, initialisation="random", initial_noise=1.0)


def drawn(*shape: int, seed: int) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=source, dtype=torch.float64)


def make(config: CostConfig = COST) -> Cost:
    cost = Cost(config, SCALE, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for index, parameter in enumerate(cost.parameters()):
            parameter += 0.2 * drawn(*parameter.shape, seed=index)
    return cost


def material(*, size: float = 1.0) -> CostData:
    """Return 12 demonstrations that do not count alike and 14 samples."""
    return CostData(
        demonstration_inputs=size * drawn(12, STEPS, INPUTS, seed=2),
        demonstration_actions=0.1 * drawn(12, STEPS, ACTIONS, seed=3),
        demonstration_weights=drawn(12, seed=4).exp(),
        demonstration_log_q=20 * drawn(12, seed=5),
        demonstration_path=drawn(12, STEPS - 1, seed=6).exp(),
        sample_inputs=size * drawn(14, STEPS, INPUTS, seed=7),
        sample_actions=0.1 * drawn(14, STEPS, ACTIONS, seed=8),
        sample_log_q=20 * drawn(14, seed=9),
        newest=5,
        positions=POSITIONS,
    )


def batches(
    objective: ObjectiveConfig, config: CostUpdateConfig = DOUBLE, *, size: float = 1.0
) -> list[Minibatch]:
    """Return some minibatches, with inputs of their own."""
    data, generator = rounded(material(size=size), config), torch.Generator().manual_seed(0)
    around = surroundings(data.demonstration_inputs, SCALE, POSITIONS, objective, generator)
    return [
        dataclasses.replace(batch, inputs=batch.inputs.clone())
        for batch in minibatches(data, 2.0, around, config, objective, generator)
    ]


def found(gradient: CostGradient, cost: Cost, batch: Minibatch) -> tuple[Losses, torch.Tensor]:
    losses = gradient.set(batch)
    flat = [each.grad.flatten() for each in cost.parameters() if each.grad is not None]
    return losses, torch.cat(flat)


def automatic(cost: Cost, objective: ObjectiveConfig) -> AutomaticGradient:
    return AutomaticGradient(cost, nn.Parameter(torch.zeros(()).double()), None, objective)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss": "none"},
        {"importance_weights": False},
        {"demonstrations_in_background": False},
        {"cost_temperature": 1.0},
        {"target_ess": 6.0},
        {"monotonic_along": "time"},
        {"monotonic_copies": 0},
        {"monotonic_copies": 50},
        {"aside_weight": 0.0},
        {"rate_weight": 3.0, "monotonic_weight": 0.0},
    ],
    ids=str,
)
def test_every_term_has_the_value_and_the_gradient_of_its_definition(
    changes: dict[str, Any],
) -> None:
    objective, cost = replace(ObjectiveConfig(), changes), make()
    assert has_explicit_gradient(cost, None, objective)
    explicit = ExplicitGradient(cost, objective)
    for batch in batches(objective):
        losses, ours = found(explicit, cost, batch)
        truth, theirs = found(automatic(cost, objective), cost, batch)
        assert vars(losses) == pytest.approx(vars(truth), rel=1e-9, abs=1e-9)
        assert objective.total(**vars(losses)) == pytest.approx(objective.total(**vars(truth)))
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-8 * float(theirs.abs().max()))


@pytest.mark.parametrize(
    "changes",
    [{"activation": "relu"}, {"hidden": (3,), "features": 4}, {"softplus_sharpness": 0.5}],
    ids=str,
)
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_of_every_network_with_one_hidden_layer(changes: dict[str, Any], size: float) -> None:
    """Far inputs take a softplus to where it is a straight line."""
    objective, cost = ObjectiveConfig(), make(replace(COST, changes))
    batch = batches(objective, size=size)[0]
    losses, ours = found(ExplicitGradient(cost, objective), cost, batch)
    truth, theirs = found(automatic(cost, objective), cost, batch)
    assert vars(losses) == pytest.approx(vars(truth), rel=1e-7)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7 * float(theirs.abs().max()))


def test_in_single_precision_they_differ_by_its_rounding() -> None:
    config, objective, cost = CostUpdateConfig(steps=3), ObjectiveConfig(), make()
    explicit = ExplicitGradient(cost, objective)
    for batch in batches(objective, config):
        assert batch.inputs.dtype == torch.float32
        losses, ours = found(explicit, cost, batch)
        truth, theirs = found(automatic(cost, objective), cost, batch)
        assert vars(losses) == pytest.approx(vars(truth), rel=1e-4)
        assert ours.dtype == torch.float64
        assert float((ours - theirs).norm() / theirs.norm()) < 1e-4


def test_the_gradient_is_that_of_finite_differences() -> None:
    objective, cost = ObjectiveConfig(rate_weight=2.0), make()
    batch, explicit = batches(objective)[0], ExplicitGradient(cost, objective)
    _, gradient = found(explicit, cost, batch)
    start = nn.utils.parameters_to_vector(cost.parameters()).detach().clone()
    for seed in range(5):
        direction = drawn(len(start), seed=20 + seed)
        values = []
        for step in (1e-5, -1e-5):
            nn.utils.vector_to_parameters(start + step * direction, cost.parameters())
            losses = ExplicitGradient(cost, objective).set(batch)
            values.append(objective.total(**vars(losses)))
        slope = (values[0] - values[1]) / 2e-5
        assert float(gradient @ direction) == pytest.approx(slope, rel=1e-5)


def test_it_says_what_it_does_not_know() -> None:
    cost, usual = make(), ObjectiveConfig()
    marginals = InputMarginals(torch.zeros(STEPS, INPUTS), torch.zeros(STEPS, INPUTS, INPUTS))
    assert not has_explicit_gradient(cost, marginals, usual)
    assert not has_explicit_gradient(cost, None, replace(usual, {"loss": "gan"}))
    assert not has_explicit_gradient(cost, None, replace(usual, {"pareto_smoothing": True}))
    assert not has_explicit_gradient(make(replace(COST, {"kind": "affine"})), None, usual)
    assert not has_explicit_gradient(make(replace(COST, {"hidden": (8, 8)})), None, usual)
    assert not has_explicit_gradient(make(replace(COST, {"hidden": (9,)})), None, usual)


def test_smoothed_weights_are_those_of_other_densities() -> None:
    smooth, cost = ObjectiveConfig(pareto_smoothing=True), make()
    config = replace(DOUBLE, {"demonstration_batch": 12, "sample_batch": 20})
    for batch in batches(smooth, config):
        totals = costs_of(cost, batch)
        found_weights = -totals - batch.log_q
        smoothed = pareto_smooth(found_weights)
        assert not torch.allclose(smoothed, found_weights)
        other = dataclasses.replace(batch, log_q=-totals - smoothed)
        plain = ObjectiveConfig()
        _, ours = found(automatic(cost, smooth), cost, batch)
        _, theirs = found(automatic(cost, plain), cost, other)
        torch.testing.assert_close(ours, theirs)


def test_the_control_variate_reads_the_newest_samples() -> None:
    means, roots = drawn(STEPS, INPUTS, seed=30), drawn(STEPS, INPUTS, INPUTS, seed=31)
    marginals = InputMarginals(means, roots @ roots.mT)
    objective, cost = ObjectiveConfig(), make()
    log_partition = nn.Parameter(torch.zeros(()).double())
    batch = batches(objective)[0]
    _, plain = found(automatic(cost, objective), cost, batch)
    corrected = AutomaticGradient(cost, log_partition, marginals, objective)
    _, ours = found(corrected, cost, batch)
    paths, _, _ = batch.split(batch.inputs)
    share = normalise(0.1 * (-costs_of(cost, batch) - batch.log_q))[-5:].sum()
    variate = share * control_variate(cost, marginals, paths[-5:])
    expected = torch.autograd.grad(variate, list(cost.parameters()))
    torch.testing.assert_close(ours - plain, torch.cat([each.flatten() for each in expected]))


@torch.no_grad()
def costs_of(cost: Cost, batch: Minibatch) -> torch.Tensor:
    """Return the costs of the trajectories of a batch."""
    paths, _, _ = batch.split(batch.inputs)
    return cost.state_cost(paths[batch.copies :]).sum(dim=1) + batch.action_costs


@pytest.mark.parametrize("block", [1, 2, 100])
def test_batches_have_their_sizes_however_many_are_drawn_at_once(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("irl_ros.learning.cost_batches._BLOCK", block)
    drawn_batches = batches(ObjectiveConfig())
    assert len(drawn_batches) == DOUBLE.steps
    for batch in drawn_batches:
        assert len(batch.log_q) == 20
        assert len(batch.weights) == 10
        assert batch.newest == batch.copies == 5
        assert len(batch.rises) == 200
        assert len(batch.inputs) == (5 + 20) * STEPS + 2 * 200


def test_a_batch_holds_what_it_says() -> None:
    """Demonstrations stand before samples, the newest last; copies are of the first ones."""
    data = material()
    joint = torch.cat([data.demonstration_inputs, data.sample_inputs])
    log_q = torch.cat([data.demonstration_log_q, data.sample_log_q])
    for batch in batches(ObjectiveConfig()):
        paths, beside, nearest = batch.split(batch.inputs)
        chosen = [int((joint == path).all(dim=(1, 2)).nonzero()) for path in paths[5:]]
        assert max(chosen[:10]) < 12 <= min(chosen[10:])
        assert min(chosen[-5:]) >= 12 + 14 - 5
        assert len(set(chosen[:10])) == 10
        torch.testing.assert_close(batch.log_q, log_q[chosen])
        torch.testing.assert_close(batch.weights, data.demonstration_weights[chosen[:10]])
        margins = 0.45 * data.demonstration_path[chosen[:10]]
        torch.testing.assert_close(batch.margins, margins)
        efforts = torch.cat([data.demonstration_actions, data.sample_actions]).square()
        torch.testing.assert_close(batch.action_costs, 2.0 * efforts.sum(dim=(1, 2))[chosen])
        shown = data.demonstration_inputs.flatten(0, 1)
        assert bool((nearest.unsqueeze(1) == shown).all(dim=-1).any(dim=1).all())
        assert not bool((beside.unsqueeze(1) == shown).all(dim=-1).any())


def test_copies_are_moved_as_a_whole_and_slowed_down_in_each_step_anew() -> None:
    """A copy is y * factors + added: both are found from two of its steps."""
    seen = []
    for batch in batches(ObjectiveConfig()):
        paths, _, _ = batch.split(batch.inputs)
        copies, originals = paths[:5], paths[5:10]
        factors = (copies[:, 1] - copies[:, 0]) / (originals[:, 1] - originals[:, 0])
        added = copies[:, 0] - factors * originals[:, 0]
        torch.testing.assert_close(copies, originals * factors.unsqueeze(1) + added.unsqueeze(1))
        torch.testing.assert_close(factors[:, POSITIONS], torch.ones(5, 2).double())
        slowed = factors[:, POSITIONS.stop :]
        assert bool(((slowed >= -1e-9) & (slowed < 1.0)).all())
        assert len(added.unique(dim=0)) >= 4
        seen.append(added)
    assert not torch.allclose(seen[0], seen[1])


def test_what_lies_beside_comes_with_what_is_nearest_and_its_rise() -> None:
    objective, generator = ObjectiveConfig(), torch.Generator().manual_seed(0)
    data = material()
    shown = data.demonstration_inputs
    around = surroundings(shown, SCALE, POSITIONS, objective, generator)
    for batch in minibatches(data, 2.0, around, DOUBLE, objective, generator):
        _, beside, nearest = batch.split(batch.inputs)
        for index in range(0, 200, 23):
            row = int((around.aside == beside[index]).all(dim=1).nonzero()[0])
            assert torch.equal(nearest[index], shown.flatten(0, 1)[around.nearest[row]])
            assert float(batch.rises[index]) == float(around.rises[row])
