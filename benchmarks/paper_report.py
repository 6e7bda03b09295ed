# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables and plots of benchmarks/paper.py."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from irl_ros.core.files import write_atomically

Result = dict[str, Any]
TASKS = ("navigation", "reaching", "peg")
FIRST = ("random", "demonstrations")
NAMES = {
    "gcl": "GCL",
    "relent": "relative-entropy IRL",
    "path-integral": "path-integral IRL",
    "gcl-no-lcr": "GCL without lcr",
    "gcl-no-mono": "GCL without mono",
    "gcl-aside": "GCL with g_aside and moved copies",
    "gcl-paper": "GCL, preset paper",
    "gcl-plain": "GCL without regularisers",
    "relent-plain": "relative-entropy IRL without regularisers",
    "path-integral-plain": "path-integral IRL without regularisers",
}
BESIDE = {"relent-plain": "gcl-plain", "path-integral-plain": "gcl-plain"}
"""What a method is compared with, if not with GCL."""
# Figure 2 of the paper shows the cost of the navigation and distances of the others.
MEASURE = {"navigation": "cost", "reaching": "distance", "peg": "distance"}
LABEL = {"cost": "true cost per step", "distance": "final distance, m"}
# Okabe and Ito (2008); markers say the same.
STYLES = {
    "gcl": ("#0072b2", "o"),
    "relent": ("#d55e00", "s"),
    "path-integral": ("#cc79a7", "^"),
    "gcl-no-lcr": ("#009e73", "v"),
    "gcl-no-mono": ("#e69f00", "D"),
    "gcl-aside": ("#56b4e9", "P"),
    "gcl-paper": ("#1b1f24", "X"),
    "gcl-plain": ("#0072b2", "o"),
    "relent-plain": ("#d55e00", "s"),
    "path-integral-plain": ("#cc79a7", "^"),
}
BEGIN = "<!-- written by `make bench-paper`; do not edit -->"
END = "<!-- end of what is written by `make bench-paper` -->"


COLUMNS = (
    "first sampler",
    "method",
    "final distance, m",
    "within 0.1 m",
    "true cost",
    "GCL wins",
    "runs",
)


def chosen(results: Sequence[Result], **wanted: Any) -> list[Result]:
    return [each for each in results if all(each[name] == value for name, value in wanted.items())]


def tables(results: Sequence[Result]) -> str:
    """Return everything as Markdown."""
    parts = [comparison(results, task) for task in TASKS if chosen(results, task=task, kind="run")]
    if chosen(results, kind="consistency"):
        parts.append(consistency(results))
    return "\n\n".join(parts)


def comparison(results: Sequence[Result], task: str) -> str:
    """Return the last point of every curve of one task, and who wins against GCL where."""
    lines = [
        f"**{task}** ({reference(results, task)})",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
    ]
    best = chosen(results, kind="oracle", task=task)
    if best:
        lines.append(_row("random", "optimised for the true cost", best, ""))
    for first in FIRST:
        runs = chosen(results, kind="run", task=task, first=first)
        if not runs:
            continue
        start = [each["curve"][0] for each in runs if each["method"] == "gcl"]
        if start:
            lines.append(_row(first, "the first sampler", start, ""))
        for method, name in NAMES.items():
            own = [each for each in runs if each["method"] == method]
            if own:
                wins = "" if method == "gcl" else _wins(runs, method, MEASURE[task])
                lines.append(_row(first, name, [each["curve"][-1] for each in own], wins))
        again = [each["reoptimised"] for each in runs if "reoptimised" in each]
        if again:
            lines.append(_row(first, "GCL, its cost re-optimised", again, ""))
    return "\n".join(lines)


def reference(results: Sequence[Result], task: str) -> str:
    shown = chosen(results, kind="demonstrations", task=task)
    if not shown:
        return "no demonstrations"
    distance, cost, success = (
        np.mean([each[name] for each in shown]) for name in ("distance", "cost", "success")
    )
    return (
        f"demonstrations, noise included: final distance {distance:.3f} m, "
        f"{100 * success:.0f} % within 0.1 m, true cost {cost:.2f}"
    )


def _row(first: str, name: str, points: Sequence[Result], wins: str) -> str:
    distance, cost = ([each[key] for each in points] for key in ("distance", "cost"))
    success = np.mean([each["success"] for each in points])
    return (
        f"| {first} | {name} | {_spread(distance, 3)} | {100 * success:.0f} % | "
        f"{_spread(cost, 2)} | {wins} | {len(points)} |"
    )


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{np.mean(values):.{digits}f} ± {standard_error(values):.{digits}f}"


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of a mean; one value has none."""
    if len(values) < 2:
        return math.nan
    return float(np.std(values, ddof=1)) / math.sqrt(len(values))


def _wins(runs: Sequence[Result], method: str, measure: str) -> str:
    """Count the pairs of equal condition and seed in which GCL, as regularised, ends lower."""
    ours = BESIDE.get(method, "gcl")
    last = {
        (each["method"], each["condition"], each["seed"]): each["curve"][-1][measure]
        for each in runs
    }
    pairs = [
        (last[ours, *where], value)
        for (name, *where), value in last.items()
        if name == method and (ours, *where) in last
    ]
    return f"{sum(own < other for own, other in pairs)} of {len(pairs)}"


def consistency(results: Sequence[Result]) -> str:
    lines = [
        "**linear-Gaussian point mass**",
        "",
        "| | KL(expert, learned), nat: mean (each expert) | variance, learned / expert |",
        "|---|---|---|",
    ]
    checks = chosen(results, kind="consistency")
    for name in dict.fromkeys(each["method"] for each in checks):
        own = [each for each in checks if each["method"] == name and "divergence" in each]
        gaps = [each["divergence"] for each in own]
        ratio = np.exp(np.mean(np.log([each["variance_ratio"] for each in own])))
        each = ", ".join(f"{gap:.3g}" for gap in gaps)
        lines.append(f"| {name} | {np.mean(gaps):.3g} ({each}) | {ratio:.3g} |")
    return "\n".join(lines)


def write(results: Sequence[Result], docs: Path) -> None:
    """Draw the curves and put the tables into the page."""
    figures = {
        "paper.png": ("gcl", "gcl-paper", "relent", "path-integral"),
        "paper_regularisers.png": ("gcl", "gcl-no-lcr", "gcl-no-mono", "gcl-aside"),
        "paper_plain.png": ("gcl-plain", "relent-plain", "path-integral-plain"),
    }
    for file, methods in figures.items():
        draw(results, methods).savefig(docs / "images" / file, dpi=110)
    page = docs / "experiments.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    write_atomically(page, f"{before}{BEGIN}\n\n{tables(results)}\n\n{END}{after}")


def draw(results: Sequence[Result], methods: Sequence[str]) -> Figure:
    """Draw the measure of the paper against the number of samples, one column for each task."""
    style: Any = {"font.size": 9, "axes.spines.right": False, "axes.spines.top": False}
    with mpl.rc_context(style):
        figure = Figure(figsize=(9.6, 5.6), layout="constrained")
        for row, first in enumerate(FIRST):
            for column, task in enumerate(TASKS):
                axes = figure.add_subplot(2, 3, 3 * row + column + 1)
                runs = chosen(results, kind="run", task=task, first=first)
                _curves(axes, runs, methods, MEASURE[task])
                best = chosen(results, kind="oracle", task=task)
                if best:
                    level = float(np.mean([each[MEASURE[task]] for each in best]))
                    axes.axhline(level, color="0.5", linewidth=1, linestyle=":")
                if task == "peg":
                    axes.axhline(0.1, color="0.2", linewidth=1, linestyle="--")
                axes.set_title(f"{task}, from {first}", fontsize=9, loc="left")
                axes.set_ylabel(LABEL[MEASURE[task]])
                if MEASURE[task] == "distance":
                    axes.set_yscale("log")
                if row == 1:
                    axes.set_xlabel("samples")
                axes.grid(alpha=0.3)
        lines, labels = figure.axes[0].get_legend_handles_labels()
        where: Any = "outside upper center"
        figure.legend(lines, labels, loc=where, ncols=len(methods), frameon=False)
    return figure


def _curves(axes: Axes, runs: Sequence[Result], methods: Sequence[str], measure: str) -> None:
    """Draw the mean over conditions and seeds, and the standard error around it."""
    for method in methods:
        colour, marker = STYLES[method]
        points: dict[int, list[float]] = {}
        for run in (each for each in runs if each["method"] == method):
            for point in run["curve"]:
                points.setdefault(point["rollouts"], []).append(point[measure])
        if not points:
            continue
        samples = sorted(points)
        means = np.array([np.mean(points[each]) for each in samples])
        errors = np.array([standard_error(points[each]) for each in samples])
        axes.plot(samples, means, color=colour, marker=marker, markersize=4, label=NAMES[method])
        if not np.isfinite(errors).all():
            continue
        low = (
            np.maximum(means - errors, 0.2 * means.clip(min=0))
            if measure == "distance"
            else (means - errors)
        )
        axes.fill_between(samples, low, means + errors, color=colour, alpha=0.15, linewidth=0)
