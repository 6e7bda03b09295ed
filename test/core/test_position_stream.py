# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An arm that follows streamed positions keeps to its limits, whatever is lost on the way."""

from collections.abc import Callable

import numpy as np
import pytest
from arm_double import PathFollower
from policy_double import policy

from irl_ros.core.arm import load_arm
from irl_ros.core.execution import Execution, ExecutionConfig, Phase
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.kinematics import Kinematics
from irl_ros.core.parameters import from_mapping

ARM = load_arm("panda")
KINEMATICS = Kinematics(ARM)
PERIOD = 1 / 120
SPEED = 0.8  # rad/s


class Scene:
    """An execution that streams positions to an arm, once per period unless states are lost."""

    def __init__(self, actions: np.ndarray, interval: float = PERIOD) -> None:
        """Publish a joint state in every interval, s."""
        self.interval = interval
        config = from_mapping(ExecutionConfig, {"command_rate_hz": 1 / PERIOD})
        self.execution = Execution(ARM, KINEMATICS, config, streams_positions=True)
        self.arm = PathFollower(ARM.home, interval)
        self.wall = np.inf  # rad; where the first joint is blocked
        self.offset = 0.0  # rad; how far the joints hang behind what they are told
        self.shaking = 0.0  # rad/s; measured velocity of an arm that is told to stand
        self.efforts = np.zeros(7)
        self.periods = 0
        self.way = [ARM.home]
        self.execution.load(policy(actions))
        self.run(20)
        self.execution.execute(self.now)
        self.run_until(lambda: self.execution.phase is Phase.EXECUTING)

    @property
    def now(self) -> float:
        return 10.0 + self.interval * self.periods

    @property
    def measured(self) -> np.ndarray:
        """Where the joints are, rad."""
        positions = self.arm.positions - self.offset
        positions[0] = min(positions[0], self.wall)
        return positions

    def period(self, *, heard: bool = True, alive: bool = True) -> None:
        command = None
        if heard and alive:
            stamp_ns = round(1e9 * self.now)
            free = self.arm.positions - self.offset < [self.wall, *[np.inf] * 6]
            sample = JointSample(
                stamp_ns,
                self.measured,
                free * self.arm.velocities + self.shaking,
                self.efforts.copy(),
            )
            command = self.execution.on_state(sample, self.now)
        elif alive:
            # A timer is a little late.
            command = self.execution.on_silence(self.now + 0.1 * PERIOD)
        if command is not None:
            assert command.joint_path is not None
            self.arm.hear(command.joint_path)
        self.arm.move()
        self.way.append(self.arm.positions)
        self.periods += 1

    def run(self, periods: int, *, heard: bool = True, alive: bool = True) -> None:
        for _ in range(periods):
            self.period(heard=heard, alive=alive)

    def run_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(1000):
            self.period()
            if condition():
                return
        raise AssertionError(self.execution.message)

    def accelerations(self, periods: int) -> np.ndarray:
        """Return those of the last periods, as shares of the limits."""
        way = np.array(self.way[-periods - 2 :])
        return np.asarray(np.diff(way, n=2, axis=0) / self.interval**2 / ARM.limits.acceleration)


def moving() -> Scene:
    scene = Scene(np.full((100, 7), SPEED) * np.array([1, -1, 1, 1, 1, -1, 1]))
    scene.run(30)
    np.testing.assert_allclose(np.abs(scene.arm.velocities), SPEED, atol=1e-3)
    return scene


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 8])
def test_lost_joint_states_make_no_jolt(lost: int) -> None:
    scene = moving()
    scene.run(lost, heard=False)
    if lost < 3:
        np.testing.assert_allclose(np.abs(scene.arm.velocities), SPEED, atol=1e-3)
    scene.run(30)
    assert np.abs(scene.accelerations(30 + lost)).max() <= 1.0
    assert scene.execution.phase is Phase.EXECUTING
    np.testing.assert_allclose(np.abs(scene.arm.velocities), SPEED, atol=1e-3)


def test_a_stream_that_is_a_little_slow_makes_no_jolts() -> None:
    scene = Scene(np.full((100, 7), SPEED), interval=1.04 * PERIOD)
    scene.run(30)
    scene.run(200)
    assert np.abs(scene.accelerations(200)).max() <= 0.05


def test_states_lost_by_chance_hardly_matter() -> None:
    scene = Scene(1.2 * np.sin(np.arange(60) / 4)[:, None] * np.ones((1, 7)))
    generator = np.random.default_rng(0)
    for _ in range(300):
        scene.period(heard=generator.random() > 0.2)
    # A lost state may come where the acceleration changes; the guard uses a share of 0.9.
    assert np.abs(scene.accelerations(300)).max() <= 1.2


def test_silence_stops_the_arm_within_its_limits() -> None:
    scene = moving()
    scene.run(60, heard=False)
    assert scene.execution.phase is Phase.HOLDING
    assert not scene.arm.velocities.any()
    assert np.abs(scene.accelerations(60)).max() <= 1.0


def test_the_way_of_a_stop_has_points_apart_and_ends_at_rest() -> None:
    scene = moving()
    while scene.execution.phase is not Phase.HOLDING or scene.arm.velocities.any():
        path = scene.arm.path
        assert path is not None
        np.testing.assert_allclose(path.times[0], 4 * PERIOD)
        assert (np.diff(path.times) >= 0.999 * PERIOD).all(), "too near points are refused"
        assert len(path.times) <= 21
        scene.period()
    assert len(path.times) == 1, "at rest there is no way left"


@pytest.mark.parametrize("before", [0, 2, 5])
def test_the_end_of_the_stream_stops_the_arm_within_its_limits(before: int) -> None:
    """Nobody is there to brake it, as after kill -9, whenever that happens."""
    scene = Scene(np.full((100, 7), SPEED))
    scene.run(before)
    scene.run(60, alive=False)
    assert not scene.arm.velocities.any()
    assert np.abs(scene.accelerations(60)).max() <= 1.0


def test_a_controller_that_was_stalled_goes_on_from_where_the_arm_has_got() -> None:
    scene = moving()
    scene.run(10, alive=False)
    assert (np.abs(scene.arm.velocities) < 0.5 * SPEED).any()
    scene.run(30)
    assert np.abs(scene.accelerations(40)).max() <= 1.0
    assert scene.execution.phase is Phase.EXECUTING


def run_until_silent(scene: Scene) -> None:
    """Wait until nothing is commanded any more, and the last path has been followed."""
    path = None
    for _ in range(300):
        if path is not None and scene.arm.path is path:
            scene.run(30)
            assert scene.arm.path is path
            return
        path = scene.arm.path
        scene.period()
    raise AssertionError("commands never end")


@pytest.mark.parametrize("strained", [False, True])
def test_an_arm_that_tripped_does_not_press_on(strained: bool) -> None:
    scene = moving()
    scene.wall = scene.measured[0] + 0.02
    scene.run(5)
    if strained:
        scene.efforts[0] = 1.1 * ARM.limits.effort[0]
    scene.run_until(lambda: scene.execution.phase is Phase.TRIPPED)
    begin = scene.periods
    assert scene.arm.positions[0] > scene.wall + 0.02
    run_until_silent(scene)
    np.testing.assert_allclose(scene.arm.positions, scene.measured, atol=1e-6)
    assert np.abs(scene.accelerations(scene.periods - begin)).max() <= 1.0
    assert scene.execution.phase is Phase.TRIPPED


def test_an_arm_that_hangs_behind_is_held_where_it_is_once() -> None:
    scene = moving()
    scene.offset = 0.01
    scene.run(5)
    scene.execution.stop()
    run_until_silent(scene)
    farthest = np.max([positions[0] for positions in scene.way])
    assert scene.arm.positions[0] == pytest.approx(farthest - 0.01, abs=2e-3)


@pytest.mark.parametrize("stands", [False, True])
def test_an_arm_that_still_moves_is_waited_for(stands: bool) -> None:
    scene = moving()
    scene.offset, scene.shaking = 0.01, 0.05
    scene.execution.stop()
    scene.run_until(lambda: np.abs(scene.arm.velocities).max() < 1e-3)
    before = scene.arm.positions
    scene.run(80)
    np.testing.assert_allclose(scene.arm.positions, before, atol=1e-3)
    if stands:
        scene.shaking = 0.0
    scene.run(25)
    moved = np.abs(scene.arm.positions - before).max()
    assert (moved > 5e-3) == stands
    run_until_silent(scene)  # there is an end to the waiting, too
    np.testing.assert_allclose(scene.arm.positions, before - 0.01, atol=1e-3)


def test_an_arm_is_not_moved_to_where_it_was_measured_in_error() -> None:
    scene = moving()
    scene.offset = 0.2
    scene.period()
    assert "jumped" in scene.execution.message
    begin = scene.arm.positions
    run_until_silent(scene)
    assert ((scene.arm.positions - begin) * np.sign(scene.arm.positions - ARM.home) > 0).all()
