# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results that nobody measured."""

from typing import Any

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.result import CellResult
from irl_ros.benchmark.scenario import Scenario


def result(
    method: str = "gcl", seed: int = 100, mean: str = "1" * 20, **values: Any
) -> CellResult:
    known: dict[str, Any] = {
        "condition": "matched",
        "slot": 4,
        "change": {},
        "arm": "panda",
        "rollouts": 90,
        "fingerprint": "",
        "code": "0",
        "sampled": mean,
        "forces": (9.5,) * len(mean),
        "failures": {"broken": mean.count("0")} if "0" in mean else {},
        "training": "0" * 20 + "1" * 70,
        "training_force": 50.0,
        "seconds": 20.0,
        "cpu_seconds": 18.0,
        "note": "",
    }
    return CellResult(method=method, seed=seed, mean=mean, **{**known, **values})


def cell(method: str = "gcl", seed: int = 100, condition: str = "matched", **values: Any) -> Cell:
    return Cell(method, Scenario(condition), seed, **values)


def measured(wanted: Cell, **values: Any) -> CellResult:
    """Return what a run of the cell would have stored."""
    return result(
        wanted.method,
        wanted.seed,
        condition=wanted.scenario.condition,
        slot=wanted.scenario.slot,
        change=wanted.scenario.changes,
        rollouts=wanted.rollouts,
        fingerprint=wanted.fingerprint,
        **values,
    )
