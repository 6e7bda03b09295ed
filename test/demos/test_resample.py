# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resampling against motions known in closed form."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from takes import ARM, reach, samples

from irl_ros.core.errors import DataError
from irl_ros.core.joint_sample import JointSample
from irl_ros.core.parameters import from_mapping
from irl_ros.demos.recording import Motion, Recording, motion_of
from irl_ros.demos.resample import ResampleConfig, interpolate, resample


def motion(measured: list[JointSample]) -> Motion:
    return motion_of(Recording(tuple(measured), (), None))


def truth(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    positions, velocities = zip(*(reach(float(time)) for time in times), strict=True)
    return np.array(positions), np.array(velocities)


@pytest.mark.parametrize("rate", [60.0, 120.0, 1000.0])
def test_steps_lie_on_the_motion(rate: float) -> None:
    config = from_mapping(ResampleConfig, {"begin": "take"})
    steps = resample(motion(samples(6.0, rate)), config)
    positions, velocities = truth(0.05 * np.arange(101))
    assert steps.joint_positions.shape == steps.joint_velocities.shape == (101, 7)
    # Error of the cubic: h^4 / 384 max|q''''|; of the line: h^2 / 8 max|q'''|.
    np.testing.assert_allclose(steps.joint_positions, positions, atol=2e-8)
    np.testing.assert_allclose(steps.joint_velocities, velocities, atol=0.05 / rate**2 * 40)
    assert (steps.begin, steps.padded) == (0.0, 0)


def test_the_first_step_lies_just_before_the_onset() -> None:
    for begin in (0.2, 0.5, 1.7):
        measured = samples(6.0, motion=lambda time, begin=begin: reach(time, begin))
        steps = resample(motion(measured), ResampleConfig())
        fast = [s for s in measured if np.abs(s.joint_velocities).max() > 0.02]
        onset = (fast[0].stamp_ns - measured[0].stamp_ns) * 1e-9
        assert steps.begin == pytest.approx(onset - 0.05)
        assert 0.0 <= steps.begin - begin < 0.25
        assert np.abs(steps.joint_velocities[0]).max() < 0.02


def test_a_short_take_is_padded_with_its_last_posture_at_rest() -> None:
    steps = resample(motion(samples(3.5)), from_mapping(ResampleConfig, {"begin": "take"}))
    assert steps.padded == 30
    np.testing.assert_array_equal(steps.joint_velocities[-30:], 0.0)
    last = samples(3.5)[-1].joint_positions
    np.testing.assert_allclose(steps.joint_positions[-30:], np.tile(last, (30, 1)))


def test_a_long_movement_is_refused_or_cropped() -> None:
    measured = samples(8.0, motion=lambda time: reach(time, 0.5, 7.0))
    with pytest.raises(DataError, match=r"the movement lasts 5\.\d\d s, .* only 5 s; demonstrate"):
        resample(motion(measured), ResampleConfig())
    steps = resample(motion(measured), from_mapping(ResampleConfig, {"too_long": "crop"}))
    assert steps.padded == 0


def test_rest_after_the_movement_does_not_make_it_long() -> None:
    steps = resample(motion(samples(60.0)), ResampleConfig())
    np.testing.assert_allclose(steps.joint_positions[-1], samples(60.0)[-1].joint_positions)


def test_a_twitch_is_no_onset() -> None:
    def twitch(time: float) -> tuple[np.ndarray, np.ndarray]:
        position, velocity = reach(time, 1.0)
        return position, velocity + (0.1 if 0.30 <= time < 0.35 else 0.0)

    assert resample(motion(samples(6.0, motion=twitch)), ResampleConfig()).begin > 0.9


def test_an_arm_that_never_moves_is_refused() -> None:
    with pytest.raises(DataError, match=r"never moved: its fastest joint reached 0\.0000 rad/s"):
        resample(motion(samples(motion=lambda _: reach(0.0))), ResampleConfig())


def test_a_gap_within_the_steps_is_refused_and_one_after_them_is_not() -> None:
    measured = samples(12.0)
    with pytest.raises(DataError, match=r"no joint state for 0\.175 s after 1\.66\d? s"):
        resample(motion(measured[:200] + measured[220:]), ResampleConfig())
    late = measured[: 120 * 8] + measured[120 * 9 :]
    resample(motion(late), ResampleConfig())


@given(
    knots=st.lists(st.floats(0.005, 0.2), min_size=2, max_size=20),
    coefficients=st.lists(st.floats(-3, 3), min_size=4, max_size=4),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=10),
)
def test_cubic_motions_are_reproduced_exactly(
    knots: list[float], coefficients: list[float], shares: list[float]
) -> None:
    polynomial = np.polynomial.Polynomial(coefficients)
    times = np.concatenate([[0.0], np.cumsum(knots)])
    measured = Motion(times, polynomial(times)[:, None], polynomial.deriv()(times)[:, None])
    wanted = times[-1] * np.array(sorted(shares))
    positions, _ = interpolate(measured, wanted)
    scale = 1.0 + np.abs(polynomial(times)).max()
    np.testing.assert_allclose(positions[:, 0], polynomial(wanted), atol=1e-9 * scale)


@given(shift=st.integers(-(10**15), 10**15))
def test_the_clock_of_the_stamps_does_not_matter(shift: int) -> None:
    measured = samples(2.0, 60.0)
    later = [dataclasses.replace(s, stamp_ns=s.stamp_ns + shift) for s in measured]
    one = resample(motion(measured), ResampleConfig(too_long="crop"))
    other = resample(motion(later), ResampleConfig(too_long="crop"))
    np.testing.assert_array_equal(one.joint_positions, other.joint_positions)


def test_repeated_stamps_are_left_out() -> None:
    measured = samples(6.0)
    doubled = [sample for sample in measured for _ in range(2)]
    one, other = (
        resample(motion(measured), ResampleConfig()),
        resample(motion(doubled), ResampleConfig()),
    )
    np.testing.assert_array_equal(one.joint_positions, other.joint_positions)


def test_recordings_that_are_no_motion_are_refused() -> None:
    measured = samples(1.0)
    with pytest.raises(DataError, match=r"backwards by 0\.0750 s after 0\.250 s"):
        motion([*measured[:31], *measured[21:]])
    with pytest.raises(DataError, match="1 joint states; at least 2"):
        motion(measured[:1])
    with pytest.raises(DataError, match="same stamp"):
        motion([measured[0]] * 5)
    with pytest.raises(DataError, match="2 unusable joint states, first: six"):
        motion_of(Recording(tuple(measured), ("six", "seven"), None))


def test_the_arm_of_these_tests_has_seven_joints() -> None:
    assert len(ARM.joint_names) == 7
