# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A table of finished demonstrations, as the README shows it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from irl_ros.core.errors import DataError

_HEADER = (
    "condition",
    "arm",
    "seed",
    "imitation",
    "learned policy",
    "95 % interval",
    "broken",
    "rollouts",
    "minutes",
)


def results_table(folders: Sequence[Path]) -> str:
    """Return a Markdown table with one row for each demonstration, sorted.

    "Imitation" are the successes of the controller fitted to the demonstrations, from which
    learning starts.

    Args:
        folders: Folders of finished demonstrations.

    Raises:
        DataError: If one of them is not finished.
    """
    rows = sorted(_row(_summary(folder)) for folder in folders)
    lines = [_line(_HEADER), _line(["---"] * len(_HEADER))]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _summary(folder: Path) -> dict[str, Any]:
    file = folder / "summary.json"
    try:
        summary: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{file} cannot be read ({error}); give folders of finished demonstrations"
        ) from error
    return summary


def _row(summary: dict[str, Any]) -> list[str]:
    low, high = summary["wilson_95"]
    before = summary["before_learning"]
    return [
        summary["condition"],
        summary["arm"],
        str(summary["seed"]),
        f"{before['successes']} of {before['trials']}",
        f"{summary['successes']} of {summary['evaluations']}",
        f"{low:.0%} to {high:.0%}",
        str(summary["broken"]),
        str(summary["training_rollouts"]),
        f"{sum(summary['wall_seconds'].values()) / 60:.1f}",
    ]
