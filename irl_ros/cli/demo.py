# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole demonstration: teach, learn, execute, report; stage by stage, to be continued."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from irl_ros.cli.demo_folder import DemoFolder, locked
from irl_ros.cli.domain import DomainReservation
from irl_ros.cli.environment import ros_environment
from irl_ros.cli.options import DemoOptions
from irl_ros.cli.progress import StageDisplay
from irl_ros.core.errors import IrlRosError

if TYPE_CHECKING:
    from irl_ros.ros.spin import Stop

_INTERRUPTED = 130  # exit code of a program that Ctrl-C ended


def run_demo(options: DemoOptions, path: Path, *, fresh: bool = False) -> int:
    """Run what is not finished yet of a demonstration and return the exit code.

    Args:
        options: What is demonstrated.
        path: Folder for everything.
        fresh: Start anew even if stages are finished.

    Raises:
        IrlRosError: If the folder cannot be used.
    """
    console = _console()
    with locked(path), DomainReservation() as domain:
        folder = DemoFolder(path, options, fresh=fresh)
        console.print(f"[bold]{folder.path}[/]")
        # Before rclpy is imported: it reads the environment once.
        os.environ |= ros_environment(domain.number)
        return _run_stages(folder, domain.number, console)


def run_evaluation(options: DemoOptions, output: Path) -> int:
    """Execute the policy of nodes that run already and return the exit code.

    Args:
        options: Arm, number of executions and seed.
        output: Folder for the executions.

    Raises:
        IrlRosError: If a node does not answer or refuses.
    """
    from irl_ros.cli.execute import evaluate
    from irl_ros.cli.link import Interrupted
    from irl_ros.report.proportion import wilson_interval

    console = _console()
    stop = _heed_signals()
    try:
        with StageDisplay(console) as display:
            done = evaluate(output, options.arm, options.evaluations, options.seed, display, stop)
    except Interrupted:
        console.print("stopped; the same command goes on from here")
        return _INTERRUPTED
    successes = sum(entry.outcome.success for entry in done)
    low, high = wilson_interval(successes, len(done))
    console.print(
        f"{successes} of {len(done)} executions succeeded (95 % interval {low:.0%} to {high:.0%})"
    )
    return 0


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _heed_signals() -> "Stop":
    # Late, because it imports rclpy.
    from irl_ros.ros.spin import heed_signals

    return heed_signals()


def _run_stages(folder: DemoFolder, domain_id: int, console: Console) -> int:
    from irl_ros.cli.execute import execute
    from irl_ros.cli.link import Interrupted
    from irl_ros.cli.stages import Demonstration, record, train

    stop = _heed_signals()
    stages: dict[str, Callable[[Demonstration], None]] = {
        "record": record,
        "train": train,
        "execute": execute,
    }
    stage = ""
    try:
        with StageDisplay(console) as display:
            demonstration = Demonstration(folder, domain_id, display, stop)
            for stage, run in stages.items():
                if folder.is_finished(stage):
                    display.skip(stage, "finished before; --fresh starts anew")
                    continue
                folder.prepare(stage)
                began = time.monotonic()
                try:
                    run(demonstration)
                except BaseException:
                    with suppress(OSError):  # what ended the stage is to be told, not this
                        folder.interrupt(stage, time.monotonic() - began)
                    raise
                folder.finish(stage, time.monotonic() - began)
            stage = "report"
            _report(folder, console)
    except Interrupted:
        console.print("stopped; the same command goes on from here")
        return _INTERRUPTED
    except (IrlRosError, OSError) as error:
        console.print(f"[bold red]{stage or 'demo'} failed:[/] ", end="")
        console.print(str(error), markup=False)
        if stage in stages:
            console.print(f"all output: {folder.logs / stage}", markup=False)
        return 1
    return 0


def _report(folder: DemoFolder, console: Console) -> None:
    from irl_ros.cli.demo_report import write_report
    from irl_ros.cli.executions import load_executions

    report = write_report(folder)
    done = load_executions(folder.executions)
    successes = sum(entry.outcome.success for entry in done)
    console.print(f"[bold]{successes} of {len(done)}[/] executions put the plate into its slot")
    console.print(f"report: {report}", markup=False)
