# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scaled actions: the same policy and the same rollouts in other units."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from policy_double import ARM, contract, policy, wave

from irl_ros.core.action import ActionSpace
from irl_ros.core.action_scale import ScaledPolicy, ScaledRollouts, scaled
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import DataError, SafetyError
from irl_ros.core.executable import check_policy
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Outcome, Rollouts, Trajectories

SCALE = torch.tensor([0.5, 2.0, 12.0], dtype=torch.float64)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def controller(scale: torch.Tensor) -> LinearGaussianController:
    """Return a controller whose actions are multiples of the inverse of a scale."""
    root = draw(4, 3, 3, seed=2) / scale[:, None]
    return LinearGaussianController(
        draw(4, 3, 5) / scale[:, None],
        draw(4, 3, seed=1) / scale,
        root @ root.mT + torch.diag(0.1 / scale**2),
    )


def test_a_scaled_policy_is_the_policy_in_natural_units() -> None:
    natural, stretched = controller(torch.ones(3).double()), ScaledPolicy(controller(SCALE), SCALE)
    checked: Policy = stretched
    assert checked.horizon == 4
    runs = Trajectories(draw(6, 4, 5, seed=3), draw(6, 4, 3, seed=4))
    torch.testing.assert_close(stretched.log_prob(runs), natural.log_prob(runs))
    state = runs.states[0, 0]
    torch.testing.assert_close(stretched.action_mean(2, state), natural.action_mean(2, state))
    samples = [
        each.sample(2, state, torch.Generator().manual_seed(5)) for each in (natural, stretched)
    ]
    torch.testing.assert_close(samples[0], samples[1])


class Echo:
    """A rollout source that does what the policy says and notes it."""

    horizon, state_dim, action_dim, control_period = 4, 5, 3, 0.05
    closed = False

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        states = draw(count, 4, 5, seed=seed)
        self.actions = torch.stack(
            [torch.stack([policy.action_mean(t, row[t]) for t in range(4)]) for row in states]
        )
        outcome = Outcome(True, "", False, 1.0, 0.0, 0.0, 0.0)
        return Rollouts(Trajectories(states, self.actions), (outcome,) * count)

    def close(self) -> None:
        self.closed = True


def test_scaled_rollouts_turn_actions_into_units_and_back() -> None:
    echo, given = Echo(), controller(SCALE)
    source: RolloutSource = ScaledRollouts(echo, SCALE.tolist())
    runs = source.sample(given, 3, seed=7).trajectories
    means = torch.einsum("tux,mtx->mtu", given.gains, runs.states) + given.offsets
    torch.testing.assert_close(runs.actions, means)
    torch.testing.assert_close(echo.actions, SCALE * means)
    assert (source.horizon, source.state_dim, source.action_dim) == (4, 5, 3)
    assert source.control_period == 0.05
    source.close()
    assert echo.closed


def demonstrations(space: ActionSpace) -> Demonstrations:
    target = contract().target
    return Demonstrations(
        Trajectories(draw(2, 6, 32), 3.0 * draw(2, 6, 7, seed=1)),
        (target, target),
        torch.ones(2, dtype=torch.float64),
        (1, 2),
        0.05,
        ARM.name,
        "dish",
        space,
    )


@pytest.mark.parametrize("space", list(ActionSpace))
def test_actions_become_about_as_large_as_velocities(space: ActionSpace) -> None:
    shown = demonstrations(space)
    told = scaled(shown)
    scale = torch.tensor(told.action_scale, dtype=torch.float64)
    torch.testing.assert_close(scale * told.trajectories.actions, shown.trajectories.actions)
    assert torch.equal(told.trajectories.states, shown.trajectories.states)
    if space is ActionSpace.TORQUE:
        torch.testing.assert_close(
            told.trajectories.actions.square().mean(dim=(0, 1)),
            shown.trajectories.states[..., 7:14].square().mean(dim=(0, 1)),
        )
    else:
        expected = {ActionSpace.VELOCITY: 1.0, ActionSpace.POSITION_INCREMENT: 0.05}
        assert told.action_scale == (expected[space],) * 7
    assert scaled(told) is told


def test_a_joint_that_nobody_moved_gets_a_finite_scale() -> None:
    shown = demonstrations(ActionSpace.TORQUE)
    still = torch.ones(7, dtype=torch.float64)
    still[3] = 0.0
    states = shown.trajectories.states.clone()
    states[..., 7:14] *= still
    runs = Trajectories(states, still * shown.trajectories.actions)
    told = scaled(dataclasses.replace(shown, trajectories=runs))
    assert all(0.0 < each < math.inf for each in told.action_scale)
    with pytest.raises(DataError, match="greater than 0 for each of 7 components"):
        dataclasses.replace(shown, action_scale=(1.0, 0.0))


def test_a_contract_says_what_the_actions_of_its_policy_mean() -> None:
    scale = tuple(float(each) for each in range(1, 8))
    chosen = policy(wave(3), action_scale=scale)
    state = torch.zeros(32, dtype=torch.float64)
    np.testing.assert_allclose(chosen.action(1, state), np.array(scale) * wave(3)[1])
    np.testing.assert_array_equal(policy(wave(3)).action(1, state), wave(3)[1])
    metadata = chosen.contract.to_metadata()
    assert ExecutionContract.from_metadata(metadata).action_scale == scale
    del metadata["action_scale"]
    assert ExecutionContract.from_metadata(metadata).action_scale == ()
    assert chosen.fingerprint != policy(wave(3)).fingerprint
    check_policy(chosen, ARM, 1 / 120)
    for wrong in ((1.0,), (0.0,) * 7, (math.nan,) * 7):
        with pytest.raises(SafetyError, match="test policy: the action scale is"):
            check_policy(policy(action_scale=wrong), ARM, 1 / 120)


def test_an_action_of_an_unknown_kind_is_refused() -> None:
    told = "are of the kind 'voltage'; known are velocity, torque, position_increment"
    strange = contract(action_space="voltage")
    with pytest.raises(DataError, match=told):
        strange.check_actions(7)
    with pytest.raises(SafetyError, match=f"test policy: the actions {told}"):
        check_policy(policy(action_space="voltage"), ARM, 1 / 120)
