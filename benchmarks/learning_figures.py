# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of docs/algorithms that show what learns from rollouts, and cloning.

    python benchmarks/learning_figures.py [NAME ...] [--images FOLDER]

AIRL learns on a line (`airl_figure.py`), the others at the point mass of `peers.py`, which starts
where nobody showed it. Prints what the figures show.
"""

import argparse
import dataclasses
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from airl_figure import draw_airl
from cloning_figure import draw_behaviour_cloning
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from peers import START, demonstrations
from torch import Tensor

from irl_ros.core.parameters import replace
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.adversarial.gail import GailConfig, gail
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.neural_gcl import NeuralGclConfig, neural_gcl
from irl_ros.learning.problem import LearningProblem
from irl_ros.report.benchmark_figures import save_svg
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    FAILURE,
    MUTED,
    TARGET,
    add_axes,
    in_style,
    new_figure,
)
from irl_ros.sim.analytic import AnalyticRollouts
from irl_ros.sim.navigation import PointMass

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 12  # demonstrations
FREE = {"cost.action_weight": 0.5}
ALONE = {"warm_start": False, "rollouts": 12, "proximal.learning_rate": 1e-3}


@functools.cache
def mass_problem() -> LearningProblem:
    return dataclasses.replace(demonstrations(SHOWN)[0], positions=slice(0, 2))


def attempts(policy: Policy, count: int = 5, start: Tensor = START) -> Trajectories:
    """Return attempts of the mean action at the point mass."""
    source = AnalyticRollouts(PointMass(start))
    return source.sample(policy, count, 99, deterministic=True).trajectories


def miss(policy: Policy) -> float:
    """Return how far from the origin attempts end, m."""
    return float(attempts(policy).states[:, -1, :2].norm(dim=-1).mean())


def told(name: str, values: Sequence[float]) -> None:
    print(f"{name}: " + ", ".join(f"{each:.3g}" for each in values), flush=True)


def in_plane(axes: Axes, tried: Trajectories, **look: Any) -> None:
    """Draw attempts over the demonstrations, seen from above."""
    for path in mass_problem().demonstrations.states:
        axes.plot(*path[::2, :2].T, color=DEMONSTRATION, linewidth=0.7, alpha=0.6)
    for path in tried.states:
        axes.plot(*path[::2, :2].T, **look)
    axes.plot(*START, "o", color=look["color"], markersize=4)
    axes.plot(0, 0, "*", color=TARGET, markersize=11, markeredgecolor="white", zorder=5)
    axes.set(xlim=(-0.95, 0.95), ylim=(-0.95, 0.95), aspect="equal", xlabel="x, m", ylabel="y, m")


# --- Guided Cost Learning ------------------------------------------------------------------------

SNAPSHOTS = (1, 3, 9)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The learned cost over the plane at rest, less its least value, and what was tried."""

    iteration: int
    costs: Tensor
    tried: Trajectories


@functools.cache
def guided() -> tuple[list[Snapshot], list[float]]:
    """Return snapshots of Guided Cost Learning, and the miss after each iteration."""
    hold = {"first_sampler.kind": "hold", "first_sampler.hold_deviation": 1.0}
    config = replace(GclConfig(), {**FREE, **hold, "iterations": SNAPSHOTS[-1]})
    learner = GuidedCostLearning(mass_problem(), config, 0)
    misses, snapshots = [miss(learner.policy)], []
    while not learner.finished:
        learner.step(AnalyticRollouts(PointMass(START)))
        misses.append(miss(learner.policy))
        if len(learner.history) in SNAPSHOTS:
            samples = learner.background.experience.samples
            assert samples is not None
            with torch.no_grad():
                costs = learner.cost.state_cost(plane())
            newest = samples[list(range(len(samples) - config.rollouts, len(samples)))]
            snapshots.append(Snapshot(len(learner.history), costs - costs.min(), newest))
    return snapshots, misses


def plane() -> Tensor:
    """Return states at rest, row by row from below."""
    line = torch.linspace(-0.95, 0.95, 41, dtype=torch.float64)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y, 0 * x, 0 * x], dim=-1)


@in_style
def draw_guided_cost_learning() -> Figure:
    figure = new_figure(9.0, 3.3)
    snapshots, misses = guided()
    told("guided_cost_learning, miss, m", misses)
    for index, each in enumerate(snapshots):
        axes = add_axes(figure, 1, len(snapshots), index + 1)
        axes.grid(visible=False)
        line = plane()[0, :, 0]
        levels = float(each.costs.max()) * torch.linspace(0, 1, 12).square()
        axes.contourf(line, line, each.costs, levels=levels, cmap="Greys", alpha=0.6)
        in_plane(axes, each.tried, color=EXECUTION, linewidth=1.0)
        axes.set_title(f"iteration {each.iteration}")
        lowest = plane().flatten(0, 1)[each.costs.argmin(), :2]
        told(
            f"guided_cost_learning, {each.iteration}: cost least at",
            lowest.round(decimals=3).tolist(),
        )
    return figure


# --- GAIL ----------------------------------------------------------------------------------------

LOOKS = ((4, FAILURE, ":"), (8, MUTED, "--"), (40, EXECUTION, "-"))


@in_style
def draw_gail() -> Figure:
    """Draw whom the policy is like while it learns, and how little D can tell at the end."""
    figure = new_figure(9.0, 3.3)
    config = {**ALONE, "iterations": LOOKS[-1][0], "discriminator.steps": 50}
    learner = gail(mass_problem(), replace(GailConfig(), config), 0)
    axes = add_axes(figure, 1, 2, 1)
    for iteration, colour, line in LOOKS:
        while len(learner.history) < iteration:
            learner.step(AnalyticRollouts(PointMass(START)))
        tried = attempts(learner.policy, 1)
        in_plane(axes, tried, color=colour, linestyle=line, label=f"iteration {iteration}")
        told(f"gail, miss at iteration {iteration}, m", [miss(learner.policy)])
    axes.plot([], [], color=DEMONSTRATION, linewidth=0.7, label="demonstrations")
    axes.set_title("Mean action")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes = add_axes(figure, 1, 2, 2)
    rollouts = [each.rollouts for each in learner.history]
    right = {"shown": (DEMONSTRATION, "-"), "tried": (EXECUTION, "--")}
    for name, (colour, line) in right.items():
        shares = [100 * each.fit[f"{name}_right"] for each in learner.history]
        told(f"gail, {name} steps told right, %", shares[:: len(shares) - 1])
        axes.plot(rollouts, shares, color=colour, linestyle=line, label=f"steps {name}")
    axes.axhline(50, color=MUTED, linestyle=":", label="a guess")
    axes.set(ylim=(0, 103), xlabel="rollouts", ylabel="told right by D, %")
    axes.set_title("What D can tell")
    axes.legend(loc="lower left")
    return figure


# --- Guided Cost Learning with a neural policy ---------------------------------------------------

NEURAL_ITERATIONS, EVERY = 60, 4


@in_style
def draw_neural_gcl() -> Figure:
    """Draw what rollouts buy with either policy, and how much the neural one tries."""
    config = {**FREE, **ALONE, "iterations": NEURAL_ITERATIONS}
    learner = neural_gcl(mass_problem(), replace(NeuralGclConfig(), config), 0)
    misses = {}
    while not learner.finished:
        learner.step(AnalyticRollouts(PointMass(START)))
        if len(learner.history) % EVERY == 0:
            misses[learner.history[-1].rollouts] = miss(learner.policy)
    told("neural_gcl, miss, m", list(misses.values()))
    figure = new_figure(9.0, 3.3)
    axes = add_axes(figure, 1, 2, 1)
    guided_misses = guided()[1][1:]
    known = [GclConfig().rollouts * count for count in range(1, len(guided_misses) + 1)]
    axes.plot(known, guided_misses, "s--", color=DEMONSTRATION, label="linear-Gaussian")
    axes.plot(*zip(*misses.items(), strict=True), "o-", color=EXECUTION, label="neural")
    axes.axhline(0.1, color=TARGET, linewidth=0.8, label="at the goal")
    axes.set(xscale="log", xlabel="rollouts", ylabel="distance from the goal, m", ylim=(0, None))
    axes.set_xticks([5, 10, 20, 50, 100, 200, 500, 1000])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title("Mean action at the end")
    axes.legend()
    axes = add_axes(figure, 1, 2, 2)
    unit = float(learner.policy.action_scale.mean())
    deviations = [unit * each.deviation for each in learner.history]
    told("neural_gcl, deviation, first and last, m/s^2", [deviations[0], deviations[-1]])
    axes.plot([each.rollouts for each in learner.history], deviations, color=EXECUTION)
    free = (2 * FREE["cost.action_weight"]) ** -0.5
    axes.axhline(free, color=MUTED, linestyle=":", label="if only the action's price limits it")
    axes.set(xlabel="rollouts", ylabel="deviation of an action, m/s²", ylim=(0, 1.3 * free))
    axes.set_title("How much the neural policy tries")
    axes.legend()
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "guided_cost_learning": draw_guided_cost_learning,
    "gail": draw_gail,
    "airl": draw_airl,
    "behaviour_cloning": draw_behaviour_cloning,
    "neural_gcl": draw_neural_gcl,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(FIGURES))
    parser.add_argument("--images", type=Path, default=ROOT / "docs/images")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.names:
        save_svg(FIGURES[name](), arguments.images / f"{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
