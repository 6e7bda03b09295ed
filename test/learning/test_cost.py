# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learned costs: values, initialisation, quadratic expansion against finite differences."""

import pytest
import torch

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.cost import Cost, CostConfig

STATE, INPUT, ACTION = 6, 4, 2


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def make(kind: str = "neural", activation: str = "softplus", initial: str = "identity") -> Cost:
    config = CostConfig(
        kind=kind,
        hidden=(10, 12),
        features=9,
        activation=activation,
        initialisation=initial,
        action_weight=0.7,
    )
    cost = Cost(config, torch.tensor([0.5, 1.0, 2.0, 3.0]), torch.Generator().manual_seed(0))
    with torch.no_grad():
        cost.transform.bias.copy_(draw(len(cost.transform.bias), seed=9))
    return cost


FEATURES = AffineFeatures(draw(INPUT, STATE, seed=1), draw(INPUT, seed=2))


@pytest.mark.parametrize("kind", ["neural", "affine"])
@pytest.mark.parametrize("activation", ["softplus", "relu"])
def test_expansion_is_exact_in_value_and_gradient(kind: str, activation: str) -> None:
    cost = make(kind, activation, initial="random")
    states, actions = draw(1, 3, STATE, seed=3), draw(1, 3, ACTION, seed=4)
    expansion = cost.expand(FEATURES, states, actions)
    joint = torch.cat([states, actions], dim=-1)[0].requires_grad_()
    value = (
        0.5 * torch.einsum("ti,tij,tj->t", joint, expansion.matrix, joint)
        + (expansion.vector * joint).sum(-1)
        + expansion.constant
    )
    truth = cost.evaluate(FEATURES(joint[:, :STATE]), joint[:, STATE:])
    torch.testing.assert_close(value, truth, rtol=1e-10, atol=1e-10)
    ours = torch.autograd.grad(value.sum(), joint)[0]
    theirs = torch.autograd.grad(truth.sum(), joint)[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    # The same by central differences, which know nothing of autograd.
    step = 1e-6
    for index in range(STATE + ACTION):
        shift = torch.zeros_like(joint)
        shift[:, index] = step
        high, low = joint.detach() + shift, joint.detach() - shift
        difference = (
            cost.evaluate(FEATURES(high[:, :STATE]), high[:, STATE:])
            - cost.evaluate(FEATURES(low[:, :STATE]), low[:, STATE:])
        ) / (2 * step)
        torch.testing.assert_close(ours[:, index], difference.detach(), rtol=1e-6, atol=1e-6)


def test_hessian_of_an_affine_cost_is_exact_and_that_of_a_neural_one_is_gauss_newton() -> None:
    states, actions = draw(1, 1, STATE, seed=3), draw(1, 1, ACTION, seed=4)
    point = torch.cat([states, actions], dim=-1)[0, 0]
    affine = make("affine")

    def truth(joint: torch.Tensor) -> torch.Tensor:
        return affine.evaluate(FEATURES(joint[:STATE]), joint[STATE:])

    exact = torch.autograd.functional.hessian(truth, point)
    torch.testing.assert_close(affine.expand(FEATURES, states, actions).matrix[0], exact)
    neural = make(initial="random")

    def residuals(state: torch.Tensor) -> torch.Tensor:
        return neural.residuals(FEATURES(state))

    jacobian = torch.autograd.functional.jacobian(residuals, point[:STATE])
    matrix = neural.expand(FEATURES, states, actions).matrix[0]
    torch.testing.assert_close(matrix[:STATE, :STATE], 2 * jacobian.T @ jacobian)
    assert float(torch.linalg.eigvalsh(matrix).min()) > -1e-10


def test_expansions_are_averaged_over_trajectories() -> None:
    cost = make(initial="random")
    states, actions = draw(3, 2, STATE, seed=5), draw(3, 2, ACTION, seed=6)
    together = cost.expand(FEATURES, states, actions)
    apart = [cost.expand(FEATURES, states[i : i + 1], actions[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together.matrix, sum(e.matrix for e in apart) / 3)
    torch.testing.assert_close(together.vector, sum(e.vector for e in apart) / 3)
    torch.testing.assert_close(together.constant, sum(e.constant for e in apart) / 3)


def test_identity_initialisation_passes_the_input_through_rectifiers() -> None:
    cost = make(activation="relu")
    first = cost.layers[0].weight.detach()
    assert torch.equal(first[:INPUT], torch.eye(INPUT).double())
    assert torch.equal(first[INPUT : 2 * INPUT], -torch.eye(INPUT).double())
    inputs = draw(5, INPUT, seed=7)
    hidden = torch.relu(cost.layers[0](inputs / cost.input_scale))
    torch.testing.assert_close(
        hidden[:, :INPUT] - hidden[:, INPUT : 2 * INPUT], inputs / cost.input_scale
    )


def test_identity_initialisation_refuses_narrow_layers() -> None:
    config = CostConfig(hidden=(7,), features=20)
    with pytest.raises(ParameterError, match=r"below 8, twice the 4 inputs"):
        Cost(config, torch.ones(4), torch.Generator())


def test_action_weight_is_fixed_and_counts_in_full() -> None:
    cost = make()
    inputs, actions = draw(4, INPUT), draw(4, ACTION)
    difference = cost.evaluate(inputs, actions) - cost.evaluate(inputs, 0 * actions)
    torch.testing.assert_close(difference, 0.7 * actions.square().sum(-1))
    assert not any("action" in name for name, _ in cost.named_parameters())


def test_parameter_gradients_by_finite_differences() -> None:
    cost = make(initial="random")
    inputs, actions = draw(4, INPUT, seed=8), draw(4, ACTION, seed=9)
    weight = cost.layers[0].weight
    cost.evaluate(inputs, actions).sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    step = 1e-6
    for row, column in ((0, 0), (3, 2), (9, 3)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight[row, column] += sign * step
                values.append(float(cost.evaluate(inputs, actions).sum()))
                weight[row, column] -= sign * step
        difference = (values[0] - values[1]) / (2 * step)
        assert float(weight.grad[row, column]) == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("kind", ["neural", "affine"])
def test_residuals_are_the_features_transformed(kind: str) -> None:
    cost = make(kind, initial="random")
    inputs = draw(5, 3, INPUT, seed=10)
    hidden = inputs / cost.input_scale
    for index, layer in enumerate(cost.layers):
        hidden = layer(hidden)
        if index + 1 < len(cost.layers):
            hidden = torch.nn.functional.softplus(hidden, beta=cost.config.softplus_sharpness)
    torch.testing.assert_close(cost.residuals(inputs), cost.transform(hidden))


def test_single_precision_inputs_give_the_same_cost_and_gradient() -> None:
    cost = make(initial="random")
    inputs = draw(6, 7, INPUT, seed=11)
    exact = cost.state_cost(inputs)
    rounded = cost.state_cost(inputs.to(torch.float32))
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded.double(), exact, rtol=1e-5, atol=1e-6)
    parameters = list(cost.parameters())
    gradients = torch.autograd.grad(exact.sum(), parameters)
    for expected, found in zip(
        gradients, torch.autograd.grad(rounded.sum(), parameters), strict=True
    ):
        assert found.dtype == torch.float64
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
