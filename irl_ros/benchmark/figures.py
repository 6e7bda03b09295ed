# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which pictures are made of the results."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.methods import METHODS
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.selection import FEW_ROLLOUTS, Table, published, published_places
from irl_ros.report.benchmark_figures import learning_figure, save_svg, success_figure

_LEARNERS = ("gcl", "gcl_paper", "gcl_affine", "gan_gcl", "hand_written", "oracle")


def write_figures(results: Sequence[CellResult], folder: Path) -> tuple[Path, ...]:
    """Write the pictures that docs/experiments.md shows; of nothing measured there is none.

    Args:
        results: Everything that was measured; what is not published is left out.
        folder: Where to.
    """
    methods = published(results, "method")
    few, ablations = (published(results, group, FEW_ROLLOUTS) for group in ("method", "ablation"))
    reference = {key: cells for key, cells in few.items() if key[0] == "gcl"}
    figures = {
        "dish-methods": (methods, success_figure(_counts(methods), "gcl")),
        "dish-learning": (methods, learning_figure(_curves(methods))),
        "dish-ablations": (
            ablations,
            success_figure(_counts({**reference, **ablations}), "gcl"),
        ),
    }
    elsewhere = published_places(results)
    figures["dish-places"] = (elsewhere, success_figure(_counts(elsewhere)))
    written = []
    for name, (table, figure) in figures.items():
        if table:
            written.append(folder / f"{name}.svg")
            save_svg(figure, written[-1])
    return tuple(written)


def _counts(table: Table) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        key: (sum(cell.successes for cell in cells), sum(len(cell.mean) for cell in cells))
        for key, cells in table.items()
    }


def _curves(table: Table) -> dict[tuple[str, str], Float[ndarray, "seeds rollouts"]]:
    curves = {}
    for (method, condition), cells in table.items():
        if method in _LEARNERS:
            # What a run that ended early did not try has failed.
            granted = METHODS[method].budget(Cell.rollouts)
            curves[method, condition] = np.array(
                [[float(mark) for mark in cell.training.ljust(granted, "0")] for cell in cells]
            )
    return curves
