# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hand-written costs: values, derivatives against finite differences, safe expansions."""

import math

import pytest
import torch

from irl_ros.core.errors import ParameterError
from irl_ros.core.features import AffineFeatures
from irl_ros.learning.ground_truth import GroundTruthCost, Obstacle

STATE, INPUT, ACTION = 6, 4, 2


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


COST = GroundTruthCost(
    position=slice(1, 3),
    square_weight=2.0,
    log_weight=0.5,
    log_offset=1e-2,
    action_weight=0.7,
    obstacles=(Obstacle((0.5, -0.3), 0.8, 4.0), Obstacle((-1.0, 0.2), 0.5, 2.0)),
)
FEATURES = AffineFeatures(draw(INPUT, STATE, seed=1), draw(INPUT, seed=2))


def test_value_is_the_formula() -> None:
    plain = GroundTruthCost(slice(0, 2), 3.0, 0.5, 0.01, 2.0, (Obstacle((3.0, 0.0), 2.0, 5.0),))
    value = plain.evaluate(
        torch.tensor([3.0, 4.0, 9.0]).double(), torch.tensor([1.0, 2.0]).double()
    )
    expected = 3.0 * 25 + 0.5 * math.log(25.01) + 5.0 * math.exp(-16 / 8) + 2.0 * 5
    assert float(value) == pytest.approx(expected, rel=1e-12)


def test_expansion_is_exact_in_value_and_gradient() -> None:
    states, actions = draw(1, 3, STATE, seed=3), draw(1, 3, ACTION, seed=4)
    expansion = COST.expand(FEATURES, states, actions)
    joint = torch.cat([states, actions], dim=-1)[0]
    value = (
        0.5 * torch.einsum("ti,tij,tj->t", joint, expansion.matrix, joint)
        + (expansion.vector * joint).sum(-1)
        + expansion.constant
    )
    truth = COST.evaluate(FEATURES(joint[:, :STATE]), joint[:, STATE:])
    torch.testing.assert_close(value, truth, rtol=1e-10, atol=1e-10)
    gradient = (expansion.matrix @ joint.unsqueeze(-1)).squeeze(-1) + expansion.vector
    step = 1e-6
    for index in range(STATE + ACTION):
        shift = torch.zeros_like(joint)
        shift[:, index] = step
        high, low = joint + shift, joint - shift
        difference = (
            COST.evaluate(FEATURES(high[:, :STATE]), high[:, STATE:])
            - COST.evaluate(FEATURES(low[:, :STATE]), low[:, STATE:])
        ) / (2 * step)
        torch.testing.assert_close(gradient[:, index], difference, rtol=1e-6, atol=1e-6)


def test_hessian_is_positive_semi_definite_everywhere() -> None:
    states = torch.cat([draw(200, 1, STATE, seed=5), torch.zeros(1, 1, STATE).double()])
    for state in states:
        matrix = COST.expand(FEATURES, state[None], draw(1, 1, ACTION)).matrix[0]
        torch.testing.assert_close(matrix, matrix.T)
        assert float(torch.linalg.eigvalsh(matrix).min()) > -1e-9


def test_expansion_without_obstacles_lies_above_the_cost() -> None:
    bare = GroundTruthCost(slice(0, 2), 1.0, 0.5, 1e-3, 0.7)
    identity = AffineFeatures(torch.eye(2).double(), torch.zeros(2).double())
    centre, others = draw(1, 1, 2, seed=6), draw(50, 2, seed=7)
    expansion = bare.expand(identity, centre, torch.zeros(1, 1, 1).double())
    matrix, vector = expansion.matrix[0, :2, :2], expansion.vector[0, :2]
    above = 0.5 * torch.einsum("mi,ij,mj->m", others, matrix, others) + others @ vector
    assert bool((above + expansion.constant[0] >= bare.state_cost(others) - 1e-12).all())


def test_expansions_are_averaged_over_trajectories() -> None:
    states, actions = draw(3, 2, STATE, seed=8), draw(3, 2, ACTION, seed=9)
    together = COST.expand(FEATURES, states, actions)
    apart = [COST.expand(FEATURES, states[i : i + 1], actions[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together.matrix, sum(e.matrix for e in apart) / 3)
    torch.testing.assert_close(together.vector, sum(e.vector for e in apart) / 3)
    torch.testing.assert_close(together.constant, sum(e.constant for e in apart) / 3)


def test_impossible_weights_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least 0"):
        GroundTruthCost(slice(0, 2), -1.0, 0.5, 0.01, 1.0)
    with pytest.raises(ParameterError, match="more than 0"):
        GroundTruthCost(slice(0, 2), 1.0, 0.5, 0.0, 1.0)
