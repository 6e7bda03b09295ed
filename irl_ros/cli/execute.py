# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The last stage of a demonstration: execute the learned policy many times and keep score."""

from typing import final

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64

from irl_ros.cli.executions import Execution, execution_path, load_executions, save_execution
from irl_ros.cli.link import Link, LinkError
from irl_ros.cli.stages import Demonstration, Nodes
from irl_ros.core.arm import Arm, load_arm
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Outcome
from irl_ros.learning.artifacts import COST_FILE
from irl_ros.ros import qos
from irl_ros.ros.conversions import (
    Status,
    float_value,
    joint_sample,
    payload_message,
    status,
)
from irl_ros.ros.task_report import TaskReport, task_report

_FIRST_SEED = 1_000_000  # far from those of the demonstrations and rollouts
_SEEDS_PER_RUN = 1_000


def execute(demonstration: Demonstration) -> None:
    """Execute the learned policy as often as asked; executions that are there are not repeated.

    Raises:
        IrlRosError: If a node fails.
        Interrupted: If the program is told to stop.
    """
    folder, options, display = (
        demonstration.folder,
        demonstration.folder.options,
        demonstration.display,
    )
    display.begin("execute", options.evaluations, "starting the arm and the controller")
    with demonstration.nodes("execute") as nodes:
        attempts = _start(demonstration, nodes)
        for number in range(1, options.evaluations + 1):
            if not execution_path(folder.executions, number).exists():
                seed = _FIRST_SEED + _SEEDS_PER_RUN * options.seed + number
                save_execution(folder.executions, attempts.run(number, seed))
            done = load_executions(folder.executions)
            successes = sum(entry.outcome.success for entry in done)
            last = done[-1].outcome
            note = f"{successes} of {len(done)} succeeded"
            display.update(number, note if last.success else f"{note}; last: {last.reason}")


def _start(demonstration: Demonstration, nodes: Nodes) -> "Attempts":
    folder, options = demonstration.folder, demonstration.folder.options
    nodes.start(
        "sim_arm",
        {
            "arm": options.arm,
            "condition": options.condition,
            "seed": options.seed,
            "slot": DishTask().held_out_slot,
            "real_time_factor": options.speed,
        },
        config=("sim_arm.yaml",),
    )
    nodes.start(
        "policy_controller",
        {"arm": options.arm, "policy": str(folder.training)},
        config=("policy_controller.yaml",),
    )
    nodes.start("reward_publisher", {"arm": options.arm})
    cost = (folder.training / COST_FILE).read_bytes()
    nodes.link.publish(payload_message(cost, "cost_model"), "cost_model", qos.latched())
    return Attempts(nodes.link, load_arm(options.arm))


@final
class Attempts:
    """Executes the policy on the arm, one attempt after the other.

    Args:
        link: How to talk to the nodes.
        arm: The arm.
    """

    def __init__(self, link: Link, arm: Arm) -> None:
        self._link = link
        self._arm = arm
        self._status: Status | None = None
        self._task: TaskReport | None = None
        self._samples: list[JointSample] = []
        self._rewards: list[tuple[int, float]] = []
        self._newest_ns = 0
        link.listen(DiagnosticStatus, "policy_controller/status", qos.latched(), self._on_status)
        link.listen(DiagnosticStatus, "task_outcome", qos.latched(), self._on_outcome)
        link.listen(JointState, "joint_states", qos.every_state(), self._on_joints)
        link.listen(Float64, "learned_reward", qos.event(), self._on_reward)

    def run(self, number: int, seed: int) -> Execution:
        """Reset the arm, execute the policy, open the gripper and return what became of it.

        Raises:
            IrlRosError: If the controller refuses or stops, or a node fails.
            Interrupted: If the program is told to stop.
        """
        link = self._link
        link.set_parameters("sim_arm", {"seed": seed})
        link.press("sim_arm/reset")
        link.wait_until(
            lambda: self._task is not None and self._task.seed == seed, "the arm's new attempt"
        )
        self._samples.clear()
        self._rewards.clear()
        count = self._count
        link.press_until_accepted("policy_controller/execute")
        link.wait_until(lambda: self._count > count, "the execution to begin")
        link.wait_until(lambda: self._phase in {"holding", "tripped", "idle"}, "its end", 60.0)
        state = self._status
        if state is None or state.values.get("completed") != "true":
            reason = "no status" if state is None else state.message
            raise LinkError(f"execution {number} was not completed: {reason}")
        link.press("sim_arm/release")
        link.wait_until(lambda: self._judged(seed) is not None, "the judgement", 60.0)
        judged = self._judged(seed)
        assert judged is not None
        return self._record(number, seed, judged)

    def _judged(self, seed: int) -> Outcome | None:
        return self._task.outcome if self._task is not None and self._task.seed == seed else None

    @property
    def _phase(self) -> str:
        return "" if self._status is None else str(self._status.values.get("phase", ""))

    @property
    def _count(self) -> int:
        return 0 if self._status is None else int(self._status.values.get("execution", 0))

    def _record(self, number: int, seed: int, judged: Outcome) -> Execution:
        begin = self._samples[0].stamp_ns if self._samples else 0
        return Execution(
            number=number,
            seed=seed,
            outcome=judged,
            times=tuple(round(1e-9 * (one.stamp_ns - begin), 4) for one in self._samples),
            joint_positions=tuple(
                tuple(round(float(angle), 6) for angle in one.joint_positions)
                for one in self._samples
            ),
            reward_times=tuple(round(1e-9 * (ns - begin), 4) for ns, _ in self._rewards),
            rewards=tuple(round(reward, 6) for _, reward in self._rewards),
        )

    def _on_status(self, message: DiagnosticStatus) -> None:
        self._status = status(message)
        self._link.beat()

    def _on_outcome(self, message: DiagnosticStatus) -> None:
        self._task = task_report(status(message))

    def _on_joints(self, message: JointState) -> None:
        sample = joint_sample(message, self._arm.joint_names)
        self._newest_ns = sample.stamp_ns
        if self._phase == "executing":
            self._samples.append(sample)

    def _on_reward(self, message: Float64) -> None:
        # The reward carries no stamp; it belongs to the newest joint state.
        if self._phase == "executing":
            self._rewards.append((self._newest_ns, float_value(message)))
