# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts of policies on the simulated arm, on as many processor cores as wanted."""

from typing import final

import torch

from irl_ros.core.action import CONTROL_PERIOD, HORIZON
from irl_ros.core.errors import ParameterError, RolloutError
from irl_ros.core.guard_config import GuardConfig
from irl_ros.core.kinematics import STATE_DIM
from irl_ros.core.policy import Policy
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Rollouts, Trajectories
from irl_ros.sim.attempt import Attempt, attempt
from irl_ros.sim.config import SimulationConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.workers import Job, WorkerPool, WorkerSetup, rollout_seed


@final
class SimRollouts:
    """A `RolloutSource` that tries policies at one slot of the simulated rack.

    The rollouts depend on the policy and the seed only: neither on the number of workers nor on
    what was run before.
    """

    def __init__(
        self,
        config: SimulationConfig | None = None,
        slot: int | None = None,
        *,
        task: DishTask | None = None,
        guard: GuardConfig | None = None,
        workers: int = 0,
    ) -> None:
        """Prepare the simulators; worker processes start at once and load in the background.

        A program whose own main module defines the policy needs the usual
        ``if __name__ == "__main__"``, as workers have to import it.

        Args:
            config: Arm, condition and action space.
            slot: Where the plate is to be put; by default the held-out slot.
            task: The task, with the rack and plate of the configuration if not given.
            guard: Margins between policy and arm.
            workers: Worker processes; 0 runs everything in this process.

        Raises:
            ParameterError: If there is no such slot or the number of workers is negative.
        """
        config = config or SimulationConfig()
        task = task or config.change.task()
        slot = task.held_out_slot if slot is None else slot
        self.target = task.target_pose(slot)
        if workers < 0:
            raise ParameterError(f"workers = {workers}; give at least 0")
        self._setup = WorkerSetup(config, task, slot, guard)
        self._simulator: DishSimulator | None = None
        self._pool: WorkerPool | None = None
        if workers:
            self._pool = WorkerPool(self._setup, workers)
        else:
            self._simulator = DishSimulator(self._setup.config, task)

    @property
    def horizon(self) -> int:
        """Number of steps T of a rollout."""
        return HORIZON

    @property
    def control_period(self) -> float:
        """Time between two actions, s."""
        return CONTROL_PERIOD

    @property
    def state_dim(self) -> int:
        """Dimension of the state."""
        return STATE_DIM

    @property
    def action_dim(self) -> int:
        """Dimension of the action."""
        return 7

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy ``count`` times.

        Args:
            policy: What to execute; its horizon must be 100 steps.
            count: Number of rollouts M.
            seed: All randomness of these rollouts follows from it.
            deterministic: Execute mean actions instead of sampled ones.

        Raises:
            RolloutError: If an argument does not fit, the policy fails, a worker process ends, or
                the source is closed.
        """
        if count < 1 or seed < 0:
            raise RolloutError(f"count = {count}, seed = {seed}; give at least 1 and 0")
        if policy.horizon != self.horizon:
            raise RolloutError(f"policy has {policy.horizon} steps; this arm runs {self.horizon}")
        if self._pool is not None:
            attempts = self._pool.run(Job(policy, seed, deterministic), count)
        else:
            attempts = self._run_here(policy, count, seed, deterministic)
        return Rollouts(
            Trajectories(
                torch.stack([one.states for one in attempts]),
                torch.stack([one.actions for one in attempts]),
            ),
            tuple(one.outcome for one in attempts),
        )

    def _run_here(
        self, policy: Policy, count: int, seed: int, deterministic: bool
    ) -> list[Attempt]:
        if self._simulator is None:
            raise RolloutError("this rollout source is closed; make a new one")
        return [
            attempt(
                self._simulator,
                policy,
                self._setup.slot,
                rollout_seed(seed, index),
                deterministic=deterministic,
                guard=self._setup.guard,
            )
            for index in range(count)
        ]

    def close(self) -> None:
        """End the worker processes and free the simulator; further calls do nothing."""
        if self._pool is not None:
            self._pool.close()
        if self._simulator is not None:
            self._simulator.close()
            self._simulator = None
