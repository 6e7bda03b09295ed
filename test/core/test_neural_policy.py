# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The neural policy against its own formula, and the densities against torch's."""

import copy

import pytest
import torch

from irl_ros.core.errors import DataError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Trajectories

HORIZON, STATE, ACTION = 7, 4, 2


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def policy(*hidden: int, seed: int = 3) -> NeuralPolicy:
    scales = PolicyScales(
        random(3), 0.1 + random(3).abs(), random(ACTION), 0.1 + random(ACTION).abs()
    )
    made = NeuralPolicy(
        NeuralPolicyConfig(hidden=hidden, deviation=0.7),
        AffineFeatures(random(3, STATE, seed=1), random(3, seed=2)),
        scales,
        HORIZON,
        torch.Generator().manual_seed(seed),
    )
    with torch.no_grad():
        made.layers[-1].weight.mul_(100)
        made.log_deviation.copy_(torch.tensor([-0.3, 0.2]))
    return made


def trajectories(count: int = 5) -> Trajectories:
    return Trajectories(
        random(count, HORIZON, STATE, seed=4), random(count, HORIZON, ACTION, seed=5)
    )


def test_it_is_a_policy() -> None:
    assert isinstance(policy(8), Policy)
    assert (policy(8).horizon, policy(8).state_dim, policy(8).action_dim) == (7, 4, 2)


@pytest.mark.parametrize("hidden", [(), (8,), (8, 5)])
def test_log_densities_are_those_of_torch_s_normal(hidden: tuple[int, ...]) -> None:
    made, tried = policy(*hidden), trajectories()
    expected = torch.zeros(len(tried), dtype=torch.float64)
    for index in range(len(tried)):
        for step in range(HORIZON):
            mean = made.action_mean(step, tried.states[index, step])
            deviation = made.action_scale * made.log_deviation.detach().exp()
            normal = torch.distributions.Normal(mean, deviation)
            expected[index] += normal.log_prob(tried.actions[index, step]).sum()
    torch.testing.assert_close(made.log_prob(tried), expected)
    assert not made.log_prob(tried).requires_grad


def test_a_policy_without_hidden_layers_is_linear() -> None:
    made = policy()
    state = random(STATE)
    seen = (made.features(state) - made.input_centre) / made.input_scale
    weight, bias = made.layers[0].weight, made.layers[0].bias
    output = weight[:, :3] @ seen + weight[:, 3] * 2 / HORIZON + bias
    expected = (made.action_centre + made.action_scale * output).detach()
    torch.testing.assert_close(made.action_mean(2, state), expected)


def test_samples_have_the_mean_and_the_entropy_that_they_should() -> None:
    made, state = policy(8), random(STATE)
    generator = torch.Generator().manual_seed(0)
    samples = torch.stack([made.sample(3, state, generator) for _ in range(2000)])
    deviation = made.action_scale * made.log_deviation.detach().exp()
    torch.testing.assert_close(samples.mean(0), made.action_mean(3, state), rtol=0, atol=0.08)
    torch.testing.assert_close(samples.std(0), deviation, rtol=0.05, atol=0)
    normal = torch.distributions.Normal(torch.zeros(ACTION).double(), deviation)
    assert made.entropy() == pytest.approx(HORIZON * float(normal.entropy().sum()))


def test_densities_follow_the_weights_as_they_are_now() -> None:
    made, tried = policy(8), trajectories()
    before = made.log_prob(tried)
    kept = copy.deepcopy(made)
    with torch.no_grad():
        made.layers[0].weight.add_(0.1)
    assert not torch.allclose(made.log_prob(tried), before)
    torch.testing.assert_close(kept.log_prob(tried), before)


def test_the_log_density_of_steps_has_the_gradient_of_finite_differences() -> None:
    made, tried = policy(5), trajectories(2)
    seen = made.observe(made.features(tried.states))
    parameters = dict(made.named_parameters())

    def total(*values: torch.Tensor) -> torch.Tensor:
        named = dict(zip(parameters, values, strict=True))
        with torch.no_grad():
            for name, value in named.items():
                parameters[name].copy_(value)
        return made.step_log_prob(seen, tried.actions).sum()

    start = [value.detach().clone() for value in parameters.values()]
    total(*start).backward()  # type: ignore[no-untyped-call]
    for index, value in enumerate(parameters.values()):
        shift = random(*value.shape, seed=index)
        moved = []
        for sign in (-1, 1):
            point = [each.clone() for each in start]
            point[index] += sign * 1e-6 * shift
            moved.append(float(total(*point).detach()))
        assert value.grad is not None
        assert (moved[1] - moved[0]) / 2e-6 == pytest.approx(
            float((value.grad * shift).sum()), rel=1e-6, abs=1e-6
        )


def test_scales_must_be_positive() -> None:
    with pytest.raises(DataError, match="not positive"):
        PolicyScales(random(3), torch.zeros(3).double(), random(2), random(2).abs())
