# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figure of docs/algorithms/airl.md: what AIRL learns on a line where everything is known.

With reward r = -q x^2 and x' = x + u the soft value is V = -q x^2 and a constant, and the soft
optimum is pi = N(-x, 1 / (2 gamma q)).
"""

import math

import torch
from matplotlib.figure import Figure

from irl_ros.core.features import AffineFeatures
from irl_ros.core.neural_policy import NeuralPolicy, NeuralPolicyConfig, PolicyScales
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adversarial.airl import AirlReward, ShapedRewardConfig
from irl_ros.learning.adversarial.discriminator import DiscriminatorConfig
from irl_ros.learning.neural_learning import log_densities
from irl_ros.learning.problem import LearningProblem
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    MUTED,
    add_axes,
    in_style,
    new_figure,
)

Q, DISCOUNT, STEPS = 1.5, 0.9, 20


def regulator() -> NeuralPolicy:
    """Return the soft optimum."""
    one = torch.ones(1, dtype=torch.float64)
    policy = NeuralPolicy(
        NeuralPolicyConfig(hidden=(), deviation=1 / math.sqrt(2 * DISCOUNT * Q)),
        AffineFeatures(one.unsqueeze(0), 0 * one),
        PolicyScales(0 * one, one, 0 * one, one),
        STEPS,
        torch.Generator(),
    )
    first = policy.layers[0]
    assert isinstance(first, torch.nn.Linear)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[-1.0, 0.0]]))
    return policy


def on_a_line(policy: Policy, count: int, generator: torch.Generator) -> Trajectories:
    state = torch.randn(count, 1, generator=generator, dtype=torch.float64)
    states, actions = [], []
    for step in range(STEPS):
        action = torch.stack([policy.sample(step, each, generator) for each in state])
        states.append(state)
        actions.append(action)
        state = state + action
    return Trajectories(torch.stack(states, 1), torch.stack(actions, 1))


def line_problem(shown: Trajectories) -> LearningProblem:
    one = torch.ones(1, dtype=torch.float64)
    return LearningProblem(
        demonstrations=shown,
        inputs=shown.states,
        contexts=torch.zeros(len(shown), 1, dtype=torch.float64),
        features=AffineFeatures(one.unsqueeze(0), 0 * one),
        context=0 * one,
        input_scale=one,
        tracking=-one.unsqueeze(0),
        weights=torch.ones(len(shown), dtype=torch.float64),
    )


@in_style
def draw_airl() -> Figure:
    """Draw g, h and f over what they should be; g and h are determined but for a constant."""
    policy, generator = regulator(), torch.Generator().manual_seed(0)
    shown, tried = (on_a_line(policy, 300, generator) for _ in range(2))
    learner = AirlReward(
        line_problem(shown),
        ShapedRewardConfig(form="network", discount=DISCOUNT),
        DiscriminatorConfig(hidden=(16,), steps=1200, batch=512, learning_rate=1e-2),
        generator,
    )
    learner.fit(tried, policy)
    x = torch.linspace(-1.5, 1.5, 61, dtype=torch.float64)
    truth = -Q * x.square()
    with torch.no_grad():
        g = learner.bare(Trajectories(x.reshape(1, -1, 1), 0 * x.reshape(1, -1, 1)))[0]
        h = learner.network.value(x.unsqueeze(-1), torch.full_like(x, STEPS / 2))
    figure = new_figure(9.0, 3.0)
    learned = {"g, the reward": (g, "r(x) = -1.5 x²"), "h, the value": (h, "V(x) = -1.5 x²")}
    for index, (name, (values, known)) in enumerate(learned.items()):
        axes = add_axes(figure, 1, 3, index + 1)
        found = values - (values - truth).mean()
        off = float((found - truth).abs().max())
        print(f"airl, {name[0]} less the truth, largest: {off:.3f}")
        axes.plot(x, truth, color=MUTED, linewidth=3, alpha=0.5, label=known)
        axes.plot(x, found, color=DEMONSTRATION, linestyle="--", label=f"{name[0]} + constant")
        axes.set(xlabel="state x", ylabel="nat", title=name, ylim=(-4.2, 0.6))
        axes.legend(loc="lower center")
    axes = add_axes(figure, 1, 3, 3)
    advantage = log_densities(policy, tried)[:, 1:-1].flatten()
    f = learner.rewards(tried)[:, 1:-1].flatten()
    off = float((f - advantage).square().mean().sqrt())
    print(f"airl, f less log pi, root mean square: {off:.3f}")
    axes.plot([-5, 1], [-5, 1], color=MUTED, linewidth=3, alpha=0.5, label="f = log π")
    axes.plot(advantage[:400], f[:400], ".", color=EXECUTION, markersize=3, label="steps")
    axes.set(xlabel="log π(u | x), nat", ylabel="f, nat", title="f, the advantage")
    axes.set(xlim=(-5, 1), ylim=(-5, 1))
    axes.legend()
    return figure
