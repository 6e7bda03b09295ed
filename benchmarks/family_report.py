# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table and figure of `family.py`, made from the results alone."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import intervals
from matplotlib.figure import Figure
from peers_report import peers_part

from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.page import write_measured_part
from irl_ros.benchmark.result import CellResult
from irl_ros.core.task import DishTask
from irl_ros.learning.algorithms import ALGORITHMS
from irl_ros.report.benchmark_figures import save_svg
from irl_ros.report.drawing import DEMONSTRATION, EXECUTION, add_axes, in_style, new_figure
from irl_ros.report.proportion import wilson_interval

MARKS = (
    "<!-- written by `make bench-family`; do not edit -->",
    "<!-- end of what is written by `make bench-family` -->",
)
CONDITIONS = ("matched", "mismatched")
BUDGET = 90
HELD_OUT = DishTask().held_out_slot

ROWS = {
    "known": "control as inference, reward known",
    "maxent": "maximum entropy, causal",
    "maxent_trajectory": "maximum entropy, trajectories",
    "matching_program": "feature matching, program",
    "matching_projection": "feature matching, projection",
    "max_margin_planning": "maximum margin planning",
    "gcl": "Guided Cost Learning",
    "relent": "relative-entropy IRL",
    "gan_gcl": "GAN-GCL",
    "neural_gcl": "Guided Cost Learning, neural policy",
    "gail": "GAIL",
    "airl": "AIRL",
    "bc": "behaviour cloning",
    "mppi": "MPPI on a learned cost",
    "soft_q": "soft Q-learning on a learned reward",
}
# What the trainer calls max_margin matches features by a program; what is new has a row at once.
REGISTERED = {"matching_program": "max_margin"}
ROWS |= {name: name for name in ALGORITHMS if name not in {*ROWS, *REGISTERED.values()}}

DISH_METHODS = {
    "known": "hand_written",
    **{row: REGISTERED.get(row, row) for row in ROWS if REGISTERED.get(row, row) in METHODS},
}

_FINITE = "it needs the process's transitions as a table"
NOTES = {
    ("maxent_trajectory", "navigation"): "dynamics without chance: the same as the causal model",
    ("maxent_trajectory", "dish"): "the same as the causal model but for the noise of the start",
    ("matching_projection", "navigation"): "the same answer as the program's, which is exact",
    ("matching_projection", "dish"): "the same answer as the program's, which is exact",
    ("max_margin_planning", "navigation"): _FINITE,
    ("max_margin_planning", "dish"): _FINITE,
    (
        "neural_gcl",
        "gridworld",
    ): "its policy is a Gaussian; the table of Guided Cost Learning is exact",
    ("mppi", "gridworld"): "its noise is Gaussian; a finite problem is planned exactly",
    ("soft_q", "dish"): "a grid over seven joints does not fit",
}
REMARKS = {
    ("known", "dish"): "nobody knows the true reward: a cost written by hand",
    (
        "relent",
        "gridworld",
    ): "Z is known from paths of the clone alone, and the policy of what is "
    "learned goes elsewhere",
    ("relent", "dish"): "100 rollouts to learn the cost, 90 to optimise a controller for it",
    ("relent", "navigation"): "50 rollouts to learn the cost, 40 to optimise a controller for it",
    ("mppi", "navigation"): "the cost is Guided Cost Learning's, the model is fitted to 10 walks",
    (
        "mppi",
        "dish",
    ): "the cost is Guided Cost Learning's, the model is fitted to 6 motions without "
    "a purpose; tuning seeds, by `make bench-planning`, see [mppi](mppi.md)",
    ("soft_q", "navigation"): "the cost is Guided Cost Learning's; what is learned from is drawn "
    "around the demonstrated states and followed by a model that is fitted to 10 walks",
    (
        "soft_q",
        "gridworld",
    ): "the reward is that of causal maximum entropy, learned from random walks and the "
    "demonstrations",
    ("gail", "dish"): "it needs far more rollouts, see `make bench-neural`",
    ("airl", "dish"): "it needs far more rollouts, see `make bench-neural`",
    ("neural_gcl", "dish"): "it needs far more rollouts, see `make bench-neural`",
}


@dataclass(frozen=True)
class Results:
    """Everything that was measured.

    Attributes:
        small: Cells of gridworld and navigation.
        dish: Cells of the dish.
        peers: The comparison with the peer library; empty if there is none.
        planning: Cells of planning at the dish.
    """

    small: Sequence[dict[str, Any]]
    dish: Sequence[CellResult]
    peers: Mapping[str, Any]
    planning: Sequence[Mapping[str, Any]] = ()


def shortly(cell: dict[str, Any]) -> str:
    """Return a cell's score in a few words."""
    if "lost" in cell:
        return f"loses {cell['lost']:.2f}, visits {100 * cell['distance']:.0f} % off"
    if "trials" in cell:
        return f"{cell['successes']} of {cell['trials']}, {1e3 * cell['distance']:.0f} mm off"
    return str(cell.get("note", ""))


class Footnotes:
    """Numbers remarks in the order in which they are first needed."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        if text not in self._texts:
            self._texts.append(text)
        return f"<sup>{self._texts.index(text) + 1}</sup>"

    def lines(self) -> list[str]:
        return [f"{number}. {text}." for number, text in enumerate(self._texts, 1)]


def of(results: Results, problem: str, row: str) -> list[dict[str, Any]]:
    name = REGISTERED.get(row, row) if problem == "navigation" else row
    return [
        each
        for each in results.small
        if each["problem"] == problem and each["row"] == name and "used" in each
    ]


def of_dish(results: Results, row: str, condition: str) -> list[CellResult]:
    if row not in DISH_METHODS:
        return []
    method = DISH_METHODS[row]
    return [
        each
        for each in results.dish
        if (each.method, each.condition) == (method, condition)
        and (each.slot, each.change) == (HELD_OUT, {})
        and each.seed >= 100
        and each.rollouts == BUDGET
    ]


def score_of_dish(results: Results, row: str, condition: str) -> tuple[int, int]:
    """Return successes and attempts."""
    if row == "mppi":
        planned = (condition, "fitted", "learned cost")
        cells = [
            each
            for each in results.planning
            if (each["condition"], each["model"], each["objective"]) == planned
        ]
        return sum(e["successes"] for e in cells), sum(e["trials"] for e in cells)
    found = of_dish(results, row, condition)
    return sum(e.successes for e in found), sum(len(e.mean) for e in found)


def family_table(results: Results) -> str:
    """Return the table and its footnotes."""
    notes = Footnotes()
    heads = (
        "algorithm",
        "gridworld: return lost",
        "gridworld: visits off, %",
        "navigation: at the goal",
        "navigation: off, mm",
        "dish, matched",
        "dish, mismatched",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row, name in ROWS.items():
        grid = of(results, "gridworld", row)
        found = of(results, "navigation", row)
        cells = [
            *_columns(row, "gridworld", _gridworld(grid, notes), 2, notes),
            *_columns(row, "navigation", _navigation(found, notes), 2, notes),
            *_columns(row, "dish", _dish(results, row, notes), 2, notes),
        ]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join([*lines, "", *notes.lines()])


def _columns(row: str, problem: str, cells: list[str], width: int, notes: Footnotes) -> list[str]:
    """Return cells, or why there are none."""
    if any(cells):
        remark = REMARKS.get((row, problem))
        return [each + (notes.mark(remark) if remark and each else "") for each in cells]
    why = NOTES.get((row, problem))
    return [f"—{notes.mark(why)}" if why else ""] * width


def _used(cells: Sequence[dict[str, Any]], notes: Footnotes) -> str:
    """Mark what was not tried as often as usual."""
    few, many = min(e["used"] for e in cells), max(e["used"] for e in cells)
    if few == many == BUDGET:
        return ""
    if many == 0:
        return notes.mark("nothing is tried")
    return notes.mark(f"{many} rollouts" if few == many else f"{few} to {many} rollouts")


def _gridworld(cells: list[dict[str, Any]], notes: Footnotes) -> list[str]:
    lost, distances = [], []
    for budget in sorted({each["rollouts"] for each in cells}):
        chosen = [each for each in cells if each["rollouts"] == budget]
        mark = _used(chosen, notes)
        lost.append(intervals.mean([each["lost"] for each in chosen], 2) + mark)
        distances.append(intervals.mean([100 * each["distance"] for each in chosen], 0) + mark)
    return ["<br>".join(lost), "<br>".join(distances)]


def _navigation(cells: list[dict[str, Any]], notes: Footnotes) -> list[str]:
    if not cells:
        return ["", ""]
    mark = _used(cells, notes)
    trials = sum(each["trials"] for each in cells)
    share = intervals.share(sum(each["successes"] for each in cells), trials)
    return [share + mark, intervals.mean([1e3 * each["distance"] for each in cells], 0)]


def _dish(results: Results, row: str, notes: Footnotes) -> list[str]:
    cells = []
    for condition in CONDITIONS:
        successes, trials = score_of_dish(results, row, condition)
        budgeted = trials and row in DISH_METHODS
        used = [{"used": METHODS[DISH_METHODS[row]].budget(BUDGET)}] if budgeted else []
        mark = _used(used, notes) if used else ""
        cells.append(intervals.share(successes, trials) + mark if trials else "")
    return cells


@in_style
def draw(results: Results) -> Figure:
    """Draw the three problems side by side; better is farther to the left, then to the right."""
    rows = list(ROWS)
    figure = new_figure(9.5, 0.9 + 0.26 * len(rows))
    axes = add_axes(figure, 1, 4, 1)
    for place, row in enumerate(rows):
        for budget in {each["rollouts"] for each in of(results, "gridworld", row)}:
            cells = [e for e in of(results, "gridworld", row) if e["rollouts"] == budget]
            colour = DEMONSTRATION if budget == BUDGET else EXECUTION
            axes.plot([e["lost"] for e in cells], [place] * len(cells), ".", color=colour)
            middle = statistics.mean(e["lost"] for e in cells)
            axes.plot(middle, place, "o", color=colour, markersize=4.5)
    axes.set(title="gridworld", xlabel="return lost")
    panels = {"navigation": _successes_of_navigation(results)}
    panels |= {f"dish, {each}": _successes_of_dish(results, each) for each in CONDITIONS}
    for index, (title, counts) in enumerate(panels.items()):
        axes = add_axes(figure, 1, 4, index + 2)
        for row, (successes, trials) in counts.items():
            place = rows.index(row)
            low, high = wilson_interval(successes, trials)
            axes.plot([100 * low, 100 * high], [place, place], color=DEMONSTRATION)
            axes.plot(100 * successes / trials, place, "o", color=DEMONSTRATION, markersize=4.5)
        axes.set(title=title, xlabel="successes, %", xlim=(-4, 104))
    for index, axes in enumerate(figure.axes):
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), ROWS.values() if index == 0 else [""] * len(rows))
    return figure


def _successes_of_navigation(results: Results) -> dict[str, tuple[int, int]]:
    found = {row: of(results, "navigation", row) for row in ROWS}
    return {
        row: (sum(e["successes"] for e in cells), sum(e["trials"] for e in cells))
        for row, cells in found.items()
        if cells
    }


def _successes_of_dish(results: Results, condition: str) -> dict[str, tuple[int, int]]:
    scores = {row: score_of_dish(results, row, condition) for row in ROWS}
    return {row: score for row, score in scores.items() if score[1]}


def measured(results: Results) -> str:
    """Return the part of the page that is written."""
    seeds = {
        problem: str(len({each["seed"] for each in results.small if each["problem"] == problem}))
        for problem in ("gridworld", "navigation")
    }
    cells = [of_dish(results, row, condition) for row in ROWS for condition in CONDITIONS]
    dish = sorted({len({each.seed for each in found}) for found in cells} - {0})
    seeds["dish"] = " to ".join(map(str, dict.fromkeys([*dish[:1], *dish[-1:]])))
    counted = ", ".join(
        f"{count} of the {problem}" for problem, count in seeds.items() if count not in ("", "0")
    )
    limits = "unless a footnote says otherwise. ± and brackets: 95 %."
    parts = [
        f"Seeds: {counted or 'none yet'}. {BUDGET} rollouts each, {limits}",
        "![The family on three problems](../images/family.svg)",
        family_table(results),
    ]
    if results.peers:
        parts += ["### Beside the library imitation", peers_part(results.peers)]
    return "\n\n".join(parts)


def write(results: Results, page: Path, images: Path) -> str:
    """Write page and picture, and return the table."""
    text = measured(results)
    save_svg(draw(results), images / "family.svg")
    write_measured_part(page, text, MARKS)
    return family_table(results)
