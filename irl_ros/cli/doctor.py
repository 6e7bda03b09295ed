# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is installed, what is missing, and how to get it."""

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from irl_ros import __version__
from irl_ros.cli.environment import PACKAGE, executable, prefixes
from irl_ros.core.arm import ARM_NAMES, load_arm
from irl_ros.core.errors import IrlRosError

_LIBRARIES = (
    "jaxtyping", "jinja2", "matplotlib", "mcap", "numpy", "pybullet", "pyyaml", "rich", "rosbags",
    "ruckig", "safetensors", "scipy", "tensorboard", "torch", "typer",
)  # fmt: skip
_NODES = (
    "sim_arm",
    "teacher",
    "demo_recorder",
    "gcl_trainer",
    "policy_controller",
    "reward_publisher",
)
_FREE_SPACE_GB = 1.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        found: What was found, for people.
        remedy: What to do; empty if all is well.
        required: Whether nothing works without it.
    """

    name: str
    found: str
    remedy: str = ""
    required: bool = True

    @property
    def is_fault(self) -> bool:
        """Whether something that is required is not as it must be."""
        return bool(self.remedy) and self.required


def examine() -> Iterator[Finding]:
    """Look at everything, one finding after the other."""
    python = platform.python_version()
    old = sys.version_info < (3, 11)
    yield Finding("Python", f"{python} ({sys.executable})", "use 3.11 or newer" if old else "")
    yield Finding("irl_ros", f"{__version__} ({Path(__file__).parents[1]})")
    yield _ros()
    yield _discovery()
    yield _package()
    yield _attempt("arms", lambda: ", ".join(load_arm(name).name for name in ARM_NAMES))
    for name in _LIBRARIES:
        yield _library(name)
    yield _launch()
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield Finding(
        "disk space here",
        f"{free:.1f} GB free",
        "" if free >= _FREE_SPACE_GB else f"make at least {_FREE_SPACE_GB:g} GB free",
    )
    yield Finding("processors", str(len(os.sched_getaffinity(0))))


def report(console: Console) -> bool:
    """Print all findings and return whether all that is required is there."""
    findings = list(examine())
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in findings:
        mark = (
            "[green]ok" if not finding.remedy else "[red]no" if finding.is_fault else "[yellow]--"
        )
        table.add_row(mark, finding.name, finding.found)
    console.print(table)
    for finding in findings:
        if finding.remedy:
            console.print(f"[bold]{finding.name}[/]: {finding.remedy}", highlight=False)
    healthy = not any(finding.is_fault for finding in findings)
    console.print("Everything that is required is there." if healthy else "Something is missing.")
    return healthy


def _ros() -> Finding:
    distribution = os.environ.get("ROS_DISTRO", "")
    spec = importlib.util.find_spec("rclpy")
    if spec is None or spec.origin is None:
        return Finding(
            "ROS 2 (rclpy)",
            f"not found, ROS_DISTRO={distribution or '(not set)'}",
            "run `make venv`, which installs it from wheels, or source an installed ROS 2 first",
        )
    try:
        importlib.import_module("rclpy").ok()
    except (ImportError, AttributeError) as error:
        return Finding(
            "ROS 2 (rclpy)",
            f"{spec.origin}: {error}",
            "it does not fit this Python or this environment: start from a new shell, and use "
            f"the Python of your ROS 2 (this is {platform.python_version()})",
        )
    wheels = Path(sys.prefix) in Path(spec.origin).parents
    source = "from wheels" if wheels else "installed"
    return Finding("ROS 2 (rclpy)", f"{distribution or 'jazzy'}, {source} ({spec.origin})")


def _discovery() -> Finding:
    scope = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET (default)")
    domain = os.environ.get("ROS_DOMAIN_ID", "0 (default)")
    off = scope == "OFF"
    return Finding(
        "discovery",
        f"range {scope}, domain {domain}",
        "unset ROS_AUTOMATIC_DISCOVERY_RANGE or set it to LOCALHOST or SUBNET" if off else "",
    )


def _package() -> Finding:
    marker = Path("share/ament_index/resource_index/packages") / PACKAGE
    found = [prefix for prefix in prefixes() if (prefix / marker).exists()]
    if not found:
        return Finding(
            "irl_ros in the ament index",
            f"in none of {', '.join(map(str, prefixes()))}",
            "run `make venv` and source .venv/setup.bash, or `colcon build` and source "
            "install/setup.bash",
        )
    return _attempt(
        "nodes",
        lambda: f"{len([executable(name) for name in _NODES])} in {found[0]}/lib/{PACKAGE}",
    )


def _attempt(name: str, action: Callable[[], str]) -> Finding:
    try:
        return Finding(name, action())
    except IrlRosError as error:
        return Finding(name, "not found", str(error))


def _library(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "not installed", f"run `make venv`, or `pip install {name}`")


def _launch() -> Finding:
    if importlib.util.find_spec("launch_ros") is not None:
        return Finding("ros2 launch", "found", required=False)
    return Finding(
        "ros2 launch",
        "not found",
        "only needed for launch/*.launch.py; it comes with an installed ROS 2, not with wheels. "
        "`irl-ros demo` needs none",
        required=False,
    )
