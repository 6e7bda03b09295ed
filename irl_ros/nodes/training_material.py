# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a training works with: demonstrations, the conditions of the policy, rollouts."""

from dataclasses import dataclass
from pathlib import Path

from irl_ros.core.action import ActionSpace
from irl_ros.core.action_scale import ScaledRollouts, scaled
from irl_ros.core.arm import Arm, load_arm
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.demonstrations import Demonstrations
from irl_ros.core.errors import ParameterError
from irl_ros.core.rollout import RolloutSource
from irl_ros.core.task import DishTask
from irl_ros.demos.dataset import LoadedDataset, SkippedTake, load_demonstrations
from irl_ros.demos.manifest import load_manifest
from irl_ros.learning import algorithms
from irl_ros.learning.arm_problem import arm_problem
from irl_ros.learning.artifacts import load_cost
from irl_ros.learning.cost import Cost
from irl_ros.learning.learner import Learner
from irl_ros.learning.neural_search import neural_search
from irl_ros.learning.reoptimisation import check_cost, reoptimisation
from irl_ros.nodes.trainer_config import OPTIMISE, TrainerConfig
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.motion_actions import motion_actions
from irl_ros.sim.rollouts import SimRollouts

_NO_DATASET = ("", "none")  # launch arguments cannot be empty


@dataclass(frozen=True)
class Material:
    """Demonstrations with actions in the wanted space, and where policies can be tried.

    Attributes:
        demonstrations: What was shown; actions are multiples of their scale. None if a saved cost
            is optimised without any.
        skipped: Takes that could not be used.
        slot: Slot that is learned.
        contract: Conditions under which the policy may be executed.
        cost: The saved cost that is optimised; None if one is learned.
    """

    demonstrations: Demonstrations | None
    skipped: tuple[SkippedTake, ...]
    slot: int
    contract: ExecutionContract
    cost: Cost | None = None

    @property
    def task(self) -> str:
        """What is done, in one line."""
        if self.cost is None:
            return f"learning slot {self.slot} from {len(self.take_ids)} demonstrations"
        start = f"{len(self.take_ids)} demonstrations" if self.take_ids else "standing still"
        return f"optimising a saved cost at slot {self.slot}, beginning with {start}"

    @property
    def take_ids(self) -> list[int]:
        """Numbers of the demonstrations."""
        return [] if self.demonstrations is None else list(self.demonstrations.take_ids)


def gather(config: TrainerConfig) -> Material:
    """Load what is learned from, and say under which conditions the policy will be learned.

    Raises:
        DataError: If the demonstrations or the saved cost cannot be used.
        ParameterError: If the arm, its limits, the slot or the saved cost do not fit.
    """
    simulation = config.simulation
    slot = DishTask().held_out_slot if config.slot < 0 else config.slot
    arm = load_arm(simulation.arm)
    cost, learned = _saved_cost(config) if config.algorithm == OPTIMISE else (None, None)
    loaded = _load(config, arm)
    shown = None if loaded is None else scaled(loaded.demonstrations)
    with DishSimulator(simulation) as simulator:
        contract = ExecutionContract(
            arm=arm.name,
            joint_names=arm.joint_names,
            action_space=simulation.action_space,
            control_period=config.demonstrations.resample.period,
            start=tuple(simulator.start_posture.tolist()),
            target=simulator.task.target_pose(slot),
            action_scale=_action_scale(shown, learned),
        )
    if learned is not None:
        check_cost(learned, contract)
    return Material(shown, () if loaded is None else loaded.skipped, slot, contract, cost)


def _saved_cost(config: TrainerConfig) -> tuple[Cost, ExecutionContract]:
    if not config.cost:
        raise ParameterError(
            "algorithm = 'optimise' needs a cost; give the run folder that holds it with "
            "-p cost:=FOLDER"
        )
    cost, metadata = load_cost(Path(config.cost))
    return cost, ExecutionContract.from_metadata(metadata)


def _load(config: TrainerConfig, arm: Arm) -> LoadedDataset | None:
    folder, settings = Path(config.dataset), config.demonstrations
    if config.algorithm == OPTIMISE and (
        config.dataset in _NO_DATASET or load_manifest(folder).arm != arm.name
    ):
        return None
    space = ActionSpace(config.simulation.action_space)
    return load_demonstrations(
        folder,
        arm,
        settings,
        skip_bad=config.skip_bad,
        motion_actions=motion_actions(space, arm, settings.time_constant),
    )


def _action_scale(
    shown: Demonstrations | None, learned: ExecutionContract | None
) -> tuple[float, ...]:
    if shown is not None:
        return shown.action_scale
    assert learned is not None
    return learned.action_scale


def make_learner(config: TrainerConfig, material: Material, horizon: int) -> Learner:
    """Return what learns, or optimises the saved cost.

    Raises:
        ParameterError: If a neural policy is wanted for a saved cost without demonstrations.
    """
    contract, shown = material.contract, material.demonstrations
    if shown is None:
        assert material.cost is not None
        if config.policy == "neural":
            raise ParameterError(
                "policy = 'neural' with algorithm = 'optimise' has its scales from "
                "demonstrations; give a dataset of this arm"
            )
        return reoptimisation(material.cost, contract, horizon, config.optimise, config.seed)
    if material.cost is None or config.policy == "neural":
        problem = arm_problem(shown, contract.target, load_arm(contract.arm))
        if material.cost is None:
            return algorithms.make_learner(config, problem, config.seed)
        return neural_search(problem, material.cost, config.neural_gcl, config.seed)
    return reoptimisation(material.cost, contract, horizon, config.optimise, config.seed, shown)


def rollouts(config: TrainerConfig, material: Material) -> RolloutSource:
    """Start the simulators in which policies are tried, with the guard of the execution."""
    simulated = SimRollouts(
        config.simulation, material.slot, guard=config.guard, workers=config.workers
    )
    return ScaledRollouts(simulated, material.contract.action_scale)
