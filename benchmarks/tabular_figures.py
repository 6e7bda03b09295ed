# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/algorithms that show finite problems."""

from typing import Any

import torch
from matplotlib.figure import Figure

from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    FAILURE,
    MUTED,
    add_axes,
    in_style,
    new_figure,
)


@in_style
def draw_control(rows: list[dict[str, Any]]) -> Figure:
    """Draw where policies of different temperature go."""
    figure = new_figure(9.0, 3.1)
    for index, row in enumerate(rows):
        axes = add_axes(figure, 1, len(rows), index + 1)
        axes.imshow(torch.tensor(row["visits"]).log10(), cmap="Blues", vmin=-4, vmax=0)
        axes.text(0, 0, "start", ha="center", va="center", fontsize=7)
        axes.text(8, 8, "+1", ha="center", va="center", color="white")
        axes.text(4, 4, "-1", ha="center", va="center", color=FAILURE)
        axes.set_title(f"alpha = {row['temperature']:g}, return {row['return']:.2f}")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
    return figure


@in_style
def draw_maxent(
    rows: list[dict[str, Any]], maps: dict[str, torch.Tensor], risk: list[dict[str, float]]
) -> Figure:
    """Draw the objectworld's curve, its reward maps, and what both models make of a lottery."""
    figure = new_figure(9.0, 6.0)
    above, below = figure.subfigures(2, 1)
    axes = above.add_subplot(1, 2, 1)
    looks = {
        "nothing learned": (MUTED, ":", ""),
        "linear": (FAILURE, "--", "s"),
        "neural": (DEMONSTRATION, "-", "o"),
    }
    for kind, (colour, line, marker) in looks.items():
        own = [row for row in rows if row["reward"] == kind]
        counts = [row["demonstrations"] for row in own]
        axes.errorbar(
            counts,
            [row["mean"] for row in own],
            [row["standard_error"] for row in own],
            color=colour,
            linestyle=line,
            marker=marker,
            label=kind,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("demonstrations")
    axes.set_ylabel("expected value difference")
    axes.set_title("objectworld")
    axes.legend()

    axes = above.add_subplot(1, 2, 2)
    chances = [row["chance"] for row in risk]
    axes.plot(chances, [row["causal"] for row in risk], color=DEMONSTRATION, label="causal")
    axes.plot(
        chances,
        [row["trajectory"] for row in risk],
        color=FAILURE,
        linestyle="--",
        label="trajectory-level",
    )
    axes.axvline(0.4, color=MUTED, linestyle=":")
    axes.text(0.41, 0.02, "equal means", color=MUTED)
    axes.set_ylim(0, 1)
    axes.set_xlabel("chance of winning 5 instead of a sure 2")
    axes.set_ylabel("probability of choosing the lottery")
    axes.set_title("what luck is worth")
    axes.legend()

    titles = {"true": "true reward", "linear": "learned, linear", "neural": "learned, neural"}
    for index, (name, title) in enumerate(titles.items()):
        axes = below.add_subplot(1, 3, 1 + index)
        values = maps[name]
        # Only differences between states matter: show them around the median.
        spread = values - values.median()
        limit = float(spread.abs().quantile(0.98)) or 1.0
        axes.imshow(spread, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set_title(title)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
    return figure


@in_style
def draw_margin(matching: list[dict[str, Any]], planning: dict[str, Any]) -> Figure:
    """Draw how margins close and slack falls."""
    figure = new_figure(9.0, 3.1)
    axes = add_axes(figure, 1, 2, 1)
    looks = {"program": (DEMONSTRATION, "-"), "projection": (EXECUTION, "--")}
    for row in matching:
        colour, line = looks[row["method"]]
        iterations = range(1, len(row["margins"]) + 1)
        axes.plot(iterations, row["margins"], color=colour, linestyle=line, label=row["method"])
    axes.set_yscale("log")
    axes.set_xlabel("iteration")
    axes.set_ylabel("margin t")
    axes.set_title("feature matching")
    axes.legend()

    axes = add_axes(figure, 1, 2, 2)
    looks = {"optimal": (DEMONSTRATION, "-"), "noisy": (FAILURE, "--")}
    for name, (colour, line) in looks.items():
        values = planning[name]["best_objective"]
        axes.plot(
            range(1, len(values) + 1),
            values,
            color=colour,
            linestyle=line,
            label=f"{name} demonstrator",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("iteration")
    axes.set_ylabel("best objective so far")
    axes.set_title("maximum margin planning")
    axes.legend()
    return figure
