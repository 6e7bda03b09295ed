# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of docs/algorithms that show planning, soft Q-learning and reward tools.

    python benchmarks/planning_figures.py [--images FOLDER]

All three show problems whose solution is known, and print what the figures show in numbers.
"""

import argparse
import math
import sys
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from irl_ros.core.policy import LinearGaussianController
from irl_ros.learning.planning.model import LinearModel
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.soft_q import QNetwork, SoftQConfig, SoftQLearning
from irl_ros.learning.planning.soft_q_policy import action_grid
from irl_ros.learning.reward_tools.epic import canonical_table, epic_distance
from irl_ros.learning.reward_tools.shaping import shape_table
from irl_ros.learning.transitions import Transitions
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    FAILURE,
    MUTED,
    add_axes,
    in_style,
    new_figure,
)

ROOT = Path(__file__).resolve().parents[1]
ONE = torch.ones(1, 1, dtype=torch.float64)

# --- MPPI: a double integrator that is to come to rest -------------------------------------------

STEPS, OPTIMUM = 20, 4.4408489514  # of the Riccati recursion
MASS = LinearModel(
    torch.tensor([[1.0, 0.1, 0.005], [0.0, 1.0, 0.1]], dtype=torch.float64),
    torch.zeros(2, dtype=torch.float64),
    1e-8 * torch.eye(2, dtype=torch.float64),
)
BEGIN = torch.tensor([1.0, 0.0], dtype=torch.float64)
STILL = LinearGaussianController(
    torch.zeros(STEPS, 1, 2, dtype=torch.float64),
    0 * ONE.repeat(STEPS, 1),
    ONE.expand(STEPS, 1, 1),
)


def mass_cost(states: Tensor, actions: Tensor) -> Tensor:
    weights = torch.tensor([1.0, 0.1, 0.1], dtype=torch.float64)
    return 0.5 * (torch.cat([states, actions], dim=-1).square() @ weights)


def execute(samples: int, horizon: int, seed: int) -> float:
    config = MppiConfig(samples, horizon, temperature=0.02, target_ess=10, memory=0.8)
    policy = MppiPolicy(Mppi(config, MASS.rollout, mass_cost, ONE), STILL, seed)
    state, total = BEGIN, 0.0
    for step in range(STEPS):
        action = policy.action_mean(step, state)
        total += float(mass_cost(state, action))
        state = MASS.predict(state, action)
    return total


@in_style
def draw_mppi() -> Figure:
    figure = new_figure(9.0, 3.3)
    axes = add_axes(figure, 1, 2, 1)
    mppi = Mppi(
        MppiConfig(150, STEPS, temperature=1.0, memory=0.8), MASS.rollout, mass_cost, 4 * ONE
    )
    nothing = 0 * ONE.repeat(STEPS, 1)
    update = mppi.update(BEGIN, nothing, nothing, torch.Generator().manual_seed(3))
    paths = MASS.rollout(BEGIN, update.actions)[..., 0]
    weights = update.log_weights.exp()
    for index in weights.argsort().tolist():
        share = float(weights[index] / weights.max())
        colour = EXECUTION if share > 0.02 else MUTED
        axes.plot(paths[index], color=colour, alpha=0.15 + 0.85 * share, linewidth=0.6 + share)
    planned = MASS.rollout(BEGIN, update.plan.unsqueeze(0))[0, :, 0]
    axes.plot(planned, color=DEMONSTRATION, linewidth=2.5, label="their weighted mean")
    axes.set(xlabel="step", ylabel="position, m", title="One update: sampled plans by weight")
    axes.legend()
    axes = add_axes(figure, 1, 2, 2)
    counts = [8, 32, 128, 512, 2048]
    for horizon, colour in ((5, FAILURE), (10, DEMONSTRATION), (20, EXECUTION)):
        ratios = [
            sum(execute(count, horizon, seed) for seed in range(5)) / 5 / OPTIMUM
            for count in counts
        ]
        print(f"MPPI, horizon {horizon}: " + ", ".join(f"{ratio:.3f}" for ratio in ratios))
        axes.plot(counts, ratios, "o-", color=colour, label=f"horizon {horizon}")
    axes.set(xscale="log", xlabel="sampled plans", ylabel="cost / least possible cost")
    axes.set_title("Executed, mean of 5 seeds")
    axes.legend()
    return figure


# --- Soft Q-learning: the regulator on a line ----------------------------------------------------

A, B, R, ALPHA, DISCOUNT = 0.9, 0.5, 0.4, 0.2, 0.8


@in_style
def draw_soft_q() -> Figure:
    source = torch.Generator().manual_seed(1)
    states = 4 * torch.rand(1000, 1, generator=source, dtype=torch.float64) - 2
    actions = 6 * torch.rand(1000, 1, generator=source, dtype=torch.float64) - 3

    def cost(x: Tensor, u: Tensor) -> Tensor:
        return 0.5 * (x[..., 0].square() + R * u[..., 0].square())

    motions = Transitions(states, actions, A * states + B * actions)
    network = QNetwork((32, 32), motions, cost(states, actions), DISCOUNT, source)
    cells = action_grid(torch.tensor([[-3.0], [3.0]], dtype=torch.float64), 41)
    config = SoftQConfig(ALPHA, DISCOUNT, batch=128)
    learner = SoftQLearning(network, cost, cells, config, source)
    learner.learn(motions, 2500)
    policy = learner.policy(1)
    p = 0.0
    for _ in range(1000):
        p = 1 + DISCOUNT * A * A * p - (DISCOUNT * A * B * p) ** 2 / (R + DISCOUNT * B * B * p)
    curvature = R + DISCOUNT * B * B * p
    gain, variance = -DISCOUNT * A * B * p / curvature, ALPHA / curvature
    constant = 0.5 * ALPHA * math.log(2 * math.pi * variance) / (1 - DISCOUNT)
    figure = new_figure(9.0, 3.3)
    axes = add_axes(figure, 1, 2, 1)
    x = torch.linspace(-2, 2, 81, dtype=torch.float64).unsqueeze(1)
    exact = -0.5 * p * x[:, 0].square() + constant
    learned = policy.value(x)
    print(f"soft Q: largest error of V {float((learned - exact).abs().max()):.3f}")
    axes.plot(x, exact, color=MUTED, linewidth=3, label="closed form")
    axes.plot(x, learned, color=EXECUTION, label="learned")
    axes.set(xlabel="state", ylabel="V", title="Soft value")
    axes.legend()
    axes = add_axes(figure, 1, 2, 2)
    u = cells.actions[:, 0]
    for state, colour in ((-1.5, FAILURE), (0.0, EXECUTION), (1.0, DEMONSTRATION)):
        density = torch.exp(-0.5 * (u - gain * state) ** 2 / variance)
        axes.plot(u, density / math.sqrt(2 * math.pi * variance), color=MUTED, linewidth=3)
        point = torch.tensor([state], dtype=torch.float64)
        own = (policy.log_probabilities(point) - cells.log_measure).exp()
        axes.plot(u, own, color=colour, label=f"x = {state:g}")
    axes.set(xlabel="action", ylabel="density", title="Policy")
    axes.legend()
    return figure


# --- Reward tools: a corridor --------------------------------------------------------------------

CELLS = 10


@in_style
def draw_reward_tools() -> Figure:
    place = torch.arange(CELLS, dtype=torch.float64)
    uniform = torch.full((CELLS,), 1 / CELLS, dtype=torch.float64)
    choices = torch.full((2,), 0.5, dtype=torch.float64)
    costs = torch.ones(CELLS, 2, CELLS, dtype=torch.float64)
    costs[-1] = 0.0
    left = torch.ones(CELLS, 2, CELLS, dtype=torch.float64)
    left[0] = 0.0
    looks = {
        "goal on the right": (costs, MUTED, "o"),
        "the same, shaped and doubled": (
            2 * shape_table(costs, 2 * (0.7 * place).sin(), 0.9),
            EXECUTION,
            "s",
        ),
        "goal on the left": (left, FAILURE, "^"),
    }
    # Costs are shown of steps to the right neighbour, compared over both neighbours.
    after = (torch.arange(CELLS) + 1).clamp(max=CELLS - 1)
    before = (torch.arange(CELLS) - 1).clamp(min=0)
    coverage = torch.zeros(CELLS, 2, CELLS, dtype=torch.float64)
    coverage[torch.arange(CELLS), 0, before] = coverage[torch.arange(CELLS), 1, after] = 1.0
    figure = new_figure(9.0, 3.3)
    panels = [add_axes(figure, 1, 2, index) for index in (1, 2)]
    for name, (table, colour, marker) in looks.items():
        distance = epic_distance(costs, table, coverage, uniform, choices, 0.9)
        print(f"{name}: EPIC distance {distance:.3f}")
        canonical = canonical_table(table, uniform, choices, 0.9)
        unit = float((canonical * coverage).square().sum().sqrt())
        for axes, shown in zip(panels, (table, canonical / unit), strict=True):
            steps = shown[torch.arange(CELLS), 1, after]
            label = f"{name} ({distance:.2f})"
            axes.plot(place, steps, color=colour, marker=marker, label=label)
    panels[0].set(xlabel="state", ylabel="cost of a step to the right", title="As given")
    panels[1].set(xlabel="state", title="Canonical, same norm; EPIC distance to the first")
    panels[1].legend()
    return figure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--images", type=Path, default=ROOT / "docs/images")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.images.mkdir(parents=True, exist_ok=True)
    for name, draw in (
        ("mppi", draw_mppi),
        ("soft_q", draw_soft_q),
        ("reward_tools", draw_reward_tools),
    ):
        figure = draw()
        figure.savefig(arguments.images / f"{name}.png", dpi=120, facecolor="white")
    return 0


if __name__ == "__main__":
    sys.exit(main())
