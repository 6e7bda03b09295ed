# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `irl-ros dataset ...`: look after recorded demonstrations without a recorder."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look after recorded demonstrations.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Folder of a dataset.")]
TakeId = Annotated[int, typer.Argument(help="Number of a take.")]


@app.command("list")
def list_command(
    folder: Folder,
    every: Annotated[bool, typer.Option("--all", help="Also takes that were set aside.")] = False,
) -> None:
    """List the takes of a dataset."""
    from rich.console import Console
    from rich.table import Table

    from irl_ros.demos.maintenance import list_takes

    table = Table(box=None, pad_edge=False)
    for column in ("take", "status", "label", "grade"):
        table.add_column(column)
    for column in ("seconds", "Hz", "target (m)"):
        table.add_column(column, justify="right")
    table.add_column("first remark", overflow="fold")
    takes = list_takes(folder, every=every)
    for take in takes:
        figures, target = take.report.figures, take.target
        place = "" if target is None else ", ".join(f"{x:.3f}" for x in target.pose.position)
        table.add_row(
            str(take.id),
            take.status,
            take.label,
            "" if take.grade is None else f"{take.grade:g}",
            f"{figures.duration:.1f}",
            f"{figures.rate:.1f}",
            place,
            take.report.findings[0].message if take.report.findings else "",
        )
    console = Console()
    console.print(table)
    console.print(f"{len(takes)} takes" if every else f"{len(takes)} kept takes", highlight=False)


@app.command()
def verify(folder: Folder) -> None:
    """Read every file and say what is wrong.

    The exit code is 1 if anything is.
    """
    from irl_ros.demos.maintenance import verify as find_problems

    problems = find_problems(folder)
    for problem in problems:
        print(problem.message)
    print("all takes are intact" if not problems else f"{len(problems)} problems")
    raise typer.Exit(1 if problems else 0)


@app.command()
def undo(folder: Folder, take: TakeId) -> None:
    """Take a take out of a dataset without deleting it."""
    from irl_ros.demos.maintenance import set_aside

    print(
        f"take {set_aside(folder, take).id} is set aside; `irl-ros dataset restore` takes it back"
    )


@app.command()
def restore(folder: Folder, take: TakeId) -> None:
    """Make a take part of a dataset again."""
    from irl_ros.demos.maintenance import restore as take_back

    print(f"take {take_back(folder, take).id} is part of the dataset again")


@app.command()
def label(
    folder: Folder,
    take: TakeId,
    value: Annotated[str, typer.Argument(help="success, failure or unlabelled.")],
    grade: Annotated[float | None, typer.Option(help="How good it is, 0 to 1.")] = None,
) -> None:
    """Change what is said about a take."""
    from typing import cast, get_args

    from irl_ros.core.errors import ParameterError
    from irl_ros.demos.maintenance import relabel
    from irl_ros.demos.manifest import Label

    if value not in get_args(Label):
        raise ParameterError(f"label = {value!r}; choose one of {', '.join(get_args(Label))}")
    changed = relabel(folder, take, cast(Label, value), grade)
    grading = "" if changed.grade is None else f", grade {changed.grade:g}"
    print(f"take {changed.id} is labelled {changed.label}{grading}")


@app.command()
def recover(folder: Folder) -> None:
    """Bring back what a crash left behind.

    Recovered takes are set aside until restored.
    """
    from irl_ros.demos.maintenance import recover as bring_back

    found = bring_back(folder)
    for entry in found:
        print(entry.message)
    print(f"{len(found)} takes found")


@app.command()
def export(
    folder: Folder,
    take: TakeId,
    table: Annotated[Path, typer.Argument(help="File to write, CSV.")],
) -> None:
    """Write the joint positions and velocities of a take as a table."""
    from irl_ros.demos.maintenance import export_csv

    print(f"wrote {export_csv(folder, take, table)} rows to {table}")
