# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The examples run as they are printed."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sim

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: Path) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in text] == []


def test_teaching_learning_and_the_cost_along_a_demonstration(tmp_path: Path) -> None:
    output = run("01_teach_and_learn.py", tmp_path / "run")
    assert "20 of them demonstrations" in output
    assert "learned policy: " in output
    lines = run("03_cost_along_a_demonstration.py", tmp_path / "run").splitlines()
    rewards = [float(line.split()[2]) for line in lines if " s " in line and line[0] == " "]
    assert len(rewards) == 20
    planned = run("07_plan_with_a_learned_cost.py", tmp_path / "run")
    assert "planned: 2 of 2 plates in slot 4" in planned


def test_reading_a_dataset(tmp_path: Path) -> None:
    first = run("02_read_a_dataset.py", tmp_path / "dataset")
    assert "take 1: failure" in first
    assert "2 demonstrations, 100 steps of 0.05 s, 32 numbers in a state and 7" in first
    assert run("02_read_a_dataset.py", tmp_path / "dataset") == first


def test_the_reward_of_a_gridworld_in_one_go_and_after_an_interruption(tmp_path: Path) -> None:
    name = "04_reward_from_a_gridworld.py"
    whole = run(name, tmp_path / "whole").splitlines()
    assert whole[0].startswith("iteration 1 of at most 30: ")
    assert whole[-1].startswith("return 2.0")
    command = [sys.executable, str(EXAMPLES / name), str(tmp_path / "broken")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{whole[0]}\n"
        process.kill()
    again = run(name, tmp_path / "broken").splitlines()
    assert whole[0] not in again
    broken = [line.replace(str(tmp_path / "broken"), str(tmp_path / "whole")) for line in again]
    # However far it came, what is left is the end of what one go tells.
    assert broken == whole[-len(broken) :]


def test_examples_of_finite_problems() -> None:
    output = run("05_choosing_and_luck.py")
    assert "causal: learned 1.00 where 1.00 is true" in output
    assert "trajectory: learned 0.02" in output
    output = run("06_match_features.py")
    assert "program: feature counts within 0.0" in output
    assert "planning: objective " in output
    output = run("10_the_family_on_a_gridworld.py")
    lost = {line.split(":")[0]: float(line.split()[2][:-1]) for line in output.splitlines()}
    learners = {"bc", "maxent", "gcl", "relent", "gan_gcl", "gail", "airl"}
    assert set(lost) == {"demonstrator", *learners}
    assert lost["demonstrator"] < lost["maxent"] < lost["bc"]


def test_neural_policies() -> None:
    output = run("09_policies_that_are_networks.py", Path("2"))
    assert "cloned: " in output
    assert "gail: " in output
    assert "airl: " in output
    assert "neural gcl: " in output


def test_one_cost_and_three_optimisers() -> None:
    output = run("08_one_cost_three_optimisers.py")
    costs = [float(line.split("cost ")[1].split(",")[0]) for line in output.splitlines()[:4]]
    assert costs[0] <= min(costs[1:3]) <= max(costs[1:3]) < 1.1 * costs[0]
    assert costs[3] > 5 * costs[0]
    assert "EPIC distance 0.0000" in output
    assert "shaping removed: 40.00, 40.00 times the sines, the rest differs by 0.0000" in output
    words = output.splitlines()[-1].split()
    mean, error, exact = (float(words[place]) for place in (3, 5, 8))
    assert words[:3] + words[-1:] == ["its", "optimum", "loses", "exactly"]
    assert 0 < error < 1
    assert mean == pytest.approx(exact, abs=3 * error)
    assert exact == pytest.approx(99.02, abs=0.02)
