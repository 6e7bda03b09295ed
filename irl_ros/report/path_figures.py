# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of where the plate went."""

from typing import Any

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from irl_ros.report.data import Rack, ToolPath
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    FAILURE,
    INK,
    LINE,
    MUTED,
    TARGET,
    add_axes,
    in_style,
    new_figure,
)

_POINTS = 120  # drawn per path
_CM = 100.0


@in_style
def paths_figure(
    rack: Rack, demonstrations: tuple[ToolPath, ...], executions: tuple[ToolPath, ...]
) -> Figure:
    """Draw the plate's paths from the side and in space, in the rack's own axes."""
    figure = new_figure(9.5, 4.2)
    side = add_axes(figure, 1, 2, 1)
    _draw_side(side, rack, demonstrations, executions)
    space = add_axes(figure, 1, 2, 2, projection="3d")
    _draw_space(space, rack, demonstrations, executions)
    figure.legend(handles=_legend(executions), loc="outside lower center", ncols=4)
    return figure


@in_style
def overview_figure(
    scene: UInt8[np.ndarray, "height width 3"],
    rack: Rack,
    demonstrations: tuple[ToolPath, ...],
    executions: tuple[ToolPath, ...],
) -> Figure:
    """Draw the scene beside the plate's paths from the side, for a page's top."""
    figure = new_figure(10.5, 4.6)
    figure.set_facecolor("white")
    picture = add_axes(figure, 1, 2, 1)
    picture.imshow(scene)
    picture.set_axis_off()
    _draw_side(add_axes(figure, 1, 2, 2), rack, demonstrations, executions)
    figure.legend(handles=_legend(executions), loc="outside lower center", ncols=4)
    return figure


def _coordinates(rack: Rack, path: ToolPath) -> np.ndarray:
    step = max(1, len(path.positions) // _POINTS)
    kept = np.concatenate([path.positions[:-1:step], path.positions[-1:]])
    return rack.rack_coordinates(kept) * _CM


def _style(path: ToolPath, is_execution: bool) -> dict[str, Any]:
    if not is_execution:
        return {"color": DEMONSTRATION, "linewidth": 0.8, "alpha": 0.55}
    if path.success:
        return {"color": EXECUTION, "linewidth": 1.3}
    return {"color": FAILURE, "linewidth": 1.3, "linestyle": (0, (4, 2))}


def _draw_side(
    axes: Axes,
    rack: Rack,
    demonstrations: tuple[ToolPath, ...],
    executions: tuple[ToolPath, ...],
) -> None:
    slots = rack.rack_coordinates(rack.slot_positions) * _CM
    for index, slot in enumerate(slots):
        held_out = index == rack.held_out_slot
        axes.plot(
            slot[0],
            slot[2],
            marker="v" if held_out else "|",
            markersize=9 if held_out else 7,
            color=TARGET if held_out else MUTED,
            zorder=5 if held_out else 1,
        )
        axes.annotate(
            str(index),
            (slot[0], slot[2]),
            xytext=(0, -13),
            textcoords="offset points",
            ha="center",
            color=INK if held_out else MUTED,
            fontsize=8,
        )
    for is_execution, group in ((False, demonstrations), (True, executions)):
        for path in group:
            points = _coordinates(rack, path)
            axes.plot(
                points[:, 0], points[:, 2], zorder=2 + is_execution, **_style(path, is_execution)
            )
    axes.set_title("From the side")
    axes.set_xlabel("along the rack from the held-out slot (cm)")
    axes.set_ylabel("height above the resting place (cm)")
    axes.set_aspect("equal", adjustable="datalim")


def _draw_space(
    axes: Any,
    rack: Rack,
    demonstrations: tuple[ToolPath, ...],
    executions: tuple[ToolPath, ...],
) -> None:
    slots = rack.rack_coordinates(rack.slot_positions) * _CM
    axes.plot(*slots.T, linestyle="none", marker="o", markersize=3, color=MUTED)
    axes.plot(*slots[rack.held_out_slot], marker="v", markersize=9, color=TARGET)
    for is_execution, group in ((False, demonstrations), (True, executions)):
        for path in group:
            axes.plot(*_coordinates(rack, path).T, **_style(path, is_execution))
    axes.set_title("In space")
    axes.set_xlabel("along (cm)")
    axes.set_ylabel("away (cm)")
    axes.set_zlabel("up (cm)")
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((0.0, 0.0, 0.0, 0.0))
        axis.line.set_color(LINE)
        axis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(2))
    axes.view_init(elev=22, azim=-60)
    axes.set_aspect("equal")


def _legend(executions: tuple[ToolPath, ...]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=DEMONSTRATION, label="demonstrated by hand"),
        Line2D([], [], color=EXECUTION, label="executed by the learned policy"),
    ]
    if any(not path.success for path in executions):
        handles.append(
            Line2D([], [], color=FAILURE, linestyle=(0, (4, 2)), label="executed, failed")
        )
    handles.append(
        Line2D([], [], color=TARGET, marker="v", linestyle="none", label="slot never demonstrated")
    )
    return handles
