# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts: the same from any number of workers, and no crash is a hang."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from irl_ros.core.arm_driver import LimitsConfig
from irl_ros.core.errors import ParameterError, RolloutError
from irl_ros.core.policy import LinearGaussianController
from irl_ros.core.rollout import RolloutSource
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.demonstrate import demonstrate
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.rollouts import SimRollouts

pytestmark = pytest.mark.sim

STEPS = 100


def follow(take, gain=4.0, variance=1e-3):
    """Return a controller that repeats a take's actions and pulls towards its positions."""
    gains = torch.zeros(STEPS, 7, 32, dtype=torch.float64)
    gains[:, :, :7] = -gain * torch.eye(7, dtype=torch.float64)
    offsets = take.trajectory.actions[0] + gain * take.trajectory.states[0, :, :7]
    covariances = variance * torch.eye(7, dtype=torch.float64).expand(STEPS, 7, 7)
    return LinearGaussianController(gains, offsets, covariances.contiguous())


def constant(action):
    return LinearGaussianController(
        torch.zeros(STEPS, 7, 32, dtype=torch.float64),
        torch.tensor(action, dtype=torch.float64).expand(STEPS, 7).contiguous(),
        1e-4 * torch.eye(7, dtype=torch.float64).expand(STEPS, 7, 7).contiguous(),
    )


@pytest.fixture(scope="module")
def take():
    with DishSimulator() as simulator:
        return demonstrate(simulator, 4, 3)


@pytest.fixture(scope="module")
def source():
    source = SimRollouts()
    yield source
    source.close()


def test_it_is_a_rollout_source(source):
    checked: RolloutSource = source
    assert (checked.horizon, checked.control_period) == (100, 0.05)
    assert (checked.state_dim, checked.action_dim) == (32, 7)


def test_a_demonstration_can_be_followed(source, take):
    rollouts = source.sample(follow(take), 4, seed=1)
    assert take.outcome.success
    assert rollouts.successes == 4, rollouts.outcomes


@pytest.mark.parametrize("condition", ["mismatched", "biased"])
def test_replaying_a_demonstration_on_another_arm_fails(take, condition):
    source = SimRollouts(SimulationConfig(condition=condition))
    rollouts = source.sample(follow(take, gain=0.0), 4, seed=1, deterministic=True)
    source.close()
    assert rollouts.successes == 0


def test_workers_do_not_change_the_rollouts(source, take):
    policy = follow(take)
    here = source.sample(policy, 5, seed=7)
    for workers in (1, 2):
        parallel = SimRollouts(workers=workers)
        try:
            first = parallel.sample(policy, 5, seed=7)
            second = parallel.sample(policy, 5, seed=7)
        finally:
            parallel.close()
        for rollouts in (first, second):
            assert torch.equal(rollouts.trajectories.states, here.trajectories.states)
            assert torch.equal(rollouts.trajectories.actions, here.trajectories.actions)
            assert rollouts.outcomes == here.outcomes


def test_seeds_and_members_differ(source, take):
    policy = follow(take)
    one, other = source.sample(policy, 2, seed=7), source.sample(policy, 2, seed=8)
    states = torch.cat([one.trajectories.states, other.trajectories.states])[:, 0]
    assert len(torch.unique(states, dim=0)) == 4


def test_a_longer_batch_begins_like_a_shorter_one(source, take):
    policy = follow(take)
    short, long = source.sample(policy, 1, seed=7), source.sample(policy, 2, seed=7)
    assert torch.equal(short.trajectories.states, long.trajectories.states[:1])


def test_mean_actions_are_executed_when_asked(source, take):
    policy = follow(take, variance=0.01)
    trajectories = source.sample(policy, 2, seed=7, deterministic=True).trajectories
    means = torch.einsum("tux,mtx->mtu", policy.gains, trajectories.states) + policy.offsets
    torch.testing.assert_close(trajectories.actions, means)
    sampled = source.sample(policy, 2, seed=7).trajectories
    residuals = sampled.actions - (
        torch.einsum("tux,mtx->mtu", policy.gains, sampled.states) + policy.offsets
    )
    assert float(residuals.std()) == pytest.approx(0.1, rel=0.1)


def test_states_are_those_of_the_arm(source):
    trajectories = source.sample(constant([0.1, 0, 0, 0, 0, 0, -0.2]), 1, seed=0).trajectories
    states = trajectories.states[0]
    with DishSimulator() as simulator:
        expected = simulator.kinematics.arm_state(states[:, :7], states[:, 7:14])
    torch.testing.assert_close(states, expected)
    assert float(states[-1, 7]) == pytest.approx(0.1, abs=0.02)


def test_wild_actions_stay_within_the_limits(source):
    trajectories = source.sample(constant([50.0, -50, 0, 50, 0, 0, 50]), 1, seed=0)
    states = trajectories.trajectories.states[0].numpy()
    with DishSimulator() as simulator:
        limits = simulator.arm.limits
    assert (states[:, :7] > limits.lower).all()
    assert (states[:, :7] < limits.upper).all()
    assert (np.abs(states[:, 7:14]) < limits.velocity).all()


def test_rollouts_keep_the_limits_of_the_arm_that_is_meant():
    slow = LimitsConfig(acceleration=(1.0,) * 7)
    source = SimRollouts(SimulationConfig(posture_spread=0.0, limits=slow))
    states = source.sample(constant([0.5] * 7), 1, seed=0, deterministic=True).trajectories.states
    source.close()
    # The guard uses 0.9 of the limit, so full speed takes 0.56 s.
    velocities = states[0, :, 7:14].numpy()
    assert (np.diff(velocities[:14], axis=0) < 0.05 * 0.9 + 1e-3).all()
    np.testing.assert_allclose(velocities[11], 0.45, atol=0.05)


def test_position_increments_move_the_arm_by_their_sum():
    source = SimRollouts(SimulationConfig(action_space="position_increment"))
    increment = np.array([0.004, -0.002, 0.001, 0.002, -0.004, 0.001, 0.005])
    states = source.sample(constant(increment), 1, seed=0, deterministic=True).trajectories.states
    source.close()
    travelled = (states[0, -1, :7] - states[0, 0, :7]).numpy()
    np.testing.assert_allclose(travelled, 99 * increment, atol=2e-3)


def test_torques_move_the_arm():
    source = SimRollouts(SimulationConfig(action_space="torque"))
    torque = constant([0.0, 0, 0, 0, 0, 0, 0.05])
    states = source.sample(torque, 1, seed=0, deterministic=True).trajectories.states
    source.close()
    # The joint's own friction, 0.5 N m s/rad, bounds the speed at 0.1 rad/s.
    assert float(states[0, -1, 13]) == pytest.approx(0.1, rel=0.05)
    np.testing.assert_allclose(states[0, -1, 7:13], 0.0, atol=0.02)


@pytest.mark.parametrize("workers", [0, 1])
def test_bad_arguments_are_refused(workers):
    source = SimRollouts(workers=workers)
    policy = constant([0.0] * 7)
    short = LinearGaussianController(
        policy.gains[:50], policy.offsets[:50], policy.covariances[:50]
    )
    with pytest.raises(RolloutError, match="50 steps"):
        source.sample(short, 1, seed=0)
    with pytest.raises(RolloutError, match="at least 1"):
        source.sample(policy, 0, seed=0)
    source.close()
    source.close()
    with pytest.raises(RolloutError, match="closed"):
        source.sample(policy, 1, seed=0)
    with pytest.raises(ParameterError, match="at least 0"):
        SimRollouts(workers=-1)
    with pytest.raises(ParameterError, match="slots 0 to 9"):
        SimRollouts(slot=10)


@dataclass(frozen=True)
class Saboteur:
    """A policy that fails in the way it is told to."""

    how: str
    horizon: int = STEPS

    def action_mean(self, step, state):
        if step == 3 and self.how == "raises":
            raise ZeroDivisionError("no such luck")
        if step == 3 and self.how == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if step == 3 and self.how == "is not a number":
            return torch.full((7,), torch.nan, dtype=torch.float64)
        return torch.zeros(7, dtype=torch.float64)

    def sample(self, step, state, generator):
        return self.action_mean(step, state)

    def log_prob(self, trajectories):
        return torch.zeros(len(trajectories), dtype=torch.float64)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raises", "ZeroDivisionError: no such luck"),
        ("dies", "ended with exit code -9"),
        ("is not a number", "must give 7 finite values"),
    ],
)
def test_a_failing_worker_is_an_error(how, message):
    source = SimRollouts(workers=2)
    processes = [worker.process for worker in source._pool._workers]
    with pytest.raises(RolloutError, match=message):
        source.sample(Saboteur(how), 4, seed=0)
    with pytest.raises(RolloutError, match="closed"):
        source.sample(constant([0.0] * 7), 1, seed=0)
    assert all(process.returncode is not None for process in processes)


POLICY = """
import torch

class Still:
    horizon = 100

    def action_mean(self, step, state):
        return torch.zeros(7, dtype=torch.float64)
"""
PROGRAM = """
from irl_ros.sim.rollouts import SimRollouts

open("imported", "a").write("x")
if __name__ == "__main__":
    source = SimRollouts(workers=1)
    source.sample(Still(), 2, seed=0, deterministic=True)
    source.close()
"""


@pytest.mark.parametrize(("policy", "imported"), [(POLICY, 2), ("from still import Still", 1)])
def test_workers_import_the_program_only_if_its_policy_is_from_there(tmp_path, policy, imported):
    (tmp_path / "still.py").write_text(POLICY, encoding="utf-8")
    (tmp_path / "program.py").write_text(policy + PROGRAM, encoding="utf-8")
    subprocess.run([sys.executable, "program.py"], cwd=tmp_path, check=True)
    assert len((tmp_path / "imported").read_text(encoding="utf-8")) == imported
