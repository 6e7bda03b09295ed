# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The file of all results: JSON, one line for each cell, never half written."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, final

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.result import CellResult, from_mapping
from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.files import write_atomically

_FORMAT = 1


@final
class ResultsFile:
    """Results of finished cells, one for each key.

    A result is in the file as soon as its cell is finished. Several programs may add to one file.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> tuple[CellResult, ...]:
        """Return all results, sorted.

        Raises:
            DataError: If the file is no such file.
        """
        return self._load()[0]

    def machine(self) -> dict[str, str]:
        """Return on what the newest result was measured."""
        return self._load()[1]

    def add(self, result: CellResult, machine: Mapping[str, str]) -> None:
        """Add a result in place of the one with the same key.

        Args:
            result: What was measured.
            machine: On what.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(self.path.parent):
            others = (each for each in self.load() if each.key != result.key)
            write_atomically(self.path, to_text((*others, result), machine))

    def missing(self, cells: Iterable[Cell], *, replace: bool) -> tuple[Cell, ...]:
        """Return the cells that are still to be measured.

        Args:
            cells: What is wanted.
            replace: Measure again what was measured with other settings.

        Raises:
            ParameterError: If there are results of other settings that may not be replaced.
        """
        known = {result.key: result.fingerprint for result in self.load()}
        wanted = list(cells)
        old = [
            cell
            for cell in wanted
            if known.get(key_of(cell), cell.fingerprint) != cell.fingerprint
        ]
        if old and not replace:
            raise ParameterError(
                f"{self.path} holds {len(old)} of these cells as measured with other settings, "
                f"the first of them {old[0].method} in {old[0].scenario.name} with seed "
                f"{old[0].seed}; give --replace to measure them again, or another --output"
            )
        return tuple(cell for cell in wanted if known.get(key_of(cell)) != cell.fingerprint)

    def _load(self) -> tuple[tuple[CellResult, ...], dict[str, str]]:
        if not self.path.exists():
            return (), {}
        try:
            content: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise DataError(f"{self.path} has format {content['format']}, not {_FORMAT}")
            cells = tuple(from_mapping(values) for values in content["cells"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{self.path} cannot be read ({error}); give a file of this benchmark"
            ) from error
        return cells, content["machine"]


def key_of(cell: Cell) -> tuple[str, str, int, str, str, int, int]:
    """Return the key that the cell's result will have, see `CellResult.key`."""
    scenario = cell.scenario
    change = repr(sorted(scenario.changes.items()))
    return (
        cell.method,
        scenario.condition,
        scenario.slot,
        change,
        cell.arm,
        cell.rollouts,
        cell.seed,
    )


def to_text(results: Iterable[CellResult], machine: Mapping[str, str]) -> str:
    """Return the whole file, sorted, so that two files can be compared line by line."""
    lines = [json.dumps(each.as_mapping()) for each in sorted(results, key=lambda r: r.key)]
    cells = ",\n".join(lines)
    return f'{{"format": {_FORMAT}, "machine": {json.dumps(machine)}, "cells": [\n{cells}\n]}}\n'


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other programs out of a folder in a block."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
