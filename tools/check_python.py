# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Say, before anything is installed, what this machine lacks for `make venv` and how to get it."""

import importlib.util
import os
import platform
import shutil
import sys
import sysconfig

MINIMUM = (3, 11)
FREE_SPACE_GB = 3.0
# PyBullet comes as a finished wheel for these; everywhere else it is compiled.
PYBULLET_WHEELS = {((3, 11), "x86_64")}


def missing():
    """Return one line per thing that is missing, each with its remedy."""
    lines = []
    version = "%d.%d" % sys.version_info[:2]
    if sys.version_info < MINIMUM:
        lines.append(
            "Python %d.%d or newer is needed, `%s` is %s. Install one and name it: "
            "make venv PYTHON=python3.12" % (*MINIMUM, sys.executable, version)
        )
        return lines
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        lines.append("the Python module venv is missing: sudo apt install python%s-venv" % version)
    if (tuple(sys.version_info[:2]), platform.machine()) not in PYBULLET_WHEELS:
        header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
        if shutil.which("g++") is None and shutil.which("c++") is None:
            lines.append("PyBullet needs a C++ compiler: sudo apt install build-essential")
        if not os.path.exists(header):
            lines.append("PyBullet needs %s: sudo apt install python%s-dev" % (header, version))
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    if free < FREE_SPACE_GB:
        lines.append(
            "%.1f GB of disk space are free here, %.0f GB are needed: make room, or clone to "
            "another disk" % (free, FREE_SPACE_GB)
        )
    return lines


if __name__ == "__main__":
    problems = missing()
    for problem in problems:
        print("make venv: %s" % problem, file=sys.stderr)
    sys.exit(1 if problems else 0)
