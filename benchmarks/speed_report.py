# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables and the picture of docs/speed.md."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from speed_growth import COST_STEPS

from irl_ros.benchmark.page import write_measured_part
from irl_ros.report.benchmark_figures import save_svg
from irl_ros.report.drawing import add_axes, in_style, new_figure

MARKS = (
    "<!-- written by `make bench-speed`; do not edit -->",
    "<!-- end of what is written by `make bench-speed` -->",
)
# By which power of its number an iteration has to do more than the first.
DEMANDED_BY_ITERATIONS = {
    "rollouts": 0,
    "cost update": 0,
    "background densities": 1,
    "dynamics fit": 0,
    "quadratic expansion of the cost": 0,
    "controller step": 0,
    "diagnostics": 1,
    "saving": 1,
}
# What a training is to take at most, s, and against the bare physics of its rollouts.
WANTED_SECONDS = 30
WANTED_RATIO = 2
# Okabe and Ito (2008).
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#f0e442",
    "#6a737d",
    "#1b1f24",
    "#999933",
    "#882255",
)


def write_report(results: Mapping[str, Any], docs: Path) -> str:
    """Write the measured part of docs/speed.md and its picture; return the part."""
    save_svg(draw(results), docs / "images" / "speed.svg")
    text = tables(results)
    write_measured_part(docs / "speed.md", text, MARKS)
    return text


def tables(results: Mapping[str, Any]) -> str:
    """Return everything as Markdown."""
    where = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    return "\n\n".join(
        [
            f"Measured on {where}.",
            "## Targets",
            _targets(results),
            "## A training",
            _training(results["training"]),
            "![Where the time goes](images/speed.svg)",
            "## Rollouts",
            _rates(results["rates"]),
            "## Parts of learning",
            _parts(results),
            "## Growth with the size of the problem",
            _growth(results["growth"]),
            "## Growth with the iterations",
            _iterations(results["along_iterations"]),
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _targets(results: Mapping[str, Any]) -> str:
    run = results["training"]
    bare, seconds, workers = run["physics"], run["seconds"], run["workers"]
    training = f"a training of {run['rollouts']} rollouts with {workers} workers"
    rows = [
        [
            f"{training}, starting up included",
            f"at most {WANTED_SECONDS} s",
            f"{seconds:.2f} s",
            _verdict(seconds <= WANTED_SECONDS),
        ]
    ]
    for cores in dict.fromkeys((1, workers)):
        ratio = seconds * cores / bare
        on = "on one core" if cores == 1 else f"on {cores} cores, perfectly shared"
        wanted, verdict = f"below {WANTED_RATIO} times", _verdict(ratio < WANTED_RATIO)
        rows.append([f"it against its bare physics {on}", wanted, f"{ratio:.2f} times", verdict])
    rollout = statistics.median(results["rates"]["0"])
    around = rollout / statistics.median(results["rates"]["physics"])
    parts = run["parts"]
    idle = parts["rollouts"] + _starting(run)
    why = (
        f"One rollout in one process takes {around:.2f} times its bare physics. Against the "
        f"physics on one core, all rollouts of the training with {workers} workers and starting "
        f"up take {idle / bare:.2f} times, were learning free; the cost updates take "
        f"{parts['cost update'] / bare:.2f} times, all else "
        f"{(seconds - idle - parts['cost update']) / bare:.2f} times."
    )
    return f"{_table(['target', 'wanted', 'measured', 'reached'], rows)}\n\n{why}"


def _starting(run: Mapping[str, Any]) -> float:
    """Return how long starting up took, s."""
    return float(sum(v for name, v in run["parts"].items() if name.startswith("start")))


def _verdict(reached: bool) -> str:
    return "yes" if reached else "no"


def _training(run: Mapping[str, Any]) -> str:
    whole, workers = run["seconds"], run["workers"]
    bare, asked = run["physics"], run["physics_and_measurements"]
    rows = [
        [name, f"{value:.2f}", f"{100 * value / whole:.1f}"]
        for name, value in sorted(run["parts"].items(), key=lambda part: -part[1])
    ]
    rows.append(["all", f"{whole:.2f}", "100"])
    started = _starting(run)
    ratios = [
        ["one after the other on one core", f"{bare:.2f}", f"{whole / bare:.2f}"],
        [
            f"on {workers} cores, perfectly shared",
            f"{bare / workers:.2f}",
            f"{whole * workers / bare:.2f}",
        ],
    ]
    steps = f"{run['cost_steps']} steps on the cost in each"
    first = run.get("first_cost_steps", run["cost_steps"])  # older results have no other number
    if first != run["cost_steps"]:
        steps = f"{first} steps on the cost in the first and {run['cost_steps']} in each later one"
    what = (
        f"{run['iterations']} iterations, {run['rollouts']} rollouts, {steps}, "
        f"{workers} worker processes, every iteration saved:"
    )
    physics = (
        f"The physics alone of the same {run['rollouts']} rollouts, measured between the "
        f"iterations, takes {bare:.2f} s, {asked:.2f} s with what the arm's driver and the judge "
        "ask the engine in every step. Against it:"
    )
    learning = whole - started
    afterwards = (
        f"Without the {started:.2f} s of starting up: {learning / bare:.2f} and "
        f"{learning * workers / bare:.2f} times."
    )
    shares = _table(["part", "s", "%"], rows)
    against = _table(["bare physics", "s", "the whole training takes, times"], ratios)
    return "\n\n".join([what, shares, physics, against, afterwards])


def _rates(samples: Mapping[str, Sequence[float]]) -> str:
    names = {
        "physics": "physics alone",
        "physics_and_measurements": "with what driver and judge ask the engine",
        "0": "a rollout in this process",
        "1": "a rollout, 1 worker",
        "2": "a rollout, 2 workers",
    }
    bare = statistics.median(samples["physics"])
    rows = []
    for key, name in names.items():
        middle = statistics.median(samples[key])
        rows.append([name, f"{middle:.4f}", f"{1 / middle:.1f}", f"{middle / bare:.2f}"])
    head = ["what", "median, s", "per second", "in units of physics alone"]
    return _table(head, rows)


def _parts(results: Mapping[str, Any]) -> str:
    run = results["training"]
    rows = []
    for name in DEMANDED_BY_ITERATIONS:
        if name in run["calls"] and name != "rollouts":
            middle = run["calls"][name]
            rows.append([name, f"{1000 * middle:.2f}", f"{1 / middle:.1f}"])
    step = run["calls"]["cost update"] / run["cost_steps"]  # the median update is no first one
    rows.insert(0, ["one gradient step on the cost", f"{1000 * step:.2f}", f"{1 / step:.0f}"])
    closed, automatic = (
        statistics.median(results["gradients"][name]) for name in ("explicit", "automatic")
    )
    compared = (
        f"Measured in turn, a gradient step takes {1000 * closed:.2f} ms in closed form and "
        f"{1000 * automatic:.2f} ms by automatic differentiation, {automatic / closed:.2f} times "
        "as long."
    )
    return f"{_table(['one call of', 'median, ms', 'per second'], rows)}\n\n{compared}"


def _growth(rows: Sequence[Mapping[str, Any]]) -> str:
    table = []
    for row in rows:
        first, last = 1000 * row["seconds"][0], 1000 * row["seconds"][-1]
        sizes = row["sizes"]
        table.append(
            [
                row["part"],
                f"{row['axis']}, {sizes[0]} to {sizes[-1]}",
                f"{first:.2f} to {last:.2f}",
                f"{row['measured']:.2f}",
                str(row["demanded"]),
            ]
        )
    head = ["part", "grows with", "ms", "measured power", "power that the mathematics demands"]
    note = (
        f"A cost update has {COST_STEPS} gradient steps here. Demanded is the power of the term "
        "that dominates for large sizes; what a call costs whatever its size keeps the measured "
        "power below it."
    )
    return f"{_table(head, table)}\n\n{note}"


def _iterations(rows: Sequence[Mapping[str, Any]]) -> str:
    table = [
        [
            row["part"],
            f"{1000 * row['early']:.1f}",
            f"{1000 * row['late']:.1f}",
            f"{row['late'] / row['early']:.2f}",
            f"{row['measured']:.2f}",
            str(DEMANDED_BY_ITERATIONS[row["part"]]),
        ]
        for row in rows
    ]
    head = ["part", "early, ms", "late, ms", "late / early", "measured power", "demanded"]
    note = "Of the same training; medians of an iteration in its first and in its last third."
    return f"{note}\n\n{_table(head, table)}"


@in_style
def draw(results: Mapping[str, Any]) -> Figure:
    """Draw the shares of a training and the parts along its iterations."""
    figure = new_figure(9.0, 3.4)
    parts = sorted(results["training"]["parts"].items(), key=lambda part: part[1])
    colours = dict(zip((name for name, _ in reversed(parts)), COLOURS, strict=False))
    left = add_axes(figure, 1, 2, 1)
    left.barh(
        [name for name, _ in parts],
        [value for _, value in parts],
        color=[colours[name] for name, _ in parts],
    )
    left.set_xlabel("s")
    left.set_title(f"A training of {results['training']['rollouts']} rollouts")
    right = add_axes(figure, 1, 2, 2)
    entries = results["training"]["by_iteration"]
    names = [name for name, _ in reversed(parts) if not name.startswith("start")]
    right.stackplot(
        [index + 2 for index in range(len(entries))],
        [[entry.get(name, 0.0) for entry in entries] for name in names],
        colors=[colours[name] for name in names],
    )
    right.set_xlabel("iteration")
    right.set_ylabel("s")
    right.set_title("Its iterations")
    return figure
