# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Repeat the simulated experiments of Finn, Levine and Abbeel (2016): Figures 2 and 5, appendix B.

Every result is written as soon as it is there, and a later call goes on where this one stopped.
"""

import argparse
import contextlib
import dataclasses
import functools
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paper_report
import safetensors.torch
import torch

from irl_ros.benchmark.ablations import PLAIN
from irl_ros.benchmark.code import fingerprint
from irl_ros.core.errors import LearningError
from irl_ros.core.files import write_atomically
from irl_ros.core.parameters import from_mapping, to_mapping
from irl_ros.core.policy import Policy
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.trajectory import Trajectories, concatenate
from irl_ros.learning.controller_optimisation import OptimiserConfig, optimise_controller
from irl_ros.learning.experiment import (
    Experiment,
    Shown,
    demonstrate,
    experiment_problem,
    train_demonstrator,
)
from irl_ros.learning.gcl import GclConfig, GuidedCostLearning
from irl_ros.learning.presets import preset
from irl_ros.sim.consistency import EXPERTS, VARIANTS, measure
from irl_ros.sim.navigation import navigation
from irl_ros.sim.peg import peg
from irl_ros.sim.reaching import reaching

HERE = Path(__file__).resolve().parent
TASKS: dict[str, Callable[[], Experiment]] = {
    "navigation": navigation,
    "reaching": reaching,
    "peg": peg,
}
FIXED = {"adaptive_sampler": False}
FIXED_UNWEIGHTED = {**FIXED, "objective.importance_weights": False}
PRINTED: dict[str, Any] = {"objective.monotonic_copies": 0, "objective.aside_weight": 0.0}
"""Only the two regularisers that the paper has; for all methods but gcl-aside."""
_DEFAULT = to_mapping(GclConfig())
PAPER = {
    name: value
    for name, value in to_mapping(preset("paper")).items()
    if value != _DEFAULT[name] and name != "first_sampler.kind"
}
"""The preset paper, but for the first sampler, of which these experiments have two."""
METHODS: dict[str, dict[str, Any]] = {
    "gcl": {},
    "relent": FIXED,
    "path-integral": FIXED_UNWEIGHTED,
    "gcl-no-lcr": {"objective.rate_weight": 0.0},
    "gcl-no-mono": {"objective.monotonic_weight": 0.0},
    "gcl-aside": {name: _DEFAULT[name] for name in PRINTED},
    "gcl-paper": PAPER,
    "gcl-plain": {**PLAIN},
    "relent-plain": {**FIXED, **PLAIN},
    "path-integral-plain": {**FIXED_UNWEIGHTED, **PLAIN},
}
FIRST = {"random": "hold", "demonstrations": "demonstrations"}
ROLLOUTS = 10  # per iteration
CHECKPOINTS = 2  # of the methods whose cost needs an optimisation of its own


@dataclass(frozen=True)
class Job:
    """One thing to be computed; its key is its name in the results."""

    kind: str
    task: str
    method: str = ""
    first: str = ""
    condition: int = 0
    seed: int = 0

    @property
    def key(self) -> str:
        return "/".join(str(part) for part in dataclasses.astuple(self) if part != "")


@dataclass(frozen=True)
class Budget:
    """How much is spent on one run, and how it is judged."""

    iterations: int
    evaluations: int
    folder: Path
    demonstrator: OptimiserConfig
    changes: tuple[tuple[str, Any], ...] = ()


def demonstration_file(task: str, context: int, budget: Budget) -> Path:
    how = fingerprint(to_mapping(budget.demonstrator))
    return budget.folder / f"{task}-{context}-{how}.safetensors"


def task_sum(experiment: Experiment) -> str:
    """Return a sum over the ground truth and all contexts of a task, the code aside."""
    return fingerprint(
        {
            "truth": repr(experiment.ground_truth),
            "shown": experiment.shown.tolist(),
            "tested": experiment.tested.tolist(),
            "demonstrations": experiment.demonstrations,
        }
    )


def is_demonstrated(task: str, context: int, budget: Budget) -> bool:
    """Return whether demonstrations are kept; those of another ground truth do not count.

    Files of before sums were kept have none. They are of the tasks as they have been ever since.
    """
    file = demonstration_file(task, context, budget)
    if not file.exists():
        return False
    today = task_sum(TASKS[task]())
    with safetensors.safe_open(file, "pt") as content:
        return bool((content.metadata() or {}).get("task", today) == today)


def load(task: str, context: int, budget: Budget) -> Trajectories:
    parts = safetensors.torch.load(demonstration_file(task, context, budget).read_bytes())
    return Trajectories(parts["states"], parts["actions"])


def teach(job: Job, budget: Budget) -> dict[str, Any]:
    """Train one demonstrator, keep its demonstrations, and tell how good they are."""
    experiment = TASKS[job.task]()
    context = experiment.shown[job.condition]
    file = demonstration_file(job.task, job.condition, budget)
    if not is_demonstrated(job.task, job.condition, budget):
        shown = demonstrate(experiment, job.condition, budget.demonstrator, 2 * job.condition)
        parts = {"states": shown.states, "actions": shown.actions}
        content = safetensors.torch.save(parts, {"task": task_sum(experiment)})
        budget.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(file, content)
    return score(experiment, context, load(job.task, job.condition, budget))


def score(experiment: Experiment, context: torch.Tensor, tried: Trajectories) -> dict[str, float]:
    """Judge trajectories by the ground truth."""
    truth = experiment.ground_truth
    inputs = experiment.features(context)(tried.states)
    distance = inputs[:, -1, experiment.miss].norm(dim=-1)
    return {
        "distance": float(distance.mean()),
        "success": float((distance < 0.1).double().mean()),
        "cost": float(truth.evaluate(inputs, tried.actions).mean()),
    }


def shown_in(experiment: Experiment, budget: Budget) -> Shown:
    batches, contexts = [], []
    for index, context in enumerate(experiment.shown):
        batches.append(load(experiment.name, index, budget))
        contexts.append(context.repeat(len(batches[-1]), 1))
    return Shown(concatenate(batches), torch.cat(contexts))


def settings(experiment: Experiment, job: Job, budget: Budget) -> GclConfig:
    """Return the one configuration of all tasks, with the task's network and action weight."""
    return from_mapping(
        GclConfig,
        {
            "iterations": budget.iterations,
            "rollouts": ROLLOUTS,
            "cost.hidden": experiment.network.hidden,
            "cost.features": experiment.network.features,
            "cost.action_weight": experiment.ground_truth.action_weight,
            "first_sampler.kind": FIRST[job.first],
            "first_sampler.hold_deviation": experiment.exploration,
            **PRINTED,
            **METHODS[job.method],
            **dict(budget.changes),
        },
    )


def learn(job: Job, budget: Budget) -> dict[str, Any]:
    """Learn in one condition and judge the mean action of the controllers on the way.

    A method that samples from one controller has no better one to show, so a controller is
    optimised for its cost, from the same first one; the rollouts of that are not counted.
    """
    experiment = TASKS[job.task]()
    context = experiment.tested[job.condition]
    problem = experiment_problem(experiment, shown_in(experiment, budget), context)
    config = settings(experiment, job, budget)
    learner = GuidedCostLearning(problem, config, job.seed)
    if job.first == "random":
        # The preset paper knows only the mean start of all demonstrations, not that of a context.
        usual = settings(experiment, dataclasses.replace(job, method="gcl"), budget)
        learner.search.progress = GuidedCostLearning(problem, usual, job.seed).search.progress
    first = learner.progress.controller
    with contextlib.closing(experiment.source(context)) as source:
        judged = functools.partial(judge, experiment, context, source, budget)

        def optimised() -> Policy:
            search = OptimiserConfig(budget.iterations, ROLLOUTS)
            return optimise_controller(
                learner.cost, problem.features, first, source, search, job.seed + 1000
            )

        curve = [{"rollouts": 0, **judged(first)}]
        note = ""
        checkpoints = {
            round(share * budget.iterations / CHECKPOINTS) for share in range(1, CHECKPOINTS + 1)
        }
        try:
            while not learner.finished:
                learner.step(source)
                count = learner.progress.iteration
                if config.adaptive_sampler:
                    found: Policy = learner.progress.controller
                elif count in checkpoints:
                    found = optimised()
                else:
                    continue
                curve.append({"rollouts": count * ROLLOUTS, **judged(found)})
        except LearningError as error:
            note = str(error)
        result: dict[str, Any] = {"curve": curve, "note": note}
        if job.method == "gcl" and not note:
            with contextlib.suppress(LearningError):
                result["reoptimised"] = judged(optimised())
    return result


def reach(job: Job, budget: Budget) -> dict[str, Any]:
    """Optimise a controller for the ground truth where the others learn: what can be reached."""
    experiment = TASKS[job.task]()
    context = experiment.tested[job.condition]
    found = train_demonstrator(experiment, context, budget.demonstrator, 10**6 + job.condition)
    with contextlib.closing(experiment.source(context)) as source:
        return judge(experiment, context, source, budget, found)


def judge(
    experiment: Experiment,
    context: torch.Tensor,
    source: RolloutSource,
    budget: Budget,
    policy: Policy,
) -> dict[str, float]:
    tried = source.sample(policy, budget.evaluations, 10**6, deterministic=True)
    return score(experiment, context, tried.trajectories)


def compare(job: Job) -> dict[str, Any]:
    """Repeat appendix B with one expert."""
    variant = next(each for each in VARIANTS if each.name == job.method)
    try:
        return dataclasses.asdict(measure(job.condition, variant))
    except LearningError as error:
        return {"note": str(error)}


def work(job: Job, budget: Budget) -> tuple[Job, dict[str, Any]]:
    torch.set_num_threads(1)
    began = time.process_time()
    if job.kind == "demonstrations":
        result = teach(job, budget)
    elif job.kind == "run":
        result = learn(job, budget)
    elif job.kind == "oracle":
        result = reach(job, budget)
    else:
        result = compare(job)
    return job, {**dataclasses.asdict(job), **result, "seconds": time.process_time() - began}


def jobs_of(arguments: argparse.Namespace) -> tuple[list[Job], list[Job]]:
    """Return the demonstrators to be trained, and what needs them or nothing."""
    teaching = [
        Job("demonstrations", task, condition=index)
        for task in arguments.tasks
        for index in range(len(TASKS[task]().shown))
    ]
    learning = [
        Job("run", task, method, first, condition, seed)
        for seed in range(arguments.seeds)
        for condition in range(arguments.conditions)
        for task in arguments.tasks
        for method in arguments.methods
        for first in FIRST
    ]
    experts = range(EXPERTS if arguments.consistency else 0)
    checking = [
        Job("consistency", "point mass", variant.name, condition=number)
        for number in experts
        for variant in VARIANTS
    ]
    reaching = [
        Job("oracle", task, condition=condition)
        for condition in range(arguments.conditions)
        for task in arguments.tasks
    ]
    return teaching, [*checking, *reaching, *learning]


def execute(jobs: list[Job], budget: Budget, workers: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Run jobs side by side and yield each result when it is there."""
    task = functools.partial(work, budget=budget)
    if workers <= 1:
        yield from map(task, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(task, jobs)


def protocol(budget: Budget) -> dict[str, Any]:
    """What must not differ between results of one file."""
    return {
        "iterations": budget.iterations,
        "rollouts": ROLLOUTS,
        "evaluations": budget.evaluations,
        "demonstrator": to_mapping(budget.demonstrator),
        "learner": to_mapping(GclConfig()),
        "methods": METHODS,
        "changes": dict(budget.changes),
        "tasks": {name: task_sum(make()) for name, make in TASKS.items()},
    }


def continued(kept: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return the protocol of results to which others are added; None if they do not fit together.

    A file may lack methods that came later, and all tasks if it is older than their sums.
    """
    wanted = json.loads(json.dumps(wanted))
    for name, value in kept.items():
        if name in ("methods", "tasks"):
            if any(wanted[name].get(each, known) != known for each, known in value.items()):
                return None
        elif wanted.get(name) != value:
            return None
    growing = {name: {**kept.get(name, {}), **wanted[name]} for name in ("methods", "tasks")}
    return {**wanted, **growing}


def without(kept: dict[str, Any], methods: Sequence[str]) -> dict[str, Any]:
    """Return results as if some methods had never been run."""
    known = kept["protocol"]["methods"]
    others = {name: each for name, each in known.items() if name not in methods}
    return {
        "protocol": {**kept["protocol"], "methods": others},
        "results": {
            key: result
            for key, result in kept["results"].items()
            if result.get("kind") != "run" or result["method"] not in methods
        },
    }


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=1, help="seeds in each condition")
    parser.add_argument("--conditions", type=int, default=4, help="conditions, at most 4")
    parser.add_argument("--iterations", type=int, default=9, help=f"of {ROLLOUTS} rollouts each")
    parser.add_argument("--evaluations", type=int, default=3, help="attempts that judge a policy")
    parser.add_argument(
        "--demonstrator", type=int, default=12, help="iterations of 15 rollouts that make one"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--no-consistency", dest="consistency", action="store_false")
    parser.add_argument("--output", type=Path, default=HERE / "results/paper.json")
    parser.add_argument("--demonstrations", type=Path, default=HERE.parent / "runs/paper")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument(
        "--again",
        nargs="*",
        choices=METHODS,
        default=[],
        help="forget earlier results of these methods",
    )
    parser.add_argument("--report", action="store_true", help="draw docs/experiments.md as well")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="change settings of all methods"
    )
    arguments = parser.parse_args(words)
    changes = tuple(
        (name, json.loads(value)) for name, value in (s.split("=") for s in arguments.set)
    )
    budget = Budget(
        arguments.iterations,
        arguments.evaluations,
        arguments.demonstrations,
        OptimiserConfig(iterations=arguments.demonstrator, rollouts=15),
        changes,
    )
    results: dict[str, Any] = {"protocol": protocol(budget), "results": {}}
    if arguments.fresh:
        for task in arguments.tasks:
            for context in range(len(TASKS[task]().shown)):
                demonstration_file(task, context, budget).unlink(missing_ok=True)
    if arguments.output.exists() and not arguments.fresh:
        results = without(json.loads(arguments.output.read_text()), arguments.again)
        together = continued(results["protocol"], protocol(budget))
        if together is None:
            print(
                f"{arguments.output} was made with other settings; give --fresh, --again with the "
                "methods whose settings changed, or another --output",
                file=sys.stderr,
            )
            return 1
        results["protocol"] = together
    done = results["results"]
    began = time.monotonic()
    for part in jobs_of(arguments):
        missing = [
            job
            for job in part
            if job.key not in done
            or (
                job.kind == "demonstrations"
                and not is_demonstrated(job.task, job.condition, budget)
            )
        ]
        for number, (job, result) in enumerate(execute(missing, budget, arguments.workers), 1):
            done[job.key] = result
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(arguments.output, json.dumps(results, indent=1, sort_keys=True))
            passed = time.monotonic() - began
            print(f"[{passed:5.0f} s] {number}/{len(missing)} {job.key}", flush=True)
    values = list(done.values())
    print(paper_report.tables(values))
    if arguments.report:
        paper_report.write(values, HERE.parent / "docs")
    return 0


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    sys.exit(main())
