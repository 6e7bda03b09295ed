# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The trainer node as a process: it learns, reports, publishes, stops, resumes and refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from driver_double import DriverDouble
from harness import RosHarness
from std_msgs.msg import UInt8MultiArray
from takes import ARM, make_recorder, record, samples

from irl_ros.core.action import ActionSpace
from irl_ros.core.arm import load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.executable import check_policy
from irl_ros.core.neural_policy import NeuralPolicy
from irl_ros.core.pose import Pose
from irl_ros.core.task import DishTask
from irl_ros.demos.message_types import Target
from irl_ros.learning.artifacts import cost_from_bytes, load_cost, load_policy, policy_from_bytes
from irl_ros.learning.executables import load_executable
from irl_ros.ros import conversions, qos
from irl_ros.ros.conversions import payload, statuses
from irl_ros.ros.spin import INTERRUPTED

pytestmark = [pytest.mark.ros, pytest.mark.sim]

SHORT = {
    "workers": 0,
    "baseline_rollouts": 2,
    "gcl.iterations": 2,
    "gcl.rollouts": 2,
    "gcl.cost_update.steps": 5,
    "linger": 0.0,
}
WITHOUT_A_COST = ("gail", "bc")
STAY = {"linger": 600.0}  # until the test has heard everything


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record four takes at two targets."""
    folder = tmp_path_factory.mktemp("trainer") / "dataset"
    recorder = make_recorder(folder)
    for index in range(4):
        pose = DishTask().target_pose(2 * index)
        target = Target(Pose(np.array(pose.position), np.array(pose.quaternion)), ARM.base_link)
        record(recorder, samples(start_ns=1_700_000_000_000_000_000 + index * 10**10), target)
    recorder.close()
    return folder


def last_word(status: list[DiagnosticArray]) -> str:
    """Return the newest message of the trainer, none before the first."""
    said = [each.message for message in status for each in statuses(message)[1]]
    return said[-1] if said else ""


def test_a_run_reports_publishes_and_leaves_a_complete_folder(
    ros: RosHarness, dataset: Path
) -> None:
    status = ros.collect(DiagnosticArray, "training_status", qos.history())
    policies = ros.collect(UInt8MultiArray, "policy", qos.latched())
    costs = ros.collect(UInt8MultiArray, "cost_model", qos.latched())
    output = ros.folder / "run"
    trainer = ros.start(
        "irl_ros.nodes.gcl_trainer",
        {"dataset": str(dataset), "output": str(output), **SHORT, **STAY},
    )
    ros.wait_until(lambda: last_word(status) == "finished", "its last word", 120.0)
    ros.wait_until(lambda: policies and costs, "the models")
    assert trainer.interrupt() == 0
    assert "finished" in trainer.output
    said = [each for message in status for each in statuses(message)[1]]
    assert [each.message for each in said] == ["training", "training", "finished"]
    assert float(said[0].values["iterations"]) == 2
    assert [float(each.values["rollouts"]) for each in said[:2]] == [2, 4]
    controller, metadata = policy_from_bytes(payload(policies[-1]))
    assert torch.equal(controller.gains, load_policy(output)[0].gains)
    contract = ExecutionContract.from_metadata(metadata)
    assert contract.joint_names == ARM.joint_names
    assert np.array_equal(contract.target.position, DishTask().target_pose(4).position)
    cost_from_bytes(payload(costs[-1]))
    facts = json.loads((output / "run.json").read_text())
    assert facts["finished"]
    assert facts["demonstrations"] == [1, 2, 3, 4]
    assert facts["before_learning"]["trials"] == 2
    assert len((output / "diagnostics.jsonl").read_text().splitlines()) == 2
    assert list((output / "tensorboard").iterdir())


def test_policies_with_other_actions_say_what_their_actions_mean(
    ros: RosHarness, dataset: Path
) -> None:
    output = ros.folder / "run"
    values = {"dataset": str(dataset), "output": str(output), **SHORT, "gcl.iterations": 1}
    space = {"simulation.action_space": "torque"}
    trainer = ros.start("irl_ros.nodes.gcl_trainer", {**values, **space})
    assert ros.wait_for_end(trainer, 120.0) == 0
    policy = load_executable(output)
    assert policy.action_space is ActionSpace.TORQUE
    assert len(policy.contract.action_scale) == 7
    check_policy(policy, ARM, 1 / 120)
    # The cost carries the same conditions, for the live reward.
    assert ExecutionContract.from_metadata(load_cost(output)[1]).to_metadata() == (
        policy.contract.to_metadata()
    )


def test_an_interrupted_run_goes_on_to_the_same_result(ros: RosHarness, dataset: Path) -> None:
    whole, broken = ros.folder / "whole", ros.folder / "broken"
    values = {"dataset": str(dataset), **SHORT}
    first = ros.start("irl_ros.nodes.gcl_trainer", {**values, "output": str(whole)})
    assert ros.wait_for_end(first, 120.0) == 0
    stopped = ros.start("irl_ros.nodes.gcl_trainer", {**values, "output": str(broken)})
    ros.wait_for_output(stopped, "learning slot", 60.0)
    assert stopped.interrupt(60.0) == INTERRUPTED
    assert "stopped after iteration 1 of 2; continue with resume:=true" in stopped.output
    assert "FATAL" not in stopped.output, "a person's wish"
    resumed = ros.start(
        "irl_ros.nodes.gcl_trainer", {**values, "output": str(broken), "resume": True}
    )
    assert ros.wait_for_end(resumed, 120.0) == 0
    assert torch.equal(load_policy(whole)[0].gains, load_policy(broken)[0].gains)


def test_a_run_that_is_told_to_stop_in_its_last_iteration_is_finished(
    ros: RosHarness, dataset: Path
) -> None:
    output = ros.folder / "run"
    values = {"dataset": str(dataset), "output": str(output), **SHORT, "gcl.iterations": 1}
    trainer = ros.start("irl_ros.nodes.gcl_trainer", values)
    ros.wait_for_output(trainer, "learning slot", 60.0)
    assert trainer.interrupt(60.0) == 0
    assert json.loads((output / "run.json").read_text())["finished"]
    assert f"finished: {output}" in trainer.output


def test_a_learned_cost_is_optimised_with_an_arm_that_nobody_taught(
    ros: RosHarness, dataset: Path
) -> None:
    taught, other = ros.folder / "taught", ros.folder / "other"
    trainer = ros.start(
        "irl_ros.nodes.gcl_trainer", {"dataset": str(dataset), "output": str(taught), **SHORT}
    )
    assert ros.wait_for_end(trainer, 120.0) == 0
    values = {
        "algorithm": "optimise",
        "cost": str(taught),
        "output": str(other),
        "simulation.arm": "iiwa14",
        "slot": 6,
        "optimise.iterations": 2,
        "optimise.rollouts": 2,
        **SHORT,
    }
    stopped = ros.start("irl_ros.nodes.gcl_trainer", values)
    ros.wait_for_output(stopped, "beginning with standing still; matched iiwa14", 60.0)
    assert stopped.interrupt(60.0) == INTERRUPTED
    assert "stopped after iteration 1 of 2" in stopped.output
    # The demonstrations are of the arm that was taught: they change nothing.
    resumed = ros.start(
        "irl_ros.nodes.gcl_trainer", {**values, "dataset": str(dataset), "resume": True}
    )
    assert ros.wait_for_end(resumed, 120.0) == 0, resumed.output
    policy = load_executable(other)
    assert policy.contract.arm == "iiwa14"
    assert np.array_equal(policy.contract.target.position, DishTask().target_pose(6).position)
    check_policy(policy, load_arm("iiwa14"), 1 / 120)
    learned, optimised = load_cost(taught)[0].state_dict(), load_cost(other)[0].state_dict()
    assert all(torch.equal(value, optimised[name]) for name, value in learned.items())
    assert json.loads((other / "run.json").read_text())["demonstrations"] == []
    neural = {
        "algorithm": "optimise",
        "policy": "neural",
        "cost": str(taught),
        "dataset": str(dataset),
        "neural_gcl.iterations": 1,
        "neural_gcl.rollouts": 2,
        "neural_gcl.cloning.iterations": 2,
        "output": str(ros.folder / "neural"),
        **SHORT,
    }
    trainer = ros.start("irl_ros.nodes.gcl_trainer", neural)
    assert ros.wait_for_end(trainer, 120.0) == 0, trainer.output
    assert isinstance(load_policy(ros.folder / "neural")[0], NeuralPolicy)
    kept = load_cost(ros.folder / "neural")[0].state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in learned.items())


@pytest.mark.parametrize(
    ("algorithm", "short"),
    [
        ("gcl", {"gcl.iterations": 12}),
        ("relent", {"gcl.iterations": 2, "relent.improvements": 10}),
        ("gan_gcl", {"gcl.iterations": 12}),
        ("maxent", {"maxent.iterations": 12, "maxent.rollouts": 2, "maxent.fit.steps": 1}),
        ("max_margin", {"max_margin.iterations": 20, "max_margin.rollouts": 2}),
        ("gail", {"gail.iterations": 12, "gail.rollouts": 2, "gail.cloning.iterations": 2}),
        ("airl", {"airl.iterations": 12, "airl.rollouts": 2, "airl.cloning.iterations": 2}),
        ("bc", {"bc.iterations": 100, "bc.patience": 100, "bc.steps": 10}),
    ],
)
def test_what_was_learned_in_two_goes_is_executed_to_its_end(
    ros: RosHarness, dataset: Path, algorithm: str, short: dict[str, object]
) -> None:
    """Stopped after an iteration, resumed, and put on an arm by the policy controller."""
    status = ros.collect(DiagnosticArray, "training_status", qos.history())
    output = ros.folder / "run"
    values = {"dataset": str(dataset), "output": str(output), **SHORT, "algorithm": algorithm}
    values["baseline_rollouts"] = 0
    stopped = ros.start("irl_ros.nodes.gcl_trainer", {**values, **short})
    ros.wait_until(lambda: last_word(status) == "training", "an iteration", 120.0)
    assert stopped.interrupt(60.0) == INTERRUPTED
    facts = json.loads((output / "run.json").read_text())
    assert facts["iterations_done"] >= 1
    assert not facts["finished"], "stopped in between"
    resumed = ros.start("irl_ros.nodes.gcl_trainer", {**values, **short, "resume": True})
    assert ros.wait_for_end(resumed, 120.0) == 0
    facts = json.loads((output / "run.json").read_text())
    assert facts["finished"]
    assert facts["algorithm"] == algorithm
    assert (output / "cost.safetensors").exists() == (algorithm not in WITHOUT_A_COST)

    phases = ros.collect(DiagnosticStatus, "policy_controller/status", qos.latched())
    start = np.array(load_executable(output).contract.start)
    driver = DriverDouble(ros, start)
    controller = ros.start("irl_ros.nodes.policy_controller", {"policy": str(output)})
    ros.wait_until(lambda: phases, "the controller")
    ros.wait_until(
        lambda: conversions.answered(ros.call("policy_controller/execute"))[0], "an execution"
    )
    ended = ("holding", "tripped")
    ros.wait_until(lambda: conversions.status(phases[-1]).values["phase"] in ended, "its end")
    last = conversions.status(phases[-1])
    assert last.values["phase"] == "holding", last
    assert last.values["completed"] == "true"
    assert np.abs(driver.plant.positions - start).max() > 0.01, "it has moved"
    driver.assert_smooth()
    assert controller.interrupt() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"algorithm": "optimise"}, "needs a cost; give the run folder"),
        ({"algorithm": "optimise", "cost": "/nowhere"}, "/nowhere cannot be read"),
        ({"gcl.controller.kl_limits": 3.0}, "did you mean 'gcl.controller.kl_limit'?"),
        ({"gcl.rollouts": 1}, "gcl.rollouts = 1 is below its minimum 2"),
        ({"algorithm": "sarsa"}, "choose one of gcl, relent, gan_gcl, maxent, max_margin, "),
        ({"algorithm": "relent", "policy": "neural"}, "its sampler is linear-Gaussian"),
        ({"preset": "best"}, "choose one of default, paper"),
        ({"dataset": "/nowhere/dataset"}, "/nowhere/dataset"),
        ({"output": ""}, "output is empty"),
        ({"simulation.action_space": "voltage"}, "choose one of velocity, torque"),
    ],
)
def test_what_cannot_work_is_refused_in_one_clear_line(
    ros: RosHarness, dataset: Path, change: dict[str, object], message: str
) -> None:
    values = {"dataset": str(dataset), "output": str(ros.folder / "run"), **SHORT, **change}
    trainer = ros.start("irl_ros.nodes.gcl_trainer", values)
    assert ros.wait_for_end(trainer, 60.0) == 1
    assert message in trainer.output
    assert "Traceback" not in trainer.output
    assert not (ros.folder / "run").exists()
