# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters declared from a configuration dataclass."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from irl_ros.core.errors import IrlRosError
from irl_ros.core.parameters import (
    ParameterInfo,
    Parameters,
    describe,
    replace,
    to_mapping,
)

P = TypeVar("P", bound=Parameters)

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def declare_parameters(
    node: Node,
    config_type: type[P],
    on_change: Callable[[P], None] | None = None,
    *,
    base: Callable[[Mapping[str, Any]], P] | None = None,
) -> P:
    """Declare every value of a configuration as a ROS parameter and return what was given.

    The values come from YAML files, launch files and the command line. An integer is accepted
    where a float is declared.

    Args:
        node: Node that gets the parameters.
        config_type: Configuration whose fields become parameters, nested ones with dots.
        on_change: Called with the new configuration when a parameter that is not read-only is
            set while the node runs. It may raise an `IrlRosError` to refuse the change.
        base: Makes, from the values that were given, the configuration that holds where nothing
            was given, such as a named preset; by default that of the dataclass.

    Raises:
        ParameterError: If a name is unknown or a value is not allowed.
    """
    given = _overrides(node)
    config = replace(base(given) if base is not None else config_type(), given)
    values = to_mapping(config)
    for info in describe(config_type):
        # The type is left open so that YAML's 100 may stand for 100.0; the configuration itself
        # checks the type.
        node.declare_parameter(
            info.name, values[info.name], _descriptor(info), ignore_override=True
        )
    current = [config]

    def change(parameters: list[Parameter]) -> SetParametersResult:
        known = to_mapping(current[0])
        news = {p.name: _plain(p.value) for p in parameters if p.name in known}
        if not news:
            return SetParametersResult(successful=True)
        try:
            candidate = replace(current[0], news)
            if on_change is not None:
                on_change(candidate)
        except IrlRosError as error:
            return SetParametersResult(successful=False, reason=str(error))
        current[0] = candidate
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(change)
    return config


def _overrides(node: Node) -> dict[str, Any]:
    # rclpy has no public way to list the overrides that no one declared, which is where a
    # misspelt name hides.
    given: dict[str, Parameter] = node._parameter_overrides
    return {
        name: _plain(parameter.value)
        for name, parameter in given.items()
        if not node.has_parameter(name) and not name.startswith("qos_overrides.")
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    return list(value)


def _descriptor(info: ParameterInfo) -> ParameterDescriptor:
    unit = f" [{info.unit}]" if info.unit else ""
    descriptor = ParameterDescriptor(
        name=info.name,
        description=f"{info.doc}{unit}",
        read_only=info.read_only,
        dynamic_typing=True,
    )
    if info.choices:
        descriptor.additional_constraints = f"one of {', '.join(info.choices)}"
    if info.low is None and info.high is None:
        return descriptor
    if info.element_type is float:
        descriptor.floating_point_range = [
            FloatingPointRange(
                from_value=-sys.float_info.max if info.low is None else float(info.low),
                to_value=sys.float_info.max if info.high is None else float(info.high),
            )
        ]
    elif info.element_type is int:
        descriptor.integer_range = [
            IntegerRange(
                from_value=_INT64_MIN if info.low is None else int(info.low),
                to_value=_INT64_MAX if info.high is None else int(info.high),
            )
        ]
    return descriptor
