# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table and figure of `neural_policy.py`, made from the results alone."""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from irl_ros.benchmark.page import write_measured_part
from irl_ros.report.benchmark_figures import save_svg
from irl_ros.report.drawing import (
    DEMONSTRATION,
    EXECUTION,
    FAILURE,
    TARGET,
    add_axes,
    in_style,
    new_figure,
)

MARKS = (
    "<!-- written by `make bench-neural`; do not edit -->",
    "<!-- end of what is written by `make bench-neural` -->",
)
NAMES = {
    "gcl": "GCL, linear-Gaussian",
    "gcl-neural": "GCL, neural",
    "gail": "GAIL",
    "airl": "AIRL",
}
PLACES = {
    ("navigation", "random"): "navigation, from scratch",
    ("navigation", "demonstrations"): "navigation, from demonstrations",
    ("reaching", "random"): "reaching, from scratch",
    ("reaching", "demonstrations"): "reaching, from demonstrations",
    ("dish", "matched"): "dish, matched",
    ("dish", "biased"): "dish, biased joints",
}
_LINES: dict[str, dict[str, Any]] = {
    "gcl": {"color": EXECUTION, "linestyle": "-"},
    "gcl-neural": {"color": DEMONSTRATION, "linestyle": "--"},
    "gail": {"color": FAILURE, "linestyle": "-."},
    "airl": {"color": TARGET, "linestyle": ":"},
}
_FIRST = 10  # rollouts below which the axis is linear, so that 0 has a place
_ENOUGH = 0.9

Cell = Mapping[str, Any]
Point = Mapping[str, Any]


def _good(cell: Cell) -> list[bool]:
    return [point["successes"] >= _ENOUGH * cell["trials"] for point in cell["curve"]]


def settled(cell: Cell) -> bool:
    """Return whether the last two judgements were good; the one before learning is none."""
    learned = _good(cell)[1:]
    return len(learned) > 1 and all(learned[-2:])


def reached(cell: Cell) -> Point | None:
    """Return the first good judgement."""
    return next((p for p, good in zip(cell["curve"], _good(cell), strict=True) if good), None)


def table(cells: Sequence[Cell]) -> str:
    """Return one row for each problem, condition and method that was measured."""
    heads = (
        "problem",
        "method",
        "seeds",
        "before learning",
        "at the end",
        "off at the end, mm",
        "rollouts to 90 %",
        "minutes to 90 %",
        "rollouts in all",
        "minutes in all",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for place, title in PLACES.items():
        for method, name in NAMES.items():
            chosen = _of(cells, place, method)
            if chosen:
                lines.append(f"| {title} | {name} | {' | '.join(_row(chosen))} |")
    return "\n".join(lines)


def _of(cells: Sequence[Cell], place: tuple[str, str], method: str) -> list[Cell]:
    return [
        each
        for each in cells
        if (each["problem"], each["condition"], each["method"]) == (*place, method)
    ]


def _row(cells: Sequence[Cell]) -> list[str]:
    trials = sum(cell["trials"] for cell in cells)
    first, last = ([cell["curve"][index] for cell in cells] for index in (0, -1))
    there = [reached(cell) for cell in cells]
    return [
        str(len(cells)),
        *(f"{sum(p['successes'] for p in points)}/{trials}" for points in (first, last)),
        f"{statistics.median(point['off_mm'] for point in last):.0f}",
        ", ".join("never" if point is None else str(point["rollouts"]) for point in there),
        _minutes([point for point in there if point is not None]),
        ", ".join(str(point["rollouts"]) for point in last),
        _minutes(last),
    ]


def _minutes(points: Sequence[Point]) -> str:
    if not points:
        return "—"
    whole, processor = (
        statistics.median(point[name] for point in points)
        for name in ("minutes", "processor_minutes")
    )
    return f"{whole:.2f} ({processor:.2f})"


@in_style
def draw(cells: Sequence[Cell]) -> Figure:
    """Draw success against rollouts, one panel for each problem and condition."""
    places = [place for place in PLACES if any(_of(cells, place, name) for name in NAMES)]
    columns = 2 if len(places) > 1 else 1
    rows = max(1, math.ceil(len(places) / columns))
    figure = new_figure(7.6, 0.6 + 2.1 * rows)
    for index, place in enumerate(places):
        axes = add_axes(figure, rows, columns, index + 1)
        for method, style in _LINES.items():
            chosen = _of(cells, place, method)
            if chosen:
                rollouts, shares = average(chosen)
                axes.plot(rollouts, shares, label=NAMES[method], **style)
                axes.plot(rollouts[-1], shares[-1], "o", color=style["color"], markersize=4)
        axes.set_xscale("symlog", linthresh=_FIRST, linscale=0.4)
        axes.set_xticks([0, 10, 100, 1000], ["0", "10", "100", "1000"])
        axes.set(title=PLACES[place], xlim=(-1, 5000), ylim=(-5, 105), yticks=[0, 50, 100])
        if index % columns == 0:
            axes.set_ylabel("successes, %")
        if index >= len(places) - columns:
            axes.set_xlabel("rollouts")
    if places:
        handles = {
            label: line
            for axes in figure.axes
            for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles, loc="outside upper center", ncols=len(NAMES))
    return figure


def average(cells: Sequence[Cell]) -> tuple[list[int], list[float]]:
    """Return successes in %, averaged over seeds; a run counts as it ended ever after."""
    rollouts = sorted({point["rollouts"] for cell in cells for point in cell["curve"]})
    trials = sum(cell["trials"] for cell in cells)
    return rollouts, [
        100 * sum(_at(cell, count)["successes"] for cell in cells) / trials for count in rollouts
    ]


def _at(cell: Cell, rollouts: int) -> Point:
    points: list[Point] = [p for p in cell["curve"] if p["rollouts"] <= rollouts]
    return points[-1]


def measured(document: Mapping[str, Any], cells: Sequence[Cell]) -> str:
    """Return the part of the page that is written."""
    if not cells:
        return "Nothing has been measured yet."
    loads = sorted(cell["load"] for cell in cells)
    where = ", ".join(f"{name} {value}" for name, value in document["machine"].items())
    busy = f"its load average was {loads[0]:g} to {loads[-1]:g}, other work included"
    said = (
        f"Measured in one process on {where}; {busy}, so processor minutes, in brackets, say more "
        "than minutes. Both are medians, to 90 % of the seeds that came so far; rollouts are "
        "those of each seed."
    )
    picture = "![Success against rollouts](../images/neural_policy.svg)"
    return "\n\n".join([said, table(cells), picture])


def write(document: Mapping[str, Any], page: Path, images: Path) -> str:
    """Write page and picture from the finished runs, and return the table."""
    cells = [cell for cell in document["cells"].values() if cell.get("finished")]
    cells.sort(key=lambda cell: cell["seed"])
    save_svg(draw(cells), images / "neural_policy.svg")
    write_measured_part(page, measured(document, cells), MARKS)
    return table(cells)
