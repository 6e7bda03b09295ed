# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of a script: each is in a file as soon as it is there, and a page shows all of them."""

import argparse
import json
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.progress import Progress

from irl_ros.benchmark.cell import prepare_process
from irl_ros.benchmark.page import write_measured_part
from irl_ros.core.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]

Results = dict[str, dict[str, Any]]


def parser(documentation: str | None, name: str) -> argparse.ArgumentParser:
    """Return the options that such scripts share.

    Args:
        documentation: Docstring of the script.
        name: Of its file of results.
    """
    options = argparse.ArgumentParser(description=(documentation or "").split("\n")[0])
    options.add_argument("--workers", type=int, default=2, help="processes side by side")
    options.add_argument("--report", action="store_true", help="measure nothing, write the page")
    output = ROOT / f"benchmarks/results/{name}.json"
    options.add_argument("--output", type=Path, default=output, help="where results are kept")
    options.add_argument("--folder", type=Path, default=ROOT / "runs/bench-dish")
    options.add_argument("--page", type=Path, default=ROOT / "docs/experiments.md")
    return options


def load(output: Path) -> Results:
    """Return what is kept, by name; nothing if there is no file."""
    results: Results = json.loads(output.read_text("utf-8")) if output.exists() else {}
    return results


def run(
    jobs: Mapping[str, Callable[[], dict[str, Any]]], kept: Results, output: Path, workers: int
) -> None:
    """Do jobs side by side and keep their results beside those that stay.

    Args:
        jobs: What is missing, by name.
        kept: What stays.
        output: Where both are written.
        workers: Number of processes.
    """
    results = dict(kept)
    _write(results, output)
    context = multiprocessing.get_context("spawn")
    with Progress() as bar, ProcessPoolExecutor(workers, context, prepare_process) as pool:
        shown = bar.add_task("jobs", total=len(jobs))
        started = {pool.submit(job): name for name, job in jobs.items()}
        for future in as_completed(started):
            results[started[future]] = future.result()
            _write(results, output)
            bar.advance(shown)


def publish(
    table: Callable[[Results], str], output: Path, page: Path, marks: tuple[str, str]
) -> None:
    """Print the table of all results and write it into its part of a page."""
    text = table(load(output))
    write_measured_part(page, text, marks)
    print(text)


def _write(results: Results, output: Path) -> None:
    write_atomically(output, json.dumps(results, indent=1, sort_keys=True) + "\n")
