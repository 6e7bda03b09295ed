# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shows how far a demonstration has come: bars at a terminal, lines in a log."""

import time
from types import TracebackType
from typing import final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@final
class StageDisplay:
    """One bar per stage. Away from a terminal it prints a line whenever a count changes.

    Args:
        console: Where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not self._live,
            refresh_per_second=4,
        )
        self._name = ""
        self._task = self._progress.add_task("", visible=False, note="")
        self._done = -1.0
        self._total = 0
        self._started = time.monotonic()

    def __enter__(self) -> "StageDisplay":
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing; what is drawn stays."""
        self._progress.stop()

    def begin(self, name: str, total: int, note: str = "") -> None:
        """Begin a stage of so many steps."""
        self._name, self._total, self._done = name, total, 0
        self._started = time.monotonic()
        self._task = self._progress.add_task(name, total=total, note=note)
        self.say(f"{name}: {note}" if note else name)

    def update(self, done: int, note: str) -> None:
        """Show how many steps are done and what is going on."""
        self._progress.update(self._task, completed=done, note=note)
        if not self._live and done != self._done:
            seconds = time.monotonic() - self._started
            self._console.print(
                f"{self._name} {done}/{self._total} ({seconds:.0f} s) {note}", highlight=False
            )
        self._done = done

    def skip(self, name: str, note: str) -> None:
        """Show a stage that needs no work."""
        self._progress.add_task(name, total=1, completed=1, note=note)
        self.say(f"{name}: {note}")

    def say(self, text: str) -> None:
        """Print a line; at a terminal the bars say it already."""
        if not self._live:
            self._console.print(text, highlight=False, markup=False)
