# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where irl_ros and ROS 2 are installed, and what they need in the environment."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from irl_ros.core.errors import IrlRosError

PACKAGE = "irl_ros"


def prefixes(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Return where ROS packages may be installed, the first ones hiding the later ones."""
    listed = [p for p in environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    return [Path(prefix) for prefix in dict.fromkeys([*listed, sys.prefix])]


def executable(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the executable of a node, where `ros2 run` would find it too.

    Raises:
        IrlRosError: If irl_ros is not installed there.
    """
    tried = [prefix / "lib" / PACKAGE / name for prefix in prefixes(environment)]
    for path in tried:
        if os.access(path, os.X_OK):
            return path
    raise IrlRosError(
        f"the executable {name} of {PACKAGE} is in none of "
        f"{', '.join(str(path.parent) for path in tried)}; run `make venv`, or `colcon build` and "
        "source its install/setup.bash"
    )


def config_file(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return a configuration file of the package.

    Raises:
        IrlRosError: If it is not installed.
    """
    tried = [prefix / "share" / PACKAGE / "config" / name for prefix in prefixes(environment)]
    for path in tried:
        if path.is_file():
            return path
    raise IrlRosError(
        f"{name} is in none of {', '.join(str(path.parent) for path in tried)}; run `make venv`, "
        "or `colcon build` and source its install/setup.bash"
    )


def ros_environment(domain_id: int, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that ROS 2 processes of a private domain on this machine need."""
    return {
        "AMENT_PREFIX_PATH": os.pathsep.join(str(prefix) for prefix in prefixes(environment)),
        "OMP_NUM_THREADS": environment.get("OMP_NUM_THREADS", "1"),
        "RCUTILS_COLORIZED_OUTPUT": "0",
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DISTRO": environment.get("ROS_DISTRO", "jazzy"),
        "ROS_DOMAIN_ID": str(domain_id),
    }


def become_node(name: str, parameters: Sequence[str]) -> NoReturn:
    """Replace this process by a node; signals and the exit code are the node's own.

    Args:
        name: Name of its executable.
        parameters: ``name:=value`` each.

    Raises:
        IrlRosError: If irl_ros is not installed.
    """
    path = str(executable(name))
    arguments = [word for entry in parameters for word in ("-p", entry)]
    needed = {
        "AMENT_PREFIX_PATH": os.pathsep.join(str(prefix) for prefix in prefixes()),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "ROS_DISTRO": os.environ.get("ROS_DISTRO", "jazzy"),
    }
    os.execve(path, [path, "--ros-args", *arguments], {**os.environ, **needed})
