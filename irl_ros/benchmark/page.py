# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The measured part of docs/experiments.md, made from the results alone."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.selection import (
    FEW_ROLLOUTS,
    FRESH_SEEDS,
    OTHER_ARM,
    PUBLISHED_SEEDS,
    REOPTIMISED,
    Table,
    opened_once,
    published,
    published_places,
    published_regions,
)
from irl_ros.benchmark.tables import (
    comparison_table,
    details_table,
    methods_table,
    seeds_table,
    success_table,
)
from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically

BEGIN = "<!-- written by `irl-ros bench dish --report`; do not edit -->"
END = "<!-- end of what is written by `irl-ros bench dish --report` -->"
_BUDGETS = (Cell.rollouts, FEW_ROLLOUTS)
_NOTHING = "Nothing has been measured yet."
_WITHOUT_REGULARISERS = ("no_regularisers", "relent_plain")
"""Guided Cost Learning and relative-entropy IRL, both by the likelihood alone."""


def measured_part(results: Sequence[CellResult], machine: Mapping[str, str]) -> str:
    """Return tables and pictures as Markdown.

    Args:
        results: Everything that was measured; what is not published is left out.
        machine: On what the newest was measured.
    """
    methods, few = (published(results, "method", each) for each in _BUDGETS)
    ablations, few_ablations = (published(results, "ablation", each) for each in _BUDGETS)
    variants, few_variants = (published(results, "variant", each) for each in _BUDGETS)
    elsewhere = published_places(results)
    others = {
        key: value
        for key, value in published(results, "generalisation").items()
        if key[0] in OTHER_ARM
    }
    learners = published(results, "learner")
    fresh = opened_once(results)
    shown = [methods, ablations, variants, few, few_ablations, few_variants]
    shown += [elsewhere, others, fresh, learners]
    parts = [_provenance(shown, machine) if any(shown) else _NOTHING]
    parts += ["#### Methods", methods_table(_listed(), 90)]
    if methods:
        parts += ["#### Successes at the held-out slot", _picture("dish-methods")]
        parts.append(success_table(methods, "method"))
        parts += ["#### Learning", _picture("dish-learning")]
        parts += ["#### Differences", comparison_table(methods, "gcl")]
        pair = _pair(ablations | methods)
        if pair:
            parts.append(comparison_table(pair, _WITHOUT_REGULARISERS[0]))
        parts += ["#### Details", details_table(methods)]
    if learners:
        parts += ["#### What else the trainer learns with"]
        parts += _beside_gcl(methods, learners, "algorithm")
    if fresh:
        parts += ["#### Fresh seeds", success_table(fresh, "method")]
        parts += [comparison_table(fresh, "gcl"), details_table(fresh)]
    if few:
        parts += [f"#### With {FEW_ROLLOUTS} rollouts", success_table(few, "method")]
        parts.append(details_table(few))
    with_few = f" with {FEW_ROLLOUTS} rollouts"
    if ablations:
        parts += ["#### Ablations", *_beside_gcl(methods, ablations)]
    if few_ablations:
        parts += [f"#### Ablations{with_few}", _picture("dish-ablations")]
        parts += _beside_gcl(few, few_ablations)
    if variants:
        parts += ["#### Variants", *_beside_gcl(methods, variants)]
    if few_variants:
        parts += [f"#### Variants{with_few}", *_beside_gcl(few, few_variants)]
    if elsewhere:
        parts += ["#### The learned cost at other places", _picture("dish-places")]
        regions = published_regions(results)
        if regions:
            parts.append(success_table(regions, "method"))
            parts.append(comparison_table(regions, REOPTIMISED))
        parts.append(success_table(elsewhere, "place"))
        parts += ["Seeds that reached 90 %:", seeds_table(elsewhere, "place")]
    if others:
        parts += ["#### The learned cost on the iiwa", success_table(others, "method")]
        parts += [comparison_table(others, OTHER_ARM[0]), details_table(others)]
    return "\n\n".join(parts)


def _beside_gcl(methods: Table, others: Table, corner: str = "gcl with") -> list[str]:
    """Return tables of what others achieve, below Guided Cost Learning on the same seeds."""
    whole: Table = {}
    for (name, column), results in methods.items():
        seeds = {each.seed for key, cells in others.items() if key[1] == column for each in cells}
        same = [result for result in results if result.seed in seeds]
        if name == "gcl" and same:
            whole[name, column] = same
    whole |= others
    return [success_table(whole, corner), comparison_table(whole, "gcl")]


def _listed() -> list[str]:
    """Return the methods that this page describes; docs/algorithms describe the other learners."""
    return [method.name for method in METHODS.values() if method.group != "learner"]


def _pair(table: Table) -> Table:
    """Return both methods without regularisers in the conditions that both were measured in."""
    conditions = [
        condition
        for method, condition in table
        if method == _WITHOUT_REGULARISERS[0] and (_WITHOUT_REGULARISERS[1], condition) in table
    ]
    return {
        (method, condition): table[method, condition]
        for method in _WITHOUT_REGULARISERS
        for condition in conditions
    }


def _provenance(tables: Iterable[Table], machine: Mapping[str, str]) -> str:
    results = [result for table in tables for cells in table.values() for result in cells]
    codes = {result.code for result in results}
    where = ", ".join(f"{name} {value}" for name, value in machine.items())
    states = f"{len(codes)} states" if len(codes) != 1 else "one state"
    measured = {result.seed for result in results}
    seeds = " and ".join(
        f"{known[0]} to {known[-1]}"
        for known in (PUBLISHED_SEEDS, FRESH_SEEDS)
        if measured.intersection(known)
    )
    return f"{len(results)} cells, seeds {seeds}, measured by {states} of the code on {where}."


def _picture(name: str) -> str:
    return f"![{name}](images/{name}.svg)"


def write_measured_part(page: Path, text: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Put the measured part into a page, in place of the old one.

    Args:
        page: The page.
        text: What was measured.
        marks: The lines before and after it.

    Raises:
        DataError: If the page has no place for it.
    """
    before, _, after = _split(page, marks)
    write_atomically(page, f"{before}{marks[0]}\n\n{text}\n\n{marks[1]}{after}")


def written_part(page: Path, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """Return the measured part that a page holds.

    Args:
        page: The page.
        marks: The lines before and after it.

    Raises:
        DataError: If it has none.
    """
    return _split(page, marks)[1].strip()


def _split(page: Path, marks: tuple[str, str]) -> tuple[str, str, str]:
    begin, end = marks
    content = page.read_text(encoding="utf-8")
    if content.count(begin) != 1 or content.count(end) != 1:
        raise DataError(f"{page} needs the lines {begin!r} and {end!r} once each")
    before, rest = content.split(begin)
    old, after = rest.split(end)
    return before, old, after
