# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/configuration.md from the configuration dataclasses; run by `make docs`."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
import typing
from pathlib import Path
from typing import Any

import irl_ros
from irl_ros import nodes
from irl_ros.core.parameters import ParameterInfo, Parameters, describe

# Names of quantities, which keep their case at the beginning of a sentence.
_SYMBOLS = {"alpha", "beta", "gamma", "epsilon", "lambda", "mu", "sigma", "tau"}

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"

_HEAD = """# Configuration

Written by `make docs` from the configuration dataclasses; do not edit.

A node's values are its ROS parameters: set them with `--ros-args -p name:=value`, in a YAML file
or in a launch file. They are checked when the node starts: an unknown name, a wrong type or a
value outside its range ends the node with a line that says what is allowed. *live* values may also
be changed while the node runs. Units are SI; ranges include their ends.
"""


def node_configurations() -> dict[str, type[Parameters]]:
    """Return the configuration of every node that has one, by the node's name."""
    found = {}
    for info in pkgutil.iter_modules(nodes.__path__):
        module = importlib.import_module(f"irl_ros.nodes.{info.name}")
        declared = re.search(r"declare_parameters\(\s*self,\s*(\w+)", inspect.getsource(module))
        if declared:
            found[info.name] = getattr(module, declared.group(1))
    return found


def library_configurations() -> list[type[Parameters]]:
    """Return the configurations that no node has, as a whole or part by part, by name."""
    for module in pkgutil.walk_packages(irl_ros.__path__, "irl_ros."):
        if module.name != "irl_ros.ros.launching":  # needs an installed ROS 2
            importlib.import_module(module.name)
    known = {kind for kind in _subclasses(Parameters) if ".cli." not in kind.__module__}
    parts = {part for outer in known for part in _parts(outer)}
    bases = {base for kind in known for base in kind.__mro__[1:]}
    of_nodes = set(node_configurations().values())
    there = set().union(*map(_parts, of_nodes))
    joined = {kind for kind in known if set(_types(kind)) <= there}
    rest = known - parts - bases - joined - of_nodes
    return sorted(rest, key=lambda kind: (kind.__module__, kind.__name__))


def render() -> str:
    """Return the page."""
    sections = [_section(f"`{name}`", kind) for name, kind in node_configurations().items()]
    rest = [_section(kind.__name__, kind) for kind in library_configurations()]
    return "\n".join([_HEAD, *sections, *rest])


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` only compare it.

    Returns:
        Exit code: 1 if the page is not current.
    """
    text = render()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text("utf-8") == text
        state = "is current" if current else "is old; run `make docs`"
        print(f"docs/{PAGE.name} {state}")
        return 0 if current else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, "utf-8")
    print(f"wrote {PAGE}")
    return 0


def _subclasses(kind: type[Parameters]) -> set[type[Parameters]]:
    own = {sub for sub in kind.__subclasses__() if sub.__module__.startswith("irl_ros.")}
    return own.union(*(_subclasses(sub) for sub in own))


def _types(kind: type[Parameters]) -> list[Any]:
    hints = typing.get_type_hints(kind)
    return [hints[field.name] for field in dataclasses.fields(kind)]


def _parts(kind: type[Parameters]) -> set[type[Parameters]]:
    found = _types(kind)
    return {part for part in found if isinstance(part, type) and issubclass(part, Parameters)}


def _section(title: str, kind: type[Parameters]) -> str:
    meaning = inspect.getdoc(kind) or ""
    rows = [_row(info) for info in describe(kind)]
    return "\n".join(
        [
            f"## {title}",
            "",
            meaning.splitlines()[0],
            "",
            f"`{kind.__module__}.{kind.__name__}`",
            "",
            "| name | type | default | unit | range | meaning |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(info: ParameterInfo) -> str:
    kind = f"list of {info.element_type.__name__}" if info.is_tuple else info.element_type.__name__
    default = list(info.default) if isinstance(info.default, tuple) else info.default
    shown = "" if default == "" else f"`{_plain(default)}`"
    text = info.doc.replace("|", "\\|")  # a bar would end the cell
    meaning = _sentence(text) + ("" if info.read_only else " *(live)*")
    return f"| `{info.name}` | {kind} | {shown} | {info.unit} | {_range(info)} | {meaning} |"


def _sentence(text: str) -> str:
    """Begin with a capital, unless the first word is a symbol or a name in code."""
    first = re.split(r"[\s,;:]", text, maxsplit=1)[0]
    is_word = first.replace("-", "").isalpha() and len(first) > 1 and first not in _SYMBOLS
    return text[:1].upper() + text[1:] if is_word or first == "a" else text


def _range(info: ParameterInfo) -> str:
    if info.choices:
        return ", ".join(f"`{choice}`" for choice in info.choices)
    low = "" if info.low is None else _number(info.low)
    high = "" if info.high is None else _number(info.high)
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"to {high}" if high else ""


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
