# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that run attempts side by side, each with a physics client of its own."""

import contextlib
import multiprocessing
import multiprocessing.connection
import pickle
import signal
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import final

import numpy as np
import torch

from irl_ros.core.errors import RolloutError
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.policy import Policy
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Outcome
from irl_ros.sim.attempt import Attempt, attempt
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.dish import DishSimulator

_PATIENCE = 300.0  # s without any result after which the workers are given up
_CLOSING = 5.0  # s a worker gets to end by itself


@dataclass(frozen=True)
class WorkerSetup:
    """What every worker needs to know from the start.

    Attributes:
        config: Arm, condition and action space.
        task: The task.
        slot: Where the plate is to be put.
        guard: Margins between policy and arm.
    """

    config: SimulationConfig
    task: DishTask
    slot: int
    guard: GuardConfig | None


@dataclass(frozen=True)
class Job:
    """What to execute.

    Attributes:
        policy: The policy.
        seed: All randomness follows from it and the number of the attempt.
        deterministic: Execute mean actions instead of sampled ones.
    """

    policy: Policy
    seed: int
    deterministic: bool


def rollout_seed(seed: int, index: int) -> np.random.SeedSequence:
    """Return the seed of one rollout out of many; independent of who runs it."""
    return np.random.SeedSequence(seed, spawn_key=(index,))


@dataclass(frozen=True)
class _Failure:
    """What went wrong in a worker: the exception as text, and where it came from."""

    message: str
    trace: str


_Answer = tuple[int, np.ndarray, np.ndarray, Outcome] | _Failure


@final
class WorkerPool:
    """Spawned worker processes; whichever is free gets the next attempt."""

    def __init__(self, setup: WorkerSetup, count: int) -> None:
        """Start the processes."""
        context = multiprocessing.get_context("spawn")
        self._workers: list[tuple[SpawnProcess, Connection]] = []
        for number in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, setup), name=f"rollouts-{number}", daemon=True
            )
            process.start()
            theirs.close()
            self._workers.append((process, ours))

    def run(self, job: Job, count: int) -> list[Attempt]:
        """Run attempts 0 to count - 1 of a job and return them in this order.

        Raises:
            RolloutError: If an attempt fails, a worker ends or the pool is closed; the pool is
                closed afterwards.
        """
        if not self._workers:
            raise RolloutError("this rollout source is closed; make a new one")
        try:
            return self._run(job, count)
        except BaseException:
            self.close()
            raise

    def _run(self, job: Job, count: int) -> list[Attempt]:
        # Plain pickle: multiprocessing's own would hand tensors over in shared memory.
        message = pickle.dumps(job)
        for process, connection in self._workers[:count]:
            self._send(process, connection, message)
        results: dict[int, Attempt] = {}
        waiting = list(range(count))[::-1]
        by_handle: dict[object, tuple[SpawnProcess, Connection]] = {}
        for worker in self._workers[:count]:
            self._send(*worker, pickle.dumps(waiting.pop()))
            by_handle[worker[1]] = worker
            by_handle[worker[0].sentinel] = worker
        while len(results) < count:
            handles = multiprocessing.connection.wait(list(by_handle), timeout=_PATIENCE)  # type: ignore[arg-type]
            if not handles:
                raise RolloutError(f"no rollout ended within {_PATIENCE:.0f} s; workers are stuck")
            # A worker that ended may have answered before: connections go first.
            for handle in sorted(handles, key=lambda each: isinstance(each, int)):
                process, connection = by_handle[handle]
                if isinstance(handle, int) and not connection.poll():
                    raise _ended(process)
                if isinstance(handle, int):
                    continue
                answer = self._receive(process, connection)
                if isinstance(answer, _Failure):
                    raise RolloutError(f"a rollout failed: {answer.message}\n{answer.trace}")
                index, states, actions, outcome = answer
                results[index] = Attempt(
                    torch.from_numpy(states), torch.from_numpy(actions), outcome
                )
                if waiting:
                    self._send(process, connection, pickle.dumps(waiting.pop()))
        return [results[index] for index in range(count)]

    @staticmethod
    def _send(process: SpawnProcess, connection: Connection, message: bytes) -> None:
        try:
            connection.send_bytes(message)
        except OSError as error:
            raise _ended(process) from error

    @staticmethod
    def _receive(process: SpawnProcess, connection: Connection) -> _Answer:
        try:
            answer: _Answer = connection.recv()
        except (EOFError, OSError) as error:
            raise _ended(process) from error
        return answer

    def close(self) -> None:
        """End the processes; further calls do nothing."""
        workers, self._workers = self._workers, []
        for _, connection in workers:
            # A worker reads the end of the pipe as the end of its work.
            connection.close()
        for process, _ in workers:
            process.join(_CLOSING)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()


def _ended(process: SpawnProcess) -> RolloutError:
    process.join(1.0)
    return RolloutError(
        f"worker process {process.name} ended with exit code {process.exitcode}; look for its "
        "message above (out of memory, killed, or a program without a main guard)"
    )


def _work(connection: Connection, setup: WorkerSetup) -> None:
    """Run attempts until the pipe closes; the main function of a worker process."""
    # Ctrl-C reaches the whole process group; the parent decides when the workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    with contextlib.suppress(EOFError, OSError):
        try:
            _serve(connection, setup)
        except (EOFError, OSError):
            raise
        except BaseException as error:
            failure = _Failure(f"{type(error).__name__}: {error}", traceback.format_exc())
            connection.send(failure)


def _serve(connection: Connection, setup: WorkerSetup) -> None:
    job: Job | None = None
    with DishSimulator(setup.config, setup.task) as simulator:
        while True:
            # The pipe leads to the process that started this one and to no other.
            message: Job | int = pickle.loads(connection.recv_bytes())  # noqa: S301
            if isinstance(message, Job):
                job = message
                continue
            assert job is not None, "a rollout was asked for before its policy"
            done = attempt(
                simulator,
                job.policy,
                setup.slot,
                rollout_seed(job.seed, message),
                deterministic=job.deterministic,
                guard=setup.guard,
            )
            connection.send((message, done.states.numpy(), done.actions.numpy(), done.outcome))
