# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The measured part of docs/algorithms/mppi.md, made from the results of `planning.py` alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import intervals

from irl_ros.benchmark.page import write_measured_part

MARKS = (
    "<!-- written by `make bench-planning`; do not edit -->",
    "<!-- end of what is written by `make bench-planning` -->",
)
MODELS = ("as designed", "fitted")
OBJECTIVES = ("learned cost", "stay near demonstrations", "both")
_HEADS = ("arm", "model", "error, rad/s", "planned with", "in the slot", "broken", "off, mm")


def write(document: Mapping[str, Any], page: Path) -> str:
    """Write the measured part of the page and return it."""
    text = measured(document)
    write_measured_part(page, text, MARKS)
    return text


def measured(document: Mapping[str, Any]) -> str:
    """Return how much was measured, where, and what came out."""
    cells = list(document["cells"].values())
    if not cells:
        return "Nothing has been measured yet."
    seeds = sorted({each["seed"] for each in cells})
    codes = len({each["code"] for each in cells})
    where = ", ".join(f"{name} {value}" for name, value in document["machine"].items())
    by = "one state" if codes == 1 else f"{codes} states"
    counted = f"Seeds of teaching and learning: {', '.join(map(str, seeds))}."
    limits = "± and brackets: 95 %."
    return f"{counted} Measured by {by} of the code on {where}. {limits}\n\n{table(cells)}"


def table(cells: Sequence[Mapping[str, Any]]) -> str:
    """Return one line for each arm, model and objective, over all seeds."""
    lines = [f"| {' | '.join(_HEADS)} |", "|---" * len(_HEADS) + "|"]
    for condition in dict.fromkeys(each["condition"] for each in cells):
        for model in MODELS:
            for objective in OBJECTIVES:
                row = (condition, model, objective)
                chosen = [e for e in cells if (e["condition"], e["model"], e["objective"]) == row]
                if chosen:
                    lines.append(_line(row, chosen))
    return "\n".join(lines)


def _line(row: tuple[str, str, str], cells: Sequence[Mapping[str, Any]]) -> str:
    condition, model, objective = row
    successes, trials, broken = (
        sum(each[name] for each in cells) for name in ("successes", "trials", "broken")
    )
    columns = [
        condition,
        model,
        intervals.mean([each["velocity_error"] for each in cells], 4),
        objective,
        intervals.share(successes, trials),
        str(broken),
        intervals.mean([1e3 * each["distance"] for each in cells], 0),
    ]
    return f"| {' | '.join(columns)} |"
