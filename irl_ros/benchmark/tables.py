# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results as Markdown tables."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.selection import Table
from irl_ros.benchmark.statistics import Summary, paired_p_value, summarise


def success_table(table: Table, corner: str) -> str:
    """Return shares of successes with 95 % Wilson intervals, one row and column for each name.

    Args:
        table: Results by row and column.
        corner: What the rows are.
    """
    rows, columns = _names(table)
    lines = [_line([corner, *columns]), _line(["---"] * (1 + len(columns)))]
    most = max((_seeds(results) for results in table.values()), default=0)
    for row in rows:
        cells = [_success(table.get((row, column)), most) for column in columns]
        lines.append(_line([row, *cells]))
    return "\n".join(lines)


def seeds_table(table: Table, corner: str) -> str:
    """Return how many seeds reached 90 %, one row and column for each name.

    Args:
        table: Results by row and column.
        corner: What the rows are.
    """
    rows, columns = _names(table)
    lines = [_line([corner, *columns]), _line(["---"] * (1 + len(columns)))]
    for row in rows:
        cells = [table.get((row, column)) for column in columns]
        lines.append(_line([row, *(_good(summarise(each)) if each else "" for each in cells)]))
    return "\n".join(lines)


def methods_table(names: Iterable[str], rollouts: int) -> str:
    """Return what methods are and how many rollouts they may use."""
    lines = [_line(["method", "what it is", "rollouts"]), _line(["---"] * 3)]
    for name in names:
        method = METHODS[name]
        lines.append(_line([name, method.description, str(method.budget(rollouts))]))
    return "\n".join(lines)


def details_table(table: Table) -> str:
    """Return what else was measured, one line for each method and scenario."""
    header = [
        "method",
        "condition",
        "seeds that reached 90 %",
        "worst seed",
        "sampled actions",
        "rollouts to first 90 %",
        "peak force, N",
        "dropped",
        "learning, s",
        "failures",
    ]
    lines = [_line(header), _line(["---"] * len(header))]
    for (method, scenario), results in table.items():
        lines.append(_line([method, scenario, *_details(summarise(results), results)]))
    return "\n".join(lines)


def comparison_table(table: Table, reference: str) -> str:
    """Return the differences between one method and all others, their p values, and the seeds n.

    Args:
        table: Results by method and scenario.
        reference: Name of the method.
    """
    rows, columns = _names(table)
    header = [f"{reference} against", *columns]
    lines = [_line(header), _line(["---"] * len(header))]
    for row in rows:
        if row != reference:
            cells = [
                _comparison(table.get((reference, column)), table.get((row, column)))
                for column in columns
            ]
            lines.append(_line([row, *cells]))
    return "\n".join(lines)


def _names(table: Table) -> tuple[list[str], list[str]]:
    return list(dict.fromkeys(row for row, _ in table)), list(
        dict.fromkeys(column for _, column in table)
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _success(results: Sequence[CellResult] | None, most: int) -> str:
    if not results:
        return ""
    summary = summarise(results)
    low, high = summary.interval
    few = f", {_seeds(results)} seeds" if _seeds(results) < most else ""
    return f"{_percent(summary.rate)} % ({_percent(low)} to {_percent(high)}{few})"


def _seeds(results: Sequence[CellResult]) -> int:
    """Return the number of seeds; of one there are several results where places are pooled."""
    return len({result.seed for result in results})


def _good(summary: Summary) -> str:
    low, high = summary.good_interval
    return f"{summary.good} of {summary.seeds} ({_percent(low)} to {_percent(high)} %)"


def _details(summary: Summary, results: Sequence[CellResult]) -> list[str]:
    first = ""
    if summary.first_ninety is not None:
        median = "never" if math.isinf(summary.first_ninety) else f"{summary.first_ninety:.0f}"
        first = f"{median} ({summary.reached} of {summary.seeds} seeds)"
    failures: Counter[str] = Counter()
    for result in results:
        failures.update(result.failures)
    reasons = [f"{reason} {count}" for reason, count in failures.most_common(3)]
    if summary.notes:
        reasons.append(f"learning ended early in {summary.notes} seeds")
    return [
        _good(summary),
        f"{_percent(summary.worst)} %",
        f"{_percent(summary.sampled)} %",
        first,
        f"{summary.force:.0f} (95 %: {summary.force_95:.0f})",
        "" if summary.dropped is None else f"{_percent(summary.dropped)} %",
        f"{summary.seconds:.0f}",
        ", ".join(reasons),
    ]


def _comparison(reference: Sequence[CellResult] | None, other: Sequence[CellResult] | None) -> str:
    if not reference or not other:
        return ""
    seeds = {result.seed for result in reference} & {result.seed for result in other}
    if len(seeds) < 2:
        return ""
    ours = [result for result in reference if result.seed in seeds]
    theirs = [result for result in other if result.seed in seeds]
    difference = summarise(ours).rate - summarise(theirs).rate
    p_value = paired_p_value(ours, theirs)
    chance = f"p = {p_value:.3f}" if p_value >= 0.0005 else "p < 0.001"
    return f"{100 * difference:+.0f} % ({chance}, n = {len(seeds)})"


def _percent(share: float) -> str:
    """Round, but never to a certainty that was not measured."""
    text = f"{100 * share:.0f}"
    if text == "100" and share < 1:
        return "99"
    return "1" if text == "0" and share > 0 else text
