# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time goes: a clock that charges each moment to one name, and what is watched by it."""

import contextlib
import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

from irl_ros.learning import controller_improvement, gcl
from irl_ros.learning.background import Background
from irl_ros.learning.controller_improvement import ControllerImprovement
from irl_ros.learning.cost import Cost
from irl_ros.learning.run_folder import RunFolder

REST = "everything else"
OUTSIDE = "outside"  # what measuring itself costs; it belongs to nothing

PARTS: Mapping[str, tuple[tuple[Any, str], ...]] = {
    "cost update": ((gcl, "update_cost"),),
    "background densities": ((gcl, "extend"), (Background, "fused_log_q")),
    "dynamics fit": ((controller_improvement, "fit_dynamics"),),
    "quadratic expansion of the cost": ((Cost, "expand"),),
    "controller step": ((controller_improvement, "constrained_step"),),
    "diagnostics": (
        (gcl, "cost_health"),
        (controller_improvement, "expected_objective"),
        (ControllerImprovement, "choose_base"),
        (ControllerImprovement, "choose_delivered"),
    ),
    "saving": ((RunFolder, "__init__"), (RunFolder, "record")),
}
"""The functions of the learner, where it finds them, by what the table calls them."""


class Clock:
    """Charges wall time to the innermost of the names that are being measured.

    Attributes:
        seconds: By name.
        calls: How long each call took, all that it called included.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, list[float]] = defaultdict(list)
        self._names = [OUTSIDE]
        self._since = time.perf_counter()

    def _charge(self) -> float:
        now = time.perf_counter()
        self.seconds[self._names[-1]] += now - self._since
        self._since = now
        return now

    @contextlib.contextmanager
    def charging(self, name: str) -> Iterator[None]:
        """Charge the block to a name."""
        began = self._charge()
        self._names.append(name)
        try:
            yield
        finally:
            self.calls[name].append(self._charge() - began)
            self._names.pop()

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function such that its calls are charged to a name."""

        @functools.wraps(function)
        def call(*args: Any, **named: Any) -> Any:
            with self.charging(name):
                return function(*args, **named)

        return call

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Charge the parts of the learner to their names in a block, the rest to `REST`."""
        with contextlib.ExitStack() as stack:
            for name, places in PARTS.items():
                for owner, attribute in places:
                    watched = self.watched(name, getattr(owner, attribute))
                    stack.enter_context(mock.patch.object(owner, attribute, watched))
            stack.enter_context(self.charging(REST))
            yield
