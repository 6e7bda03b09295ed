# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a benchmark: successes with their intervals, and success while learning."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from numpy import ndarray

from irl_ros.core.files import write_atomically
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    FAILURE,
    INK,
    MUTED,
    TARGET,
    add_axes,
    in_style,
    new_figure,
)
from irl_ros.report.proportion import wilson_interval

Counts = Mapping[tuple[str, str], tuple[int, int]]
"""Successes and trials by row and column."""

_LINES: tuple[dict[str, Any], ...] = (
    {"color": EXECUTION, "linestyle": "-"},
    {"color": DEMONSTRATION, "linestyle": "--"},
    {"color": FAILURE, "linestyle": "-."},
    {"color": TARGET, "linestyle": ":"},
    {"color": INK, "linestyle": (0, (5, 1))},
    {"color": MUTED, "linestyle": (0, (3, 1, 1, 1))},
)


@in_style
def success_figure(counts: Counts, reference: str = "") -> Figure:
    """Draw one panel for each column: a dot and its 95 % interval for each row.

    Args:
        counts: Successes and trials.
        reference: Row that is drawn in the colour of success.
    """
    rows = list(dict.fromkeys(row for row, _ in counts))
    columns = list(dict.fromkeys(column for _, column in counts))
    figure = new_figure(1.6 + 1.8 * len(columns), 0.9 + 0.24 * len(rows))
    for index, column in enumerate(columns):
        axes = add_axes(figure, 1, len(columns), index + 1)
        for place, row in enumerate(rows):
            if (row, column) in counts:
                successes, trials = counts[row, column]
                low, high = wilson_interval(successes, trials)
                colour = EXECUTION if row == reference else DEMONSTRATION
                axes.plot([100 * low, 100 * high], [place, place], color=colour)
                axes.plot(100 * successes / trials, place, "o", color=colour, markersize=4.5)
        axes.set_title(column)
        axes.set_xlim(-4, 104)
        axes.set_xticks([0, 50, 100])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), rows if index == 0 else [""] * len(rows))
        axes.set_xlabel("successes, %")
    return figure


@in_style
def learning_figure(curves: Mapping[tuple[str, str], Float[ndarray, "seeds rollouts"]]) -> Figure:
    """Draw one panel for each column: success while learning, averaged over seeds.

    Args:
        curves: 1 for a rollout that succeeded and 0 for one that did not, by row and column.
    """
    columns = list(dict.fromkeys(column for _, column in curves))
    rows = list(dict.fromkeys(row for row, _ in curves))
    figure = new_figure(1.6 + 2.1 * len(columns), 2.8)
    for index, column in enumerate(columns):
        axes = add_axes(figure, 1, len(columns), index + 1)
        for row, style in zip(rows, _LINES, strict=False):
            if (row, column) in curves:
                smooth = _last_ten(curves[row, column].mean(axis=0))
                ends = np.arange(len(smooth)) + 10
                axes.plot(ends, 100 * smooth, label=row, **style)
        axes.set_title(column)
        axes.set_ylim(-4, 104)
        axes.set_xlabel("rollouts")
    if columns:
        figure.axes[0].set_ylabel("successes of the last 10, %")
        figure.axes[0].legend(fontsize=7)
    return figure


def _last_ten(values: Sequence[float] | Float[ndarray, " rollouts"]) -> Float[ndarray, " ends"]:
    return np.convolve(np.asarray(values), np.full(10, 0.1), mode="valid")


def save_svg(figure: Figure, path: Path) -> None:
    """Write a figure as a file that is the same whenever the results are, on white."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "irl_ros", "svg.fonttype": "none"}):
        figure.savefig(
            buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": None}
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, buffer.getvalue())
