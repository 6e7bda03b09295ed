# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitted dynamics recover what produced the data, and say how sure they are."""

import math

import pytest
import torch
from double_integrator import MATRIX, MODEL, START

from irl_ros.core.action import kinesthetic_actions
from irl_ros.core.arm import load_arm
from irl_ros.core.errors import DataError
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.planning.arm_model import ArmModel, joint_trajectories, nominal_joints
from irl_ros.learning.planning.ensemble import EnsembleConfig, GaussianEnsemble, fit_ensemble
from irl_ros.learning.planning.model import LinearModel, fit_linear_model, predictive_nll
from irl_ros.learning.transitions import Transitions, transitions_of

OFFSET = torch.tensor([0.05, -0.2], dtype=torch.float64)
COVARIANCE = torch.tensor([[0.02, 0.01], [0.01, 0.03]], dtype=torch.float64)


def data(count: int, seed: int = 0, noise: float = 0.0) -> Transitions:
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(count, 2, generator=generator, dtype=torch.float64)
    actions = torch.randn(count, 1, generator=generator, dtype=torch.float64)
    white = torch.randn(count, 2, generator=generator, dtype=torch.float64)
    moved = torch.cat([states, actions], dim=1) @ MATRIX.T + OFFSET
    factor = torch.linalg.cholesky(COVARIANCE)
    return Transitions(states, actions, moved + noise * white @ factor.T)


def test_transitions_are_pairs_of_neighbouring_steps() -> None:
    states = torch.arange(12, dtype=torch.float64).reshape(2, 3, 2)
    batch = transitions_of(Trajectories(states, 10 * states[..., :1]))
    assert batch.states[:, 0].tolist() == [0, 2, 6, 8]
    assert batch.next_states[:, 0].tolist() == [2, 4, 8, 10]
    assert batch.actions[:, 0].tolist() == [0, 20, 60, 80]
    with pytest.raises(DataError, match="give one of each"):
        transitions_of(Trajectories(states[:0], states[:0]))
    with pytest.raises(DataError, match="give one of each"):
        transitions_of(Trajectories(states[:, :1], states[:, :1]))


def test_noiseless_linear_dynamics_are_recovered() -> None:
    model = fit_linear_model(data(20))
    torch.testing.assert_close(model.matrix, MATRIX, atol=1e-10, rtol=0)
    torch.testing.assert_close(model.offset, OFFSET, atol=1e-10, rtol=0)
    torch.testing.assert_close(model.covariance, 1e-9 * torch.eye(2).double())


def test_redundant_states_do_not_hinder_the_fit() -> None:
    batch = data(50)
    doubled = Transitions(
        torch.cat([batch.states, 2 * batch.states], dim=1),
        batch.actions,
        torch.cat([batch.next_states, 2 * batch.next_states], dim=1),
    )
    predicted = fit_linear_model(doubled).predict(doubled.states, doubled.actions)
    torch.testing.assert_close(predicted, doubled.next_states, atol=1e-10, rtol=0)


def test_the_likelihood_of_a_linear_fit_is_calibrated() -> None:
    model = fit_linear_model(data(5000, noise=1.0))
    torch.testing.assert_close(model.covariance, COVARIANCE, atol=2e-3, rtol=0)
    entropy = 1 + math.log(2 * math.pi) + 0.5 * float(torch.logdet(COVARIANCE))
    unseen = data(5000, seed=1, noise=1.0)
    assert predictive_nll(model, unseen) == pytest.approx(entropy, abs=0.03)
    # The truth is as likely as anything can be, up to the fit's few hundredths of a nat.
    truth = LinearModel(MATRIX, OFFSET, COVARIANCE)
    assert predictive_nll(truth, unseen) < predictive_nll(model, unseen) + 1e-3
    sure = LinearModel(MATRIX, OFFSET, 0.25 * COVARIANCE)
    assert predictive_nll(sure, unseen) > entropy + 0.5


def test_density_matches_torch() -> None:
    batch = data(7, noise=1.0)
    means = torch.cat([batch.states, batch.actions], dim=1) @ MATRIX.T + OFFSET
    theirs = torch.distributions.MultivariateNormal(means, COVARIANCE).log_prob(batch.next_states)
    ours = LinearModel(MATRIX, OFFSET, COVARIANCE).log_prob(batch)
    torch.testing.assert_close(ours, theirs)


def test_a_held_state_stays() -> None:
    model = nominal_joints(3)
    gain = torch.diag(torch.tensor([0.8, 1.0, 1.2], dtype=torch.float64))
    bias = torch.tensor([0.1, 0.0, -0.2], dtype=torch.float64)
    # Joints that do gain * u + bias when u is commanded.
    matrix = model.matrix.clone()
    matrix[:, 6:] = model.matrix[:, 6:] @ gain
    drifting = LinearModel(matrix, model.matrix[:, 6:] @ bias, model.covariance)
    state = torch.tensor([0.3, -1.0, 0.5, 0.0, 0.0, 0.0], dtype=torch.float64)
    action = drifting.holding_action(state)
    assert action.tolist() == pytest.approx([-0.125, 0.0, 0.2 / 1.2])
    torch.testing.assert_close(drifting.predict(state, action), state)


def test_too_few_transitions_and_no_density_are_refused() -> None:
    with pytest.raises(DataError, match="4 transitions for 4 coefficients"):
        fit_linear_model(data(4))
    with pytest.raises(DataError, match="positive definite"):
        LinearModel(MATRIX, OFFSET, 0 * COVARIANCE)


def test_a_rollout_applies_each_action_in_its_state() -> None:
    actions = torch.randn(3, 4, 1, generator=torch.Generator().manual_seed(0)).double()
    states = MODEL.rollout(START, actions)
    assert states.shape == (3, 4, 2)
    assert bool((states[:, 0] == START).all())
    for step in range(3):
        moved = MODEL.predict(states[:, step], actions[:, step])
        torch.testing.assert_close(states[:, step + 1], moved)


# --- Ensemble ----------------------------------------------------------------------------------

SMALL = EnsembleConfig(members=3, hidden=(32, 32), steps=1500, learning_rate=0.01, batch=128)


def pendulum(count: int, seed: int, noise: float = 0.02, reach: float = 2.0) -> Transitions:
    """Return motions of a pendulum, (angle, speed), with noise that grows with the angle."""
    generator = torch.Generator().manual_seed(seed)
    states = reach * (2 * torch.rand(count, 2, generator=generator, dtype=torch.float64) - 1)
    actions = 2 * torch.rand(count, 1, generator=generator, dtype=torch.float64) - 1
    angle, speed = states.T
    white = torch.randn(2, count, generator=generator, dtype=torch.float64)
    faster = speed + 0.2 * (actions[:, 0] - 3 * angle.sin())
    after = torch.stack(
        [angle + 0.2 * speed + noise * white[0], faster + noise * (1 + angle**2) * white[1]], dim=1
    )
    return Transitions(states, actions, after)


@pytest.fixture(scope="module")
def ensemble() -> GaussianEnsemble:
    return fit_ensemble(pendulum(3000, 0), SMALL, torch.Generator().manual_seed(0))


def test_an_ensemble_learns_what_a_line_cannot(ensemble: GaussianEnsemble) -> None:
    unseen = pendulum(2000, 1)
    linear = fit_linear_model(pendulum(3000, 0))
    entropy = 1 + math.log(2 * math.pi) + 2 * math.log(0.02)
    entropy += float((1 + unseen.states[:, 0] ** 2).log().mean())
    assert predictive_nll(ensemble, unseen) == pytest.approx(entropy, abs=0.25)
    assert predictive_nll(linear, unseen) > entropy + 0.7


def test_predicted_deviations_follow_the_noise(ensemble: GaussianEnsemble) -> None:
    still = torch.tensor([[0.0, 0.0], [1.8, 0.0]], dtype=torch.float64)
    inputs = still.expand(3, -1, -1), torch.zeros(3, 2, 1, dtype=torch.float64)
    deviations = (ensemble.outputs(*inputs)[1].exp() * ensemble.output_scale).mean(dim=0)
    expected = torch.tensor([[0.02, 0.02], [0.02, 0.02 * (1 + 1.8**2)]], dtype=torch.float64)
    torch.testing.assert_close(deviations, expected, rtol=0.35, atol=0.0)


def test_networks_disagree_where_there_are_no_data(ensemble: GaussianEnsemble) -> None:
    def spread(states: torch.Tensor) -> float:
        actions = torch.zeros(3, len(states), 1, dtype=torch.float64)
        means, _ = ensemble.outputs(states.expand(3, -1, -1), actions)
        return float(means.std(dim=0).mean())

    near = pendulum(200, 3).states
    assert spread(4 * near) > 5 * spread(near)


def test_every_path_of_a_rollout_keeps_its_network(ensemble: GaussianEnsemble) -> None:
    same = torch.zeros(7, 5, 1, dtype=torch.float64)
    paths = ensemble.rollout(START, same)
    assert paths.shape == (7, 5, 2)
    for path in range(7):
        torch.testing.assert_close(paths[path], paths[path % 3], atol=0, rtol=0)
    assert not torch.equal(paths[0], paths[1])
    mean, _ = ensemble.outputs(START.expand(3, 1, -1), same[:3, :1])
    moved = START + ensemble.output_centre + ensemble.output_scale * mean[:, 0]
    torch.testing.assert_close(paths[:3, 1], moved)
    torch.testing.assert_close(
        ensemble.predict(START.expand(2, 4, -1), torch.zeros(2, 4, 1).double()),
        moved.mean(dim=0).expand(2, 4, -1),
    )


def test_training_repeats_itself() -> None:
    config = EnsembleConfig(members=2, hidden=(4,), steps=20)
    first, second = (
        fit_ensemble(pendulum(50, 0), config, torch.Generator().manual_seed(1)) for _ in range(2)
    )
    assert torch.equal(first.weights[0], second.weights[0])
    with pytest.raises(DataError, match="2 transitions"):
        fit_ensemble(pendulum(2, 0), config, torch.Generator())


# --- Arm ---------------------------------------------------------------------------------------


def test_nominal_joints_invert_kinesthetic_actions() -> None:
    model = nominal_joints(7)
    generator = torch.Generator().manual_seed(0)
    velocities = torch.randn(9, 7, generator=generator, dtype=torch.float64)
    actions = kinesthetic_actions(velocities)
    states = torch.cat([torch.zeros(8, 7).double(), velocities[:-1]], dim=1)
    torch.testing.assert_close(model.predict(states, actions)[:, 7:], velocities[1:])


def test_nominal_joints_match_the_integrated_lag() -> None:
    model = nominal_joints(1, period=0.05, time_constant=0.04)
    position, velocity, command = 0.3, -0.2, 0.5
    steps = 100_000
    for _ in range(steps):
        position += velocity * 0.05 / steps
        velocity += (command - velocity) / 0.04 * 0.05 / steps
    state = torch.tensor([0.3, -0.2], dtype=torch.float64)
    after = model.predict(state, torch.tensor([command], dtype=torch.float64))
    assert after.tolist() == pytest.approx([position, velocity], abs=1e-5)


def test_an_arm_model_carries_the_tool_along() -> None:
    arm = load_arm("panda")
    kinematics = Kinematics(arm)
    home = torch.tensor(arm.home)
    start = kinematics.arm_state(home, 0 * home)
    actions = 0.2 * torch.ones(2, 4, 7, dtype=torch.float64)
    states = ArmModel(nominal_joints(7), kinematics).rollout(start, actions)
    assert states.shape == (2, 4, 32)
    torch.testing.assert_close(states[0, 0], start)
    expected = kinematics.arm_state(states[1, 3, :7], states[1, 3, 7:14])
    torch.testing.assert_close(states[1, 3], expected)
    assert float((states[0, 3, :7] - home).min()) > 0.0
    joints = joint_trajectories(Trajectories(states, actions), 7)
    assert joints.state_dim == 14
