# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Joint states tell when commands are due, and are watched themselves."""

import numpy as np
import pytest

from irl_ros.core.errors import SafetyError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.state_feed import StateFeed

PERIOD = 0.01


def sample(time: float) -> JointSample:
    return JointSample(round(1e9 * time), np.zeros(7), np.zeros(7))


def due(feed: StateFeed, times: list[float]) -> list[bool]:
    result = []
    for time in times:
        assert feed.take(sample(time), time) == ""
        result.append(feed.command_is_due())
    return result


@pytest.mark.parametrize(
    ("interval", "share"), [(PERIOD, 1.0), (PERIOD / 2, 0.5), (PERIOD / 10, 0.1), (0.0083, 0.83)]
)
def test_commands_come_at_their_own_rate(interval: float, share: float) -> None:
    answers = due(StateFeed(PERIOD, 1.0), [5.0 + interval * index for index in range(1000)])
    assert abs(sum(answers) / 1000 - share) < 0.01


def test_jitter_does_not_skip_a_command() -> None:
    generator = np.random.default_rng(0)
    times = 5.0 + PERIOD * np.arange(500) + generator.uniform(-0.002, 0.002, 500)
    assert all(due(StateFeed(PERIOD, 1.0), times.tolist()))


def test_a_lost_state_does_not_make_commands_hurry() -> None:
    times = [5.0 + PERIOD * index for index in range(100) if index != 50]
    assert all(due(StateFeed(PERIOD, 1.0), times))


def test_silence_is_told_after_the_timeout() -> None:
    feed = StateFeed(PERIOD, 0.2)
    feed.take(sample(5.0), 100.0)
    assert feed.silence(100.19) == 0.0
    assert feed.silence(100.3) == pytest.approx(0.3)


def test_a_steady_stream_is_fit() -> None:
    feed = StateFeed(PERIOD, 0.2)
    for index in range(30):
        feed.take(sample(5.0 + PERIOD * index), 0.0)
    assert feed.require(0.1).stamp_ns == round(1e9 * 5.29)
    with pytest.raises(SafetyError, match=r"no joint states for 0\.3 s"):
        feed.require(0.3)


def test_a_few_lost_states_do_not_make_a_stream_slow() -> None:
    feed = StateFeed(PERIOD, 0.2)
    for index in range(60):
        if index % 4:
            feed.take(sample(5.0 + PERIOD * index), 0.0)
    feed.require(0.1)


def test_a_slow_stream_is_not_fit() -> None:
    feed = StateFeed(PERIOD, 0.2)
    for index in range(30):
        feed.take(sample(5.0 + 1.1 * PERIOD * index), 0.0)
    with pytest.raises(SafetyError, match=r"come at 91 Hz, .* due at 100 Hz.*95 Hz are"):
        feed.require(0.1)


@pytest.mark.parametrize("behind", [0.006, 0.1, 5.0])
@pytest.mark.parametrize("apart", [0.1, 0.5, 0.8])
def test_two_drivers_do_not_make_commands_hurry(behind: float, apart: float) -> None:
    """The second one stamps what it publishes earlier than the first, or has another clock."""
    feed, answers = StateFeed(PERIOD, 0.2), []
    for index in range(200):
        for share, late in ((0.0, 0.0), (apart, behind)):
            now = 5.0 + PERIOD * (index + share)
            feed.take(sample(now - late), now)
            answers.append(feed.command_is_due())
    assert 198 <= sum(answers) <= 201


def test_commands_of_a_fast_simulation_keep_to_its_stamps() -> None:
    feed, answers = StateFeed(PERIOD, 1.0), []
    for index in range(100):
        feed.take(sample(5.0 + PERIOD * index), 5.0 + 0.2 * PERIOD * index)
        if index >= 20:  # before that no execution begins
            answers.append(feed.command_is_due())
    assert all(answers)


@pytest.mark.parametrize("lost", [0, 1, 2, 5])
@pytest.mark.parametrize("interval", [PERIOD, PERIOD / 2, 0.83 * PERIOD, 1.04 * PERIOD])
def test_only_lost_states_make_commands_missed(interval: float, lost: int) -> None:
    """A stream that is a little slower than the commands loses none."""
    feed, missed = StateFeed(PERIOD, 1.0), 0
    for index in range(200):
        if index in range(100, 100 + lost):
            continue
        now = 5.0 + interval * index
        feed.take(sample(now), now)
        if feed.command_is_due():
            missed += feed.missed
    assert abs(missed - lost * interval / PERIOD) < 1.0
    assert missed == lost or interval != PERIOD
    assert missed == 0 or lost


def test_commands_that_bridged_a_silence_were_not_missed() -> None:
    feed = StateFeed(PERIOD, 1.0)
    for index in range(40):
        feed.take(sample(5.0 + PERIOD * index), 5.0 + PERIOD * index)
        feed.command_is_due()
    last = 5.39
    feed.bridge(last + 3.03 * PERIOD)
    assert feed.missed == 2
    feed.bridge(last + 4.03 * PERIOD)
    assert feed.missed == 0
    feed.take(sample(last + 6 * PERIOD), last + 6 * PERIOD)
    assert feed.command_is_due()
    assert feed.missed == 1
