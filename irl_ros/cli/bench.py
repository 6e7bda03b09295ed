# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `irl-ros bench`: methods against each other."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Measure methods against each other.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def bench() -> None:
    """Measure methods against each other."""


@app.command()
def dish(
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Method, or methods, learners or ablations for a kind; methods if not given."
        ),
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="Condition; all if not given.")
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(
            help="Seeds, such as 100-109 or 0,3; defaults were tuned on 0-25 and validated on "
            "100-109, and 200-219 are fresh."
        ),
    ] = "100-109",
    rollouts: Annotated[int, typer.Option(help="Rollouts that a method may use.")] = 90,
    evaluations: Annotated[int, typer.Option(help="How often a policy is judged.")] = 20,
    slot: Annotated[
        list[int] | None,
        typer.Option(help="Slot that is not demonstrated and then wanted; 4 if not given."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Change something on top of the conditions, such as rack_yaw=0.3 or "
            "bias=0.1,0,0,0,0,0,0; docs/configuration.md lists all names.",
        ),
    ] = None,
    elsewhere: Annotated[
        bool,
        typer.Option(
            "--elsewhere",
            help="At all other places; without --method the cost that gcl learned, as it is.",
        ),
    ] = False,
    arm: Annotated[str, typer.Option(help="Arm to simulate.")] = "panda",
    workers: Annotated[int, typer.Option(min=0, help="Processes side by side.")] = 2,
    output: Annotated[Path, typer.Option(help="File of the results; it is continued.")] = Path(
        "benchmarks/results/dish.json"
    ),
    folder: Annotated[
        Path, typer.Option(help="Where demonstrations and learned costs are kept.")
    ] = Path("runs/bench-dish"),
    replace: Annotated[
        bool, typer.Option("--replace", help="Measure again what other settings had measured.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results as JSON instead of a table.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Measure nothing; write tables and plots of the docs.")
    ] = False,
    docs: Annotated[Path, typer.Option(help="Folder of the docs, for --report.")] = Path("docs"),
) -> None:
    """Measure the dish task.

    Finished cells are in the file at once and are not measured again: a run that was stopped
    continues where it ended.
    """
    from irl_ros.cli import bench_dish

    if report:
        bench_dish.write_report(output, docs)
        return
    wanted = bench_dish.wanted_cells(
        methods=tuple(method or (["reoptimised"] if elsewhere else ["methods"])),
        conditions=tuple(condition or ()),
        seeds=bench_dish.parse_seeds(seeds),
        rollouts=rollouts,
        evaluations=evaluations,
        slots=tuple(slot or ()),
        change=bench_dish.parse_changes(change or []),
        elsewhere=elsewhere,
        arm=arm,
    )
    bench_dish.measure(wanted, output, folder, workers=workers, replace=replace, as_json=as_json)
