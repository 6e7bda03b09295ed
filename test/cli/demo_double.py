# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A finished demonstration made in one process: real data of small size, without messages."""

from pathlib import Path

import numpy as np

from irl_ros.cli.demo_folder import STAGES, DemoFolder
from irl_ros.cli.executions import Execution, save_execution
from irl_ros.cli.options import DemoOptions
from irl_ros.core.action import CONTROL_PERIOD
from irl_ros.core.contract import ExecutionContract
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.parameters import replace
from irl_ros.demos.dataset import load_demonstrations
from irl_ros.demos.message_types import Target, encode_joint_state, encode_pose_stamped
from irl_ros.demos.open_recorder import open_recorder
from irl_ros.demos.recorder import Recorder
from irl_ros.demos.recorder_config import RecorderConfig
from irl_ros.learning.artifacts import load_policy
from irl_ros.learning.gcl import GuidedCostLearning
from irl_ros.learning.presets import preset
from irl_ros.learning.training import train
from irl_ros.sim.dish import DishSimulator
from irl_ros.sim.hand import Hand
from irl_ros.sim.rollouts import SimRollouts

_STEPS = 2  # physics steps between two joint states


def make_demo(path: Path, slots: tuple[int, ...], iterations: int, executions: int) -> DemoFolder:
    """Teach the slots once each, learn for some iterations, execute; return the folder."""
    folder = DemoFolder(path, DemoOptions(evaluations=executions))
    with DishSimulator() as simulator:
        _teach(simulator, folder.dataset, slots)
        arm, task, start = simulator.arm, simulator.task, simulator.start_posture
    shown = load_demonstrations(folder.dataset, arm).demonstrations
    contract = ExecutionContract(
        arm=arm.name,
        joint_names=arm.joint_names,
        action_space="velocity",
        control_period=shown.control_period,
        start=tuple(start.tolist()),
        target=task.target_pose(task.held_out_slot),
    )
    source = SimRollouts()
    config = replace(
        preset("default"), {"iterations": iterations, "rollouts": 4, "cost_update.steps": 10}
    )
    train(
        shown,
        source,
        contract,
        lambda problem, seed: GuidedCostLearning(problem, config, seed),
        seed=0,
        output=folder.training,
        resume=False,
        facts={"before_learning": {"successes": 0, "trials": 3}},
        after_iteration=lambda *_: None,
    )
    policy, _ = load_policy(folder.training)
    rollouts = source.sample(policy, executions, seed=1, deterministic=True)
    source.close()
    times = tuple(CONTROL_PERIOD * np.arange(policy.horizon))
    for index, outcome in enumerate(rollouts.outcomes):
        joints = rollouts.trajectories.states[index, :, :7].tolist()
        save_execution(
            folder.executions,
            Execution(
                number=index + 1,
                seed=index,
                outcome=outcome,
                times=times,
                joint_positions=tuple(tuple(row) for row in joints),
                reward_times=times[:3],
                rewards=(-3.0, -2.0, -1.0),
            ),
        )
    for stage in STAGES:
        folder.finish(stage, 1.0)
    return folder


def _teach(simulator: DishSimulator, dataset: Path, slots: tuple[int, ...]) -> None:
    settings = {"quality.expected_rate": 120.0}
    config = replace(RecorderConfig(dataset=str(dataset)), settings)
    recorder, _ = open_recorder(config, "/joint_states", "/target_pose")
    start_ns = 1_700_000_000_000_000_000
    for index, slot in enumerate(slots):
        start_ns = _take(simulator, recorder, slot, index, start_ns) + 1_000_000_000
    recorder.close()


def _take(
    simulator: DishSimulator, recorder: Recorder, slot: int, seed: int, start_ns: int
) -> int:
    simulator.reset(seed, slot)
    target = Target(simulator.target, simulator.arm.base_link)
    recorder.add_target(encode_pose_stamped(target, start_ns), target)
    now_ns = start_ns
    # The recorder wants to see a second of joint states before it begins.
    for _ in range(150):
        now_ns = _feed(simulator, recorder, start_ns)
    recorder.start(now_ns)
    simulator.set_hand_guiding(True)
    pose = simulator.plate_motion()[0]
    hand = Hand(pose, simulator.target, np.random.default_rng(seed))
    begin = simulator.time
    while simulator.time - begin < 5.3:
        pose, linear, angular = simulator.plate_motion()
        elapsed = simulator.time - begin
        wrench = hand.wrench(elapsed, pose.rotation, pose.position, linear, angular)
        simulator.apply_hand_wrench(*wrench)
        now_ns = _feed(simulator, recorder, start_ns)
    simulator.release()
    recorder.stop(now_ns)
    recorder.label("success")
    return now_ns


def _feed(simulator: DishSimulator, recorder: Recorder, start_ns: int) -> int:
    simulator.step(_STEPS)
    joints = simulator.joint_state()
    stamp_ns = start_ns + round(1e9 * simulator.time)
    sample = JointSample(stamp_ns, joints.positions, joints.velocities, joints.efforts)
    cdr = encode_joint_state(sample, simulator.arm.joint_names)
    recorder.add_joint_state(stamp_ns, stamp_ns, cdr, sample)
    return stamp_ns
