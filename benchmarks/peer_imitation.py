# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The other side of `peers.py`: cloning, GAIL, AIRL and causal maximum entropy of imitation.

Runs in an environment of its own, started by `peers.py`; reads demonstrations, prints one line of
JSON for each method: the states of its attempts, or its policy on the gridworld. Asked for its
versions, it prints those.
"""

import json
import platform
import sys
import time
from importlib import metadata

import gymnasium
import numpy as np
import torch
from imitation.algorithms import bc
from imitation.algorithms.adversarial.airl import AIRL
from imitation.algorithms.adversarial.gail import GAIL
from imitation.algorithms.mce_irl import MCEIRL
from imitation.data.types import Trajectory
from imitation.data.wrappers import RolloutInfoWrapper
from imitation.rewards.reward_nets import BasicRewardNet, BasicShapedRewardNet
from seals.base_envs import TabularModelPOMDP
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv


class PointMass(gymnasium.Env):
    """The double integrator of the comparison; the observation is its state and the time."""

    observation_space = gymnasium.spaces.Box(-1e3, 1e3, (5,), np.float32)
    action_space = gymnasium.spaces.Box(-5.0, 5.0, (2,), np.float32)

    def __init__(self, task: dict) -> None:
        self.task = task
        self.matrix = np.array(task["matrix"])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.step_count = 0
        self.state = np.array(self.task["start"]) + self.task["spread"] * (
            self.np_random.standard_normal(4)
        )
        return self._observe(), {}

    def step(self, action):
        self.state = self.matrix @ np.concatenate([self.state, action])
        self.step_count += 1
        return self._observe(), 0.0, False, self.step_count == self.task["horizon"], {}

    def _observe(self):
        time_left = self.step_count / self.task["horizon"]
        return np.append(self.state, time_left).astype(np.float32)


def attempts(policy, task: dict) -> list:
    env = PointMass(task)
    states = []
    for seed in range(task["trials"]):
        observation, _ = env.reset(seed=seed)
        for _ in range(task["horizon"]):
            action, _ = policy.predict(observation, deterministic=True)
            observation, *_ = env.step(action)
        states.append(env.state.tolist())
    return states


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def spent(began: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - began[0], time.process_time() - began[1]


def report(name: str, policy, task: dict, began: tuple[float, float]) -> None:
    taken = spent(began)
    line = {"method": name, "final": attempts(policy, task), "seconds": taken}
    print(json.dumps(line), flush=True)


def clone(task: dict, shown: list) -> None:
    began = now()
    env = PointMass(task)
    cloner = bc.BC(
        observation_space=env.observation_space,
        action_space=env.action_space,
        demonstrations=shown,
        rng=np.random.default_rng(task["seed"]),
    )
    cloner.train(n_epochs=task["epochs"], progress_bar=False)
    report("bc", cloner.policy, task, began)


def adversarial(name: str, trainer_of, reward_of, task: dict, shown: list) -> None:
    began = now()
    envs = DummyVecEnv([lambda: RolloutInfoWrapper(PointMass(task))] * 4)
    envs.seed(task["seed"])
    steps = task["rollouts"] * task["horizon"]
    learner = PPO(
        "MlpPolicy", envs, n_steps=steps // 4, seed=task["seed"], device="cpu", **task["ppo"]
    )
    trainer = trainer_of(
        demonstrations=shown,
        demo_batch_size=task["batch"],
        gen_replay_buffer_capacity=steps,
        n_disc_updates_per_round=task["updates"],
        venv=envs,
        gen_algo=learner,
        reward_net=reward_of(envs.observation_space, envs.action_space),
    )
    trainer.train(task["iterations"] * steps)
    report(name, learner.policy, task, began)


def causal_entropy(task: dict) -> None:
    """Maximum causal entropy with a linear reward of the cells of a gridworld."""
    began = now()
    world = {name: np.array(task[name]) for name in ("transitions", "initial", "states")}
    count = len(world["initial"])
    eye = np.eye(count, dtype=np.float32)
    env = TabularModelPOMDP(
        transition_matrix=world["transitions"],
        observation_matrix=eye,
        reward_matrix=np.zeros(count),
        horizon=task["horizon"],
        initial_state_dist=world["initial"],
    )
    shown = [
        Trajectory(states, np.array(actions), None, True)
        for states, actions in zip(world["states"], task["actions"], strict=True)
    ]
    reward = BasicRewardNet(
        env.observation_space,
        env.action_space,
        use_action=False,
        use_next_state=False,
        use_done=False,
        hid_sizes=[],
    )
    trainer = MCEIRL(
        shown,
        env,
        reward,
        np.random.default_rng(task["seed"]),
        optimizer_kwargs={"lr": 0.1},
        log_interval=None,
    )
    trainer.train(max_iter=1000)
    line = {"method": "maxent", "policy": trainer.policy.pi.tolist(), "seconds": spent(began)}
    print(json.dumps(line), flush=True)


def main() -> None:
    torch.set_num_threads(1)
    task = json.loads(sys.stdin.read())
    if "versions" in task:
        installed = {name: metadata.version(name) for name in task["versions"]}
        print(json.dumps({"imitation": {"python": platform.python_version(), **installed}}))
        return
    torch.manual_seed(task["seed"])
    if "transitions" in task:
        causal_entropy(task)
        return
    shown = [
        Trajectory(
            np.array(each["observations"], dtype=np.float32),
            np.array(each["actions"], dtype=np.float32),
            None,
            True,
        )
        for each in task["demonstrations"]
    ]
    clone(task, shown)
    adversarial("gail", GAIL, BasicRewardNet, task, shown)
    adversarial("airl", AIRL, BasicShapedRewardNet, task, shown)


if __name__ == "__main__":
    main()
