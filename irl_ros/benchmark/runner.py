# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measures cells side by side; whatever is finished is kept, however the run ends."""

import multiprocessing
import os
import platform
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import torch

from irl_ros.benchmark.cell import Cell, prepare_process, run_cell
from irl_ros.benchmark.result import CellResult
from irl_ros.core.errors import RolloutError


def machine() -> dict[str, str]:
    """Return on what is measured."""
    return {
        "cores": str(os.cpu_count()),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def waves(cells: Sequence[Cell], folder: Path) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """Return the cells in two parts: the second needs costs that the first learns.

    Cells whose cost is neither kept in the folder, as learned by today's code, nor among those
    given are added.
    """
    dependent = [cell for cell in cells if cell.source]
    first = [cell for cell in cells if not cell.source]
    for cell in dependent:
        source = cell.source
        assert source is not None
        if source not in first and not source.cost_file(folder).exists():
            first.append(source)
    return tuple(first), tuple(dependent)


def run_cells(
    cells: Sequence[Cell],
    folder: Path,
    workers: int,
    finished: Callable[[CellResult], None],
    failed: Callable[[Cell, Exception], None],
) -> None:
    """Measure cells, each as a whole in one process.

    A result depends on its cell alone, not on the number of processes or on the order.

    Args:
        cells: What is to be measured.
        folder: Where demonstrations and learned costs are kept.
        workers: Number of processes; 0 measures everything in this one.
        finished: Called with each result as soon as it is there.
        failed: Called for each cell that cannot be measured; the others go on.

    Raises:
        RolloutError: If a process ends by itself; the results before are not lost.
    """
    for wave in waves(cells, folder):
        if wave and workers:
            _side_by_side(wave, folder, workers, finished, failed)
            continue
        prepare_process()
        for cell in wave:
            try:
                result = run_cell(cell, folder)
            except Exception as error:  # whatever it is, it concerns this cell alone
                failed(cell, error)
            else:
                finished(result)


def _side_by_side(
    cells: Sequence[Cell],
    folder: Path,
    workers: int,
    finished: Callable[[CellResult], None],
    failed: Callable[[Cell, Exception], None],
) -> None:
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(cells)), context, _begin)
    try:
        started = {pool.submit(run_cell, cell, folder): cell for cell in cells}
        for future in as_completed(started):
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                raise RolloutError(
                    "a process of the benchmark ended by itself (out of memory, or killed); run "
                    "the same command again, it continues with the cells that are missing"
                ) from error
            if isinstance(error, Exception):
                failed(started[future], error)
            else:
                finished(future.result())
    finally:
        # What is still running has nobody left to hand its result to.
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
            process.join()


def _begin() -> None:
    # Ctrl-C reaches the whole process group; the parent decides when processes end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare_process()


def _end_with_parent() -> None:
    """End this process as soon as the one that waits for its results is gone, even if killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
