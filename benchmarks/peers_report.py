# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What docs/algorithms/README.md says of `peers.py`, made from the results alone."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import intervals

_HOW = """The same demonstrations and the same number of rollouts, by `make bench-peers`. The rest
is as each library does it: for maximum entropy ours decays the weights, theirs stops after 1000
steps; cloning ends by validation here, after a set number of epochs there. AIRL has a network of
states and actions for its reward on both sides. Seconds are processor time; whatever else the
machine does lengthens them."""


def peers_part(document: Mapping[str, Any]) -> str:
    """Return the text and the table of the comparison."""
    rows, where = document["rows"], document["machine"]
    seeds = sorted({row["seed"] for row in rows if row["library"]})
    counted = (
        f"{len(seeds)} seeds ({', '.join(map(str, seeds))}), one after the other on a machine of "
        f"{where['cores']} cores ({where['machine']}). ± and brackets: 95 %. With:"
    )
    sides = [f"- {name}: {_listed(parts)}." for name, parts in document["versions"].items()]
    return "\n\n".join([_HOW, counted, "\n".join(sides), peers_table(rows)])


def _listed(parts: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in parts.items())


def peers_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return ours beside the peer library's, one line for each problem and method."""
    problems = list(dict.fromkeys((row["problem"], row["method"]) for row in rows))
    lines = ["| problem | method | irl_ros | imitation |", "|---|---|---|---|"]
    for problem, method in problems:
        if method != "demonstrator":
            cells = [_cell(rows, problem, method, library) for library in ("irl_ros", "imitation")]
            lines.append(f"| {problem} | {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(rows: Sequence[Mapping[str, Any]], problem: str, method: str, library: str) -> str:
    wanted = (problem, method, library)
    chosen = [row for row in rows if (row["problem"], row["method"], row["library"]) == wanted]
    if not chosen:
        return ""
    seconds = statistics.mean(row["processor_seconds"] for row in chosen)
    if "lost" in chosen[0]:
        off = intervals.mean([100 * row["distance"] for row in chosen], 1)
        lost = intervals.mean([row["lost"] for row in chosen], 3)
        return f"loses {lost}, visits {off} % off, {seconds:.2g} s"
    successes, trials = (sum(r[name] for r in chosen) for name in ("within_0.1_m", "attempts"))
    miss = intervals.mean([row["miss_mm"] for row in chosen], 0)
    return f"{intervals.share(successes, trials)}, {miss} mm off, {seconds:.2g} s"
