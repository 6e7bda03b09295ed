# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figure of docs/algorithms/behaviour_cloning.md: when cloning ends, where a clone goes."""

import math
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from peers import START, demonstrations, demonstrator
from torch import Tensor

from irl_ros.learning.behaviour_cloning import BehaviourCloning, BehaviourCloningConfig
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


@dataclass(frozen=True)
class Changed:
    """The point mass with its drives turned, rad, and a constant push along x, m/s^2."""

    mass: PointMass
    turn: float
    push: float
    state_dim = PointMass.state_dim
    action_dim = PointMass.action_dim
    tolerance = PointMass.tolerance

    def start(self, noise: Tensor) -> Tensor:
        return self.mass.start(noise)

    def distance(self, states: Tensor) -> Tensor:
        return self.mass.distance(states)

    def advance(self, states: Tensor, actions: Tensor) -> Tensor:
        x, y = actions.unbind(dim=1)
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        turned = torch.stack([cos * x - sin * y + self.push, sin * x + cos * y], dim=1)
        return self.mass.advance(states, turned)


CASES = {
    "as taught": (0.0, 0.0, EXECUTION),
    "pushed by 0.5 m/s²": (0.0, 0.5, DEMONSTRATION),
    "drives turned by 60°": (math.pi / 3, 0.0, FAILURE),
}


@in_style
def draw_behaviour_cloning() -> Figure:
    """Draw when cloning ends, and where a clone goes whose robot is not as taught."""
    problem, _ = demonstrations(12)
    learner = BehaviourCloning(problem, BehaviourCloningConfig(), 0)
    while not learner.finished:
        learner.step()
    figure = new_figure(9.0, 3.3)
    axes = add_axes(figure, 1, 2, 1)
    numbers = [each.iteration for each in learner.history]
    training = [each.training_nll for each in learner.history]
    validation = [each.validation_nll for each in learner.history]
    kept = learner.history[-1].best_iteration
    axes.plot(numbers, training, color=DEMONSTRATION, linestyle="--", label="learned from")
    axes.plot(numbers, validation, color=EXECUTION, label="left out")
    axes.plot(kept, validation[kept - 1], "o", color=FAILURE, label=f"kept: iteration {kept}")
    print(f"behaviour_cloning, iterations {len(numbers)}, kept {kept}")
    axes.set(
        xlabel="iteration", ylabel="negative log likelihood, nat", title="Loss on demonstrations"
    )
    axes.legend()
    axes = add_axes(figure, 1, 2, 2)
    for name, (turn, push, colour) in CASES.items():
        source = AnalyticRollouts(Changed(PointMass(START), turn, push))
        for policy, line in ((learner.policy, "-"), (demonstrator(), ":")):
            tried = source.sample(policy, 5, 99, deterministic=True).trajectories
            distances = tried.states[..., :2].norm(dim=-1).mean(dim=0)
            times = torch.arange(len(distances)) * source.control_period
            label = name if line == "-" else None
            axes.plot(times, distances, color=colour, linestyle=line, label=label)
            print(f"behaviour_cloning, {name} {line}, off at the end: {distances[-1]:.3f} m")
    axes.plot([], [], color=MUTED, linestyle=":", label="the demonstrator itself")
    axes.axhline(0.1, color=TARGET, linewidth=0.8, label="at the goal")
    axes.set(xlabel="time, s", ylabel="distance from the goal, m", ylim=(0, None))
    axes.set_title("Where the clone goes, mean of 5 attempts")
    axes.legend()
    return figure
