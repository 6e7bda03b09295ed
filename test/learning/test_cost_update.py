# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An update of the cost: its gradient, GAN-GCL's beside Guided Cost Learning's, and its steps."""

import dataclasses
import math
from typing import Any

import pytest
import torch

from irl_ros.core.errors import LearningError
from irl_ros.learning import cost_update
from irl_ros.learning.control_variate import InputMarginals
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.cost_batches import CostData, CostUpdateConfig
from irl_ros.learning.cost_gradient import AutomaticGradient
from irl_ros.learning.cost_update import CostUpdateReport, update_cost
from irl_ros.learning.explicit_gradient import ExplicitGradient
from irl_ros.learning.objective import ObjectiveConfig, optimal_log_partition

COUNT, STEPS = 6, 4  # as many demonstrations as samples: half and half
WHOLE = CostUpdateConfig(
    steps=1,
    demonstration_batch=COUNT,
    sample_batch=COUNT,
    newest_share=1.0,
    gradient_clip=0.0,
    precision="double",
)
"""One step on all data, with the gradient as it is."""


def make() -> Cost:
    source = torch.Generator().manual_seed(3)
    return Cost(CostConfig(hidden=(5,), features=4), torch.ones(2).double(), source)


def background(seed: int, *, spread: float) -> CostData:
    """Return trajectories whose log ratios -c - log q scatter by about the spread, in nats."""
    source = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    data = CostData(
        demonstration_inputs=drawn(COUNT, STEPS, 2),
        demonstration_actions=0.1 * drawn(COUNT, STEPS, 1),
        demonstration_weights=torch.ones(COUNT).double(),
        demonstration_log_q=torch.zeros(COUNT).double(),
        demonstration_path=torch.ones(COUNT, STEPS - 1).double(),
        sample_inputs=drawn(COUNT, STEPS, 2),
        sample_actions=0.1 * drawn(COUNT, STEPS, 1),
        sample_log_q=torch.zeros(COUNT).double(),
        newest=COUNT,
        positions=slice(0, 2),
    )
    shown, tried = costs(make(), data)
    return with_log_q(data, spread * drawn(COUNT) - shown, spread * drawn(COUNT) - tried)


def costs(cost: Cost, data: CostData) -> tuple[torch.Tensor, torch.Tensor]:
    """Return c of the demonstrations and of the samples."""
    shown = cost.evaluate(data.demonstration_inputs, data.demonstration_actions).sum(dim=1)
    tried = cost.evaluate(data.sample_inputs, data.sample_actions).sum(dim=1)
    return shown.detach(), tried.detach()


def with_log_q(data: CostData, shown: torch.Tensor, tried: torch.Tensor) -> CostData:
    return dataclasses.replace(data, demonstration_log_q=shown, sample_log_q=tried)


def step(
    data: CostData, loss: str, temperature: float, *, rate_weight: float = 0.0
) -> tuple[torch.Tensor, float]:
    """Return the gradient that one step of the trainer follows, and the log Z it has."""
    cost, log_partition = make(), torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    before = torch.nn.utils.parameters_to_vector(cost.parameters()).detach().clone()
    objective = ObjectiveConfig(
        loss=loss,
        cost_temperature=temperature,
        rate_weight=rate_weight,
        monotonic_weight=0.0,
        monotonic_copies=0,
        aside_weight=0.0,
    )
    descent = torch.optim.SGD(cost.parameters(), lr=1.0)
    source = torch.Generator().manual_seed(0)
    update_cost(cost, log_partition, descent, data, WHOLE, objective, source)
    after = torch.nn.utils.parameters_to_vector(cost.parameters()).detach()
    return before - after, float(log_partition.detach())


def believed(data: CostData, log_partition: float, beta: float) -> CostData:
    """Return the data with the density that half model, half sampler have in the likelihood.

    It is their power mean ((p^beta + q^beta) / 2)^(1/beta), p = exp(-c) / Z; with beta = 1 the
    mixture of both.
    """
    log_q = (data.demonstration_log_q, data.sample_log_q)
    both = [
        (torch.logaddexp(beta * (-own - log_partition), beta * q) - math.log(2)) / beta
        for own, q in zip(costs(make(), data), log_q, strict=True)
    ]
    return with_log_q(data, *both)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_temperature_1_a_step_of_gan_gcl_is_one_of_guided_cost_learning(seed: int) -> None:
    """Finn, Christiano, Abbeel and Levine (2016), section 3, in what the trainer runs."""
    data = background(seed, spread=2.0)
    adversarial, log_partition = step(data, "gan", 1.0)
    guided, _ = step(believed(data, log_partition, 1.0), "gcl", 1.0)
    assert float(guided.abs().max()) > 0.1
    torch.testing.assert_close(adversarial, guided, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 10.0])
def test_tempered_it_is_a_tempered_step_for_the_power_mean_of_both_densities(
    temperature: float,
) -> None:
    """With odds D / (1 - D) = (p / q)^beta the weights of the likelihood are those of D.

    The samples' log ratios mirror those of the demonstrations, so that the same log Z is optimal
    at every temperature.
    """
    data, beta = background(1, spread=8.0), 1.0 / temperature
    shown, tried = costs(make(), data)
    ratios = -shown - data.demonstration_log_q
    data = with_log_q(data, data.demonstration_log_q, -tried - (3.0 - ratios))
    adversarial, log_partition = step(data, "gan", temperature)
    assert log_partition == pytest.approx(1.5, abs=1e-8)
    guided, _ = step(believed(data, log_partition, beta), "gcl", temperature)
    torch.testing.assert_close(adversarial, beta * guided, rtol=1e-6, atol=1e-9)
    mixture, _ = step(believed(data, log_partition, 1.0), "gcl", temperature)
    alike = torch.allclose(adversarial, beta * mixture, rtol=1e-3)
    assert alike == (temperature == 1.0)


def test_without_a_loss_the_regularisers_alone_are_followed() -> None:
    data = background(1, spread=2.0)
    (both, _), (likelihood, _) = (step(data, "gcl", 1.0, rate_weight=w) for w in (0.5, 0.0))
    (alone, _), (nothing, _) = (step(data, "none", 1.0, rate_weight=w) for w in (0.5, 0.0))
    assert float(alone.abs().max()) > 1e-3
    torch.testing.assert_close(alone, both - likelihood, rtol=1e-6, atol=1e-9)
    assert not bool(nothing.any())


def test_without_a_loss_there_is_no_noise_of_it_to_take_off() -> None:
    """The control variate of the likelihood teaches nothing once the likelihood is gone."""
    model = InputMarginals(
        torch.ones(STEPS, 2).double(), torch.eye(2).double().repeat(STEPS, 1, 1)
    )
    data = dataclasses.replace(background(1, spread=2.0), newest_marginals=model)
    likelihood, _ = step(dataclasses.replace(data, newest_marginals=None), "gcl", 1.0)
    corrected, _ = step(data, "gcl", 1.0)
    nothing, _ = step(data, "none", 1.0)
    assert not torch.allclose(corrected, likelihood)
    assert not bool(nothing.any())


@pytest.mark.parametrize("temperature", [1.0, 10.0])
def test_far_apart_odds_leave_nothing_to_learn_unless_they_are_tempered(
    temperature: float,
) -> None:
    """Demonstrations 60 nat above, samples 60 nat below log Z: D is 1 and 0 to 26 digits."""
    data = background(2, spread=0.0)
    shown, tried = costs(make(), data)
    data = with_log_q(data, -shown - 60.0, -tried + 60.0)
    gradient, _ = step(data, "gan", temperature)
    if temperature == 1.0:
        assert float(gradient.abs().max()) < 1e-20
    else:
        assert float(gradient.abs().max()) > 1e-5


def update(
    cost: Cost, optimiser: torch.optim.Optimizer, data: CostData, **changes: Any
) -> CostUpdateReport:
    """Update with the usual objective and all data in each step."""
    objective = ObjectiveConfig(**changes.pop("objective", {}))
    log_partition = changes.pop("log_partition", None)
    if log_partition is None:
        log_partition = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    config = dataclasses.replace(WHOLE, **changes)
    source = torch.Generator().manual_seed(0)
    return update_cost(cost, log_partition, optimiser, data, config, objective, source)


def flat(cost: Cost) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(cost.parameters()).detach().clone()


def test_a_report_tells_means_over_the_steps() -> None:
    """Without motion all steps see the same, but for what is drawn beside the demonstrations."""
    data, objective = background(1, spread=2.0), {"aside_weight": 0.0, "monotonic_copies": 0}
    reports = []
    for steps in (1, 4):
        cost = make()
        still = torch.optim.SGD(cost.parameters(), lr=0.0)
        reports.append(update(cost, still, data, steps=steps, objective=objective))
    assert vars(reports[0]) == pytest.approx(vars(reports[1]))
    assert all(
        value > 0 for name, value in vars(reports[0]).items() if name not in ("loss", "aside")
    )


def test_a_long_gradient_is_shortened_and_keeps_its_direction() -> None:
    data, moved = background(1, spread=2.0), []
    for clip in (0.0, 0.5, 1e6):
        cost, before = make(), flat(make())
        report = update(cost, torch.optim.SGD(cost.parameters(), lr=1.0), data, gradient_clip=clip)
        moved.append(before - flat(cost))
        assert report.gradient_norm == pytest.approx(float(moved[0].norm()))
    assert report.gradient_norm > 1.0
    torch.testing.assert_close(moved[1], moved[0] * 0.5 / report.gradient_norm)
    torch.testing.assert_close(moved[2], moved[0])


@pytest.mark.parametrize("loss", ["gcl", "gan"])
def test_what_is_not_finite_is_told_and_nothing_moves(loss: str) -> None:
    data = background(1, spread=2.0)
    wrong = data.demonstration_inputs.clone()
    wrong[2, 1, 0] = math.nan if loss == "gcl" else math.inf
    cost = make()
    before, descent = flat(cost), torch.optim.SGD(cost.parameters(), lr=1.0)
    broken = dataclasses.replace(data, demonstration_inputs=wrong)
    with pytest.raises(LearningError, match="at step 0"):
        update(cost, descent, broken, objective={"loss": loss})
    assert torch.equal(flat(cost), before)


@pytest.mark.parametrize("explicit", [True, False])
def test_a_cost_that_blows_up_is_told_before_it_is_lost(
    monkeypatch: pytest.MonkeyPatch, explicit: bool
) -> None:
    """In single precision gradients overflow before the loss, which is double, does."""
    monkeypatch.setattr(cost_update, "has_explicit_gradient", lambda *_: explicit)
    cost = Cost(CostConfig(hidden=(5,), features=7), torch.ones(2).double(), torch.Generator())
    descent = torch.optim.Adam(cost.parameters(), lr=1e4)
    with pytest.raises(LearningError, match=r"gradient .* at step [1-9]\d*"):
        update(cost, descent, background(1, spread=2.0), steps=50, precision="single")
    assert bool(torch.isfinite(flat(cost)).all())


def test_log_z_follows_its_own_gradient() -> None:
    """Equation 4 of `objective`, step after step, while the cost stays as it is."""
    data, beta, rate = background(2, spread=6.0), 0.1, 2.0
    cost, log_partition = make(), torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    groups = [{"params": list(cost.parameters()), "lr": 0.0}, {"params": [log_partition]}]
    shown, tried = costs(cost, data)
    found = (-shown - data.demonstration_log_q, -tried - data.sample_log_q)
    expected = optimal_log_partition(*found)
    descent = torch.optim.SGD(groups, lr=rate)
    update(cost, descent, data, steps=3, objective={"loss": "gan"}, log_partition=log_partition)
    start = expected
    for _ in range(3):
        doubted = torch.sigmoid(-beta * (found[0] - expected)).mean()
        believed = torch.sigmoid(beta * (found[1] - expected)).mean()
        expected -= rate * beta * float(doubted - believed)
    assert abs(expected - start) > 1e-3
    assert float(log_partition.detach()) == pytest.approx(expected)


def test_the_usual_fit_is_the_quick_one() -> None:
    wide = Cost(CostConfig(), torch.ones(2).double(), torch.Generator())
    log_partition = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    data, usual = background(1, spread=2.0), CostUpdateConfig()
    for config, loss, kind in (
        (usual, "gcl", ExplicitGradient),
        (usual, "none", ExplicitGradient),
        (usual, "gan", AutomaticGradient),
        (dataclasses.replace(usual, device="cuda"), "gcl", AutomaticGradient),
    ):
        objective = ObjectiveConfig(loss=loss)
        chosen = cost_update._gradient(wide, log_partition, data, config, objective)
        assert isinstance(chosen, kind)
