# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build description of the ament_python package irl_ros (used by colcon and by pip alike)."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "irl_ros"
NODES = (
    "sim_arm",
    "teacher",
    "demo_recorder",
    "gcl_trainer",
    "policy_controller",
    "reward_publisher",
)
EXECUTABLES = (*NODES, "irl-ros")


def share_files() -> list[tuple[str, list[str]]]:
    """List what goes below ``share/``: the index marker, the manifest and the data folders."""
    files = [
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ]
    for folder, suffixes in (
        ("launch", {".py"}),
        ("config", {".yaml"}),
        ("urdf", {".urdf", ".md"}),
    ):
        by_parent: dict[Path, list[str]] = {}
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.suffix in suffixes:
                by_parent.setdefault(path.parent, []).append(str(path))
        files += [(f"share/{PACKAGE}/{parent}", paths) for parent, paths in by_parent.items()]
    return files


setup(
    name=PACKAGE,
    version="0.1.0",
    description="Teach a robot arm by hand, learn the cost behind it, execute it elsewhere.",
    author="The irl_ros authors",
    maintainer="The irl_ros authors",
    maintainer_email="irl_ros@example.org",
    license="Apache-2.0",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={PACKAGE: ["py.typed", "report/*.html", "report/*.css"]},
    # A wheel puts entry points into bin/ only; scripts/ forwards from lib/irl_ros/, where
    # `ros2 run` and launch files look. Under colcon the entry points themselves land there.
    data_files=[*share_files(), (f"lib/{PACKAGE}", [f"scripts/{name}" for name in EXECUTABLES])],
    zip_safe=True,
    python_requires=">=3.11",
    install_requires=[
        "clarabel",
        "gymnasium",
        "jaxtyping",
        "jinja2",
        "lz4",
        "matplotlib",
        "mcap",
        "mcap-ros2-support",
        "numpy>=1.26",
        "pybullet",
        "pyyaml",
        "rich",
        "rosbags",
        "ruckig",
        "safetensors",
        "scikit-learn",
        "scipy",
        "setuptools",
        "stable-baselines3",
        "tensorboard",
        "threadpoolctl",
        "torch>=2.8",
        "typer",
        "zstandard",
    ],
    extras_require={
        # ROS 2 itself, for machines where it is not installed.
        "ros": [
            "ros-jazzy-rclpy",
            "ros-jazzy-rmw-fastrtps-cpp",
            "ros-jazzy-diagnostic-msgs",
            "ros-jazzy-geometry-msgs",
            "ros-jazzy-sensor-msgs",
            "ros-jazzy-std-srvs",
            "ros-jazzy-trajectory-msgs",
        ],
        "test": [
            "beartype",
            "hypothesis",
            "import-linter",
            "mypy",
            "pytest",
            "pytest-timeout",
            "pytest-xdist",
            "ruff",
            "scipy-stubs",
            "types-pyyaml",
        ],
    },
    entry_points={
        "console_scripts": [
            *(f"{node} = {PACKAGE}.nodes.{node}:main" for node in NODES),
            f"irl-ros = {PACKAGE}.cli.main:main",
        ],
    },
)
