# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The peg insertion of the paper: a seven-joint arm brings a peg into a hole."""

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from irl_ros.core.action import CONTROL_PERIOD, HORIZON
from irl_ros.core.arm import load_arm
from irl_ros.core.errors import RolloutError
from irl_ros.core.features import AffineFeatures
from irl_ros.core.guard import Guard
from irl_ros.core.kinematics import Kinematics, spanning_points
from irl_ros.core.policy import Policy
from irl_ros.core.trajectory import Rollouts, Trajectories
from irl_ros.learning.experiment import Experiment, Network
from irl_ros.learning.ground_truth import GroundTruthCost
from irl_ros.sim.analytic import outcome
from irl_ros.sim.peg_world import HOLE_DEPTH, PEG_REACH, TARGET_HEIGHT, PegWorld
from irl_ros.sim.workers import rollout_seed
from irl_ros.sim.world import PHYSICS_RATE_HZ

_COMMAND_STEPS = 2  # physics steps between two commands of the guard, 120 Hz
_REGION = 0.1  # m, side of the square in which the hole lies
_MIDDLE = (0.45, 0.0)  # m, middle of that square in the base frame
_SPREAD = 0.005  # rad, deviation of every start posture
# Of an arm's state: joints and their velocities, then tip and middle of the peg and theirs.
_STATE = [*range(14), 17, 18, 19, 14, 15, 16, 26, 27, 28, 23, 24, 25]
_TIP, _POINTS = slice(14, 17), slice(14, 20)


@final
class PegRollouts:
    """A `RolloutSource` that tries to bring the peg into one hole.

    An action is a joint velocity, which goes through the guard at 120 Hz as in the dish task. The
    paper commands torques; velocities are what arms accept from outside, and what the rest of this
    package speaks of. The outcome of a rollout holds the final distance of the peg's tip from its
    target as its ``slot_offset``.
    """

    def __init__(self, hole: Float[Tensor, " 2"]) -> None:
        """Prepare the simulation.

        Args:
            hole: Position of the hole in the base frame, m.
        """
        self._hole = hole.numpy()
        self._world = PegWorld()
        self._kinematics = Kinematics(self._world.arm, spanning_points(PEG_REACH))

    horizon = HORIZON
    control_period = CONTROL_PERIOD
    state_dim = len(_STATE)
    action_dim = 7

    def sample(
        self, policy: Policy, count: int, seed: int, *, deterministic: bool = False
    ) -> Rollouts:
        """Execute the policy ``count`` times.

        Args:
            policy: What to execute; its horizon must be 100 steps.
            count: Number of rollouts M.
            seed: All randomness of these rollouts follows from it, each from its own part.
            deterministic: Execute mean actions instead of sampled ones.

        Raises:
            RolloutError: If an argument does not fit, the policy fails or the source is closed.
        """
        if count < 1 or seed < 0:
            raise RolloutError(f"count = {count}, seed = {seed}; give at least 1 and 0")
        if policy.horizon != self.horizon:
            raise RolloutError(f"policy has {policy.horizon} steps; this arm runs {self.horizon}")
        if self._world.client < 0:
            raise RolloutError("this rollout source is closed; make a new one")
        attempts = [
            self._attempt(policy, rollout_seed(seed, index), deterministic)
            for index in range(count)
        ]
        trajectories = Trajectories(
            torch.stack([states for states, _ in attempts]),
            torch.stack([actions for _, actions in attempts]),
        )
        missed = _distance(trajectories.states[:, -1], torch.from_numpy(self._hole))
        return Rollouts(trajectories, tuple(outcome(each, HOLE_DEPTH) for each in missed.tolist()))

    @torch.no_grad()
    def _attempt(
        self, policy: Policy, seed: np.random.SeedSequence, deterministic: bool
    ) -> tuple[Float[Tensor, "T x"], Float[Tensor, "T u"]]:
        world, arm = self._world, self._world.arm
        posture_seed, policy_seed = (int(word) for word in seed.generate_state(2))
        noise = np.random.default_rng(posture_seed).standard_normal(self.action_dim)
        world.reset(arm.home + _SPREAD * noise, self._hole)
        generator = torch.Generator().manual_seed(policy_seed)
        guard = Guard(arm.limits, _COMMAND_STEPS / PHYSICS_RATE_HZ)
        guard.start(world.joint_state()[0])
        commands = round(CONTROL_PERIOD * PHYSICS_RATE_HZ / _COMMAND_STEPS)
        states, actions = [], []
        for step in range(self.horizon):
            q, rates = (torch.from_numpy(part) for part in world.joint_state())
            state = self._kinematics.arm_state(q, rates)[_STATE]
            action = (
                policy.action_mean(step, state)
                if deterministic
                else policy.sample(step, state, generator)
            )
            if action.shape != q.shape or not bool(torch.isfinite(action).all()):
                raise RolloutError(
                    f"action of step {step} is {action.tolist()}; "
                    f"the policy must give {self.action_dim} finite values"
                )
            states.append(state)
            actions.append(action)
            for _ in range(commands):
                command = guard.step(action.numpy(), *world.joint_state())
                world.follow(command, _COMMAND_STEPS)
        return torch.stack(states), torch.stack(actions)

    def close(self) -> None:
        """Free the simulation; further calls do nothing."""
        self._world.close()


def _distance(
    states: Float[Tensor, "*batch 26"], hole: Float[Tensor, " 2"]
) -> Float[Tensor, "*batch"]:
    """Return the distance of the peg's tip from its target, m."""
    missed: Tensor = torch.linalg.vector_norm((states[..., _TIP] - _targets(hole)[:3]), dim=-1)
    return missed


def _targets(hole: Float[Tensor, " 2"]) -> Float[Tensor, " 6"]:
    """Return where tip and middle of the inserted peg are, m."""
    height = hole.new_tensor([TARGET_HEIGHT])
    return torch.cat([hole, height, hole, height + PEG_REACH])


def _features(hole: Float[Tensor, " 2"]) -> AffineFeatures:
    """Return the whole state, joints relative to the start posture, points to their targets."""
    offset = torch.zeros(26, dtype=torch.float64)
    offset[:7] = torch.from_numpy(load_arm("panda").home.copy())
    offset[_POINTS] = _targets(hole)
    return AffineFeatures(torch.eye(26, dtype=torch.float64), offset)


def _holes(count: int, seed: int, margin: float) -> Float[Tensor, "count 2"]:
    """Draw positions of the hole in its region, a margin (m) away from the region's edge."""
    half = _REGION / 2 - margin
    drawn = np.random.default_rng(seed).uniform(-half, half, (count, 2))
    return torch.from_numpy(np.array(_MIDDLE) + drawn)


def peg() -> Experiment:
    """Return the peg insertion: 20 demonstrations at 16 holes, four more holes to be learned.

    The cost sees the whole state. Finn, Levine and Abbeel (2016), section 6.1 and appendix D; arm,
    peg and clearance are our own.
    """
    return Experiment(
        name="peg",
        source=PegRollouts,
        features=_features,
        ground_truth=GroundTruthCost(
            position=_POINTS,
            square_weight=200.0,
            log_weight=2.0,
            log_offset=1e-3,
            action_weight=15.0,
        ),
        shown=_holes(16, seed=1, margin=0.0),
        demonstrations=20,
        tested=_holes(4, seed=2, margin=0.01),
        groups=(slice(0, 7), slice(7, 14), _POINTS, slice(20, 26)),
        miss=_TIP,
        tracking=-torch.eye(7, 26, dtype=torch.float64),
        network=Network(hidden=(52, 52), features=100),
    )
