# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of the learned reward."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from irl_ros.report.data import Rack, RewardMap, RewardTrace
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    INK,
    TARGET,
    add_axes,
    in_style,
    new_figure,
)

_CM = 100.0
_STYLES: tuple[dict[str, Any], ...] = (
    {"color": DEMONSTRATION, "linestyle": "-"},
    {"color": EXECUTION, "linestyle": (0, (5, 2))},
    {"color": TARGET, "linestyle": (0, (1, 1.5))},
)


@in_style
def reward_traces_figure(traces: tuple[RewardTrace, ...]) -> Figure:
    """Draw the learned reward over time."""
    figure = new_figure(9.5, 2.9)
    axes = add_axes(figure, 1, 1, 1)
    for trace, style in zip(traces, _STYLES, strict=False):
        axes.plot(trace.times, trace.rewards, label=trace.label, **style)
    axes.set_xlabel("time (s)")
    axes.set_ylabel("learned reward")
    axes.legend(loc="lower right")
    return figure


@in_style
def reward_map_figure(rack: Rack, reward_map: RewardMap) -> Figure:
    """Draw the learned reward over the upright plane through the slots.

    Colour follows the rank of the reward, so that differences near the target stay visible beside
    the much larger ones far away; the labelled lines give values.
    """
    figure = new_figure(9.5, 3.6)
    axes = add_axes(figure, 1, 1, 1)
    axes.grid(visible=False)
    rewards = reward_map.rewards
    ranks = rewards.ravel().argsort().argsort().reshape(rewards.shape) / (rewards.size - 1)
    along, heights = reward_map.along * _CM, reward_map.heights * _CM
    extent = (along[0], along[-1], heights[0], heights[-1])
    image = axes.imshow(ranks, origin="lower", extent=extent, aspect="auto", cmap="cividis")
    levels = np.unique(np.quantile(rewards, (0.2, 0.4, 0.6, 0.8, 0.95)))
    if len(levels) > 1:
        lines = axes.contour(
            along, heights, rewards, levels=levels, colors="white", linewidths=0.7
        )
        axes.clabel(lines, fmt="%.3g", fontsize=7)
    slots = rack.rack_coordinates(rack.slot_positions) * _CM
    taught = np.delete(slots, rack.held_out_slot, axis=0)
    marks: dict[str, Any] = {"linestyle": "none", "markeredgecolor": "white", "clip_on": False}
    axes.plot(
        taught[:, 0], taught[:, 2], "o", ms=5, color=INK, label="demonstrated slots", **marks
    )
    axes.plot(0.0, 0.0, "v", ms=10, color=TARGET, label="target, never demonstrated", **marks)
    axes.set_xlim(extent[:2])
    axes.set_ylim(extent[2:])
    axes.set_xlabel("along the rack from the target (cm)")
    axes.set_ylabel("height above the resting place (cm)")
    figure.legend(loc="outside lower center", ncols=2)
    bar = figure.colorbar(image, ax=axes, ticks=(0.0, 0.5, 1.0), pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.set_yticklabels(["lowest", "median", "highest"])
    bar.set_label("learned reward (rank)", color=INK)
    return figure
