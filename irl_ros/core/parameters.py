# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration as frozen dataclasses: default, unit, range and meaning are stated once.

ROS parameters, YAML files, command-line options and the documentation page are all derived from
the same declarations, so they cannot disagree.
"""

import dataclasses
import difflib
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar

from irl_ros.core.errors import ParameterError

Scalar = bool | int | float | str
Value = Scalar | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]


@dataclass(frozen=True)
class ParameterInfo:
    """One configuration value as declared: everything a user interface needs to show it.

    Attributes:
        name: Dotted name, such as ``cost.hidden``.
        type: ``bool``, ``int``, ``float``, ``str`` or a tuple of one of them.
        default: Value used when none is given.
        doc: What the value means.
        unit: SI unit, empty when dimensionless.
        low: Smallest allowed value (elementwise for tuples), None when unbounded.
        high: Largest allowed value, None when unbounded.
        choices: Allowed values of a string, empty when free.
        read_only: Whether the value is fixed once the program has started.
    """

    name: str
    type: Any
    default: Value
    doc: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    read_only: bool

    @property
    def element_type(self) -> type:
        """Scalar type of the value, or of its elements if it is a tuple."""
        if typing.get_origin(self.type) is tuple:
            return typing.cast(type, typing.get_args(self.type)[0])
        return typing.cast(type, self.type)

    @property
    def is_tuple(self) -> bool:
        """Whether the value is a tuple."""
        return typing.get_origin(self.type) is tuple

    def check(self, value: object) -> Value:
        """Return the value in its declared type.

        An integer is accepted where a float is declared, and a list where a tuple is.

        Raises:
            ParameterError: If type, range, finiteness or choice is wrong.
        """
        if not self.is_tuple:
            return self._check_scalar(value)
        if not isinstance(value, list | tuple):
            raise ParameterError(
                f"{self.name}: expected a list of {self._wanted()}, got {value!r}"
            )
        return tuple(self._check_scalar(element) for element in value)  # type: ignore[return-value]

    def _wanted(self) -> str:
        return str(self.element_type.__name__)

    def _check_scalar(self, value: object) -> Scalar:
        kind = self.element_type
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not kind:
            raise ParameterError(
                f"{self.name} = {value!r} is a {type(value).__name__}; give a {self._wanted()}"
            )
        if kind is float and not math.isfinite(typing.cast(float, value)):
            raise ParameterError(f"{self.name} = {value!r} is not finite; give a number")
        if self.choices and value not in self.choices:
            raise ParameterError(
                f"{self.name} = {value!r}; choose one of {', '.join(self.choices)}"
            )
        if kind in (int, float):
            number = typing.cast(float, value)
            unit = f" {self.unit}" if self.unit else ""
            if self.low is not None and number < self.low:
                raise ParameterError(
                    f"{self.name} = {number:g}{unit} is below its minimum {self.low:g}{unit}; "
                    f"give at least {self.low:g} ({self.doc})"
                )
            if self.high is not None and number > self.high:
                raise ParameterError(
                    f"{self.name} = {number:g}{unit} is above its maximum {self.high:g}{unit}; "
                    f"give at most {self.high:g} ({self.doc})"
                )
        return typing.cast(Scalar, value)


def parameter(
    default: Any,
    *,
    doc: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    read_only: bool = True,
) -> Any:
    """Declare one field of a ``Parameters`` dataclass.

    Args:
        default: Value used when none is given.
        doc: What the value means, one sentence.
        unit: SI unit, empty when dimensionless.
        low: Smallest allowed value.
        high: Largest allowed value.
        choices: Allowed values of a string.
        read_only: Whether the value is fixed once the program has started.
    """
    metadata = {
        "doc": doc,
        "unit": unit,
        "low": low,
        "high": high,
        "choices": choices,
        "read_only": read_only,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Parameters:
    """Base of every configuration dataclass; a value is checked when it is made.

    Subclasses are frozen dataclasses whose fields are made with `parameter`, or are themselves
    `Parameters` (given with ``dataclasses.field(default_factory=...)``).
    """

    def __post_init__(self) -> None:
        """Check every own field.

        Raises:
            ParameterError: If a value has a wrong type or lies outside its range.
        """
        for info in _own(type(self)):
            object.__setattr__(self, info.name, info.check(getattr(self, info.name)))


P = TypeVar("P", bound=Parameters)


def _is_nested(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Parameters)


def _own(cls: type[Parameters]) -> list[ParameterInfo]:
    hints = typing.get_type_hints(cls)
    infos = []
    for field in dataclasses.fields(cls):
        annotation = hints[field.name]
        if _is_nested(annotation):
            continue
        if isinstance(annotation, UnionType):
            raise TypeError(f"{cls.__name__}.{field.name}: a parameter has exactly one type")
        infos.append(
            ParameterInfo(field.name, annotation, field.default, **field.metadata)  # type: ignore[arg-type]
        )
    return infos


def describe(cls: type[Parameters], prefix: str = "") -> list[ParameterInfo]:
    """List every value of a configuration, nested ones with dotted names, in declaration order."""
    return _describe(cls(), prefix)


def _describe(usual: Parameters, prefix: str) -> list[ParameterInfo]:
    # A part may have other defaults in the whole than its class has by itself.
    own = {info.name: info for info in _own(type(usual))}
    listed: list[ParameterInfo] = []
    for field in dataclasses.fields(usual):
        name, value = f"{prefix}{field.name}", getattr(usual, field.name)
        if isinstance(value, Parameters):
            listed.extend(_describe(value, prefix=f"{name}."))
        else:
            listed.append(dataclasses.replace(own[field.name], name=name, default=value))
    return listed


def to_mapping(config: Parameters, prefix: str = "") -> dict[str, Any]:
    """Flatten a configuration to dotted names and plain values; tuples become lists."""
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Parameters):
            flat.update(to_mapping(value, prefix=f"{prefix}{field.name}."))
        else:
            flat[f"{prefix}{field.name}"] = list(value) if isinstance(value, tuple) else value
    return flat


def replace(config: P, values: Mapping[str, Any]) -> P:
    """Return the configuration with some values changed, given by dotted name.

    Raises:
        ParameterError: If a name is unknown or a value is not allowed.
    """
    known = to_mapping(config)
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
            raise ParameterError(f"unknown parameter {name!r}; {hint}")
    return _replace(config, values, prefix="")


def _replace(config: P, values: Mapping[str, Any], prefix: str) -> P:
    infos = {info.name: info for info in _own(type(config))}
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        name = f"{prefix}{field.name}"
        current = getattr(config, field.name)
        if isinstance(current, Parameters):
            changes[field.name] = _replace(current, values, prefix=f"{name}.")
        elif name in values:
            info = dataclasses.replace(infos[field.name], name=name)
            changes[field.name] = info.check(values[name])
    return dataclasses.replace(config, **changes)


def from_mapping(cls: type[P], values: Mapping[str, Any]) -> P:
    """Make a configuration from dotted names; what is not given keeps its default.

    Raises:
        ParameterError: If a name is unknown or a value is not allowed.
    """
    return replace(cls(), values)


__all__ = [
    "ParameterInfo",
    "Parameters",
    "describe",
    "from_mapping",
    "parameter",
    "replace",
    "to_mapping",
]
