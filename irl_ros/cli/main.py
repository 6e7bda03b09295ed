# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `irl-ros`. Whatever a command needs is imported when it runs, to answer at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from irl_ros import __version__
from irl_ros.cli.bench import app as bench_app
from irl_ros.cli.dataset import app as dataset_app
from irl_ros.cli.options import DemoOptions, doc
from irl_ros.core.errors import IrlRosError

app = typer.Typer(
    name="irl-ros",
    help="Teach a robot arm by hand, learn the cost behind it, and execute it elsewhere.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(dataset_app, name="dataset")
app.add_typer(bench_app, name="bench")


def _version(asked: bool) -> None:
    if asked:
        print(f"irl_ros {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Teach a robot arm by hand, learn the cost behind it, and execute it elsewhere."""


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help=doc("seed"))] = DemoOptions.seed,
    arm: Annotated[str, typer.Option(help=doc("arm"))] = DemoOptions.arm,
    condition: Annotated[str, typer.Option(help=doc("condition"))] = DemoOptions.condition,
    evaluations: Annotated[int, typer.Option(help=doc("evaluations"))] = DemoOptions.evaluations,
    preset: Annotated[str, typer.Option(help=doc("preset"))] = DemoOptions.preset,
    iterations: Annotated[int, typer.Option(help=doc("iterations"))] = DemoOptions.iterations,
    speed: Annotated[float, typer.Option(help=doc("speed"))] = DemoOptions.speed,
    slot: Annotated[list[int] | None, typer.Option(help=doc("slots"))] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results, runs/demo-[ARM-][CONDITION-]seed<SEED> if not given."
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew; finished stages are not taken over.")
    ] = False,
) -> None:
    """Teach, learn and execute in simulation.

    The same nodes run as on a real arm.
    """
    options = DemoOptions(
        seed=seed,
        arm=arm,
        condition=condition,
        evaluations=evaluations,
        preset=preset,
        iterations=iterations,
        speed=speed,
        slots=tuple(slot or ()),
    )
    from irl_ros.cli.demo import run_demo

    raise typer.Exit(run_demo(options, options.folder(output), fresh=fresh))


@app.command()
def train(
    dataset: Annotated[Path, typer.Argument(help="Folder of the demonstrations.")],
    output: Annotated[Path, typer.Argument(help="Run folder that is written.")],
    arm: Annotated[str, typer.Option(help=doc("arm"))] = DemoOptions.arm,
    condition: Annotated[str, typer.Option(help=doc("condition"))] = DemoOptions.condition,
    preset: Annotated[str, typer.Option(help=doc("preset"))] = DemoOptions.preset,
    seed: Annotated[int, typer.Option(help=doc("seed"))] = DemoOptions.seed,
    resume: Annotated[bool, typer.Option(help="Continue the run in the folder.")] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="Any other parameter of gcl_trainer: name:=value."),
    ] = None,
) -> None:
    """Learn cost and policy from a dataset.

    This is the node gcl_trainer with its usual parameters.
    """
    options = DemoOptions(seed=seed, arm=arm, condition=condition, preset=preset)
    from irl_ros.cli.environment import become_node

    values = {
        "dataset": str(dataset),
        "output": str(output),
        "preset": options.preset,
        "resume": str(resume).lower(),
        "seed": str(options.seed),
        "simulation.arm": options.arm,
        "simulation.condition": options.condition,
    }
    given = [f"{name}:={value}" for name, value in values.items()]
    become_node("gcl_trainer", [*given, *(parameter or [])])


@app.command()
def evaluate(
    output: Annotated[Path, typer.Argument(help="Folder for the executions.")],
    arm: Annotated[str, typer.Option(help=doc("arm"))] = DemoOptions.arm,
    seed: Annotated[int, typer.Option(help=doc("seed"))] = DemoOptions.seed,
    evaluations: Annotated[int, typer.Option(help=doc("evaluations"))] = DemoOptions.evaluations,
) -> None:
    """Execute the policy of running nodes, keep score.

    The nodes sim_arm and policy_controller have to run already. Executions that the folder holds
    are not repeated; those of another policy or seed are refused.
    """
    options = DemoOptions(seed=seed, arm=arm, evaluations=evaluations)
    from irl_ros.cli.demo import run_evaluation

    raise typer.Exit(run_evaluation(options, output))


@app.command()
def doctor() -> None:
    """Show what is installed, what is missing, and how to get it."""
    from rich.console import Console

    from irl_ros.cli.doctor import report as report_health

    raise typer.Exit(0 if report_health(Console()) else 1)


@app.command()
def results(
    folders: Annotated[list[Path], typer.Argument(help="Folders of finished demonstrations.")],
) -> None:
    """Print a table of finished demonstrations."""
    from irl_ros.cli.results import results_table

    print(results_table(folders))


@app.command()
def compare_costs(
    first: Annotated[Path, typer.Argument(help="A run folder or a cost file.")],
    second: Annotated[Path, typer.Argument(help="Another one.")],
    dataset: Annotated[Path, typer.Argument(help="Folder of the demonstrations.")],
    seed: Annotated[int, typer.Option(help="Decides which transitions are drawn.")] = 0,
) -> None:
    """Tell how far two learned costs agree on demonstrations."""
    from irl_ros.cli.compare_costs import comparison

    print(comparison(first, second, dataset, seed))


@app.command()
def average_costs(
    output: Annotated[Path, typer.Argument(help="The cost file that is written.")],
    costs: Annotated[list[Path], typer.Argument(help="Run folders or cost files.")],
) -> None:
    """Store the mean of several learned costs as one.

    Optimise it wherever one of them could be optimised. The runs differ in their seed alone.
    """
    from irl_ros.cli.average_costs import write_average

    write_average(output, costs)
    print(f"the mean of {len(costs)} costs is in {output}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a demonstration, as of `demo`.")],
    picture: Annotated[
        Path | None, typer.Option(help="Write scene and paths as a picture as well.")
    ] = None,
) -> None:
    """Write the report of a finished demonstration again."""
    from irl_ros.cli.demo_folder import DemoFolder

    finished = DemoFolder(folder)
    from irl_ros.cli.demo_report import write_report

    print(write_report(finished, picture))


def main() -> int:
    """Run the command line and return its exit code; errors made on purpose are one line."""
    try:
        result = app(standalone_mode=True)
    except IrlRosError as error:
        print(f"irl-ros: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return int(result or 0)


if __name__ == "__main__":
    sys.exit(main())
