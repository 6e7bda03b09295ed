# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a method of the benchmark is."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irl_ros.benchmark.case import BenchmarkCase, Learned
from irl_ros.core.parameters import Parameters, to_mapping


@dataclass(frozen=True)
class Method:
    """A way from demonstrations to a policy.

    Attributes:
        name: What commands and tables call it.
        group: One of `methods.GROUPS`.
        description: One line.
        learn: What it does.
        settings: Everything that its result depends on, to tell old results from new ones.
        tries: Whether it uses the budget at all.
        fixed: Rollouts that it gets on top of the budget.
        times: How often it gets the budget.
        demonstrations: How many it is given; 0 for all.
        cost_of: Method whose learned cost it is given.
        taught_arm: The arm that was taught, and learned that cost, if that is another one.
        shown: Whether it is given a demonstration of the very task.
        earlier: Rollouts in another condition that it is given beforehand, see `earlier`.
    """

    name: str
    group: str
    description: str
    learn: Callable[[BenchmarkCase], Learned]
    settings: Mapping[str, Any] = field(default_factory=dict)
    tries: bool = True
    fixed: int = 0
    times: int = 1
    demonstrations: int = 0
    cost_of: str = ""
    taught_arm: str = ""
    shown: bool = False
    earlier: int = 0

    def budget(self, rollouts: int) -> int:
        """Return how many rollouts it may use when the benchmark grants so many."""
        return self.fixed + self.times * rollouts if self.tries else 0


def configured(
    name: str,
    group: str,
    description: str,
    learn: Callable[..., Learned],
    config: Parameters,
    *,
    also: Mapping[str, Any] | None = None,
    **others: Any,
) -> Method:
    """Return the method of learning with a configuration.

    Args:
        name: What commands and tables call it.
        group: Its kind.
        description: One line.
        learn: Learns from a case, given ``config``.
        config: What its result depends on.
        also: Fixed values that it depends on, too.
        **others: Further attributes of `Method`.
    """
    learning = functools.partial(learn, config=config)
    settings = {**to_mapping(config), **(also or {})}
    return Method(name, group, description, learning, settings, **others)
