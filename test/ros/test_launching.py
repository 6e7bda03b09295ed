# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launches end before an arm moves if an argument is wrong, and fail if what they start fails."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("launch_ros", reason="needs an installed ROS 2")
launch = pytest.importorskip("launch")

LAUNCH = Path(__file__).resolve().parents[2] / "launch"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Launch something and return code and output."""

    def run(entities: list[object], **arguments: str) -> tuple[int, str]:
        service = launch.LaunchService(argv=[f"{k}:={v}" for k, v in arguments.items()])
        service.include_launch_description(launch.LaunchDescription(entities))
        code = service.run()
        out, err = capfd.readouterr()
        return code, out + err

    return run


def described(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, LAUNCH / f"{name}.launch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_arguments(name: str, **arguments: str) -> list[object]:
    source = launch.LaunchDescriptionSource(described(name).generate_launch_description())
    included = launch.actions.IncludeLaunchDescription(
        source, launch_arguments=list(arguments.items())
    )
    return [included]


@pytest.mark.parametrize("name", ["record_demos", "train_gcl", "deploy_policy"])
def test_a_missing_parameter_file_ends_the_launch(run, name, tmp_path):
    missing = str(tmp_path / "missing.yaml")
    code, said = run(with_arguments(name, arm_config=missing))
    assert code == 1
    assert f"arm_config = '{missing}': there is no such file" in said
    assert "process started" not in said


@pytest.mark.parametrize("name", ["record_demos", "deploy_policy"])
def test_a_real_arm_needs_a_parameter_file(run, name):
    code, said = run(with_arguments(name, sim="false"))
    assert code == 1
    assert "sim:=false needs arm_config" in said
    assert "process started" not in said


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("record_demos", "seed"),
        ("train_gcl", "workers"),
        ("deploy_policy", "slot"),
        ("demo", "evaluations"),
    ],
)
def test_numbers_are_checked_by_name(run, name, argument):
    code, said = run(with_arguments(name, **{argument: "1.5"}))
    assert code == 1
    assert f"{argument} = '1.5'; give a whole number" in said
    assert "process started" not in said


@pytest.mark.parametrize(("program", "expected"), [("pass", 0), ("raise SystemExit(3)", 1)])
def test_a_launch_fails_if_what_it_waits_for_fails(run, program, expected):
    from irl_ros.ros.launching import when_done

    def process(code: str) -> object:
        return launch.actions.ExecuteProcess(cmd=[sys.executable, "-c", code], output="screen")

    other = process("import signal; signal.pause()")
    stage = process(program)
    code, said = run([other, stage, when_done(stage, "testing")])
    assert code == expected
    assert ("testing failed with code 3" if expected else "testing is finished") in said
