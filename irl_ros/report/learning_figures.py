# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of how learning went, one value for each iteration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from irl_ros.report.drawing import DEMONSTRATION, EXECUTION, TARGET, add_axes, in_style, new_figure

_STYLES: tuple[dict[str, Any], ...] = (
    {"color": DEMONSTRATION, "marker": "o", "linestyle": "-"},
    {"color": EXECUTION, "marker": "s", "linestyle": (0, (5, 2))},
    {"color": TARGET, "marker": "^", "linestyle": (0, (1, 1.5))},
)


@dataclass(frozen=True)
class _Panel:
    title: str
    curves: Mapping[str, str]  # name of the diagnostic to what the legend calls it
    log_scale: bool = False
    limits: tuple[float, float] | None = None


_PANELS = (
    _Panel("Success of the new rollouts", {"success_rate": "share"}, limits=(-0.05, 1.05)),
    _Panel(
        "Cost of a trajectory",
        {"demonstration_cost": "demonstrations", "sample_cost": "new rollouts"},
        log_scale=True,
    ),
    _Panel("Effective sample size", {"effective_samples": "trajectories"}),
    _Panel("Step of the controller (nat)", {"kl": "KL", "kl_limit": "its limit"}),
    _Panel(
        "Improvement of the cost",
        {"predicted_improvement": "predicted", "actual_improvement": "actual"},
    ),
    _Panel("Entropy of the controller (nat)", {"entropy": "entropy"}),
)


@in_style
def learning_figure(curves: Mapping[str, tuple[float, ...]]) -> Figure:
    """Draw the learning diagnostics that are known; missing values leave gaps."""
    figure = new_figure(9.5, 5.0)
    panels = [panel for panel in _PANELS if any(name in curves for name in panel.curves)]
    columns = min(3, max(1, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    for index, panel in enumerate(panels):
        axes = add_axes(figure, rows, columns, index + 1)
        _draw(axes, panel, curves)
        if index >= len(panels) - columns:
            axes.set_xlabel("iteration")
    return figure


def _draw(axes: Axes, panel: _Panel, curves: Mapping[str, tuple[float, ...]]) -> None:
    shown = [(name, label) for name, label in panel.curves.items() if name in curves]
    smallest = np.inf
    for (name, label), style in zip(shown, _STYLES, strict=False):
        values = np.array(curves[name], dtype=np.float64)
        values[~np.isfinite(values)] = np.nan
        steps = np.arange(1, len(values) + 1)
        axes.plot(steps, values, label=label, markersize=3.5, **style)
        if np.isfinite(values).any():
            smallest = min(smallest, float(np.nanmin(values)))
    axes.set_title(panel.title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if panel.log_scale and 0 < smallest < np.inf:
        axes.set_yscale("log")
    if panel.limits is not None:
        axes.set_ylim(panel.limits)
    if len(shown) > 1:
        axes.legend()
