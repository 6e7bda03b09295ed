# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of what learns are drawn, and show what their pages say."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ("guided_cost_learning", "gail", "airl", "behaviour_cloning", "neural_gcl")


def test_quick_figures_are_drawn_and_show_what_their_pages_say(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/learning_figures.py")]
    result = subprocess.run(
        [*command, "airl", "behaviour_cloning", "--images", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"airl.svg", "behaviour_cloning.svg"}

    def told(what: str) -> float:
        found = re.search(rf"{re.escape(what)}: ([\d.]+)", result.stdout)
        assert found is not None, what
        return float(found[1])

    # Reward and value range over 3.4 nat.
    assert told("airl, g less the truth, largest") < 0.6
    assert told("airl, h less the truth, largest") < 0.6
    assert told("airl, f less log pi, root mean square") < 0.3
    assert told("behaviour_cloning, as taught -, off at the end") < 0.1
    turned = [
        told(f"behaviour_cloning, drives turned by 60° {line}, off at the end") for line in "-:"
    ]
    assert turned[0] > 2 * turned[1]


def test_each_page_shows_its_own_figure_and_how_it_is_drawn() -> None:
    for name in FIGURES:
        page = (ROOT / f"docs/algorithms/{name}.md").read_text()
        assert f"](../images/{name}.svg)" in page
        assert f"`python benchmarks/learning_figures.py {name}`" in page
        assert (ROOT / f"docs/images/{name}.svg").exists()
