# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Attempts at the task by the learned policy, through the same topics and services as by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import final

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64

from irl_ros.cli.executions import Execution, execution_path, load_executions, save_execution
from irl_ros.cli.link import Link, LinkError
from irl_ros.core.arm import Arm
from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.trajectory import Outcome
from irl_ros.ros import qos
from irl_ros.ros.conversions import Status, float_value, joint_sample, status
from irl_ros.ros.task_report import TaskReport, task_report

_FIRST_SEED = 1_000_000  # far from those of the demonstrations and rollouts
_SEEDS_PER_RUN = 1_000
_TRIES = 3
_LONGEST = 60.0  # s
_MOVING = {"ramping", "executing"}


def run_attempts(
    attempts: "Attempts",
    folder: Path,
    count: int,
    seed: int,
    show: Callable[[int, str], None],
) -> tuple[Execution, ...]:
    """Execute the policy several times; executions that the folder holds are not repeated.

    Args:
        attempts: How to make one.
        folder: Folder of the executions.
        count: Number of executions.
        seed: From which the start postures follow.
        show: Called after each execution with its number and the score so far.

    Raises:
        DataError: If the folder holds executions of another policy or with another seed, or the
            controller takes another policy meanwhile.
        IrlRosError: If the controller refuses or stops, or a node fails.
        Interrupted: If the program is told to stop.
    """
    policy = attempts.policy()
    for execution in load_executions(folder)[:count]:
        _check_same(folder, execution, policy, _start_seed(seed, execution.number))
    for number in range(1, count + 1):
        if not execution_path(folder, number).exists():
            execution = attempts.run(number, _start_seed(seed, number))
            _check_policy(execution, policy)
            save_execution(folder, execution)
        done = load_executions(folder)[:number]
        score = f"{sum(entry.outcome.success for entry in done)} of {number} succeeded"
        last = done[-1].outcome
        show(number, score if last.success else f"{score}; last: {last.reason}")
    return load_executions(folder)[:count]


def _start_seed(seed: int, number: int) -> int:
    return _FIRST_SEED + _SEEDS_PER_RUN * seed + number


def _check_same(folder: Path, found: Execution, policy: str, start_seed: int) -> None:
    if found.policy != policy:
        difference = f"of another policy ({found.policy or 'unknown'}, this one is {policy})"
    elif found.seed != start_seed:
        difference = f"with another seed ({found.seed}, now {start_seed})"
    else:
        return
    raise DataError(
        f"{execution_path(folder, found.number)} is {difference}; choose another folder or delete "
        "the executions in it"
    )


def _check_policy(made: Execution, policy: str) -> None:
    if made.policy != policy:
        raise DataError(
            f"execution {made.number} ran another policy ({made.policy or 'unknown'}) than "
            f"announced ({policy}) and is not kept; end the training that publishes policies, or "
            "give the controller its policy as a parameter"
        )


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

    def policy(self) -> str:
        """Return the fingerprint of the policy that the controller would execute next.

        Raises:
            IrlRosError: If there is no controller, or no policy in it.
            Interrupted: If the program is told to stop.
        """
        self._link.wait_until(lambda: bool(self._fingerprint), "a controller that has a policy")
        return self._fingerprint

    def run(self, number: int, seed: int) -> Execution:
        """Reset the arm, execute the policy, open the gripper and return what became of it.

        An execution that the controller gave up because the machine was too busy (no joint states
        for a while) says nothing about the policy and is repeated. One that the guard tripped is a
        failure, wherever the plate is.

        Raises:
            IrlRosError: If the controller refuses, executions are given up again and again, or a
                node fails.
            Interrupted: If the program is told to stop.
        """
        link = self._link
        repeated = 0
        self._execute(seed)
        while not (self._completed or self._phase == "tripped"):
            repeated += 1
            if repeated == _TRIES:
                raise LinkError(
                    f"execution {number} was given up {_TRIES} times, last: {self._message}; "
                    "is the machine too busy?"
                )
            self._execute(seed)
        tripped = "" if self._completed else self._message
        link.press("sim_arm/release")
        link.wait_until(lambda: self._judged(seed) is not None, "the judgement", _LONGEST)
        judged = self._judged(seed)
        assert judged is not None
        if tripped:
            judged = replace(judged, success=False, reason=f"stopped by the guard: {tripped}")
            link.press("policy_controller/rearm")
        return self._record(number, seed, judged, repeated)

    def _execute(self, seed: int) -> None:
        link = self._link
        link.set_parameters("sim_arm", {"seed": seed})
        link.press("sim_arm/reset")
        link.wait_until(
            lambda: (
                self._task is not None and self._task.seed == seed and self._task.outcome is None
            ),
            "the arm's new attempt",
        )
        self._samples.clear()
        self._rewards.clear()
        count = self._count
        link.press_until_accepted("policy_controller/execute")
        link.wait_until(lambda: self._count > count, "the execution to begin")
        link.wait_until(lambda: self._phase not in _MOVING, "its end", _LONGEST)

    def _judged(self, seed: int) -> Outcome | None:
        return self._task.outcome if self._task is not None and self._task.seed == seed else None

    @property
    def _completed(self) -> bool:
        return self._status is not None and self._status.values.get("completed") == "true"

    @property
    def _fingerprint(self) -> str:
        return "" if self._status is None else str(self._status.values.get("fingerprint", ""))

    @property
    def _executed(self) -> str:
        return "" if self._status is None else str(self._status.values.get("executed", ""))

    @property
    def _message(self) -> str:
        return "no status" if self._status is None else self._status.message

    @property
    def _phase(self) -> str:
        return "" if self._status is None else str(self._status.values.get("phase", ""))

    @property
    def _count(self) -> int:
        return 0 if self._status is None else int(self._status.values.get("execution", 0))

    def _record(self, number: int, seed: int, judged: Outcome, repeated: int) -> Execution:
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
            repeated=repeated,
            policy=self._executed,
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
