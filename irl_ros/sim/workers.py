# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that run attempts side by side, each with a physics client of its own."""

import contextlib
import multiprocessing.spawn
import pickle
import subprocess
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, final

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

# Ctrl-C reaches the whole process group; the parent decides when the workers end.
_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = {path!r}
from irl_ros.sim.workers import work
work({handle})
"""


@dataclass(frozen=True)
class _Worker:
    """A process and our end of the pipe to it, which closes by itself when the process ends."""

    process: "subprocess.Popen[bytes]"
    connection: Connection

    def send(self, message: bytes) -> None:
        try:
            self.connection.send_bytes(message)
        except OSError as error:
            raise self._ended() from error

    def receive(self) -> _Answer:
        try:
            answer: _Answer = self.connection.recv()
        except (EOFError, OSError) as error:
            raise self._ended() from error
        return answer

    def _ended(self) -> RolloutError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        return RolloutError(
            f"worker process {self.process.pid} ended with exit code {self.process.returncode}; "
            "look for its message above (out of memory, or killed)"
        )


@final
class WorkerPool:
    """Worker processes; whichever is free gets the next attempt.

    They are programs of their own and not processes of `multiprocessing`, which would import the
    program that starts them: a training node with all it needs, in every worker.
    """

    def __init__(self, setup: WorkerSetup, count: int) -> None:
        """Start the processes."""
        self._workers = [_started() for _ in range(count)]
        for worker in self._workers:
            worker.send(pickle.dumps((setup, _main_program())))

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
        workers = self._workers[:count]
        waiting = list(range(count))[::-1]
        for worker in workers:
            worker.send(message)
            worker.send(pickle.dumps(waiting.pop()))
        results: dict[int, Attempt] = {}
        while len(results) < count:
            ready = wait([worker.connection for worker in workers], timeout=_PATIENCE)
            if not ready:
                raise RolloutError(f"no rollout ended within {_PATIENCE:.0f} s; workers are stuck")
            for worker in workers:
                if worker.connection not in ready:
                    continue
                answer = worker.receive()
                if isinstance(answer, _Failure):
                    raise RolloutError(f"a rollout failed: {answer.message}\n{answer.trace}")
                index, states, actions, outcome = answer
                results[index] = Attempt(
                    torch.from_numpy(states), torch.from_numpy(actions), outcome
                )
                if waiting:
                    worker.send(pickle.dumps(waiting.pop()))
        return [results[index] for index in range(count)]

    def close(self) -> None:
        """End the processes; further calls do nothing."""
        workers, self._workers = self._workers, []
        for worker in workers:
            # A worker reads the end of the pipe as the end of its work.
            worker.connection.close()
        for worker in workers:
            try:
                worker.process.wait(_CLOSING)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()


def _started() -> _Worker:
    """Start one process, which loads its libraries in the background."""
    ours, theirs = Pipe()
    with theirs:
        handle = theirs.fileno()
        program = _PROGRAM.format(path=sys.path, handle=handle)
        process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[handle])
    return _Worker(process, ours)


def _main_program() -> Mapping[str, Any]:
    """Return where the program that runs here is found by those who need something of it."""
    everything = multiprocessing.spawn.get_preparation_data("")
    return {name: value for name, value in everything.items() if name.startswith("init_main")}


def work(handle: int) -> None:
    """Run attempts until the pipe closes; the main function of a worker process.

    Args:
        handle: File descriptor of its end of the pipe.
    """
    torch.set_num_threads(1)
    with contextlib.suppress(EOFError, OSError), Connection(handle) as connection:
        try:
            _serve(connection)
        except (EOFError, OSError):
            raise
        except BaseException as error:
            failure = _Failure(f"{type(error).__name__}: {error}", traceback.format_exc())
            connection.send(failure)


def _serve(connection: Connection) -> None:
    setup, program = _received(connection, {})
    job: Job | None = None
    with DishSimulator(setup.config, setup.task) as simulator:
        while True:
            message: Job | int = _received(connection, program)
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


def _received(connection: Connection, program: Mapping[str, Any]) -> Any:
    """Return what was sent, with the sender's main program imported if its policy is from there.

    The pipe leads to the process that started this one and to no other.
    """
    message = connection.recv_bytes()
    try:
        return pickle.loads(message)  # noqa: S301
    except AttributeError:
        multiprocessing.spawn.prepare(dict(program))
        return pickle.loads(message)  # noqa: S301
