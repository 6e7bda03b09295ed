# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of docs/algorithms that show relative-entropy IRL and GAN-GCL.

    python benchmarks/sampling_figures.py [--images FOLDER]

Both show normal distributions, where everything is known, and print what the figures show.
"""

import argparse
import math
import sys
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from irl_ros.learning.importance import effective_sample_size
from irl_ros.learning.objective import discriminator_loss
from irl_ros.report.benchmark_figures import save_svg
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

# --- Relative-entropy IRL: a sampler N(0, 1), a demonstrator N(d, 1) -----------------------------

DRAWS = 200


def log_ratios(distance: float, count: int) -> Tensor:
    """Return log p - log q of samples of q in many draws; distance is KL(p || q) = d^2 / 2."""
    source = torch.Generator().manual_seed(0)
    shift = math.sqrt(2 * distance)
    x = torch.randn(DRAWS, count, generator=source, dtype=torch.float64)
    return shift * x - distance


@in_style
def draw_relent() -> Figure:
    """Draw how many samples count, and how wrong log Z is, by the demonstrator's distance."""
    figure = new_figure(9.0, 3.3)
    axes = add_axes(figure, 1, 2, 1)
    distances = [0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
    places = range(len(distances))
    for temperature, colour, marker in ((1.0, DEMONSTRATION, "o"), (10.0, EXECUTION, "s")):
        sizes = [
            sum(effective_sample_size(row / temperature) for row in log_ratios(each, 100)) / DRAWS
            for each in distances
        ]
        print(
            f"relent, temperature {temperature:g}: " + ", ".join(f"{each:.1f}" for each in sizes)
        )
        label = f"temperature {temperature:g}"
        axes.plot(places, sizes, color=colour, marker=marker, label=label)
    known = [100 * math.exp(-2 * each) for each in distances]
    axes.plot(places, known, color=MUTED, linestyle=":", label="100 exp(-2 KL)")
    axes.set(yscale="log", ylim=(0.9, 120), ylabel="effective samples of 100")
    axes.set_title("Samples that count")
    axes.legend()
    other = add_axes(figure, 1, 2, 2)
    looks = {100: (DEMONSTRATION, "o", "-"), 10000: (FAILURE, "^", "--")}
    for count, (colour, marker, line) in looks.items():
        errors = [
            float((log_ratios(each, count).logsumexp(dim=1) - math.log(count)).mean())
            for each in distances
        ]
        print(f"relent, log Z of {count}: " + ", ".join(f"{each:.2f}" for each in errors))
        look = {"color": colour, "marker": marker, "linestyle": line}
        other.plot(places, errors, label=f"{count} samples", **look)
    other.axhline(0.0, color=MUTED, linewidth=0.8)
    other.set(ylabel="mean error of log Z, nat", title="More of the same samples")
    other.legend()
    for each in (axes, other):
        each.set_xticks(places, [f"{distance:g}" for distance in distances])
        each.set_xlabel("KL of the demonstrator from the sampler, nat")
    return figure


# --- GAN-GCL: tempered odds ----------------------------------------------------------------------

DEVIATION = 0.8  # of the demonstrations
TEMPERATURES = ((1.0, DEMONSTRATION, "o"), (3.0, EXECUTION, "s"), (10.0, FAILURE, "^"))


def quantiles(count: int) -> Tensor:
    """Return values that are spread as N(0, 1) is."""
    places = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.special.ndtri(places)


def learned_deviation(spread: float, temperature: float) -> float:
    """Return the deviation of exp(-c) that a tempered discriminator finds, all means being 0."""
    unit = quantiles(2000)
    shown, drawn = DEVIATION * unit, spread * unit
    theta = torch.tensor([0.5, 0.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [theta], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def odds(x: Tensor) -> Tensor:
        log_q = -0.5 * (x / spread) ** 2 - math.log(spread * math.sqrt(2 * math.pi))
        return (-theta[0] * x**2 - theta[1] - log_q) / temperature

    def loss() -> Tensor:
        optimiser.zero_grad()
        alike = torch.ones(len(unit), dtype=torch.float64)
        value = discriminator_loss(odds(shown), odds(drawn), demonstration_weights=alike)
        value.backward()
        return value

    optimiser.step(loss)
    return float((2 * theta.detach()[0]) ** -0.5)


@in_style
def draw_gan_gcl() -> Figure:
    """Draw what tempering the odds keeps of the gradient, and what it makes of the optimum."""
    figure = new_figure(9.0, 3.3)
    axes = add_axes(figure, 1, 2, 1)
    temperatures = torch.logspace(0, 2, 21, dtype=torch.float64)
    looks = {2: (DEMONSTRATION, "-"), 20: (EXECUTION, "--"), 200: (FAILURE, "-.")}
    for distance, (colour, line) in looks.items():
        # Of normal distributions of equal spread, log p - log q is N(KL, 2 KL) under p.
        ratios = distance + math.sqrt(2 * distance) * quantiles(20000)
        doubts = torch.sigmoid(-ratios / temperatures.unsqueeze(1)).mean(dim=1)
        told = ", ".join(f"{float(doubts[each]):.1e}" for each in (0, 10, 20))
        print(f"gan_gcl, mean of 1 - D at temperature 1, 10, 100 with KL {distance}: {told}")
        axes.plot(temperatures, doubts, color=colour, linestyle=line, label=f"KL {distance} nat")
    axes.set(xscale="log", yscale="log", ylim=(1e-12, 1), xlabel="temperature")
    axes.set(ylabel="mean of 1 - D, demonstrations", title="What is left of the gradient")
    axes.legend()
    axes = add_axes(figure, 1, 2, 2)
    spreads = torch.linspace(DEVIATION, 2.0, 50, dtype=torch.float64)
    for temperature, colour, marker in TEMPERATURES:
        precisions = temperature / DEVIATION**2 + (1 - temperature) / spreads**2
        axes.plot(spreads, precisions**-0.5, color=colour, linewidth=0.8)
        dots = [0.8, 1.1, 1.4, 1.7, 2.0]
        found = [learned_deviation(spread, temperature) for spread in dots]
        print(
            f"gan_gcl, temperature {temperature:g}: " + ", ".join(f"{each:.3f}" for each in found)
        )
        look = {"color": colour, "marker": marker, "linestyle": ""}
        axes.plot(dots, found, label=f"temperature {temperature:g}", **look)
    axes.set(ylim=(0, 1.0), xlabel="deviation of the sampler", ylabel="deviation of exp(-c)")
    axes.set_title(f"Demonstrations of deviation {DEVIATION}")
    axes.legend()
    return figure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--images", type=Path, default=ROOT / "docs/images")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name, draw in (("relent", draw_relent), ("gan_gcl", draw_gan_gcl)):
        save_svg(draw(), arguments.images / f"{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
