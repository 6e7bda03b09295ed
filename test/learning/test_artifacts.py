# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Neural policies go to a file and come back as they were, ready to be executed."""

import json

import numpy as np
import pytest
import safetensors.torch
import torch
from policy_double import contract, neural_policy, wave

from irl_ros.core.errors import DataError
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.artifacts import cost_from_bytes, policy_from_bytes, policy_to_bytes
from irl_ros.learning.executables import executable_from_bytes


def test_a_neural_policy_comes_back_as_it_was() -> None:
    policy = neural_policy()
    back, metadata = policy_from_bytes(policy_to_bytes(policy, {"arm": "panda"}))
    assert isinstance(back, NeuralPolicy)
    assert back.config == policy.config
    assert metadata["arm"] == "panda"
    generator = torch.Generator().manual_seed(1)
    steps = len(wave())
    tried = Trajectories(
        torch.randn(3, steps, STATE_DIM, generator=generator, dtype=torch.float64),
        torch.randn(3, steps, 7, generator=generator, dtype=torch.float64),
    )
    assert torch.equal(back.log_prob(tried), policy.log_prob(tried))
    state = tried.states[0, 0]
    assert torch.equal(back.action_mean(4, state), policy.action_mean(4, state))


def test_a_file_tells_policies_apart() -> None:
    metadata = contract().to_metadata()
    first, same, other = (
        executable_from_bytes(policy_to_bytes(neural_policy(seed), metadata), "a policy")
        for seed in (0, 0, 1)
    )
    assert first.fingerprint == same.fingerprint != other.fingerprint
    state = torch.zeros(STATE_DIM, dtype=torch.float64)
    expected = neural_policy().action_mean(3, state).numpy()
    np.testing.assert_array_equal(first.controller.action_mean(3, state).numpy(), expected)


def test_damaged_policies_are_refused() -> None:
    whole = policy_to_bytes(neural_policy(), {})
    tensors = safetensors.torch.load(whole)
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    metadata = header["__metadata__"]
    with pytest.raises(DataError, match="holds a neural_policy; give one that holds a cost"):
        cost_from_bytes(whole)
    for broken in ({"horizon": "true of late"}, {"policy_config": "[]"}):
        data = safetensors.torch.save(tensors, {**metadata, **broken})
        with pytest.raises(DataError, match="incomplete"):
            policy_from_bytes(data)
    for name in ("log_deviation", "input_scale", "layers.0.weight"):
        fewer = {key: value for key, value in tensors.items() if key != name}
        with pytest.raises(DataError, match="incomplete"):
            policy_from_bytes(safetensors.torch.save(fewer, metadata))
        broken_tensors = {**tensors, name: torch.full_like(tensors[name], torch.nan)}
        with pytest.raises(DataError, match=r"not finite|not positive"):
            policy_from_bytes(safetensors.torch.save(broken_tensors, metadata))
