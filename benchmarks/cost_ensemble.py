# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure how well disagreeing costs tell motions that nobody showed from such that were.

    irl-ros bench dish --method gcl --condition matched --seeds 100-104 --output runs/costs.json
    .venv/bin/python benchmarks/cost_ensemble.py

Takes the costs that `gcl` learned in the dish benchmark, each from its own 20 demonstrations, and
scores motions of the arm towards the held-out slot. Demonstrations of other seeds put the plate
there and are what an execution should look like; the others should be told from them. The measure
is the area under the ROC curve of mean scores of motions: 1 tells all apart, 0.5 none.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.page import write_measured_part
from irl_ros.benchmark.scenario import Scenario, taught_slots
from irl_ros.benchmark.selection import PUBLISHED_SEEDS
from irl_ros.benchmark.teaching import taught
from irl_ros.core.arm import load_arm
from irl_ros.core.files import write_atomically
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.task import DishTask, relative_features
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.artifacts import load_cost
from irl_ros.learning.cost_ensemble import cost_ensemble
from irl_ros.learning.first_sampler import FirstSamplerConfig, standing_still
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.rollouts import SimRollouts

RESULTS = Path(__file__).parent / "results" / "cost_ensemble.json"
PAGE = Path(__file__).parents[1] / "docs" / "experiments.md"
MARKS = (
    "<!-- written by `benchmarks/cost_ensemble.py`; do not edit -->",
    "<!-- end of what is written by `benchmarks/cost_ensemble.py` -->",
)
LEARN = (
    "irl-ros bench dish --method gcl --condition matched --seeds {}-{} --output runs/costs.json"
)
UNSEEN = (300, 301)
"""Seeds of demonstrations at the held-out slot itself."""

Scores = Float[Tensor, " M"]


def area(inside: Scores, outside: Scores) -> float:
    """Return the probability that a motion outside scores higher than one inside."""
    ranks = rankdata(torch.cat([outside, inside]).numpy())
    count = len(outside)
    surplus = float(ranks[:count].sum()) - count * (count + 1) / 2
    return surplus / (count * len(inside))


def motions(folder: Path) -> dict[str, Tensor]:
    """Return cost inputs of all kinds of motions, the demonstrated kind first."""
    plain, task = SimulationConfig(), DishTask()
    features = relative_features(task.target_pose(task.held_out_slot))
    found: dict[str, Tensor] = {}
    for name, slot in {
        "into the slot": task.held_out_slot,
        "into the slot beside it": task.held_out_slot + 1,
        "into the third slot from it": task.held_out_slot + 3,
    }.items():
        states = [taught(plain, s, (slot,) * 10, folder).trajectories.states for s in UNSEEN]
        found[name] = features(torch.cat(states))
    with closing(SimRollouts(plain)) as arm:
        kinematics, home = Kinematics(load_arm("panda")), torch.tensor(load_arm("panda").home)
        start = kinematics.arm_state(home, torch.zeros_like(home))
        shown = taught(plain, UNSEEN[0], taught_slots(task.held_out_slot), folder)
        tracking = arm_problem(shown, arm.target, load_arm("panda")).tracking
        still = standing_still(start, tracking, arm.horizon, FirstSamplerConfig())
        found["noise around the start"] = features(arm.sample(still, 20, 0).trajectories.states)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/bench-dish"))
    parser.add_argument("--members", type=int, default=5, help="costs in an ensemble")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = arguments.folder / "demonstrations"
    seeds = PUBLISHED_SEEDS[: arguments.members]
    cells = [Cell("gcl", Scenario("matched"), seed) for seed in seeds]
    files = [cell.cost_file(arguments.folder) for cell in cells]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        print(f"no {missing[0]}; run: {LEARN.format(seeds[0], seeds[-1])}")
        return 1
    costs = [load_cost(file)[0] for file in files]
    plain, task = SimulationConfig(), DishTask()
    shown = taught(plain, PUBLISHED_SEEDS[0], taught_slots(task.held_out_slot), kept)
    problem = arm_problem(shown, task.target_pose(task.held_out_slot), load_arm("panda"))
    ensemble = cost_ensemble(costs, problem.inputs)
    known = (problem.inputs[:, ::4] / problem.input_scale).flatten(0, 1)

    def distance(inputs: Float[Tensor, "M T y"]) -> Float[Tensor, "M T"]:
        return torch.cdist(inputs / problem.input_scale, known).min(dim=-1).values

    tried = motions(kept)
    scores = {
        "disagreement of costs": ensemble.disagreement,
        "cost of one": costs[0].state_cost,
        "distance to what was shown": distance,
    }
    inside, *others = tried
    rows = {
        name: {
            other: area(*(score(tried[each]).detach().mean(dim=1) for each in (inside, other)))
            for other in others
        }
        for name, score in scores.items()
    }
    result = {"members": arguments.members, "areas": rows}
    write_atomically(arguments.output, json.dumps(result, indent=1) + "\n")
    text = table(rows)
    write_measured_part(arguments.page, text, MARKS)
    print(text)
    return 0


def table(areas: Mapping[str, Mapping[str, float]]) -> str:
    """Return the areas as Markdown, one line for each score."""
    columns = list(next(iter(areas.values())))
    lines = [f"| score | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for name, row in areas.items():
        lines.append(f"| {name} | {' | '.join(f'{row[each]:.2f}' for each in columns)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
