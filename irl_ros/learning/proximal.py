# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Proximal policy optimisation of a neural policy, by the PPO of stable-baselines3.

Schulman, Wolski, Dhariwal, Radford and Klimov (2017). Rewards are first brought to a common size;
then, with V the critic and V(x_{T+1}) = 0 as nothing comes after the end,

(1)  r'_t = z_t / sqrt(mean (sum_{s>=t} z_s)^2),  z_t = r_t less its mean over rollouts,
     the mean under the root over rollouts and steps
(2)  A_t = sum_{s>=t} (gamma lambda)^(s-t) delta_s,  delta_t = r'_t + gamma V(x_{t+1}) - V(x_t),
     their equations 11 and 12
(3)  maximise  E[min(rho A, clip(rho, 1 - eps, 1 + eps) A)] - 1/2 E[(V - R)^2],  their
     equation 7 and the critic's part, with rho = pi(u | x) / pi_old(u | x), R = A + V_old and the
     A of each minibatch brought to mean 0 and deviation 1

in a few passes, which end early where the KL from pi_old grows beyond one and a half times its
limit.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import gymnasium
import numpy as np
import torch
from jaxtyping import Float
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.parameters import Parameters, parameter
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.saved_state import SavedState, optimiser_tensors, restore_optimiser, under


@dataclass(frozen=True)
class ProximalConfig(Parameters):
    """Size of the policy steps."""

    learning_rate: float = parameter(7e-4, low=1e-8, high=1.0, doc="step size of Adam")
    epochs: int = parameter(10, low=1, high=1000, doc="passes over the new rollouts")
    batch: int = parameter(256, low=2, high=100000, doc="time steps in a minibatch")
    clip: float = parameter(
        0.2, low=1e-3, high=1.0, doc="change of an action's probability that still pays"
    )
    kl_limit: float = parameter(
        0.08, unit="nat", low=1e-6, high=100.0, doc="mean KL of a step that ends the passes"
    )
    discount: float = parameter(
        1.0, low=0.0, high=1.0, doc="discount of rewards; an attempt has an end, so 1 is sound"
    )
    trace: float = parameter(
        0.95, low=0.0, high=1.0, doc="lambda of generalised advantage estimation"
    )
    value_hidden: tuple[int, ...] = parameter(
        (64, 64), low=1, high=4096, doc="widths of the hidden layers of the value network"
    )
    gradient_clip: float = parameter(0.5, low=1e-6, high=1e9, doc="largest gradient norm")


@dataclass(frozen=True)
class ProximalReport:
    """What one policy step did.

    Attributes:
        kl: Mean KL of the last pass, nat per time step.
        clipped: Share of steps whose probability changed as far as pays.
        explained: Share of the variance of the returns that the value network explains.
        deviation: Mean standard deviation of the policy, in units of the action scale.
    """

    kl: float
    clipped: float
    explained: float
    deviation: float


@final
class ProximalOptimiser:
    """One clipped policy-gradient step (3) for each batch of rollouts.

    The library keeps actor, critic and Adam, in single precision; advantages (GAE), clipped
    objective and epochs are its own. Rollouts come from any `RolloutSource`, through the policy
    that `policy` returns, and rewards from whoever learns them.

    Args:
        policy: Where to begin.
        config: Size of the steps.
        generator: Source of the critic's weights and of the minibatches.
    """

    def __init__(
        self, policy: NeuralPolicy, config: ProximalConfig, generator: torch.Generator
    ) -> None:
        self._template = copy.deepcopy(policy)
        self._generator = generator
        self._model = PPO(
            ActorCriticPolicy,
            _Spaces(len(policy.input_centre) + 1, policy.action_dim),
            learning_rate=config.learning_rate,
            n_steps=config.batch,
            batch_size=config.batch,
            n_epochs=config.epochs,
            clip_range=config.clip,
            target_kl=config.kl_limit,
            gamma=config.discount,
            gae_lambda=config.trace,
            max_grad_norm=config.gradient_clip,
            policy_kwargs={
                "net_arch": {"pi": list(policy.config.hidden), "vf": list(config.value_hidden)},
                "activation_fn": nn.Tanh,
            },
            device="cpu",
        )
        self._model.set_logger(Logger(folder=None, output_formats=[]))
        self._begin(policy)

    @torch.no_grad()
    def _begin(self, policy: NeuralPolicy) -> None:
        for mine, theirs in zip(self._actor_layers(), policy.layers, strict=True):
            assert isinstance(theirs, nn.Linear)
            mine.weight.copy_(theirs.weight)
            mine.bias.copy_(theirs.bias)
        self._model.policy.log_std.copy_(policy.log_deviation)
        critic = [*self._model.policy.mlp_extractor.value_net, self._model.policy.value_net]
        for layer in critic:
            if isinstance(layer, nn.Linear):
                noise = torch.randn(layer.weight.shape, generator=self._generator)
                layer.weight.copy_(noise / layer.in_features**0.5)
                layer.bias.zero_()

    def _actor_layers(self) -> list[nn.Linear]:
        actor = [*self._model.policy.mlp_extractor.policy_net, self._model.policy.action_net]
        return [layer for layer in actor if isinstance(layer, nn.Linear)]

    @property
    def policy(self) -> NeuralPolicy:
        """A copy of the policy as it is now."""
        policy = copy.deepcopy(self._template)
        with torch.no_grad():
            for mine, theirs in zip(self._actor_layers(), policy.layers, strict=True):
                assert isinstance(theirs, nn.Linear)
                theirs.weight.copy_(mine.weight)
                theirs.bias.copy_(mine.bias)
            policy.log_deviation.copy_(self._model.policy.log_std)
        return policy

    def improve(self, rollouts: Trajectories, rewards: Float[Tensor, "M T"]) -> ProximalReport:
        """Take one step towards larger rewards, by (1) to (3).

        In (1) the mean reward of every time step is taken off and the rest is brought to a common
        size: neither changes what is better, and the critic need not follow the level of a reward
        that is itself being learned.

        Args:
            rollouts: Trajectories of the policy as it is now.
            rewards: Reward of each of their steps.

        Raises:
            LearningError: If a reward is not finite.
        """
        if not bool(torch.isfinite(rewards).all()):
            raise LearningError("a reward is not finite; lower the step size of what learns it")
        centred = rewards - rewards.mean(dim=0)
        returns = centred.flip(1).cumsum(1)
        centred = centred / returns.square().mean().sqrt().clamp(min=1e-8)
        self._model.rollout_buffer = self._filled(rollouts, centred)
        self._model.train()
        log = self._model.logger.name_to_value
        return ProximalReport(
            kl=float(log["train/approx_kl"]),
            clipped=float(log["train/clip_fraction"]),
            explained=float(log["train/explained_variance"]),
            deviation=float(self._model.policy.log_std.detach().exp().mean()),
        )

    @torch.no_grad()
    def _filled(self, rollouts: Trajectories, rewards: Float[Tensor, "M T"]) -> "_Buffer":
        template, model = self._template, self._model
        seen = template.observe(template.features(rollouts.states)).float()
        done = ((rollouts.actions - template.action_centre) / template.action_scale).float()
        buffer = _Buffer(self._generator, model, len(rollouts), rollouts.horizon)
        begins = np.ones(len(rollouts))
        for step in range(rollouts.horizon):
            values, log_q, _ = model.policy.evaluate_actions(seen[:, step], done[:, step])
            buffer.add(
                seen[:, step].numpy(),
                done[:, step].numpy(),
                rewards[:, step].numpy(),
                begins,
                values,
                log_q,
            )
            begins = np.zeros(len(rollouts))
        # Nothing comes after the last step.
        buffer.compute_returns_and_advantage(torch.zeros(len(rollouts)), np.ones(len(rollouts)))
        return buffer

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on exactly from here, but for the generator."""
        return {
            **under("network", self._model.policy.state_dict()),
            **under("adam", optimiser_tensors(self._model.policy.optimizer)),
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a state of the same optimiser."""
        saved = SavedState(state, {})
        self._model.policy.load_state_dict(saved.part("network"))
        restore_optimiser(self._model.policy.optimizer, saved.part("adam"))


class _Buffer(RolloutBuffer):
    """The library's buffer, with minibatches drawn from our generator instead of a global one."""

    def __init__(
        self, generator: torch.Generator, model: PPO, rollouts: int, horizon: int
    ) -> None:
        super().__init__(
            horizon,
            model.observation_space,
            model.action_space,
            device="cpu",
            gamma=model.gamma,
            gae_lambda=model.gae_lambda,
            n_envs=rollouts,
        )
        self._generator = generator

    def get(self, batch_size: int | None = None) -> Iterator[RolloutBufferSamples]:  # type: ignore[override]
        """Return all steps in random order, in minibatches."""
        total = self.buffer_size * self.n_envs
        parts = (
            self.observations,
            self.actions,
            self.values,
            self.log_probs,
            self.advantages,
            self.returns,
        )
        flat = [torch.from_numpy(part.reshape(total, *part.shape[2:])) for part in parts]
        order = torch.randperm(total, generator=self._generator)
        for chosen in torch.split(order, batch_size or total):
            yield RolloutBufferSamples(*(part[chosen] for part in flat))


class _Spaces(gymnasium.Env[Any, Any]):
    """What the library must be told of shapes; it never takes a step here."""

    def __init__(self, observations: int, actions: int) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (observations,))
        # The library wants bounds; ours are kept by the guard between policy and arm.
        self.action_space = gymnasium.spaces.Box(-1e6, 1e6, (actions,))
