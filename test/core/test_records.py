# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trajectories, rollouts, controllers and contracts: checked at birth, densities right."""

import numpy as np
import pytest
import torch

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.pose import Pose
from irl_ros.core.trajectory import Outcome, Rollouts, Trajectories, concatenate


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def controller() -> LinearGaussianController:
    root = draw(5, 2, 2, seed=3)
    covariances = root @ root.mT + 0.1 * torch.eye(2, dtype=torch.float64)
    return LinearGaussianController(draw(5, 2, 3, seed=1), draw(5, 2, seed=2), covariances)


def test_density_and_entropy_are_those_of_a_multivariate_normal() -> None:
    policy = controller()
    assert isinstance(policy, Policy)
    runs = Trajectories(draw(4, 5, 3), draw(4, 5, 2))
    means = torch.einsum("tux,mtx->mtu", policy.gains, runs.states) + policy.offsets
    truth = torch.distributions.MultivariateNormal(means, policy.covariances)
    torch.testing.assert_close(policy.log_prob(runs), truth.log_prob(runs.actions).sum(dim=1))
    assert policy.entropy() == pytest.approx(float(truth.entropy()[0].sum()))


def test_samples_have_the_controllers_mean_and_covariance() -> None:
    policy, state = controller(), draw(3, seed=4)
    generator = torch.Generator().manual_seed(0)
    actions = torch.stack([policy.sample(2, state, generator) for _ in range(4000)])
    torch.testing.assert_close(
        actions.mean(dim=0), policy.action_mean(2, state), rtol=0, atol=0.15
    )
    torch.testing.assert_close(torch.cov(actions.T), policy.covariances[2], rtol=0.15, atol=0.05)


def test_a_covariance_that_is_none_is_refused() -> None:
    policy = controller()
    bad = policy.covariances.clone()
    bad[3] = -torch.eye(2, dtype=torch.float64)
    with pytest.raises(DataError, match="covariance of step 3 has smallest eigenvalue -1"):
        LinearGaussianController(policy.gains, policy.offsets, bad)


def test_trajectories_refuse_what_is_not_finite_or_not_double() -> None:
    states = draw(2, 4, 3)
    states[1, 2, 0] = torch.nan
    with pytest.raises(DataError, match=r"states\[1, 2, 0\] is nan"):
        Trajectories(states, draw(2, 4, 2))
    with pytest.raises(DataError, match=r"give torch\.float64"):
        Trajectories(draw(2, 4, 3).float(), draw(2, 4, 2))
    with pytest.raises(DataError, match="give at least 1"):
        concatenate([])


def test_trajectories_are_selected_and_joined() -> None:
    runs = Trajectories(draw(3, 4, 3), draw(3, 4, 2))
    assert len(runs[1]) == 1
    assert torch.equal(concatenate([runs[0], runs[slice(1, 3)]]).states, runs.states)
    assert (runs.horizon, runs.state_dim, runs.action_dim) == (4, 3, 2)


def test_rollouts_need_one_outcome_each() -> None:
    runs = Trajectories(draw(2, 4, 3), draw(2, 4, 2))
    outcome = Outcome(True, "", False, 1.0, 0.0, 0.0, 0.0)
    assert Rollouts(runs, (outcome, outcome)).successes == 2
    with pytest.raises(DataError, match="1 outcomes for 2 trajectories"):
        Rollouts(runs, (outcome,))


def test_features_are_affine() -> None:
    features = AffineFeatures(draw(2, 3), draw(2, seed=1))
    states = draw(4, 5, 3, seed=2)
    expected = states @ features.matrix.T - features.offset
    torch.testing.assert_close(features(states), expected)


def contract() -> ExecutionContract:
    pose = Pose(np.array([0.1, -0.2, 0.3]), np.array([0.0, 0.0, 0.6, 0.8]))
    return ExecutionContract("panda", ("a", "b"), "velocity", 0.05, (0.1, 1 / 3), pose)


def test_a_contract_comes_back_to_the_last_digit() -> None:
    sent = contract()
    back = ExecutionContract.from_metadata(sent.to_metadata())
    assert (back.arm, back.joint_names, back.action_space) == ("panda", ("a", "b"), "velocity")
    assert (back.control_period, back.start) == (0.05, (0.1, 1 / 3))
    assert np.array_equal(back.target.position, sent.target.position)
    assert np.array_equal(back.target.quaternion, sent.target.quaternion)


def test_a_contract_with_gaps_is_refused() -> None:
    metadata = contract().to_metadata()
    with pytest.raises(DataError, match="lacks 'start'"):
        ExecutionContract.from_metadata({k: v for k, v in metadata.items() if k != "start"})
    with pytest.raises(DataError, match="malformed"):
        ExecutionContract.from_metadata({**metadata, "control_period": '"soon"'})
